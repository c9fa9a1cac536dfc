//! Whether a drive is the one that was being filled, and holds what it confirmed as durable.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own layout; release builds stop at an overflow"
)]

use disk::ReadAt;
use lanes::Md5State;
use ntfs_image::Node;
use shared::drive::What;
use thiserror::Error;

use super::batch::index;
use super::cancel::Cancel;
use super::course::{Content, Course, Leg};
use super::error::PipelineError;
use super::hash_index::{HashIndex, is_hashed};
use super::side_file::SideReader;
use super::structures::{Mended, Structures};
use super::work::Work;
use crate::device::AlignedBuffer;

/// A drive that a resume must not write to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecogniseError {
    /// Reading failed, the drive lost bytes, or the person stopped it.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// It holds something else.
    #[error(
        "this is not the drive that was being filled: what lies at offset {at:#x} is not from this session"
    )]
    AnotherDrive {
        /// Disk offset.
        at: u64,
    },
}

/// What a drive that was being filled is compared with.
pub struct Known<'a, 'w> {
    /// What was being written.
    pub work: &'a Work<'w>,
    /// The hashes of the blocks that ended before the mark.
    pub hashes: &'a SideReader,
    /// Disk offset of the last mark; `None` once the whole pass is durable.
    pub through: Option<u64>,
    /// Bytes before the mark that are compared: the stretch since the one before.
    pub stretch: u64,
    /// How far the mend is.
    pub mended: Mended<'a>,
    /// Says which files are left out: what lies in their place does not count.
    pub left_out: &'a dyn Fn(Node) -> bool,
}

impl Known<'_, '_> {
    /// Reads the volume's first sectors and the last durable stretch from `disk` and compares them:
    /// a longer stretch where no block ends within it.
    ///
    /// # Errors
    /// [`RecogniseError`]; nothing was written.
    pub fn recognise(&self, disk: &dyn ReadAt, cancel: &Cancel) -> Result<(), RecogniseError> {
        let through = self.through.unwrap_or_else(|| Course::end(self.work));
        let mut buffer = AlignedBuffer::zeroed(index(self.work.leg_bytes));
        let structures = Structures::new(self.work, self.mended);
        for segment in self.work.layout.segments() {
            if segment.what == What::HeaderCopy && segment.at + segment.bytes <= through {
                buffer.set_length(index(segment.bytes));
                self.read(disk, segment.at, &mut buffer)?;
                if let Some(at) = structures.difference(segment.at, &buffer) {
                    return Err(RecogniseError::AnotherDrive { at });
                }
            }
        }
        let numbers = HashIndex::new(self.work);
        let mut blocks = Blocks {
            known: self,
            numbers: &numbers,
            structures: &structures,
            carried: None,
            compared: 0,
        };
        let mut stretch = self.stretch.max(4096);
        loop {
            let from = through.saturating_sub(stretch);
            for leg in Course::new(self.work, from - from % 4096..through) {
                if cancel.is_cancelled() {
                    return Err(PipelineError::Cancelled.into());
                }
                buffer.set_length(index(leg.bytes));
                self.read(disk, leg.at, &mut buffer)?;
                self.leg(&leg, &mut buffer, &mut blocks)?;
            }
            if blocks.compared > 0 || from == 0 {
                return Ok(());
            }
            (blocks.carried, stretch) = (None, stretch.saturating_mul(2));
        }
    }

    fn read(&self, disk: &dyn ReadAt, at: u64, into: &mut [u8]) -> Result<(), PipelineError> {
        disk.read_at(at, into)?;
        self.work.decrypt(at, into);
        Ok(())
    }

    fn leg(
        &self,
        leg: &Leg,
        bytes: &mut [u8],
        blocks: &mut Blocks<'_, '_, '_>,
    ) -> Result<(), RecogniseError> {
        for (at, stretch) in leg.places() {
            let part = index(at - leg.at)..index(at - leg.at + stretch.bytes);
            let part = &mut bytes[part];
            match stretch.content {
                Content::Rendered => {
                    if let Some(at) = blocks.structures.difference(at, part) {
                        return Err(PipelineError::Forgot { at }.into());
                    }
                    blocks.compared += 1;
                }
                Content::Data { file, from } => blocks.compare(at, file, from, part)?,
                Content::Zeros => {
                    if let Some(set) = part.iter().position(|byte| *byte != 0) {
                        let at = at + u64::try_from(set).unwrap_or(0);
                        return Err(PipelineError::Forgot { at }.into());
                    }
                    blocks.compared += 1;
                }
            }
        }
        Ok(())
    }
}

/// Compares file data block by block with the side file.
struct Blocks<'a, 'k, 'w> {
    known: &'a Known<'k, 'w>,
    numbers: &'a HashIndex,
    structures: &'a Structures<'k, 'w>,
    carried: Option<Md5State>,
    /// Blocks that were compared, and stretches of anything else.
    compared: u64,
}

impl Blocks<'_, '_, '_> {
    /// Takes the part of `file` that begins at its offset `from` and lies at disk offset `at`. A
    /// block that began before the comparison did is passed over.
    fn compare(
        &mut self,
        at: u64,
        file: Node,
        from: u64,
        bytes: &[u8],
    ) -> Result<(), RecogniseError> {
        let work = self.known.work;
        if !is_hashed(work, file) || (self.known.left_out)(file) {
            self.carried = None;
            return Ok(());
        }
        let Some(first) = self.numbers.first(file) else {
            return Ok(());
        };
        let length = work.layout.ntfs().tree().bytes(file);
        let block = work.block_bytes(file);
        let end = length.min(from + u64::try_from(bytes.len()).unwrap_or(0));
        let mut place = from;
        while place < end {
            let number = place / block;
            let block_end = length.min((number + 1) * block);
            let piece_end = block_end.min(end);
            let state = if place.is_multiple_of(block) {
                Some(Md5State::new())
            } else {
                self.carried.take()
            };
            if let Some(mut state) = state {
                state.update(&bytes[index(place - from)..index(piece_end - from)]);
                if piece_end < block_end {
                    self.carried = Some(state);
                } else if state.finish()
                    != self
                        .known
                        .hashes
                        .hash(first + number)
                        .map_err(PipelineError::from)?
                {
                    let at = at + (place - from);
                    return Err(PipelineError::Forgot { at }.into());
                } else {
                    self.compared += 1;
                }
            }
            place = piece_end;
        }
        Ok(())
    }
}
