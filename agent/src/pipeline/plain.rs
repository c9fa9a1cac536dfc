//! The volume of a drive whose keys are known, decrypted.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside the volume, checked on entry; release builds stop at an overflow"
)]

use std::fmt;

use disk::{ReadAt, ReadError};

use super::batch::index;
use super::work::Work;
use crate::device::AlignedBuffer;

/// Reads like the plain NTFS volume on a drive that was filled.
pub struct Plain<'a, 'w> {
    work: &'a Work<'w>,
    disk: &'a dyn ReadAt,
}

impl<'a, 'w> Plain<'a, 'w> {
    /// Returns the volume on `disk`, whose place and keys `work` has.
    #[must_use]
    pub const fn new(work: &'a Work<'w>, disk: &'a dyn ReadAt) -> Self {
        Self { work, disk }
    }
}

impl ReadAt for Plain<'_, '_> {
    fn bytes(&self) -> u64 {
        self.work.layout.volume_bytes()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = u64::try_from(into.len()).unwrap_or(u64::MAX);
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes()) {
            return Err(ReadError::out_of_bounds(at, bytes, self.bytes()));
        }
        // The first and the last page may be read in part.
        let most = STEP.min((bytes + 2 * PAGE).next_multiple_of(PAGE));
        let mut buffer = AlignedBuffer::zeroed(index(most));
        let (mut at, mut rest) = (at, into);
        while !rest.is_empty() {
            let skip = at % PAGE;
            // The first pages are stored elsewhere, so that a step may not go over their end.
            let border = if at < STEP {
                (at - skip) + PAGE
            } else {
                u64::MAX
            };
            let room = STEP.min(border - (at - skip)) - skip;
            let count = index(room).min(rest.len());
            let whole = (index(skip) + count).next_multiple_of(index(PAGE));
            let here = self.work.layout.disk_at(at - skip);
            buffer.set_length(whole);
            self.disk.read_at(here, &mut buffer)?;
            self.work.decrypt(here, &mut buffer);
            let (part, after) = rest.split_at_mut(count);
            part.copy_from_slice(&buffer[index(skip)..index(skip) + count]);
            (at, rest) = (at + u64::try_from(count).unwrap_or(0), after);
        }
        Ok(())
    }
}

impl fmt::Debug for Plain<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").finish_non_exhaustive()
    }
}

const STEP: u64 = 1 << 20;
const PAGE: u64 = 4096;
