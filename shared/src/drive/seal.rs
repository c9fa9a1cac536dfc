//! What makes a written drive openable.

use bitlocker_image::INFORMATION_BYTES;
use gpt_image::GptSpec;
use ntfs_image::NtfsLayout;

use super::{DriveIds, Kept};
use crate::plan::Space;

/// The parts that are written last, each group flushed before the next: until then nothing on the
/// drive can be recognised, so a drive that was not finished is not taken for one that is.
///
/// Of a volume that is kept only the boot sector is written: it was taken off by the Erase phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealParts {
    /// First: the three information areas, then the boot sector with its junk. Disk offset and
    /// bytes.
    pub bitlocker: Vec<(u64, Vec<u8>)>,
    /// Then, each flushed before the next: the backup partition table; protective MBR and primary
    /// partition table. Disk offset and bytes.
    pub tables: Vec<(u64, Vec<u8>)>,
    /// What was there before and is never written: a finished drive has it all the same. Disk offset
    /// and bytes.
    pub stays: Vec<(u64, Vec<u8>)>,
}

impl SealParts {
    /// Returns everything that a finished drive has.
    pub fn all(&self) -> impl Iterator<Item = &(u64, Vec<u8>)> {
        let written = self.bitlocker.iter().chain(&self.tables);
        written.chain(&self.stays)
    }
}

const BOOT_BYTES: usize = 512;

/// Returns the parts of a volume that is kept.
pub(super) fn kept(kept: &Kept) -> SealParts {
    SealParts {
        bitlocker: vec![(kept.volume.partition.start, kept.boot.clone())],
        tables: Vec::new(),
        stays: kept.stays.clone(),
    }
}

/// Returns the parts of a new volume.
pub(super) fn parts(
    space: &Space,
    ntfs: &NtfsLayout,
    ids: &DriveIds,
    gpt: &GptSpec,
    information_area: &[u8],
) -> SealParts {
    assert_eq!(
        u64::try_from(information_area.len()).ok(),
        Some(INFORMATION_BYTES),
        "an information area has 65,536 bytes"
    );
    let start = space.partition.start;
    let area = |at: u64| (start.saturating_add(at), information_area.to_vec());
    let mut bitlocker: Vec<_> = space.regions.information.map(area).into();
    bitlocker.push((start, boot(space, ntfs, ids)));
    SealParts {
        bitlocker,
        tables: vec![
            gpt.backup().expect(GPT_IS_MADE),
            (0, gpt.primary().expect(GPT_IS_MADE)),
        ],
        stays: Vec::new(),
    }
}

/// Returns the length of the primary table and place and length of the backup.
pub(super) fn gpt_places(gpt: &GptSpec) -> (u64, u64, u64) {
    let bytes = |table: &[u8]| u64::try_from(table.len()).unwrap_or(u64::MAX);
    let (backup_at, backup) = gpt.backup().expect(GPT_IS_MADE);
    (
        bytes(&gpt.primary().expect(GPT_IS_MADE)),
        backup_at,
        bytes(&backup),
    )
}

/// `Space::new` asked the same disk for its partition, which fails for the same reasons.
const GPT_IS_MADE: &str = "the disk has room for both tables: its partition was placed";

/// The first 8192 bytes of the partition: BitLocker's boot sector, then bytes that Windows leaves
/// random.
fn boot(space: &Space, ntfs: &NtfsLayout, ids: &DriveIds) -> Vec<u8> {
    let mut first = [0; 4096];
    ntfs.render(0, &mut first, &mut |_, _| {});
    let ntfs_boot = first
        .first_chunk::<BOOT_BYTES>()
        .expect("4096 bytes hold a boot sector");
    let mut boot = bitlocker_image::boot_sector(ntfs_boot, &space.regions).to_vec();
    boot.extend_from_slice(ids.junk.as_slice());
    boot
}
