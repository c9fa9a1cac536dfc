//! A volume that starts at byte 0 of a disk, or of a partition.

use disk::ReadAt;

/// What BitLocker's boot sectors carry, 4967d63b-2e29-4ad8-8399-f6a339e3d001, bytes as stored.
const BITLOCKER: [u8; 16] = [
    0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01,
];
/// Where the boot sector of a FAT volume on a removable drive ("To Go") has it.
const TO_GO: usize = 0x1a8;

/// Returns whether `first_sector` is that of a BitLocker or NTFS volume.
pub(crate) fn is_volume(first_sector: &[u8]) -> bool {
    let name = first_sector.get(3..11);
    let has_name = |expected: &[u8; 8]| name == Some(expected);
    let to_go = || first_sector.get(TO_GO..TO_GO.saturating_add(16)) == Some(&BITLOCKER);
    has_name(b"-FVE-FS-") || has_name(b"NTFS    ") || (has_name(b"MSWIN4.1") && to_go())
}

/// Returns whether such a volume starts at byte `at`; what cannot be read is none.
pub(crate) fn starts_at(disk: &dyn ReadAt, at: u64) -> bool {
    let mut sector = [0; 512];
    disk.read_at(at, &mut sector).is_ok() && is_volume(&sector)
}
