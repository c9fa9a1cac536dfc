//! NTFS volumes.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers modulo the lengths of lists that are never empty"
)]

use ntfs_image::read::Volume;

use crate::ntfs_base::BASES;
use crate::overlay::{Overlay, long};
use crate::patch::patches;

/// How often a disk may be read over, a short read counted as a page.
const TIMES_MAX: u64 = 40;
const ENTRIES_MAX: usize = 2000;

/// Checks a changed volume.
pub(crate) fn check(input: &[u8]) {
    changed(input, |disk| {
        if let Ok(report) = ntfs_image::check::check(disk, 50) {
            assert!(report.findings.len() <= 50 && report.notes.len() <= 50);
            for finding in &report.findings {
                assert!(!finding.to_string().is_empty());
            }
        }
    });
}

/// Reads all of a changed volume that can be read. A file that opens has every byte that it says it has.
pub(crate) fn read(input: &[u8]) {
    changed(input, |disk| {
        let Ok(volume) = Volume::open(disk) else {
            return;
        };
        _ = volume.label();
        for (path, entry) in volume.walk().flatten().take(ENTRIES_MAX) {
            _ = volume.find(&path);
            let Ok(file) = volume.open_file(entry.id) else {
                continue;
            };
            let mut piece = [0; 4096];
            for at in [0, file.bytes() / 2, file.bytes().saturating_sub(4096)] {
                let length = file.bytes().saturating_sub(at).min(4096);
                let piece = &mut piece[..usize::try_from(length).expect("at most 4096")];
                volume
                    .read(&file, at, piece)
                    .expect("in range and readable");
            }
        }
    });
}

/// The first byte says which volume is changed, or with 0x80 that the rest is one. Otherwise the rest are patches: kind 0
/// = at `offset` from record, index block or boot sector number `place`, others = at `place` times 512, and `offset`.
fn changed(input: &[u8], take: impl FnOnce(&Overlay<'_>)) {
    let Some((&which, rest)) = input.split_first() else {
        return;
    };
    if which & 0x80 != 0 {
        let mut disk = rest.to_vec();
        disk.resize(disk.len().next_multiple_of(512).max(VOLUME_BYTES_LEAST), 0);
        take(&Overlay::new(&disk, TIMES_MAX));
        return;
    }
    let base = &BASES[usize::from(which) % BASES.len()];
    let mut disk = Overlay::new(&base.bytes, TIMES_MAX);
    for patch in patches(rest) {
        let place = usize::from(patch.place);
        let start = if patch.kind == 0 {
            base.places[place % base.places.len()]
        } else {
            long(place).saturating_mul(512)
        };
        disk.put(
            start.saturating_add(u64::from(patch.offset % 4096)),
            patch.bytes,
        );
    }
    take(&disk);
}

const VOLUME_BYTES_LEAST: usize = 1 << 20;
