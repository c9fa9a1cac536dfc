//! Everything on a drive that is not a file's data, compared byte by byte with what it must be.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own layout; release builds stop at an overflow"
)]

use std::ops::Range;

use disk::ReadAt;
use shared::drive::{Mend, MendWhat, What};

use super::batch::index;
use super::cancel::Cancel;
use super::error::PipelineError;
use super::overwritten::Overwritten;
use super::work::Work;
use crate::device::AlignedBuffer;

/// Pages are compared whole first, and only those that differ byte by byte.
pub(super) const PAGE: usize = 4096;
pub(super) const PAGE_BYTES: u64 = 4096;

/// Returns the disk offset of the first byte of `found`, which lies at `at`, that is not what both
/// drawings of its page have; a drawing of one page stands for all.
fn first_unlike(at: u64, found: &[u8], one: &[u8], other: &[u8]) -> Option<u64> {
    (at..)
        .step_by(PAGE)
        .zip(found.chunks(PAGE))
        .find_map(|(at, page)| {
            let (one, other) = (one.get(..page.len())?, other.get(..page.len())?);
            if page == one {
                return None;
            }
            let drawn = one.iter().zip(other);
            let place = page
                .iter()
                .zip(drawn)
                .position(|(found, (one, other))| one == other && found != one)?;
            Some(at + u64::try_from(place).unwrap_or(0))
        })
}

/// Bytes compared at once.
const STEP: u64 = 1 << 20;

/// How far the mend of a drive is.
#[derive(Clone, Copy, Debug)]
pub enum Mended<'a> {
    /// It did not begin: everything is as laid out.
    Not,
    /// What it changes may be as before, as after, or half written: it is rewritten whole.
    UnderWay(&'a Mend<'a>),
    /// What it changes is as after, and nothing else.
    Done(&'a Mend<'a>),
}

impl<'a> Mended<'a> {
    const fn mend(self) -> Option<&'a Mend<'a>> {
        match self {
            Self::Not => None,
            Self::UnderWay(mend) | Self::Done(mend) => Some(mend),
        }
    }
}

/// What the file system structures of a drive must be: as laid out, or mended.
pub struct Structures<'a, 'w> {
    work: &'a Work<'w>,
    mended: Mended<'a>,
    /// Disk ranges that the mend changes, ascending.
    changed: Vec<Range<u64>>,
    /// What later sessions wrote over them.
    later: Overwritten,
}

impl<'a, 'w> Structures<'a, 'w> {
    /// Returns those of `work`, as far as they are mended.
    #[must_use]
    pub fn new(work: &'a Work<'w>, mended: Mended<'a>) -> Self {
        let ranges = mended.mend().into_iter().flat_map(|mend| mend.ranges());
        let patches = ranges.filter(|range| range.what == MendWhat::Patch);
        Self {
            work,
            mended,
            changed: patches
                .map(|range| range.at..range.at + range.bytes)
                .collect(),
            later: Overwritten::default(),
        }
    }

    /// Returns these without the pages that `later` sessions wrote over.
    #[must_use]
    pub fn beneath(self, later: Overwritten) -> Self {
        Self { later, ..self }
    }

    /// Returns the disk offset of the first byte that differs from what it must be, in everything
    /// that is neither a file's data nor free space: partition tables, BitLocker's areas, file
    /// system structures, and the zeros between.
    ///
    /// The content of small files, which lies in file records, is not compared: the verification
    /// does that.
    ///
    /// # Errors
    /// [`PipelineError`] when the drive cannot be read, or the person stopped it.
    pub fn first_difference(
        &self,
        disk: &dyn ReadAt,
        information_area: &[u8],
        cancel: &Cancel,
    ) -> Result<Option<u64>, PipelineError> {
        let sealed = self.work.layout.seal_parts(information_area);
        for (at, bytes) in sealed.all() {
            let mut found = vec![0; bytes.len()];
            disk.read_at(*at, &mut found)?;
            if let Some(place) = found
                .iter()
                .zip(bytes)
                .position(|(one, other)| one != other)
            {
                return Ok(Some(at + u64::try_from(place).unwrap_or(0)));
            }
        }
        let mut buffer = AlignedBuffer::zeroed(index(STEP));
        for segment in self.work.layout.segments() {
            let is_encrypted = match segment.what {
                What::Gap => false,
                What::HeaderCopy | What::Metadata | What::Zeros => true,
                _ => continue,
            };
            let (mut at, end) = (segment.at, segment.at + segment.bytes);
            while at < end {
                if cancel.is_cancelled() {
                    return Err(PipelineError::Cancelled);
                }
                let bytes = STEP.min(end - at);
                buffer.set_length(index(bytes));
                disk.read_at(at, &mut buffer)?;
                if is_encrypted {
                    self.work.decrypt(at, &mut buffer);
                }
                let differs = match segment.what {
                    What::HeaderCopy | What::Metadata => self.difference(at, &buffer),
                    _ => first_unlike(at, &buffer, &[0; PAGE], &[0; PAGE]),
                };
                if differs.is_some() {
                    return Ok(differs);
                }
                at += bytes;
            }
        }
        Ok(None)
    }

    /// Compares decrypted file system structures at disk offset `at`, all but the content of small
    /// files in them. Returns the disk offset of the first byte that differs.
    pub(super) fn difference(&self, at: u64, found: &[u8]) -> Option<u64> {
        // What a small file's content is cannot be known here: it lies where two drawings differ.
        let draw = |mark: u8| {
            let mut drawn = vec![0; found.len()];
            let layout = &self.work.layout;
            layout.render(at, &mut drawn, &mut |_, slot| slot.fill(mark));
            drawn
        };
        let (mut one, mut other) = (draw(0x55), draw(0xaa));
        if let Some(mend) = self.mended.mend()
            && self.is_changed(at, found.len())
        {
            mend.patch(at, &mut one);
            mend.patch(at, &mut other);
        }
        (at..)
            .step_by(PAGE)
            .zip(
                found
                    .chunks(PAGE)
                    .zip(one.chunks(PAGE).zip(other.chunks(PAGE))),
            )
            .filter(|(at, (found, _))| !self.is_unsettled(*at, found.len()))
            .filter(|(at, _)| !self.later.touches(*at, PAGE_BYTES))
            .find_map(|(at, (found, (one, other)))| first_unlike(at, found, one, other))
    }

    /// Returns whether what lies there may be anything yet.
    fn is_unsettled(&self, at: u64, length: usize) -> bool {
        matches!(self.mended, Mended::UnderWay(_)) && self.is_changed(at, length)
    }

    fn is_changed(&self, at: u64, length: usize) -> bool {
        let end = at + u64::try_from(length).unwrap_or(u64::MAX);
        let next = self.changed.partition_point(|range| range.end <= at);
        self.changed
            .get(next)
            .is_some_and(|range| range.start < end)
    }
}
