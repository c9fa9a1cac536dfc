//! The first thing written to a drive: zeros over everything that says what it was.

use std::ops::Range;

use thiserror::Error;

use super::contents::Contents;
use super::open::Device;

/// Erasing did not end. The drive's old contents may be partly gone; nothing new is on it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EraseError {
    /// A write or flush failed.
    #[error("erasing failed: {0}")]
    Write(#[from] disk::WriteError),
    /// The read-back failed.
    #[error("erased, but reading back failed: {0}")]
    Read(#[from] disk::ReadError),
    /// What was zeroed does not read as zeros.
    #[error(
        "zeros were written at offset {at:#x}, but other bytes read back: the drive does not keep what is written to it; do not use it"
    )]
    NotZero {
        /// Byte offset of the first byte that is not zero.
        at: u64,
    },
}

/// Returns the byte ranges to be zeroed, ascending, without overlap: first and last MiB of the disk, of the `partition` to be made and of each
/// old partition, and every place where a recognised structure keeps a copy of itself.
#[must_use]
pub fn areas(_disk_bytes: u64, _partition: Range<u64>, _old: &Contents) -> Vec<Range<u64>> {
    todo!()
}

/// Zeroes `areas`, flushes, and reads them back.
///
/// # Errors
/// [`EraseError`] when a write, the flush or the read-back fails.
pub fn erase(_device: &mut dyn Device, _areas: &[Range<u64>]) -> Result<(), EraseError> {
    todo!()
}
