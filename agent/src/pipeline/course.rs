//! The drive cut into legs: contiguous stretches of up to one buffer, ascending.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own layout, which the drive bounds; release builds stop at an overflow"
)]

use std::ops::Range;

use ntfs_image::Node;
use shared::drive::{DriveSegment, What};

use super::work::Work;

/// Bytes of a buffer: four blocks of 4 MiB.
pub const LEG_BYTES: u64 = 16 << 20;

/// What [`shared::drive::DriveLayout::render`] asks of its ranges.
const RENDER_BYTES: u64 = 4096;

/// One contiguous range of the drive, filled and written at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leg {
    /// Disk offset.
    pub at: u64,
    /// Length, at most [`Work::leg_bytes`].
    pub bytes: u64,
    /// What lies in it, ascending, without gaps.
    pub stretches: Vec<Stretch>,
}

impl Leg {
    /// Returns each stretch with its disk offset.
    pub(super) fn places(&self) -> impl Iterator<Item = (u64, &Stretch)> {
        let mut at = self.at;
        self.stretches.iter().map(move |stretch| {
            let here = at;
            at += stretch.bytes;
            (here, stretch)
        })
    }
}

/// One kind of content in a leg.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Length.
    pub bytes: u64,
    /// What it holds.
    pub content: Content,
}

/// What a stretch holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// File system structures.
    Rendered,
    /// A part of a file, and zeros behind its end.
    Data {
        /// The file.
        file: Node,
        /// Offset in the file.
        from: u64,
    },
    /// Zeros, or free space that is to be overwritten.
    Zeros,
}

/// The legs of a drive, in order.
pub(super) struct Course<'a> {
    segments: Box<dyn Iterator<Item = DriveSegment> + Send + 'a>,
    waiting: Option<DriveSegment>,
    work: &'a Work<'a>,
}

impl<'a> Course<'a> {
    /// Returns the legs of the part `from..through` of a drive, both multiples of 4096 bytes.
    pub(super) fn new(work: &'a Work<'a>, part: Range<u64>) -> Self {
        let within = move |segment: DriveSegment| {
            let done = part.start.saturating_sub(segment.at).min(segment.bytes);
            let mut left = rest(segment, done);
            left.bytes = left.bytes.min(part.end.saturating_sub(left.at));
            (left.bytes > 0).then_some(left)
        };
        Self {
            segments: Box::new(work.layout.segments().filter_map(within)),
            waiting: None,
            work,
        }
    }

    /// Returns the disk offset where the last leg of a drive ends.
    pub(super) fn end(work: &Work<'_>) -> u64 {
        let written = work
            .layout
            .segments()
            .filter(|segment| content(work, segment).is_some());
        written
            .last()
            .map_or(0, |segment| segment.at + segment.bytes)
    }

    /// Returns the bytes that the legs of a drive have before disk offset `through`.
    pub(super) fn bytes_before(work: &Work<'_>, through: u64) -> u64 {
        let written = work
            .layout
            .segments()
            .filter(|segment| content(work, segment).is_some());
        let before = |segment: DriveSegment| segment.bytes.min(through.saturating_sub(segment.at));
        written.map(before).sum()
    }

    /// Returns how much of `segment` goes into a leg that has `bytes` already; 0 ends the leg.
    fn cut(&self, segment: &DriveSegment, bytes: u64) -> u64 {
        let room = self.work.leg_bytes - bytes;
        if segment.bytes <= room {
            return segment.bytes;
        }
        let What::FileData { file, from } = segment.what else {
            return room - room % RENDER_BYTES;
        };
        // A leg that ends with a block leaves no block half hashed, and all lanes get whole blocks.
        let block = self.work.block_bytes(file);
        let whole = ((from + room) / block * block).saturating_sub(from);
        let whole = whole - whole % RENDER_BYTES;
        if whole + bytes >= self.work.leg_bytes / 2 {
            whole
        } else {
            room - room % RENDER_BYTES
        }
    }
}

impl Iterator for Course<'_> {
    type Item = Leg;

    fn next(&mut self) -> Option<Leg> {
        let mut leg = Leg {
            at: 0,
            bytes: 0,
            stretches: Vec::new(),
        };
        while let Some(segment) = self.waiting.take().or_else(|| self.segments.next()) {
            let Some(content) = content(self.work, &segment) else {
                if leg.bytes > 0 {
                    break;
                }
                continue;
            };
            let take = self.cut(&segment, leg.bytes);
            if take > 0 {
                if leg.bytes == 0 {
                    leg.at = segment.at;
                }
                leg.bytes += take;
                leg.stretches.push(Stretch {
                    bytes: take,
                    content,
                });
            }
            if take < segment.bytes {
                self.waiting = Some(rest(segment, take));
                break;
            }
        }
        (leg.bytes > 0).then_some(leg)
    }
}

/// Returns what the pass writes for `segment`; `None` for what it leaves to Erase, Seal and the
/// manifest.
fn content(work: &Work<'_>, segment: &DriveSegment) -> Option<Content> {
    match segment.what {
        What::HeaderCopy | What::Metadata => Some(Content::Rendered),
        What::FileData { file, .. } if work.layout.is_written_last(file) => None,
        What::FileData { file, from } => Some(Content::Data { file, from }),
        What::Zeros => Some(Content::Zeros),
        What::Free => work.wipe.then_some(Content::Zeros),
        What::Gpt | What::Gap | What::FveBoot | What::Information(_) | What::Outside => None,
    }
}

fn rest(segment: DriveSegment, taken: u64) -> DriveSegment {
    let what = match segment.what {
        What::FileData { file, from } => What::FileData {
            file,
            from: from + taken,
        },
        other => other,
    };
    DriveSegment {
        at: segment.at + taken,
        bytes: segment.bytes - taken,
        what,
    }
}
