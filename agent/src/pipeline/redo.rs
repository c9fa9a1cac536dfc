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

use disk::ReadAt;
use ntfs_image::{Change, ChangeBytes};

use super::batch::index;
use super::cancel::Cancel;
use super::error::PipelineError;
use super::overwritten::Overwritten;
use super::side_file::SideFileError;
use super::structures::{PAGE, PAGE_BYTES};
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
    while let Some(piece) = changes.next_piece(STEP)? {
        changes.fill(work, &piece, &mut buffer)?;
        device.write_at(piece.at, &buffer)?;
    }
    device.flush()?;
    Ok(())
}

/// Compares a drive, page by page since later sessions write over whole ones, with all changes but those that `later` sessions wrote over, and adds these to `later`. Returns
/// the disk offset of the first page that differs.
///
/// # Errors
/// [`PipelineError`] when the drive or the side file fails, or the person stopped it.
pub fn redone(
    work: &Work<'_>,
    disk: &dyn ReadAt,
    mut changes: RedoReader,
    later: &mut Overwritten,
    cancel: &Cancel,
) -> Result<Option<u64>, PipelineError> {
    let (mut wanted, mut found) = (AlignedBuffer::zeroed(PAGE), AlignedBuffer::zeroed(PAGE));
    let mut ranges: Vec<Range<u64>> = Vec::new();
    while let Some(piece) = changes.next_piece(PAGE_BYTES)? {
        if cancel.is_cancelled() {
            return Err(PipelineError::Cancelled);
        }
        changes.fill(work, &piece, &mut wanted)?;
        let end = piece.at + piece.bytes;
        match ranges.last_mut().filter(|last| last.end == piece.at) {
            Some(last) => last.end = end,
            None => ranges.push(piece.at..end),
        }
        if later.touches(piece.at, piece.bytes) {
            continue;
        }
        found.set_length(index(piece.bytes));
        disk.read_at(piece.at, &mut found)?;
        if *found != *wanted {
            return Ok(Some(piece.at));
        }
    }
    later.extend(ranges);
    Ok(None)
}

/// A part of a change.
#[derive(Clone, Copy)]
struct Piece {
    /// Disk offset.
    at: u64,
    bytes: u64,
    /// Whether it is all ones, and so not in the side file.
    is_ones: bool,
}

/// The changes in a side file, from front to back.
pub struct RedoReader {
    shelf: Arc<dyn Shelf>,
    name: String,
    left: Range<u64>,
    /// What is left of the change that is being read.
    open: Option<Piece>,
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
            open: None,
        })
    }

    /// Returns the next at most `most` bytes of a change; `None` behind the last. Its bytes must be read, by
    /// [`RedoReader::fill`], before the next.
    fn next_piece(&mut self, most: u64) -> Result<Option<Piece>, SideFileError> {
        let open = match self.open.take().filter(|open| open.bytes > 0) {
            Some(open) => open,
            None if self.left.is_empty() => return Ok(None),
            None => {
                let (at, length) = (self.number()?, self.number()?);
                let (bytes, is_ones) = (length & !ONES, length & ONES != 0);
                Piece { at, bytes, is_ones }
            }
        };
        let bytes = most.min(open.bytes);
        self.open = Some(Piece {
            at: open.at + bytes,
            bytes: open.bytes - bytes,
            ..open
        });
        Ok(Some(Piece { bytes, ..open }))
    }

    /// Makes `buffer` what the piece has on the drive.
    fn fill(
        &mut self,
        work: &Work<'_>,
        piece: &Piece,
        buffer: &mut AlignedBuffer,
    ) -> Result<(), SideFileError> {
        buffer.set_length(index(piece.bytes));
        if piece.is_ones {
            buffer.fill(0xff);
            work.encrypt(piece.at, buffer);
            return Ok(());
        }
        self.read(buffer)
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
