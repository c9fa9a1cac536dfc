//! Where a pass begins: at the drive's start, or behind what an earlier one made durable.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own layout; release builds stop at an overflow"
)]

use std::collections::{BTreeMap, HashMap};

use disk::ReadAt;
use lanes::Md5State;
use ntfs_image::Node;
use shared::drive::{DriveSegment, NodeSource, What};
use shared::job::LeftOutReason;
use shared::journal::Marks as Spacing;

use super::batch::index;
use super::error::PipelineError;
use super::hash::Hasher;
use super::hash_index::{HashIndex, blocks};
use super::properties::WholeFiles;
use super::side_file::SideReader;
use super::source_read::read_part;
use super::work::Work;
use crate::device::AlignedBuffer;

/// Bytes read back from the drive at once.
const STEP: u64 = 4 << 20;

/// Where a pass begins.
pub struct Start {
    /// Disk offset: 0, or the place of a mark.
    pub through: u64,
    /// When marks are due.
    pub spacing: Spacing,
    /// Files that an earlier pass left out.
    pub left_out: BTreeMap<Node, LeftOutReason>,
    /// The hashes of the blocks that ended before the mark.
    pub hashes: Option<SideReader>,
    /// How many hashes there are.
    pub hashed: u64,
}

impl Start {
    /// Returns the start of a drive.
    #[must_use]
    pub const fn new(spacing: Spacing) -> Self {
        Self {
            through: 0,
            spacing,
            left_out: BTreeMap::new(),
            hashes: None,
            hashed: 0,
        }
    }

    /// Returns what the hash stage knew when the earlier pass was here, and the file that has to be
    /// left out because its source does not give the part before the mark any more. The part of a
    /// block, or with Content-MD5 of a file, that lies before the mark is read back from the drive:
    /// nothing is copied again. But it is hashed only where it is proven, or the hash would call right
    /// what the drive lost: whole blocks by their hashes, the part of a block by its source.
    ///
    /// # Errors
    /// [`PipelineError::Forgot`] before anything was written.
    pub(super) fn hasher(
        &self,
        work: &Work<'_>,
        disk: &dyn ReadAt,
    ) -> Result<(Hasher, Option<(Node, LeftOutReason)>), PipelineError> {
        if self.through == 0 {
            return Ok((Hasher::default(), None));
        }
        let numbers = HashIndex::new(work);
        let (mut open, mut carried, mut gone) = (None, None, None);
        if let Some((file, done)) = self.file_begun(work) {
            let block = work.block_bytes(file);
            let from = done / block * block;
            let is_awaited = !self.left_out.contains_key(&file);
            if from < done {
                let part = from..done;
                carried = Some(hash_back(
                    work,
                    disk,
                    file,
                    part,
                    &mut |at, from, bytes| {
                        if is_awaited && gone.is_none() {
                            let why = same_as_source(work, file, (at, from), bytes)?;
                            gone = why.map(|why| (file, why));
                        }
                        Ok(())
                    },
                )?);
            }
            if let (NodeSource::Entry(entry), true) =
                (work.layout.source_of(file), work.mapping.content_md5)
            {
                let first = numbers.first(file);
                open = Some((entry, self.hash_proven(work, disk, (file, first), done)?));
            }
        }
        let known = if work.mapping.content_md5 {
            self.known(work, disk, &numbers)?
        } else {
            HashMap::new()
        };
        let hasher = Hasher::begun(carried, WholeFiles::begun(open, known));
        Ok((hasher, gone))
    }

    /// Hashes the first `done` bytes of a file as they lie on the drive; its whole blocks must have the
    /// hashes that the side file has from the number `first` on.
    fn hash_proven(
        &self,
        work: &Work<'_>,
        disk: &dyn ReadAt,
        (file, first): (Node, Option<u64>),
        done: u64,
    ) -> Result<Md5State, PipelineError> {
        let block = work.block_bytes(file);
        let length = work.layout.ntfs().tree().bytes(file);
        // In the place of a file that was left out is whatever was read of it.
        let first = first.filter(|_| !self.left_out.contains_key(&file));
        let mut state = Md5State::new();
        hash_back(work, disk, file, 0..done, &mut |at, from, bytes| {
            if from.is_multiple_of(block) {
                state = Md5State::new();
            }
            state.update(bytes);
            let end = from + u64::try_from(bytes.len()).unwrap_or(0);
            let (Some(first), Some(hashes)) = (first, self.hashes.as_ref()) else {
                return Ok(());
            };
            let number = first + from / block;
            let is_whole = end.is_multiple_of(block) || end == length;
            if is_whole && number < self.hashed && hashes.hash(number)? != state.clone().finish() {
                return Err(PipelineError::Forgot { at });
            }
            Ok(())
        })
    }

    /// Returns the file that the mark lies in the middle of, and how much of it is before.
    fn file_begun(&self, work: &Work<'_>) -> Option<(Node, u64)> {
        let next = work.layout.segments().find_map(|segment| {
            let DriveSegment { at, bytes, what } = segment;
            match what {
                What::FileData { file, from } if at + bytes > self.through => {
                    Some((file, from + self.through.saturating_sub(at)))
                }
                _ => None,
            }
        });
        let length = |file| work.layout.ntfs().tree().bytes(file);
        next.filter(|(file, done)| {
            !work.layout.is_written_last(*file) && *done > 0 && *done < length(*file)
        })
    }

    /// Returns the hashes of the files before the mark whose properties files lie behind it.
    fn known(
        &self,
        work: &Work<'_>,
        disk: &dyn ReadAt,
        numbers: &HashIndex,
    ) -> Result<HashMap<u32, [u8; 16]>, PipelineError> {
        let mut known = HashMap::new();
        for segment in work.layout.segments() {
            let What::FileData { file, from: 0 } = segment.what else {
                continue;
            };
            let NodeSource::Properties(entry) = work.layout.source_of(file) else {
                continue;
            };
            let content = work
                .layout
                .node_of(entry)
                .filter(|_| segment.at >= self.through);
            let Some((content, first)) =
                content.and_then(|content| Some((content, numbers.first(content)?)))
            else {
                continue;
            };
            let count = blocks(work, content);
            let Some(hashes) = self
                .hashes
                .as_ref()
                .filter(|_| first + count <= self.hashed)
            else {
                continue;
            };
            let hash = match count {
                1 => hashes.hash(first)?,
                _ => {
                    let bytes = work.layout.ntfs().tree().bytes(content);
                    let whole = self.hash_proven(work, disk, (content, Some(first)), bytes)?;
                    whole.finish()
                }
            };
            known.insert(entry, hash);
        }
        Ok(known)
    }
}

/// Returns where a file's data lies: disk offset, offset in the file, bytes.
fn extents<'a>(work: &'a Work<'_>, file: Node) -> impl Iterator<Item = (u64, u64, u64)> + 'a {
    work.layout
        .segments()
        .filter_map(move |segment| match segment.what {
            What::FileData { file: of, from } if of == file => {
                Some((segment.at, from, segment.bytes))
            }
            _ => None,
        })
}

/// Compares a part of a file as it lies on the drive, at disk offset and offset in the file, with the
/// source; returns why the source does not give it any more.
fn same_as_source(
    work: &Work<'_>,
    file: Node,
    (at, from): (u64, u64),
    bytes: &[u8],
) -> Result<Option<LeftOutReason>, PipelineError> {
    let mut source = vec![0; bytes.len()];
    match read_part(work, file, from, &mut source) {
        Err(reason) => Ok(Some(reason)),
        Ok(()) if source == bytes => Ok(None),
        Ok(()) => Err(PipelineError::Forgot { at }),
    }
}

/// Looks at a piece of a file: its disk offset, its offset in the file, its bytes.
type Prove<'p> = dyn FnMut(u64, u64, &[u8]) -> Result<(), PipelineError> + 'p;

/// Hashes a part of a file as it lies on the drive. `prove` is given each piece before that; no
/// piece crosses the border of a block.
fn hash_back(
    work: &Work<'_>,
    disk: &dyn ReadAt,
    file: Node,
    part: std::ops::Range<u64>,
    prove: &mut Prove<'_>,
) -> Result<Md5State, PipelineError> {
    let mut state = Md5State::new();
    let block = work.block_bytes(file);
    let mut buffer = AlignedBuffer::zeroed(index(STEP));
    for (at, from, bytes) in extents(work, file) {
        let (mut place, end) = (part.start.max(from), part.end.min(from + bytes));
        // Blocks and marks lie on borders of 4096 bytes, so only the file's end does not.
        while place < end {
            let wanted = STEP.min(end - place).min(block - place % block);
            buffer.set_length(index(wanted.next_multiple_of(4096)));
            let here = at + (place - from);
            disk.read_at(here, &mut buffer)?;
            work.decrypt(here, &mut buffer);
            let piece = &buffer[..index(wanted)];
            prove(here, place, piece)?;
            state.update(piece);
            place += wanted;
        }
    }
    Ok(state)
}
