//! Changes gathered as whole pages of the volume.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside a volume below 2^48 bytes, and inside one page"
)]

use std::collections::BTreeMap;
use std::ops::Range;

use disk::ReadAt;

use super::error::AmendError;
use crate::layout::number::{index, wide};
use crate::read::Place;
use crate::read::stream::Stream;

/// Pages that follow on each other and are written over what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Byte offset on the volume, a multiple of 4096.
    pub at: u64,
    /// What is written.
    pub bytes: ChangeBytes,
}

/// What a [`Change`] writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeBytes {
    /// These bytes: a multiple of 4096.
    Bytes(Vec<u8>),
    /// So many bytes 0xff, a multiple of 4096: clusters that are all in use now.
    Ones(u64),
}

/// Changed pages by their offset on the volume; what was not changed of a page is what the disk has.
pub(super) struct Pages<'a, R> {
    disk: &'a R,
    pages: BTreeMap<u64, Page>,
}

enum Page {
    Bytes(Vec<u8>),
    Ones,
}

impl<'a, R: ReadAt> Pages<'a, R> {
    pub(super) const fn new(disk: &'a R) -> Self {
        Self {
            disk,
            pages: BTreeMap::new(),
        }
    }

    /// Changes bytes from `at` on.
    pub(super) fn put(&mut self, at: u64, bytes: &[u8]) -> Result<(), AmendError> {
        let (mut at, mut rest) = (at, bytes);
        while !rest.is_empty() {
            let skip = index(at % PAGE);
            let (part, after) = rest.split_at(rest.len().min(index(PAGE) - skip));
            self.page(at - at % PAGE)?[skip..skip + part.len()].copy_from_slice(part);
            (at, rest) = (at + wide(part.len()), after);
        }
        Ok(())
    }

    /// Changes bytes `range` to `byte`.
    fn fill(&mut self, range: Range<u64>, byte: u8) -> Result<(), AmendError> {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at - at % PAGE + PAGE);
            if byte == 0xff && end - at == PAGE {
                self.pages.insert(at, Page::Ones);
            } else {
                let page = self.page(at - at % PAGE)?;
                page[index(at % PAGE)..][..index(end - at)].fill(byte);
            }
            at = end;
        }
        Ok(())
    }

    /// Sets or clears bits of a bitmap that lies in clusters.
    pub(super) fn bits(
        &mut self,
        bitmap: &Stream,
        bits: Range<u64>,
        set: bool,
    ) -> Result<(), AmendError> {
        let mut bit = bits.start;
        while bit < bits.end {
            let whole_end = bits.end - bits.end % 8;
            if bit.is_multiple_of(8) && bit < whole_end {
                let byte = if set { 0xff } else { 0 };
                for range in places(bitmap, bit / 8..whole_end / 8)? {
                    self.fill(range, byte)?;
                }
                bit = whole_end;
                continue;
            }
            for range in places(bitmap, bit / 8..bit / 8 + 1)? {
                let byte =
                    &mut self.page(range.start - range.start % PAGE)?[index(range.start % PAGE)];
                let mask = 1 << (bit % 8);
                *byte = if set { *byte | mask } else { *byte & !mask };
            }
            bit += 1;
        }
        Ok(())
    }

    /// Returns a page to be changed.
    fn page(&mut self, at: u64) -> Result<&mut Vec<u8>, AmendError> {
        let bytes = match self.pages.remove(&at) {
            Some(Page::Bytes(bytes)) => bytes,
            Some(Page::Ones) => vec![0xff; index(PAGE)],
            None => {
                let mut bytes = vec![0; index(PAGE)];
                self.disk.read_at(at, &mut bytes)?;
                bytes
            }
        };
        match self.pages.entry(at).or_insert(Page::Bytes(bytes)) {
            Page::Bytes(bytes) => Ok(bytes),
            Page::Ones => unreachable!("just put there as bytes"),
        }
    }

    /// Returns all changes, ascending, no overlap.
    pub(super) fn finish(self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut end = 0;
        for (at, page) in self.pages {
            let follows = at == end;
            end = at + PAGE;
            match (changes.last_mut().map(|change| &mut change.bytes), page) {
                (Some(ChangeBytes::Bytes(before)), Page::Bytes(bytes)) if follows => {
                    before.extend_from_slice(&bytes);
                }
                (Some(ChangeBytes::Ones(before)), Page::Ones) if follows => *before += PAGE,
                (_, page) => changes.push(Change {
                    at,
                    bytes: match page {
                        Page::Bytes(bytes) => ChangeBytes::Bytes(bytes),
                        Page::Ones => ChangeBytes::Ones(PAGE),
                    },
                }),
            }
        }
        changes
    }
}

/// Returns where bytes `range` of a stream lie on the volume.
pub(super) fn places(stream: &Stream, range: Range<u64>) -> Result<Vec<Range<u64>>, AmendError> {
    let mut found = Vec::new();
    let mut covered = 0;
    for extent in &stream.extents {
        let end = extent.file_at + extent.bytes;
        let (from, to) = (range.start.max(extent.file_at), range.end.min(end));
        if from < to {
            let Place::At(at) = extent.place else {
                break;
            };
            let first = at + (from - extent.file_at);
            found.push(first..first + (to - from));
            covered += to - from;
        }
    }
    if covered == range.end - range.start {
        Ok(found)
    } else {
        Err(AmendError::Unlike {
            what: "one of NTFS's own files does not lie in clusters",
        })
    }
}

const PAGE: u64 = 4096;
