//! The first sector of a BitLocker volume.

use crate::Regions;

/// Returns the BitLocker boot sector of a volume whose NTFS boot sector is given; the rest of the first 8192 bytes is junk.
#[must_use]
pub fn boot_sector(_ntfs_boot_sector: &[u8; 512], _regions: &Regions) -> [u8; 512] {
    todo!()
}

/// Returns whether `first_sector` (512 bytes or more) is that of a BitLocker volume, also a To Go or Vista one.
#[must_use]
pub fn is_bitlocker(_first_sector: &[u8]) -> bool {
    todo!()
}
