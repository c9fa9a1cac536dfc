//! Whether a drive holds nothing but zeros.

use disk::{ReadAt, ReadError};

use super::aligned_buffer::AlignedBuffer;
use super::contents::{Emptiness, Thoroughness};

const MIB: u64 = 1 << 20;
/// Bytes read at each sampled place.
const SAMPLE_BYTES: u64 = 65_536;
/// Sampled places between the first and the last MiB.
const SAMPLES: u64 = 64;

/// Returns whether `disk` reads as zeros.
///
/// # Errors
/// [`ReadError`] when it cannot be read.
pub fn blank(disk: &dyn ReadAt, thoroughness: Thoroughness) -> Result<Emptiness, ReadError> {
    let all_zeros = match thoroughness {
        Thoroughness::Exhaustive => is_zero(disk, 0, disk.bytes())?,
        Thoroughness::Sampled => is_zero_sampled(disk)?,
    };
    Ok(match (all_zeros, thoroughness) {
        (false, _) => Emptiness::HoldsData,
        (true, Thoroughness::Exhaustive) => Emptiness::ProvenZeros,
        (true, Thoroughness::Sampled) => Emptiness::SampledZeros,
    })
}

fn is_zero_sampled(disk: &dyn ReadAt) -> Result<bool, ReadError> {
    let bytes = disk.bytes();
    let edge = MIB.min(bytes);
    if !is_zero(disk, 0, edge)? || !is_zero(disk, bytes.saturating_sub(edge), bytes)? {
        return Ok(false);
    }
    let step = bytes.checked_div(SAMPLES).unwrap_or(0);
    for place in 0..SAMPLES {
        // On a border of 4096, where every drive's sectors start.
        let at = place.saturating_mul(step) & !4095;
        if !is_zero(disk, at, at.saturating_add(SAMPLE_BYTES).min(bytes))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether `[start, end)` reads as zeros; reads no further than the first byte that is not.
pub(super) fn is_zero(disk: &dyn ReadAt, start: u64, end: u64) -> Result<bool, ReadError> {
    Ok(first_set(disk, start, end)?.is_none())
}

/// Returns the offset of the first byte in `[start, end)` that is not zero.
pub(super) fn first_set(disk: &dyn ReadAt, start: u64, end: u64) -> Result<Option<u64>, ReadError> {
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(MIB).unwrap_or(0));
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
    fn samples_cover_both_ends_and_claim_no_proof() {
        let mut disk = MemDisk::new(1 << 30);
        assert_eq!(
            blank(&disk, Thoroughness::Sampled),
            Ok(Emptiness::SampledZeros)
        );
        disk.write_at((1 << 30) - 1, &[1]).expect("on the disk");
        assert_eq!(
            blank(&disk, Thoroughness::Sampled),
            Ok(Emptiness::HoldsData)
        );
    }

    #[test]
    fn a_tiny_or_empty_disk_is_no_special_case() {
        for bytes in [0, 1, 511, 4096] {
            assert_eq!(
                blank(&MemDisk::new(bytes), Thoroughness::Sampled),
                Ok(Emptiness::SampledZeros)
            );
        }
    }
}
