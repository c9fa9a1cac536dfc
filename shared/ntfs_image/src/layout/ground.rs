//! What a volume that exists has to offer: its free clusters, and record numbers behind all others.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters below 2^33, and lengths of entries of one folder"
)]

use std::ops::Range;

use disk::ReadAt;

use super::amend::AmendError;
use super::index_tree::{BLOCK_BYTES, CHILD_BYTES};
use super::indexes::entry_bytes;
use super::render::index_root::INDEX_NAME;
use crate::read::Volume;
use crate::read::index_tree::{Cursor, IndexTree};
use crate::{Node, Tree};

/// What a volume that exists has to offer to a further tree. Everything that [`NtfsLayout::onto`] decides follows
/// from it and the tree, so whoever keeps it can plan the same again when the volume has changed.
///
/// [`NtfsLayout::onto`]: super::NtfsLayout::onto
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The longest runs of free clusters, ascending and disjoint; at most 16, as many pieces as any file's record
    /// can name.
    pub free: Vec<Range<u64>>,
    /// The first record number that no record has.
    pub first_record: u32,
    /// Bytes of all entries in the index of the root.
    pub root_bytes: u64,
}

impl Ground {
    /// Reads what is free on `volume`.
    ///
    /// # Errors
    /// [`AmendError`] when the volume cannot be read or is not of a form that can be added to.
    pub fn read<R: ReadAt>(volume: &Volume<R>) -> Result<Self, AmendError> {
        let first_record = u32::try_from(volume.mft().records());
        let first_record = first_record.map_err(|_| AmendError::Unlike {
            what: "its $MFT has more records than can be counted",
        })?;
        Ok(Self {
            free: free_runs(volume)?,
            first_record,
            root_bytes: root_bytes(volume)?,
        })
    }

    /// Returns the bytes of blocks that an index of the root with `tree`'s entries takes at most.
    ///
    /// A leaf is full to what its next entry would have needed; an inner node has at least six keys.
    pub(super) fn root_bytes(&self, tree: &Tree) -> u64 {
        let longest = entry_bytes(crate::name::UNITS_MAX) + CHILD_BYTES;
        let new: u64 = (1..tree.node_count())
            .map(Node)
            .filter(|node| tree.parent(*node) == Tree::ROOT)
            .map(|node| super::number::wide(entry_bytes(tree.units(node).len())))
            .sum();
        let full = BLOCK_BYTES - super::number::wide(longest + 128);
        let leaves = (self.root_bytes + new).div_ceil(full) + 1;
        (leaves + leaves / 4 + 4) * BLOCK_BYTES
    }
}

fn root_bytes<R: ReadAt>(volume: &Volume<R>) -> Result<u64, AmendError> {
    let mft = volume.mft();
    let gathered = volume.gather(volume.root()?)?;
    let mut cursor = Cursor::new(IndexTree::open(mft, &gathered, INDEX_NAME)?);
    let mut bytes = 0;
    while let Some(entry) = cursor.next(volume.disk(), mft, |_, entry| {
        Ok(u64::from(entry.header.length.get()))
    })? {
        bytes += entry;
    }
    Ok(bytes)
}

/// Returns the longest runs of zeros in `$Bitmap`, ascending.
fn free_runs<R: ReadAt>(volume: &Volume<R>) -> Result<Vec<Range<u64>>, AmendError> {
    let bitmap = super::amend::system_stream(volume, crate::record::number::BITMAP)?;
    let clusters = volume.geometry().clusters;
    let mut found = Longest::default();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < bitmap.bytes && at * 8 < clusters {
        let count = super::number::index((bitmap.bytes - at).min(super::number::wide(PIECE)));
        let piece = &mut piece[..count];
        volume.mft().read(volume.disk(), &bitmap, at, piece)?;
        for (byte, bits) in (at..).zip(piece.iter()) {
            found.byte(byte * 8, *bits, clusters);
        }
        at += super::number::wide(count);
    }
    Ok(found.finish())
}

/// Bytes of `$Bitmap` read at once.
const PIECE: usize = 1 << 20;
/// Runs that a layout goes around: what a record of the smallest kind can name.
const RUNS_MAX: usize = 16;

/// The longest runs of free clusters so far.
#[derive(Default)]
struct Longest {
    runs: Vec<Range<u64>>,
    open: Option<Range<u64>>,
}

impl Longest {
    /// Takes eight bits, of clusters `first` on; 1 is in use.
    fn byte(&mut self, first: u64, bits: u8, clusters: u64) {
        if bits == 0 && first + 8 <= clusters {
            return self.free(first..first + 8);
        }
        if bits == 0xff {
            return self.close();
        }
        for bit in 0..8 {
            let cluster = first + bit;
            if bits >> bit & 1 == 0 && cluster < clusters {
                self.free(cluster..cluster + 1);
            } else {
                self.close();
            }
        }
    }

    fn free(&mut self, range: Range<u64>) {
        match &mut self.open {
            Some(open) => open.end = range.end,
            None => self.open = Some(range),
        }
    }

    fn close(&mut self) {
        self.runs.extend(self.open.take());
        if self.runs.len() > 64 * RUNS_MAX {
            self.keep_longest();
        }
    }

    fn keep_longest(&mut self) {
        self.runs
            .sort_unstable_by_key(|run| (u64::MAX - (run.end - run.start), run.start));
        self.runs.truncate(RUNS_MAX);
    }

    fn finish(mut self) -> Vec<Range<u64>> {
        self.close();
        self.keep_longest();
        self.runs.sort_unstable_by_key(|run| run.start);
        self.runs
    }
}
