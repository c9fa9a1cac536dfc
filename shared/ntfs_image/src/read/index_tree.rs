//! The B-tree of an index: its nodes, and a cursor that goes through them in order.

use disk::{ReadAt, ReadError};
use zerocopy::FromBytes;

use super::bit_set::BitSet;
use super::gather::Gathered;
use super::index_node::{IndexEntry, IndexNode, IndexProblem, Node};
use super::mft::Mft;
use super::stored::place;
use super::stream::Stream;
use super::{FileId, VolumeError};
use crate::attribute::kind;
use crate::fixup;
use crate::index::{INDX_MAGIC, IndexBlockHeader, IndexRoot};

/// An index whose root was found to be right.
#[derive(Debug)]
pub(crate) struct IndexTree {
    pub(crate) owner: FileId,
    pub(crate) root_header: IndexRoot,
    root: IndexNode,
    pub(crate) blocks: Stream,
    pub(crate) block_bytes: u64,
    /// Bytes that block numbers count in.
    pub(crate) vcn_bytes: u64,
}

impl IndexTree {
    /// Takes the index `name` of a file.
    pub(crate) fn open(mft: &Mft, gathered: &Gathered, name: &str) -> Result<Self, VolumeError> {
        let owner = gathered.base().id();
        let failed = |problem| VolumeError::Index {
            folder: owner,
            problem,
        };
        let parts = gathered.parts(kind::INDEX_ROOT, name)?;
        let value = parts.first().and_then(|part| part.resident());
        let value = value.ok_or(failed(IndexProblem::NoRoot))?;
        let (root_header, _) =
            IndexRoot::read_from_prefix(value).map_err(|_| failed(IndexProblem::NoRoot))?;
        let stored = root_header.block_bytes.get();
        let block_bytes = u64::from(stored);
        if !stored.is_power_of_two() || !(512..=BLOCK_BYTES_MAX).contains(&block_bytes) {
            return Err(failed(IndexProblem::BlockBytes { found: stored }));
        }
        let root = IndexNode::from_root(value.to_vec()).map_err(failed)?;
        let blocks = gathered.stream(&mft.geometry, kind::INDEX_ALLOCATION, name)?;
        let cluster_bytes = mft.geometry.cluster_bytes;
        Ok(Self {
            owner,
            root_header,
            root,
            blocks: blocks.unwrap_or_default(),
            block_bytes,
            vcn_bytes: if cluster_bytes <= block_bytes {
                cluster_bytes
            } else {
                SMALL_VCN_BYTES
            },
        })
    }

    pub(crate) const fn root(&self) -> &IndexNode {
        &self.root
    }

    /// Reads the block of number `vcn`.
    pub(crate) fn block<R: ReadAt + ?Sized>(
        &self,
        disk: &R,
        mft: &Mft,
        vcn: u64,
    ) -> Result<IndexNode, NodeError> {
        let node = Node::Block(vcn);
        let outside = IndexProblem::NoSuchBlock {
            node,
            bytes: self.blocks.bytes,
        };
        let at = vcn.checked_mul(self.vcn_bytes).ok_or(outside)?;
        let end = at.checked_add(self.block_bytes).ok_or(outside)?;
        if end > self.blocks.bytes {
            return Err(outside.into());
        }
        let mut block = vec![0; place(self.block_bytes)];
        mft.read(disk, &self.blocks, at, &mut block)?;
        let (header, _) = IndexBlockHeader::read_from_prefix(&block).map_err(|_| outside)?;
        if header.magic != INDX_MAGIC {
            let found = header.magic;
            return Err(IndexProblem::Magic { node, found }.into());
        }
        fixup::undo(&mut block).map_err(|problem| IndexProblem::Fixup { node, problem })?;
        if header.vcn.get() != vcn {
            let found = header.vcn.get();
            return Err(IndexProblem::Vcn { node, found }.into());
        }
        Ok(IndexNode::from_block(vcn, block)?)
    }

    pub(crate) const fn error(&self, problem: IndexProblem) -> VolumeError {
        VolumeError::Index {
            folder: self.owner,
            problem,
        }
    }
}

/// A block that cannot be had.
#[derive(Debug)]
pub(crate) enum NodeError {
    Read(ReadError),
    Index(IndexProblem),
}

impl From<ReadError> for NodeError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<IndexProblem> for NodeError {
    fn from(problem: IndexProblem) -> Self {
        Self::Index(problem)
    }
}

/// Goes through the entries of an index in order, with one node for each level in memory.
#[derive(Debug)]
pub(crate) struct Cursor {
    tree: IndexTree,
    levels: Vec<Level>,
    /// Blocks gone through: none may come twice, or a crafted index would never end.
    seen: BitSet,
    blocks_read: u64,
}

#[derive(Debug)]
struct Level {
    node: IndexNode,
    /// Offset of the next entry.
    at: usize,
    /// Whether the sub-node of that entry was gone through.
    descended: bool,
}

impl Cursor {
    /// Stands before the first entry.
    pub(crate) fn new(tree: IndexTree) -> Self {
        let root = Level {
            at: tree.root().first(),
            node: tree.root().clone(),
            descended: false,
        };
        Self {
            tree,
            levels: vec![root],
            seen: BitSet::default(),
            blocks_read: 0,
        }
    }

    /// Returns how many blocks it went through.
    pub(crate) const fn blocks_read(&self) -> u64 {
        self.blocks_read
    }

    /// Returns the bytes of memory that the nodes on the way to the present entry take.
    pub(crate) fn held_bytes(&self) -> usize {
        let nodes = self.levels.iter().map(|level| level.node.space());
        nodes.fold(0, usize::saturating_add)
    }

    pub(crate) const fn tree(&self) -> &IndexTree {
        &self.tree
    }

    /// Moves to before the first entry for which `is_before` does not hold; to be called on a new cursor.
    pub(crate) fn seek<R: ReadAt + ?Sized>(
        &mut self,
        disk: &R,
        mft: &Mft,
        is_before: impl Fn(&IndexEntry<'_>) -> bool,
    ) -> Result<(), VolumeError> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                return Ok(());
            };
            let sub_node = loop {
                let entry = level.node.entry(level.at).map_err(|p| self.tree.error(p))?;
                if entry.is_end || !is_before(&entry) {
                    level.descended = true;
                    break entry.sub_node;
                }
                level.at = entry.next();
            };
            let Some(vcn) = sub_node else {
                return Ok(());
            };
            self.descend(disk, mft, vcn)?;
        }
    }

    /// Gives the next entry to `take`, or returns `None` after the last one.
    pub(crate) fn next<R: ReadAt + ?Sized, T>(
        &mut self,
        disk: &R,
        mft: &Mft,
        take: impl FnOnce(&IndexNode, &IndexEntry<'_>) -> Result<T, VolumeError>,
    ) -> Result<Option<T>, VolumeError> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            let entry = level.node.entry(level.at).map_err(|p| self.tree.error(p))?;
            if let Some(vcn) = entry.sub_node.filter(|_| !level.descended) {
                level.descended = true;
                self.descend(disk, mft, vcn)?;
                continue;
            }
            if entry.is_end {
                self.levels.pop();
                continue;
            }
            level.at = entry.next();
            level.descended = false;
            return take(&level.node, &entry).map(Some);
        }
    }

    fn descend<R: ReadAt + ?Sized>(
        &mut self,
        disk: &R,
        mft: &Mft,
        vcn: u64,
    ) -> Result<(), VolumeError> {
        let node = Node::Block(vcn);
        if !self.seen.insert(vcn) {
            return Err(self.tree.error(IndexProblem::BlockTwice { node }));
        }
        if self.levels.len() >= LEVELS_MAX {
            let levels_max = LEVELS_MAX;
            return Err(self.tree.error(IndexProblem::TooDeep { node, levels_max }));
        }
        self.blocks_read = self.blocks_read.saturating_add(1);
        let node = match self.tree.block(disk, mft, vcn) {
            Ok(node) => node,
            Err(NodeError::Read(error)) => return Err(error.into()),
            Err(NodeError::Index(problem)) => return Err(self.tree.error(problem)),
        };
        self.levels.push(Level {
            at: node.first(),
            node,
            descended: false,
        });
        Ok(())
    }
}

/// Block numbers count in these when a cluster is larger than a block. Source: reference/ntfs.md 1.
const SMALL_VCN_BYTES: u64 = 512;
/// See `boot_sector::RECORD_BYTES_MAX`.
const BLOCK_BYTES_MAX: u64 = 65_536;
/// Five levels hold a million names; each level more holds at least twice as many.
pub(crate) const LEVELS_MAX: usize = 32;

/// Returns how many whole blocks a stream of `tree` has.
pub(crate) fn block_count(tree: &IndexTree) -> u64 {
    // At least 512: see `IndexTree::open`.
    tree.blocks.bytes.checked_div(tree.block_bytes).unwrap_or(0)
}
