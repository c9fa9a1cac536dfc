//! A drive that somebody encrypted before: a volume behind another partition, its areas out of order.

use std::ops::Range;

use bitlocker_image::{Cipher, Regions, boot_sector};
use disk::{MemDisk, SectorSize, WriteAt};
use shared::plan::{KeptVolume, Space, SpaceError};

const MIB: u64 = 1 << 20;
const PARTITION: Range<u64> = 3 * MIB..61 * MIB;
/// As Windows 7 makes them: without a spare area.
const REGIONS: Regions = Regions {
    information: [47 * MIB + 4096, 2 * MIB, 19 * MIB],
    header: MIB,
    spare: None,
};

/// Returns the places of that volume.
pub(crate) fn space(
    disk_bytes: u64,
    sector: SectorSize,
    cipher: Cipher,
) -> Result<Space, SpaceError> {
    let volume = KeptVolume {
        onto: None,
        partition: PARTITION,
        regions: REGIONS,
        cipher,
    };
    Space::of(disk_bytes, sector, Some(&volume))
}

/// Puts its master boot record, boot sector and information areas onto a drive that held something.
pub(crate) fn put(disk: &mut MemDisk, information_area: &[u8]) {
    let lba = |at: u64| u32::try_from(at / 512).expect("a small drive");
    let mut record = [0; 512];
    // One partition of type 7, NTFS and the like.
    record[0x1be + 4] = 7;
    record[0x1c6..0x1ca].copy_from_slice(&lba(PARTITION.start).to_le_bytes());
    let sectors = lba(PARTITION.end.saturating_sub(PARTITION.start));
    record[0x1ca..0x1ce].copy_from_slice(&sectors.to_le_bytes());
    record[0x1fe..].copy_from_slice(&[0x55, 0xaa]);
    // All that is taken from the file system's own: 512 bytes a sector, 8 sectors a cluster.
    let mut ntfs = [0; 512];
    ntfs[0x0b..0x0e].copy_from_slice(&[0, 2, 8]);
    let mut write = |at: u64, bytes: &[u8]| disk.write_at(at, bytes).expect("in bounds");
    write(0, &record);
    write(PARTITION.start, &boot_sector(&ntfs, &REGIONS));
    for at in REGIONS.information {
        write(PARTITION.start.saturating_add(at), information_area);
    }
}
