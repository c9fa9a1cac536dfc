//! One node of an index: the entries of a root or of a block.

use thiserror::Error;
use zerocopy::FromBytes;

use super::stored::{place, u64_at};
use crate::fixup::FixupError;
use crate::index::{
    ENTRY_END, ENTRY_SUB_NODE, INDEX_INNER, IndexBlockHeader, IndexEntryHeader, IndexHeader,
    IndexRoot,
};

/// What is wrong with an index.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexProblem {
    /// There is no $INDEX_ROOT in the record, or it is too short.
    #[error("it has no index root")]
    NoRoot,
    /// Blocks of a size that no volume has.
    #[error("its index root speaks of blocks of {found} bytes")]
    BlockBytes {
        /// As stored.
        found: u32,
    },
    /// Entries that leave their node.
    #[error("the entries of {node} are at {entries_offset:#x}..{used:#x} of {available:#x}")]
    Header {
        /// Which node.
        node: Node,
        /// As stored.
        entries_offset: u32,
        /// As stored.
        used: u32,
        /// Bytes that the node has.
        available: usize,
    },
    /// An entry that is too short, not a multiple of 8 long, or leaves its node.
    #[error("the entry at {at:#x} of {node} is {length} bytes long with a key of {key_length}")]
    Entry {
        /// Which node.
        node: Node,
        /// Offset from the index header.
        at: usize,
        /// As stored.
        length: u16,
        /// As stored.
        key_length: u16,
    },
    /// The entries end without an end entry.
    #[error("the entries of {node} have no end entry")]
    NoEnd {
        /// Which node.
        node: Node,
    },
    /// A key that is no $FILE_NAME.
    #[error("the key of the entry at {at:#x} of {node} is no file name")]
    Key {
        /// Which node.
        node: Node,
        /// Offset from the index header.
        at: usize,
    },
    /// An entry points to a block that is not there.
    #[error("{node} is named, but the index has {bytes} bytes of blocks")]
    NoSuchBlock {
        /// Which node.
        node: Node,
        /// Bytes of $INDEX_ALLOCATION.
        bytes: u64,
    },
    /// No "INDX" at the start.
    #[error("{node} starts with {found:02x?}, not with \"INDX\"")]
    Magic {
        /// Which node.
        node: Node,
        /// The four bytes found.
        found: [u8; 4],
    },
    /// The block was torn while it was written.
    #[error("{node}: {problem}")]
    Fixup {
        /// Which node.
        node: Node,
        /// How.
        problem: FixupError,
    },
    /// The block belongs elsewhere.
    #[error("{node} says that it is block {found:#x}")]
    Vcn {
        /// Which node.
        node: Node,
        /// As stored.
        found: u64,
    },
    /// Two entries point to one block.
    #[error("{node} is named twice")]
    BlockTwice {
        /// Which node.
        node: Node,
    },
    /// More levels than any index has.
    #[error("{node} lies more than {levels_max} levels deep")]
    TooDeep {
        /// Which node.
        node: Node,
        /// The bound.
        levels_max: usize,
    },
}

/// Names a node of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// The entries in the index root.
    Root,
    /// The block of this number, in the units that the index counts blocks in.
    Block(u64),
}

impl std::fmt::Display for Node {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => write!(to, "the index root"),
            Self::Block(vcn) => write!(to, "index block {vcn:#x}"),
        }
    }
}

/// The entries of a node, whose header was found to be right.
#[derive(Clone, Debug)]
pub(crate) struct IndexNode {
    pub(crate) node: Node,
    pub(crate) header: IndexHeader,
    bytes: Vec<u8>,
    /// Offset of the index header.
    start: usize,
    /// Offset after the last entry.
    end: usize,
}

impl IndexNode {
    /// Takes the value of $INDEX_ROOT.
    pub(crate) fn from_root(value: Vec<u8>) -> Result<Self, IndexProblem> {
        Self::new(Node::Root, value, size_of::<IndexRoot>())
    }

    /// Takes a whole block whose fixups are undone.
    pub(crate) fn from_block(vcn: u64, block: Vec<u8>) -> Result<Self, IndexProblem> {
        Self::new(Node::Block(vcn), block, size_of::<IndexBlockHeader>())
    }

    fn new(node: Node, bytes: Vec<u8>, start: usize) -> Result<Self, IndexProblem> {
        let available = bytes.len().saturating_sub(start);
        let wrong = |entries_offset, used| IndexProblem::Header {
            node,
            entries_offset,
            used,
            available,
        };
        let header = bytes.get(start..).unwrap_or_default();
        let (header, _) = IndexHeader::read_from_prefix(header).map_err(|_| wrong(0, 0))?;
        let (first, used) = (header.entries_offset.get(), header.used.get());
        let starts_right =
            first.is_multiple_of(8) && place(u64::from(first)) >= size_of::<IndexHeader>();
        if !starts_right || first > used || place(u64::from(used)) > available {
            return Err(wrong(first, used));
        }
        Ok(Self {
            node,
            header,
            bytes,
            start,
            end: start.saturating_add(place(u64::from(used))),
        })
    }

    /// Returns whether the header says that the entries have sub-nodes.
    pub(crate) const fn says_inner(&self) -> bool {
        self.header.flags & INDEX_INNER != 0
    }

    /// Returns the bytes from the index header to the end of the node.
    pub(crate) const fn space(&self) -> usize {
        self.bytes.len().saturating_sub(self.start)
    }

    pub(crate) fn first(&self) -> usize {
        place(u64::from(self.header.entries_offset.get()))
    }

    /// Returns the entry at an offset that [`Self::first`] or [`IndexEntry::next`] gave.
    pub(crate) fn entry(&self, at: usize) -> Result<IndexEntry<'_>, IndexProblem> {
        let node = self.node;
        let bytes = self.bytes.get(self.start.saturating_add(at)..self.end);
        let bytes = bytes.unwrap_or_default();
        let (header, _) =
            IndexEntryHeader::ref_from_prefix(bytes).map_err(|_| IndexProblem::NoEnd { node })?;
        let (length, key_length) = (header.length.get(), header.key_length.get());
        let wrong = IndexProblem::Entry {
            node,
            at,
            length,
            key_length,
        };
        let whole = bytes.get(..usize::from(length)).ok_or(wrong)?;
        let body = whole.get(size_of::<IndexEntryHeader>()..).ok_or(wrong)?;
        if !length.is_multiple_of(8) {
            return Err(wrong);
        }
        let has_sub_node = header.flags.get() & ENTRY_SUB_NODE != 0;
        let is_end = header.flags.get() & ENTRY_END != 0;
        let key_space = match has_sub_node {
            true => body.len().checked_sub(8).ok_or(wrong)?,
            false => body.len(),
        };
        let sub_node = u64_at(body, key_space).filter(|_| has_sub_node);
        let key = match is_end {
            true => &[],
            false => body
                .get(..key_space)
                .and_then(|body| body.get(..usize::from(key_length)))
                .ok_or(wrong)?,
        };
        Ok(IndexEntry {
            at,
            header,
            key,
            body: body.get(..key_space).unwrap_or_default(),
            sub_node,
            is_end,
        })
    }
}

/// An entry of an index whose parts are known to lie inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexEntry<'a> {
    /// Offset from the index header.
    pub(crate) at: usize,
    pub(crate) header: &'a IndexEntryHeader,
    /// Empty in an end entry.
    pub(crate) key: &'a [u8],
    /// Key and what follows it, without the sub-node.
    pub(crate) body: &'a [u8],
    /// The block with the keys before this one.
    pub(crate) sub_node: Option<u64>,
    pub(crate) is_end: bool,
}

impl IndexEntry<'_> {
    pub(crate) fn next(&self) -> usize {
        self.at
            .saturating_add(usize::from(self.header.length.get()))
    }
}
