//! A sparse disk in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::{ReadAt, ReadError, WriteAt, WriteError};

/// Bytes of one chunk that is either absent (zeros) or held whole.
const CHUNK: usize = 65_536;
const CHUNK_BYTES: u64 = 65_536;

/// A disk of any length in memory; what was never written, or only with zeros, reads as zeros and takes
/// no memory. A clone shares what neither of the two has written since.
#[derive(Clone, Debug, Default)]
pub struct MemDisk {
    bytes: u64,
    chunks: BTreeMap<u64, Arc<Vec<u8>>>,
}

impl MemDisk {
    /// Returns a disk of `bytes` zeros.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self {
            bytes,
            chunks: BTreeMap::new(),
        }
    }

    /// Returns the bytes of memory that hold data.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        u64::try_from(self.chunks.len())
            .unwrap_or(u64::MAX)
            .saturating_mul(CHUNK_BYTES)
    }

    /// Returns where the first chunk, or part of one, of `range` begins in which it differs from `other`. What
    /// clones still share is not looked at.
    #[must_use]
    pub fn first_difference(&self, other: &Self, range: &Range<u64>) -> Option<u64> {
        if range.end > self.bytes.min(other.bytes) {
            return Some(self.bytes.min(other.bytes).max(range.start));
        }
        let mut at = range.start;
        while at < range.end {
            let chunk = at / CHUNK_BYTES;
            let begin = chunk.saturating_mul(CHUNK_BYTES);
            let next = begin.saturating_add(CHUNK_BYTES).min(range.end);
            let offset = |place: u64| usize::try_from(place.saturating_sub(begin)).unwrap_or(0);
            let within = offset(at)..offset(next);
            let same = match (self.chunks.get(&chunk), other.chunks.get(&chunk)) {
                (None, None) => true,
                (Some(one), Some(two)) => {
                    Arc::ptr_eq(one, two) || one.get(within.clone()) == two.get(within)
                }
                (Some(held), None) | (None, Some(held)) => held.get(within).is_some_and(is_zero),
            };
            if !same {
                return Some(at);
            }
            at = next;
        }
        None
    }

    fn in_bounds(&self, at: u64, length: usize) -> bool {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        at.checked_add(length).is_some_and(|end| end <= self.bytes)
    }
}

/// Returns whether a chunk, or a part of one, holds nothing.
fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; CHUNK] = [0; CHUNK];
    ZEROS.get(..bytes.len()) == Some(bytes)
}

/// Splits `[at, at + length)` at chunk borders: (chunk number, offset in the chunk, bytes).
fn pieces(at: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut place = at;
    let mut left = length;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let chunk = place / CHUNK_BYTES;
        let within = usize::try_from(place % CHUNK_BYTES).unwrap_or(0);
        let count = left.min(CHUNK.saturating_sub(within));
        place = place.saturating_add(u64::try_from(count).unwrap_or(0));
        left = left.saturating_sub(count);
        Some((chunk, within, count))
    })
}

impl ReadAt for MemDisk {
    fn bytes(&self) -> u64 {
        self.bytes
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        if !self.in_bounds(at, into.len()) {
            let asked = u64::try_from(into.len()).unwrap_or(u64::MAX);
            return Err(ReadError::out_of_bounds(at, asked, self.bytes));
        }
        let mut rest = into;
        for (chunk, within, count) in pieces(at, rest.len()) {
            let (piece, after) = rest.split_at_mut(count);
            let stored = self
                .chunks
                .get(&chunk)
                .and_then(|held| held.get(within..))
                .and_then(|held| held.get(..count));
            match stored {
                Some(stored) => piece.copy_from_slice(stored),
                None => piece.fill(0),
            }
            rest = after;
        }
        Ok(())
    }
}

impl WriteAt for MemDisk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        if !self.in_bounds(at, bytes.len()) {
            let cause = format!("the disk ends at {:#x}", self.bytes);
            return Err(WriteError {
                at,
                bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                cause,
            });
        }
        let mut rest = bytes;
        for (chunk, within, count) in pieces(at, bytes.len()) {
            let (piece, after) = rest.split_at(count);
            rest = after;
            if !self.chunks.contains_key(&chunk) && is_zero(piece) {
                continue;
            }
            let held = self
                .chunks
                .entry(chunk)
                .or_insert_with(|| Arc::new(vec![0; CHUNK]));
            if let Some(place) = Arc::make_mut(held)
                .get_mut(within..)
                .and_then(|held| held.get_mut(..count))
            {
                place.copy_from_slice(piece);
            }
        }
        Ok(())
    }
    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_across_a_chunk_border_reads_back() {
        let mut disk = MemDisk::new(CHUNK_BYTES * 3);
        let data: Vec<u8> = (0..=255).collect();
        disk.write_at(CHUNK_BYTES - 100, &data).expect("in bounds");
        let mut back = vec![1; 258];
        disk.read_at(CHUNK_BYTES - 101, &mut back)
            .expect("in bounds");
        assert_eq!(back.first(), Some(&0));
        assert_eq!(back.get(1..257), Some(data.as_slice()));
        assert_eq!(back.last(), Some(&0));
    }

    #[test]
    fn zeros_take_memory_only_where_something_else_was() {
        let mut disk = MemDisk::new(CHUNK_BYTES * 3);
        disk.write_at(0, &vec![0; CHUNK * 2]).expect("in bounds");
        assert_eq!(disk.resident_bytes(), 0);
        disk.write_at(5, &[1, 2]).expect("in bounds");
        disk.write_at(5, &[0]).expect("in bounds");
        let mut back = [9; 2];
        disk.read_at(5, &mut back).expect("in bounds");
        assert_eq!(back, [0, 2]);
    }

    #[test]
    fn two_disks_differ_where_one_byte_does_and_only_within_the_range() {
        let mut one = MemDisk::new(CHUNK_BYTES * 3);
        one.write_at(10, &[7]).expect("in bounds");
        let mut other = one.clone();
        let all = 0..one.bytes();
        assert_eq!(one.first_difference(&other, &all), None);
        other.write_at(CHUNK_BYTES + 100, &[1]).expect("in bounds");
        assert_eq!(one.first_difference(&other, &all), Some(CHUNK_BYTES));
        assert_eq!(other.first_difference(&one, &all), Some(CHUNK_BYTES));
        let before = 0..CHUNK_BYTES + 100;
        assert_eq!(one.first_difference(&other, &before), None);
        let after = CHUNK_BYTES + 101..one.bytes();
        assert_eq!(one.first_difference(&other, &after), None);
        other.write_at(CHUNK_BYTES + 100, &[0]).expect("in bounds");
        assert_eq!(one.first_difference(&other, &all), None);
        let longer = 0..one.bytes() + 1;
        assert_eq!(one.first_difference(&other, &longer), Some(one.bytes()));
    }

    #[test]
    fn a_range_that_leaves_the_disk_is_refused() {
        let mut disk = MemDisk::new(512);
        assert!(disk.read_at(511, &mut [0; 2]).is_err());
        assert!(disk.write_at(u64::MAX, &[0; 2]).is_err());
    }
}
