//! The place on the drive of a file that is written when the pass is over, as a stream.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of our own layout; release builds stop at an overflow"
)]

use std::cell::RefCell;
use std::io;

use ntfs_image::Node;
use shared::drive::What;

use super::batch::index;
use super::error::PipelineError;
use super::work::Work;
use crate::device::{AlignedBuffer, Device};

/// Bytes written at once.
const STEP: u64 = 1 << 20;

/// The extents of a file that is written last, from their start, encrypted.
pub(super) struct LastPlace<'a, 'd, 'w> {
    work: &'a Work<'w>,
    device: &'a RefCell<&'d mut (dyn Device + 'd)>,
    extents: std::vec::IntoIter<(u64, u64)>,
    /// Disk offset of the buffer's first byte, and how much of its extent is left from there.
    at: u64,
    left: u64,
    buffer: AlignedBuffer,
    held: usize,
    failure: Option<PipelineError>,
}

impl<'a, 'd, 'w> LastPlace<'a, 'd, 'w> {
    /// Returns the start of `node`, which must be one of those.
    pub(super) fn new(
        work: &'a Work<'w>,
        device: &'a RefCell<&'d mut (dyn Device + 'd)>,
        node: Node,
    ) -> Self {
        let mut extents = Vec::new();
        for segment in work.layout.segments() {
            if matches!(segment.what, What::FileData { file, .. } if file == node) {
                extents.push((segment.at, segment.bytes));
            }
        }
        let buffer = AlignedBuffer::zeroed(index(STEP));
        let (at, left, held) = (0, 0, 0);
        Self {
            work,
            device,
            extents: extents.into_iter(),
            at,
            left,
            buffer,
            held,
            failure: None,
        }
    }

    /// Writes what the buffer holds, zeros up to the end of the buffer's share of the extent.
    fn put(&mut self) -> Result<(), PipelineError> {
        let bytes = self.left.min(STEP);
        self.buffer.set_length(index(bytes));
        self.buffer[self.held..].fill(0);
        self.work.encrypt(self.at, &mut self.buffer);
        self.device.borrow_mut().write_at(self.at, &self.buffer)?;
        self.at += bytes;
        self.left -= bytes;
        self.held = 0;
        Ok(())
    }

    /// Goes on to the next extent when this one is full; false when there is none.
    fn has_room(&mut self) -> bool {
        if self.left == 0 {
            let Some((at, bytes)) = self.extents.next() else {
                return false;
            };
            (self.at, self.left) = (at, bytes);
        }
        true
    }

    /// Writes the rest, and zeros through the end of the last extent.
    pub(super) fn finish(mut self) -> Result<(), PipelineError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        while self.has_room() {
            self.put()?;
        }
        self.device.borrow_mut().flush()?;
        Ok(())
    }
}

impl io::Write for LastPlace<'_, '_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_room() {
            return Err(io::Error::other("it is longer than planned"));
        }
        let room = index(self.left.min(STEP)) - self.held;
        let taken = room.min(bytes.len());
        self.buffer.set_length(index(STEP));
        self.buffer[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
        self.held += taken;
        if taken == room
            && let Err(error) = self.put()
        {
            let text = error.to_string();
            self.failure = Some(error);
            return Err(io::Error::other(text));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
