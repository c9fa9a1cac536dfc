//! Hashing blocks of many files at once, read in the order in which they lie on the disk.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use disk::ReadAt;
use lanes::{Md5State, Piece, update_many};
use ntfs_image::read::{File, Place, Volume};

use super::finding::{Finding, FindingCode, Findings};
use crate::hash::upper_hex;

/// A file that is being compared.
#[derive(Debug)]
pub(super) struct OpenFile {
    /// On the drive.
    pub(super) path: String,
    pub(super) file: File,
}

/// A range of a file, and the hash that it must have.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) file: Rc<OpenFile>,
    pub(super) at: u64,
    pub(super) bytes: u64,
    pub(super) hash: [u8; 16],
    /// Files and bytes that are compared when this block is: not 0 for a file's last one.
    pub(super) done: Done,
}

/// What has been compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Done {
    pub(super) const fn add(&mut self, other: Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// File data in memory at once: sixteen blocks of 4 MiB fill the lanes of a processor that has the
/// most. A page has one lane and less memory.
const BATCH_BYTES: u64 = if cfg!(target_arch = "wasm32") {
    32 << 20
} else {
    64 << 20
};
/// Blocks at once; bounds what lies between them on the disk and is read with them.
const BATCH_BLOCKS: usize = 4096;
/// Ranges no further apart than this are read as one: the unused end of a file's last cluster.
const GAP_BYTES: u64 = 4096;
/// One read.
const SPAN_BYTES: u64 = 8 << 20;
const SECTOR: u64 = 4096;

/// Blocks that wait to be hashed, in the manifest's order.
#[derive(Default)]
pub(super) struct Batch {
    waiting: VecDeque<Waiting>,
    bytes: u64,
    /// Kept from run to run: memory that is new costs more than hashing it.
    buffer: Vec<u8>,
}

struct Waiting {
    block: Block,
    /// Bytes of the block that are hashed already.
    hashed: u64,
    state: Md5State,
    broken: bool,
}

/// A part of a block, and where it is.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Place in the batch.
    block: usize,
    file_at: u64,
    bytes: u64,
    place: Place,
}

/// A range of the volume that is read at once.
#[derive(Clone, Debug)]
struct Span {
    at: u64,
    /// Where its bytes are in memory.
    data: Range<usize>,
    was_read: bool,
}

/// What was read, by place on the volume.
struct Data<'a> {
    spans: &'a [Span],
    bytes: &'a [u8],
}

impl Batch {
    pub(super) fn push(&mut self, block: Block) {
        self.bytes = self.bytes.saturating_add(block.bytes);
        self.waiting.push_back(Waiting {
            block,
            hashed: 0,
            state: Md5State::new(),
            broken: false,
        });
    }

    /// Returns whether there is as much as is read at once.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.waiting.len() >= BATCH_BLOCKS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Reads and hashes the first of what waits, at most [`BATCH_BYTES`], and returns what that
    /// finished.
    pub(super) fn run<R: ReadAt>(&mut self, volume: &Volume<R>, findings: &mut Findings) -> Done {
        let parts = self.parts();
        let mut spans = spans(&parts, volume.disk().bytes());
        let mut buffer = std::mem::take(&mut self.buffer);
        let end = spans.last().map_or(0, |span| span.data.end);
        if buffer.len() < end {
            buffer.resize(end, 0);
        }
        for span in &mut spans {
            let bytes = buffer.get_mut(span.data.clone()).unwrap_or_default();
            span.was_read = volume.disk().read_at(span.at, bytes).is_ok();
        }
        let data = Data {
            spans: &spans,
            bytes: &buffer,
        };
        self.hash(volume, &parts, &data, findings);
        self.buffer = buffer;
        self.finish(findings)
    }

    /// Takes the parts of the first blocks, in order.
    fn parts(&mut self) -> Vec<Part> {
        let mut left = BATCH_BYTES;
        let mut parts = Vec::new();
        for (number, waiting) in self.waiting.iter_mut().enumerate() {
            let from = waiting.block.at.saturating_add(waiting.hashed);
            let rest = waiting.block.bytes.saturating_sub(waiting.hashed);
            let bytes = rest.min(left);
            let end = from.saturating_add(bytes);
            let extents = waiting.block.file.file.extents();
            let first = extents
                .partition_point(|extent| extent.file_at.saturating_add(extent.bytes) <= from);
            for extent in extents.get(first..).unwrap_or_default() {
                if extent.file_at >= end {
                    break;
                }
                let start = extent.file_at.max(from);
                let stop = extent.file_at.saturating_add(extent.bytes).min(end);
                let place = match extent.place {
                    Place::At(at) => {
                        Place::At(at.saturating_add(start.saturating_sub(extent.file_at)))
                    }
                    other => other,
                };
                parts.push(Part {
                    block: number,
                    file_at: start,
                    bytes: stop.saturating_sub(start),
                    place,
                });
            }
            waiting.hashed = waiting.hashed.saturating_add(bytes);
            left = left.saturating_sub(bytes);
            self.bytes = self.bytes.saturating_sub(bytes);
            if left == 0 {
                break;
            }
        }
        parts
    }

    /// Feeds every part to its block's hash; parts of different blocks go side by side.
    fn hash<R: ReadAt>(
        &mut self,
        volume: &Volume<R>,
        parts: &[Part],
        data: &Data<'_>,
        findings: &mut Findings,
    ) {
        let mut own: Vec<Option<Vec<u8>>> = Vec::with_capacity(parts.len());
        for part in parts {
            let in_span = matches!(part.place, Place::At(at) if data.at(at, part.bytes).is_some());
            own.push((!in_span).then(|| self.read_alone(volume, part, findings)));
        }
        // The first part of each block, then the second of each: a block's parts must come one
        // after the other.
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        let mut round = 0;
        for (number, part) in parts.iter().enumerate() {
            let before = number.checked_sub(1).and_then(|before| parts.get(before));
            let follows = before.is_some_and(|before| before.block == part.block);
            round = if follows {
                usize::saturating_add(round, 1)
            } else {
                0
            };
            if round >= rounds.len() {
                rounds.push(Vec::new());
            }
            if let Some(round) = rounds.get_mut(round) {
                round.push(number);
            }
        }
        for round in rounds {
            let mut pieces = Vec::with_capacity(round.len());
            let mut numbers = round.into_iter().peekable();
            for (block, waiting) in self.waiting.iter_mut().enumerate() {
                let Some(number) = numbers
                    .next_if(|number| parts.get(*number).is_some_and(|part| part.block == block))
                else {
                    if numbers.peek().is_none() {
                        break;
                    }
                    continue;
                };
                let (Some(part), Some(alone)) = (parts.get(number), own.get(number)) else {
                    continue;
                };
                let bytes = match (part.place, alone) {
                    (_, Some(alone)) => alone.as_slice(),
                    (Place::At(at), None) => data.at(at, part.bytes).unwrap_or_default(),
                    _ => &[],
                };
                pieces.push(Piece::new(&mut waiting.state, bytes));
            }
            update_many(&mut pieces);
        }
    }

    /// Reads a part that is in no span: small, a hole, or in a span that could not be read as a
    /// whole.
    fn read_alone<R: ReadAt>(
        &mut self,
        volume: &Volume<R>,
        part: &Part,
        findings: &mut Findings,
    ) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(part.bytes).unwrap_or(0)];
        let Some(waiting) = self.waiting.get_mut(part.block) else {
            return bytes;
        };
        let file = &waiting.block.file;
        if let Err(error) = volume.read(&file.file, part.file_at, &mut bytes) {
            if !waiting.broken {
                let offset = Some(waiting.block.at);
                findings.push(Finding::of_file(
                    FindingCode::Unreadable,
                    &file.path,
                    offset,
                    error,
                ));
            }
            waiting.broken = true;
        }
        bytes
    }

    /// Compares the blocks that are hashed to their end.
    fn finish(&mut self, findings: &mut Findings) -> Done {
        let mut done = Done::default();
        while let Some(waiting) = self
            .waiting
            .pop_front_if(|waiting| waiting.hashed >= waiting.block.bytes)
        {
            let block = waiting.block;
            let found = waiting.state.finish();
            if found != block.hash && !waiting.broken {
                let message = format!(
                    "{} bytes at {} have the MD5 {}; the manifest says {}",
                    block.bytes,
                    block.at,
                    upper_hex(&found),
                    upper_hex(&block.hash)
                );
                findings.push(Finding::of_file(
                    FindingCode::Content,
                    &block.file.path,
                    Some(block.at),
                    message,
                ));
            }
            done.add(block.done);
        }
        done
    }
}

/// Joins the parts into long reads, ascending.
fn spans(parts: &[Part], volume_bytes: u64) -> Vec<Span> {
    let mut places: Vec<(u64, u64)> = parts
        .iter()
        .filter_map(|part| match part.place {
            Place::At(at) => Some((at, at.checked_add(part.bytes)?)),
            _ => None,
        })
        .filter(|(_, end)| *end <= volume_bytes)
        .collect();
    places.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (at, end) in places {
        match joined.last_mut() {
            Some(last)
                if at <= last.1.saturating_add(GAP_BYTES)
                    && (end <= last.1 || end.saturating_sub(last.0) <= SPAN_BYTES) =>
            {
                last.1 = last.1.max(end);
            }
            _ => joined.push((at, end)),
        }
    }
    let mut from = 0_usize;
    let span = |(at, end): (u64, u64)| {
        let whole = end
            .checked_next_multiple_of(SECTOR)
            .unwrap_or(end)
            .min(volume_bytes);
        let length = usize::try_from(whole.saturating_sub(at)).unwrap_or(0);
        let data = from..from.saturating_add(length);
        from = data.end;
        Span {
            at,
            data,
            was_read: false,
        }
    };
    joined.into_iter().map(span).collect()
}

impl Data<'_> {
    /// Returns the bytes of a range of the volume; `None` when it was not read as a whole.
    fn at(&self, at: u64, bytes: u64) -> Option<&[u8]> {
        let place = self
            .spans
            .partition_point(|span| span.at <= at)
            .checked_sub(1)?;
        let span = self.spans.get(place).filter(|span| span.was_read)?;
        let from = usize::try_from(at.checked_sub(span.at)?).ok()?;
        let length = usize::try_from(bytes).ok()?;
        let read = self.bytes.get(span.data.clone())?;
        read.get(from..from.checked_add(length)?)
    }
}
