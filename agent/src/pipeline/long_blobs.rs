//! The MD5 of exported blobs of more than one block: what the store has of each, or read back from the drive.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets within files of our own layout; release builds stop at an overflow"
)]

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use disk::ReadAt;
use lanes::{Md5State, Piece as Lane, update_many};
use ntfs_image::Node;
use shared::drive::{NodeSource, What};

use super::batch::index;
use super::cancel::Cancel;
use super::error::PipelineError;
use super::hash_index::{HashIndex, blocks};
use super::read_ahead::reading_ahead;
use super::side_file::SideReader;
use super::work::Work;
use super::write::Meter;
use crate::device::{AlignedBuffer, Device};

/// Bytes read from the drive at once.
const STEP: u64 = 4 << 20;

/// How a pass went that is over, and who watches what follows it.
pub struct Past<'a> {
    /// Disk offsets of the marks at which it was gone on with.
    pub resumed_at: &'a [u64],
    /// Counts what is read back.
    pub meter: &'a Meter,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// Returns how many bytes are read back for the hash list of an export when nothing is left out.
#[must_use]
pub fn bytes_read_back(work: &Work<'_>, resumed_at: &[u64]) -> u64 {
    if work.mapping.mhl.is_none() || work.mapping.export.is_none() {
        return 0;
    }
    let is_read = |extent: &Extent| extent.compared(work, resumed_at).is_none();
    extents(work)
        .filter(is_read)
        .map(|extent| extent.bytes)
        .sum()
}

/// Returns the MD5 of every blob of more than one block that is not `left_out`, by entry.
///
/// What the store says of a blob counts where all of it was compared with that on its way onto the drive: where one
/// attempt read it from its first byte to its last. Every other one is read back, in the order in which they lie there, and a
/// block counts once it has the hash that the pass made of it.
///
/// # Errors
/// [`PipelineError::Forgot`] when a block is not what was written.
pub(super) fn long_blobs(
    work: &Work<'_>,
    device: &dyn Device,
    (hashes, index_of): (&SideReader, &HashIndex),
    left_out: &dyn Fn(Node) -> bool,
    past: &Past<'_>,
) -> Result<HashMap<u32, [u8; 16]>, PipelineError> {
    let compared = |extent: &Extent| extent.compared(work, past.resumed_at);
    let wanted = || extents(work).filter(move |extent| !left_out(extent.file));
    let known = wanted().filter_map(|extent| Some((extent.entry, compared(&extent)?)));
    let mut known: HashMap<u32, [u8; 16]> = known.collect();
    let rest = wanted().filter(|extent| compared(extent).is_none());
    let (mut reading, mut buffer) = (Reading::default(), AlignedBuffer::zeroed(index(STEP)));
    reading_ahead(device, |disk| {
        for piece in rest.flat_map(|extent| extent.pieces(work)) {
            if past.cancel.is_cancelled() {
                return Err(PipelineError::Cancelled);
            }
            buffer.set_length(index(piece.bytes.next_multiple_of(4096)));
            disk.read_at(piece.at, &mut buffer)?;
            work.decrypt(piece.at, &mut buffer);
            let content = &buffer[..index(piece.bytes)];
            let (block, whole) = reading.take(&piece, work, content)?;
            if let Some((number, hash)) = block {
                let first = index_of.first(piece.file).ok_or(PipelineError::Stage)?;
                if hashes.hash(first + number)? != hash {
                    return Err(PipelineError::Forgot { at: piece.at });
                }
            }
            known.extend(whole.map(|hash| (piece.entry, hash)));
            past.meter.add(piece.bytes);
        }
        Ok(())
    })?;
    Ok(known)
}

/// Where a part of a blob lies, or of a part what is read at once.
#[derive(Clone, Copy)]
struct Extent {
    file: Node,
    entry: u32,
    /// Disk offset.
    at: u64,
    /// Offset in the blob.
    from: u64,
    /// Of the blob's own.
    bytes: u64,
}

/// Returns where the blobs of more than one block lie, in disk order.
fn extents<'a>(work: &'a Work<'_>) -> impl Iterator<Item = Extent> + 'a {
    work.layout.segments().filter_map(|segment| {
        let What::FileData { file, from } = segment.what else {
            return None;
        };
        let NodeSource::Entry(entry) = work.layout.source_of(file) else {
            return None;
        };
        let left = work.layout.ntfs().tree().bytes(file).checked_sub(from)?;
        let is_long = left > 0 && blocks(work, file) > 1;
        is_long.then(|| Extent {
            file,
            entry,
            at: segment.at,
            from,
            bytes: segment.bytes.min(left),
        })
    })
}

impl Extent {
    /// Returns what the store has as the blob's hash, where all of the blob lies here and was compared with it.
    fn compared(&self, work: &Work<'_>, resumed_at: &[u64]) -> Option<[u8; 16]> {
        let is_whole = self.from == 0 && self.bytes == work.layout.ntfs().tree().bytes(self.file);
        let inside = self.at + 1..self.at + self.bytes;
        if !is_whole || resumed_at.iter().any(|through| inside.contains(through)) {
            return None;
        }
        let blob = work.mapping.export.as_ref()?.blob(self.entry)?;
        let said = blob.properties.content_md5.as_deref()?;
        BASE64.decode(said).ok()?.try_into().ok()
    }

    /// Returns it cut at the borders of blocks, and where a block is longer than what is read at once.
    fn pieces(self, work: &Work<'_>) -> impl Iterator<Item = Self> + use<> {
        let block = work.block_bytes(self.file);
        let mut rest = self;
        std::iter::from_fn(move || {
            let bytes = rest.bytes.min(STEP).min(block - rest.from % block);
            let piece = Self { bytes, ..rest };
            rest = Self {
                at: rest.at + bytes,
                from: rest.from + bytes,
                bytes: rest.bytes - bytes,
                ..rest
            };
            (bytes > 0).then_some(piece)
        })
    }
}

/// The blob that is being read back.
#[derive(Default)]
struct Reading {
    /// File, and offset in it, of what must come next.
    next: Option<(Node, u64)>,
    whole: Md5State,
    block: Md5State,
}

/// Number and hash of the block that ended, and the hash of the blob when it did too.
type Ended = (Option<(u64, [u8; 16])>, Option<[u8; 16]>);

impl Reading {
    fn take(
        &mut self,
        piece: &Extent,
        work: &Work<'_>,
        content: &[u8],
    ) -> Result<Ended, PipelineError> {
        let here = Some((piece.file, piece.from));
        if piece.from == 0 {
            *self = Self {
                next: here,
                ..Self::default()
            };
        }
        if self.next != here {
            return Err(PipelineError::Stage);
        }
        let both = [&mut self.whole, &mut self.block];
        update_many(&mut both.map(|state| Lane::new(state, content)));
        let end = piece.from + piece.bytes;
        self.next = Some((piece.file, end));
        let block = work.block_bytes(piece.file);
        let is_over = end == work.layout.ntfs().tree().bytes(piece.file);
        let ended = (is_over || end.is_multiple_of(block))
            .then(|| (piece.from / block, std::mem::take(&mut self.block).finish()));
        let whole = is_over.then(|| std::mem::take(&mut self.whole).finish());
        Ok((ended, whole))
    }
}
