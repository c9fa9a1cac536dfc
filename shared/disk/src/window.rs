//! A part of a disk that reads like a disk of its own.

use crate::{ReadAt, ReadError};

/// The bytes `[start, start + bytes)` of `disk`, addressed from 0: a partition.
#[derive(Clone, Debug)]
pub struct Window<R> {
    disk: R,
    start: u64,
    bytes: u64,
}

impl<R: ReadAt> Window<R> {
    /// Opens a window.
    ///
    /// # Errors
    /// [`ReadError`] when it leaves the disk.
    pub fn new(disk: R, start: u64, bytes: u64) -> Result<Self, ReadError> {
        match start.checked_add(bytes) {
            Some(end) if end <= disk.bytes() => Ok(Self { disk, start, bytes }),
            _ => Err(ReadError::out_of_bounds(start, bytes, disk.bytes())),
        }
    }
}

impl<R: ReadAt> ReadAt for Window<R> {
    fn bytes(&self) -> u64 {
        self.bytes
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let asked = u64::try_from(into.len()).unwrap_or(u64::MAX);
        let outside = ReadError::out_of_bounds(at, asked, self.bytes);
        match (at.checked_add(asked), self.start.checked_add(at)) {
            (Some(end), Some(place)) if end <= self.bytes => self.disk.read_at(place, into),
            _ => Err(outside),
        }
    }
}
