//! What changes of a drive that keeps what is on it: durable beside the journal before it is written.
//!
//! ```text
//! | disk offset, 8 | bytes, 8, top bit: all ones | ciphertext, unless all ones | ...
//! ```
//! The side file holds no plaintext: what would be 0xff in the clear is only counted.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own changes; release builds stop at an overflow"
)]

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use ntfs_image::{Change, ChangeBytes};

use super::batch::index;
use super::error::PipelineError;
use super::side_file::SideFileError;
use super::work::Work;
use crate::device::{AlignedBuffer, Device};
use crate::shelf::{Shelf, Shelves};

/// Marks a length whose bytes are all ones.
const ONES: u64 = 1 << 63;
/// Bytes written at once.
const STEP: u64 = 1 << 20;

/// Returns changes as they are stored, in pieces of a change each.
#[must_use]
pub fn redo_bytes(work: &Work<'_>, changes: Vec<Change>) -> Vec<Vec<u8>> {
    let stored = |change: Change| {
        let mut piece = change.at.to_le_bytes().to_vec();
        match change.bytes {
            ChangeBytes::Ones(bytes) => piece.extend((bytes | ONES).to_le_bytes()),
            ChangeBytes::Bytes(mut bytes) => {
                work.encrypt(change.at, &mut bytes);
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                piece.extend(length.to_le_bytes());
                piece.append(&mut bytes);
            }
        }
        piece
    };
    changes.into_iter().map(stored).collect()
}

/// Writes all changes and flushes. Doing it again changes nothing.
///
/// # Errors
/// [`PipelineError`] when the drive or the side file fails.
pub fn redo(
    work: &Work<'_>,
    device: &mut dyn Device,
    mut changes: RedoReader,
) -> Result<(), PipelineError> {
    let mut buffer = AlignedBuffer::zeroed(index(STEP));
    while changes.has_more() {
        let (mut at, length) = (changes.number()?, changes.number()?);
        let end = at + (length & !ONES);
        while at < end {
            buffer.set_length(index(STEP.min(end - at)));
            if length & ONES == 0 {
                changes.read(&mut buffer)?;
            } else {
                buffer.fill(0xff);
                work.encrypt(at, &mut buffer);
            }
            device.write_at(at, &buffer)?;
            at += u64::try_from(buffer.len()).unwrap_or(0);
        }
    }
    device.flush()?;
    Ok(())
}

/// The changes in a side file, from front to back.
pub struct RedoReader {
    shelf: Arc<dyn Shelf>,
    name: String,
    left: Range<u64>,
}

impl RedoReader {
    /// Returns a reader of the bytes `range` of the first copy of a side file.
    ///
    /// # Errors
    /// [`SideFileError::Read`] when there is no shelf.
    pub fn open(shelves: &Shelves, name: &str, range: Range<u64>) -> Result<Self, SideFileError> {
        let first = shelves.iter().next();
        let shelf = first.ok_or_else(|| SideFileError::Read {
            path: PathBuf::from(name),
            cause: std::io::ErrorKind::NotFound.into(),
        })?;
        Ok(Self {
            shelf: Arc::clone(shelf),
            name: name.to_owned(),
            left: range,
        })
    }

    const fn has_more(&self) -> bool {
        self.left.start < self.left.end
    }

    fn number(&mut self) -> Result<u64, SideFileError> {
        let mut bytes = [0; 8];
        self.read(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn read(&mut self, mut into: &mut [u8]) -> Result<(), SideFileError> {
        let failed = |cause| SideFileError::Read {
            path: self.shelf.path().join(&self.name),
            cause,
        };
        let wanted = u64::try_from(into.len()).unwrap_or(u64::MAX);
        if wanted > self.left.end - self.left.start {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        while !into.is_empty() {
            match self.shelf.read_at(&self.name, self.left.start, into) {
                Ok(0) => return Err(failed(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => {
                    self.left.start += u64::try_from(read).unwrap_or(0);
                    into = &mut into[read..];
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}
