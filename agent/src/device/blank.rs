//! Whether a drive holds nothing but zeros.

use std::ops::Range;

use disk::{ReadAt, ReadError};

use super::aligned_buffer::AlignedBuffer;
use super::contents::{Emptiness, Thoroughness};

const MIB: u64 = 1 << 20;
/// So much is read whole; only beyond are samples taken.
const WHOLE_BYTES_MAX: u64 = 256 * MIB;
/// Bytes read at each sampled place.
const SAMPLE_BYTES: u64 = 65_536;
/// Sampled places.
const SAMPLES: u64 = 64;

/// Returns whether `disk` reads as zeros.
///
/// # Errors
/// [`ReadError`] when it cannot be read.
pub fn blank(disk: &dyn ReadAt, thoroughness: Thoroughness) -> Result<Emptiness, ReadError> {
    let whole = 0..disk.bytes();
    blank_in(disk, std::slice::from_ref(&whole), thoroughness)
}

/// Returns whether `disk` reads as zeros, when it certainly does outside of `ranges`.
pub(super) fn blank_in(
    disk: &dyn ReadAt,
    ranges: &[Range<u64>],
    thoroughness: Thoroughness,
) -> Result<Emptiness, ReadError> {
    let total = ranges.iter().map(length).sum::<u64>();
    let is_proof = thoroughness == Thoroughness::Exhaustive || total <= WHOLE_BYTES_MAX;
    let looked_at = if is_proof {
        ranges.to_vec()
    } else {
        samples(ranges, total)
    };
    for range in looked_at {
        if first_set(disk, range.start, range.end)?.is_some() {
            return Ok(Emptiness::HoldsData);
        }
    }
    Ok(match is_proof {
        true => Emptiness::ProvenZeros,
        false => Emptiness::SampledZeros,
    })
}

const fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// Returns the first and the last MiB, and places spread over all of `ranges`, which hold `total`
/// bytes.
fn samples(ranges: &[Range<u64>], total: u64) -> Vec<Range<u64>> {
    let ends = ranges.first().zip(ranges.last());
    let mut samples: Vec<Range<u64>> = ends.map_or_else(Vec::new, |(first, last)| {
        let head = first.start..first.start.saturating_add(MIB).min(first.end);
        vec![head, last.end.saturating_sub(MIB).max(last.start)..last.end]
    });
    let step = total.checked_div(SAMPLES).unwrap_or(0).max(1);
    let (mut next, mut before) = (0, 0_u64);
    for range in ranges {
        let behind = before.saturating_add(length(range));
        while next < behind {
            let within = range.start.saturating_add(next.saturating_sub(before));
            // From a border of 4096, where every drive's sectors start.
            let start = (within & !4095).max(range.start);
            samples.push(start..start.saturating_add(SAMPLE_BYTES).min(range.end));
            next = next.saturating_add(step);
        }
        before = behind;
    }
    samples
}

/// Returns the offset of the first byte in `[start, end)` that is not zero.
pub(super) fn first_set(disk: &dyn ReadAt, start: u64, end: u64) -> Result<Option<u64>, ReadError> {
    // No more room than is needed: most of what is looked at are samples.
    let piece_bytes = end.saturating_sub(start).min(MIB);
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(piece_bytes).unwrap_or(0));
    let mut at = start;
    while at < end {
        let length = end.saturating_sub(at).min(MIB);
        buffer.set_length(usize::try_from(length).unwrap_or(0));
        disk.read_at(at, &mut buffer)?;
        if !is_all_zero(&buffer) {
            let within = buffer.iter().position(|byte| *byte != 0).unwrap_or(0);
            return Ok(Some(at.saturating_add(u64::try_from(within).unwrap_or(0))));
        }
        at = at.saturating_add(length);
    }
    Ok(None)
}

/// Compares words, not bytes: this runs over whole drives.
fn is_all_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words
        .iter()
        .all(|word| word.iter().fold(0, |sum, byte| sum | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use disk::{MemDisk, WriteAt};

    use super::*;

    #[test]
    fn one_byte_anywhere_is_found_by_an_exhaustive_look() {
        for at in [0, 5, 1 << 20, (3 << 20) + 77] {
            let mut disk = MemDisk::new((3 << 20) + 78);
            assert_eq!(
                blank(&disk, Thoroughness::Exhaustive),
                Ok(Emptiness::ProvenZeros)
            );
            disk.write_at(at, &[1]).expect("on the disk");
            assert_eq!(
                blank(&disk, Thoroughness::Exhaustive),
                Ok(Emptiness::HoldsData)
            );
            assert_eq!(first_set(&disk, 0, disk.bytes()), Ok(Some(at)));
        }
    }

    #[test]
    fn what_is_too_long_to_be_read_whole_is_sampled_at_both_ends_and_between() {
        let mut disk = MemDisk::new(1 << 30);
        assert_eq!(
            blank(&disk, Thoroughness::Sampled),
            Ok(Emptiness::SampledZeros)
        );
        for at in [0, (1 << 29) + 5, (1 << 30) - 1] {
            disk.write_at(at, &[1]).expect("on the disk");
            assert_eq!(
                blank(&disk, Thoroughness::Sampled),
                Ok(Emptiness::HoldsData)
            );
            disk.write_at(at, &[0]).expect("on the disk");
        }
    }

    #[test]
    fn samples_of_data_between_holes_lie_in_the_data() {
        let ranges = [5 * MIB..6 * MIB, 100 * MIB..500 * MIB, 900 * MIB..901 * MIB];
        let total = 402 * MIB;
        let samples = samples(&ranges, total);
        assert!(samples.len() >= 64);
        for sample in samples {
            assert!(!sample.is_empty());
            let is_in = |range: &Range<u64>| range.start <= sample.start && sample.end <= range.end;
            assert!(ranges.iter().any(is_in), "{sample:?}");
        }
    }

    #[test]
    fn a_tiny_or_empty_disk_is_no_special_case() {
        for bytes in [0, 1, 511, 4096] {
            assert_eq!(
                blank(&MemDisk::new(bytes), Thoroughness::Sampled),
                Ok(Emptiness::ProvenZeros)
            );
        }
    }
}
