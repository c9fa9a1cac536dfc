//! The first thing written to a drive: zeros over everything that says what it was.

use std::ops::Range;

use thiserror::Error;

use super::blank::first_set;
use super::contents::{Contents, Signature};
use super::drive_writer::Device;

const MIB: u64 = 1 << 20;

/// Erasing did not end. The drive's old contents may be partly gone; nothing new is on it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EraseError {
    /// A write or flush failed.
    #[error(
        "erasing the old contents failed: {0}; \
         part of them may be gone, nothing new is on the drive"
    )]
    Write(#[from] disk::WriteError),
    /// The read-back failed.
    #[error("the old contents were erased, but reading back failed: {0}; do not use this drive")]
    Read(#[from] disk::ReadError),
    /// What was zeroed does not read as zeros.
    #[error(
        "zeros were written, but other bytes read back at offset {at:#x}: \
         the drive does not keep what is written to it; do not use it"
    )]
    NotZero {
        /// Byte offset of the first byte that is not zero.
        at: u64,
    },
}

/// Returns the byte ranges to be zeroed, ascending, without overlap: first and last MiB of the
/// disk, of the `partition` to be made and of each old partition, and every place where a
/// recognised structure keeps a copy of itself.
#[must_use]
pub fn areas(disk_bytes: u64, partition: Range<u64>, old: &Contents) -> Vec<Range<u64>> {
    let mut areas = Vec::new();
    areas.extend(edges(0..disk_bytes));
    areas.extend(edges(partition));
    for signature in &old.signatures {
        let end = signature.at.saturating_add(signature.bytes);
        areas.extend(edges(signature.at..end));
        areas.extend(copies(signature));
    }
    merged(areas, disk_bytes)
}

/// Returns `ranges` without what of them lies in `spared`.
#[must_use]
pub fn outside(ranges: &[Range<u64>], spared: &Range<u64>) -> Vec<Range<u64>> {
    let parts = ranges.iter().flat_map(|range| {
        let before = range.start..range.end.min(spared.start);
        let behind = range.start.max(spared.end)..range.end;
        [before, behind]
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn edges(range: Range<u64>) -> [Range<u64>; 2] {
    let first = range.start..range.start.saturating_add(MIB).min(range.end);
    let last = range.end.saturating_sub(MIB).max(range.start)..range.end;
    [first, last]
}

/// Returns where a structure keeps copies of itself that are not in its first or last MiB.
fn copies(signature: &Signature) -> Vec<Range<u64>> {
    let places: &[(u64, u64)] = match signature.what {
        // The second header of LUKS2 lies at one of several places up to 4 MiB.
        "LUKS" => &[(MIB, 5 * MIB)],
        // btrfs keeps copies of its superblock at 64 MiB, 256 GiB and 1 PiB.
        "btrfs" => &[
            (64 * MIB, 65 * MIB),
            (262_144 * MIB, 262_145 * MIB),
            (1_073_741_824 * MIB, 1_073_741_825 * MIB),
        ],
        _ => &[],
    };
    let end = signature.at.saturating_add(signature.bytes);
    let shifted = places.iter().map(|(first, last)| {
        let start = signature.at.saturating_add(*first).min(end);
        start..signature.at.saturating_add(*last).min(end)
    });
    shifted.collect()
}

/// Returns the ranges in ascending order, cut to the disk, with those that touch joined.
fn merged(mut areas: Vec<Range<u64>>, disk_bytes: u64) -> Vec<Range<u64>> {
    areas.sort_by_key(|area| area.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for area in areas {
        let area = area.start..area.end.min(disk_bytes);
        match merged.last_mut() {
            _ if area.is_empty() => {}
            Some(last) if area.start <= last.end => last.end = last.end.max(area.end),
            _ => merged.push(area),
        }
    }
    merged
}

/// Drops the kernel's old partitions, zeroes `areas`, flushes, and reads them back.
///
/// # Errors
/// [`EraseError`] when a write, the flush or the read-back fails.
pub fn erase(device: &mut dyn Device, areas: &[Range<u64>]) -> Result<(), EraseError> {
    device.forget_partitions()?;
    for area in areas {
        device.zero(area.start, area.end.saturating_sub(area.start))?;
    }
    device.flush()?;
    for area in areas {
        if let Some(at) = first_set(device, area.start, area.end)? {
            return Err(EraseError::NotZero { at });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(what: &'static str, at: u64, bytes: u64) -> Contents {
        let signatures = vec![Signature {
            what,
            name: String::new(),
            at,
            bytes,
        }];
        Contents {
            signatures,
            ..Contents::default()
        }
    }

    #[test]
    fn both_ends_of_disk_and_partition_are_covered_and_ranges_that_touch_are_one() {
        let found = areas(64 * MIB, MIB..63 * MIB, &Contents::default());
        assert_eq!(found, [0..2 * MIB, 62 * MIB..64 * MIB]);
    }

    #[test]
    fn ends_of_old_partitions_and_second_headers_are_covered() {
        let found = areas(100 * MIB, MIB..99 * MIB, &of("LUKS", 10 * MIB, 20 * MIB));
        assert_eq!(
            found,
            [
                0..2 * MIB,
                10 * MIB..15 * MIB,
                29 * MIB..30 * MIB,
                98 * MIB..100 * MIB
            ]
        );
        let found = areas(100 * MIB, MIB..99 * MIB, &of("btrfs", 0, 100 * MIB));
        assert_eq!(found, [0..2 * MIB, 64 * MIB..65 * MIB, 98 * MIB..100 * MIB]);
    }

    #[test]
    fn what_is_spared_is_in_no_range_and_nothing_else_is_missing() {
        let ranges = [0..10, 20..30, 40..50];
        assert_eq!(outside(&ranges, &(24..26)), [0..10, 20..24, 26..30, 40..50]);
        assert_eq!(outside(&ranges, &(5..45)), [0..5, 45..50]);
        assert_eq!(outside(&ranges, &(10..20)), ranges);
    }

    #[test]
    fn nothing_beyond_the_disk_is_ever_zeroed() {
        let found = areas(3 * MIB, MIB..2 * MIB, &of("partition", 2 * MIB, u64::MAX));
        assert_eq!(found.as_slice(), std::slice::from_ref(&(0..3 * MIB)));
        let found = areas(MIB / 2, 0..MIB / 2, &Contents::default());
        assert_eq!(found.as_slice(), std::slice::from_ref(&(0..MIB / 2)));
    }
}
