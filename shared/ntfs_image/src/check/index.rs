//! The B-tree of an index, node by node.

use std::cmp::Ordering;
use std::fmt;

use disk::ReadAt;

use super::FindingKind as Kind;
use super::clusters::set_bits_from;
use super::reader::Sequential;
use super::report::Reporter;
use crate::index::collation;
use crate::read::bit_set::BitSet;
use crate::read::entry::FileNameKey;
use crate::read::index_node::{IndexEntry, IndexNode, IndexProblem, Node};
use crate::read::index_tree::{IndexTree, LEVELS_MAX, NodeError, block_count};
use crate::read::mft::Mft;
use crate::read::stored::{place, u32_at, units};
use crate::read::stream::Stream;
use crate::read::up_case::UpCase;

/// One index to be checked.
pub(super) struct IndexCheck<'a> {
    pub(super) disk: &'a dyn ReadAt,
    pub(super) mft: &'a Mft,
    pub(super) up_case: &'a UpCase,
    pub(super) tree: &'a IndexTree,
    pub(super) name: &'a str,
    /// Index blocks that honest indexes may still have, all together: a crafted volume must not take forever.
    pub(super) blocks_left: &'a mut u64,
    pub(super) reporter: &'a mut Reporter,
}

/// Where in an index something is.
#[derive(Clone, Copy)]
pub(super) struct IndexPlace<'a> {
    record: u64,
    name: &'a str,
    node: Option<Node>,
    at: Option<usize>,
}

impl<'a> IndexPlace<'a> {
    pub(super) const fn of(tree: &IndexTree, name: &'a str) -> Self {
        Self {
            record: tree.owner.record,
            name,
            node: None,
            at: None,
        }
    }
    pub(super) const fn node(self, node: Node) -> Self {
        Self {
            node: Some(node),
            ..self
        }
    }
    pub(super) const fn at(self, at: usize) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }
}

impl fmt::Display for IndexPlace<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "MFT record {}, index {}", self.record, self.name)?;
        if let Some(node) = self.node {
            write!(to, ", {node}")?;
        }
        if let Some(at) = self.at {
            write!(to, ", entry at {at:#x}")?;
        }
        Ok(())
    }
}

struct Level {
    node: IndexNode,
    at: usize,
    descended: bool,
    entries: u32,
}

impl Level {
    fn new(node: IndexNode) -> Self {
        Self {
            at: node.first(),
            node,
            descended: false,
            entries: 0,
        }
    }
}

/// What a walk through the tree knows.
#[derive(Default)]
struct Seen {
    blocks: BitSet,
    leaf_depth: Option<usize>,
    previous_key: Option<Vec<u8>>,
}

impl<'a> IndexCheck<'a> {
    /// Goes through the whole tree in order, and gives each entry with a key to `each`.
    pub(super) fn run(
        &mut self,
        bitmap: Option<&Stream>,
        each: &mut dyn FnMut(&mut Reporter, IndexPlace<'_>, &IndexEntry<'_>),
    ) {
        self.check_root();
        let mut seen = Seen::default();
        let mut levels = vec![Level::new(self.tree.root().clone())];
        while let Some(depth) = levels.len().checked_sub(1) {
            let Some(level) = levels.last_mut() else {
                break;
            };
            let here = self.place().node(level.node.node);
            let entry = match level.node.entry(level.at) {
                Ok(entry) => entry,
                Err(problem) => {
                    self.problem(&problem);
                    levels.pop();
                    continue;
                }
            };
            if !level.descended {
                level.descended = true;
                if entry.sub_node.is_some() != level.node.says_inner() {
                    let found = if entry.sub_node.is_some() {
                        "one"
                    } else {
                        "none"
                    };
                    let expected = if level.node.says_inner() {
                        "a sub-node"
                    } else {
                        "no sub-node"
                    };
                    self.reporter
                        .violation(Kind::SubNodeFlag, here.at(level.at), expected, found);
                }
                match entry.sub_node {
                    Some(vcn) => {
                        if let Some(node) = self.child(vcn, depth, here.at(entry.at), &mut seen) {
                            levels.push(Level::new(node));
                        }
                        continue;
                    }
                    None => self.check_depth(depth, here, &mut seen),
                }
            }
            if entry.is_end {
                self.check_end(level, &entry);
                levels.pop();
                continue;
            }
            self.check_key(here.at(entry.at), &entry, &mut seen);
            each(self.reporter, here.at(entry.at), &entry);
            level.at = entry.next();
            level.descended = false;
            level.entries = level.entries.saturating_add(1);
        }
        self.check_bitmap(bitmap, &seen.blocks);
    }

    const fn place(&self) -> IndexPlace<'a> {
        IndexPlace::of(self.tree, self.name)
    }

    fn check_root(&mut self) {
        let tree = self.tree;
        let place = self.place().node(Node::Root);
        let geometry = &self.mft.geometry;
        if tree.block_bytes != geometry.index_block_bytes {
            let expected = format!("blocks of {} bytes", geometry.index_block_bytes);
            self.reporter
                .violation(Kind::IndexBlockSize, place, expected, tree.block_bytes);
        }
        // Blocks smaller than a cluster are counted in units of 512 bytes.
        let expected = tree.block_bytes.checked_div(tree.vcn_bytes).unwrap_or(0);
        let found = u64::from(tree.root_header.clusters_per_block);
        if found != expected {
            let expected = format!("{expected} units a block");
            self.reporter
                .violation(Kind::IndexBlockSize, place, expected, found);
        }
        let found = (
            tree.root_header.kind.get(),
            tree.root_header.collation.get(),
        );
        if let Some(expected) = known_collation(self.name)
            && found != expected
        {
            let words = |(kind, order)| format!("attribute {kind:#x} in order {order:#x}");
            self.reporter
                .violation(Kind::IndexCollation, place, words(expected), words(found));
        }
    }

    /// Reads the block that an entry names, unless the tree has been there.
    fn child(
        &mut self,
        vcn: u64,
        depth: usize,
        place: IndexPlace<'_>,
        seen: &mut Seen,
    ) -> Option<IndexNode> {
        if depth >= LEVELS_MAX {
            self.reporter
                .violation(Kind::IndexChild, place, "32 levels at most", "more");
            return None;
        }
        if *self.blocks_left == 0 {
            let expected = "no more index blocks than fit on the volume";
            self.reporter
                .violation(Kind::IndexChildTwice, place, expected, "more");
            return None;
        }
        let unit = self
            .tree
            .block_bytes
            .checked_div(self.tree.vcn_bytes)
            .unwrap_or(1);
        if unit > 0 && !vcn.is_multiple_of(unit) {
            self.reporter.violation(
                Kind::IndexChild,
                place,
                format!("a multiple of {unit}"),
                format!("{vcn:#x}"),
            );
            return None;
        }
        if !seen.blocks.insert(vcn) {
            let found = format!("{vcn:#x} again");
            self.reporter
                .violation(Kind::IndexChildTwice, place, "a block of its own", found);
            return None;
        }
        *self.blocks_left = self.blocks_left.saturating_sub(1);
        let node = match self.tree.block(self.disk, self.mft, vcn) {
            Ok(node) => node,
            Err(NodeError::Read(error)) => {
                self.reporter
                    .violation(Kind::Unreadable, place, "a block", error);
                return None;
            }
            Err(NodeError::Index(problem)) => {
                self.problem(&problem);
                return None;
            }
        };
        Some(node)
    }

    fn check_depth(&mut self, depth: usize, place: IndexPlace<'_>, seen: &mut Seen) {
        let expected = *seen.leaf_depth.get_or_insert(depth);
        if expected != depth {
            let words = |depth: usize| format!("a leaf at level {depth}");
            self.reporter
                .violation(Kind::IndexBalance, place, words(expected), words(depth));
            // Once is enough: the next one is compared with this one.
            seen.leaf_depth = Some(depth);
        }
    }

    fn check_end(&mut self, level: &Level, end: &IndexEntry<'_>) {
        let place = self.place().node(level.node.node).at(end.at);
        let used = place_in(level.node.header.used.get());
        if end.next() != used {
            let expected = format!("the end entry to end at {used:#x}");
            self.reporter.violation(
                Kind::IndexEnd,
                place,
                expected,
                format!("{:#x}", end.next()),
            );
        }
        let space = level.node.space();
        let found = place_in(level.node.header.allocated.get());
        if found != space {
            self.reporter
                .violation(Kind::IndexAllocated, place, space, found);
        }
        if level.entries == 0 && level.node.node != Node::Root {
            self.reporter
                .note(Kind::IndexEmptyNode, place, "keys", "none");
        }
    }

    fn check_key(&mut self, place: IndexPlace<'_>, entry: &IndexEntry<'_>, seen: &mut Seen) {
        let order = self.tree.root_header.collation.get();
        if let Some(previous) = &seen.previous_key {
            let found = compare(order, self.up_case, previous, entry.key);
            if found.is_some_and(Ordering::is_ge) {
                let (before, this) = (key_text(order, previous), key_text(order, entry.key));
                self.reporter.violation(
                    Kind::KeyOrder,
                    place,
                    format!("a key after {before}"),
                    this,
                );
            }
        }
        let previous = seen.previous_key.get_or_insert_default();
        previous.clear();
        previous.extend_from_slice(entry.key);
    }

    fn check_bitmap(&mut self, bitmap: Option<&Stream>, reached: &BitSet) {
        let tree = self.tree;
        let blocks = block_count(tree);
        let place = self.place();
        let Some(bitmap) = bitmap else {
            if blocks > 0 {
                let found = format!("none for {blocks} blocks");
                self.reporter
                    .violation(Kind::IndexBitmapLength, place, "a bitmap", found);
            }
            return;
        };
        if bitmap.bytes.saturating_mul(8) < blocks {
            let expected = format!("bits for {blocks} blocks");
            let found = format!("{} bytes", bitmap.bytes);
            self.reporter
                .violation(Kind::IndexBitmapLength, place, expected, found);
        }
        let unit = tree.block_bytes.checked_div(tree.vcn_bytes).unwrap_or(1);
        let mut bits = Sequential::new(self.disk, bitmap);
        // No more than the disk holds: a crafted index may claim to be endless.
        let blocks_max = self.disk.bytes() / 512;
        for block in 0..blocks.min(blocks_max) {
            let expected = reached.contains(block.saturating_mul(unit));
            match bits.bit(block) {
                Ok(found) if found == expected => {}
                Ok(found) => {
                    let expected = format!("bit {block} {}", u8::from(expected));
                    self.reporter
                        .violation(Kind::IndexBitmap, place, expected, u8::from(found));
                }
                Err(error) => {
                    self.reporter
                        .violation(Kind::Unreadable, place, "a bitmap", error);
                    return;
                }
            }
        }
        for bit in set_bits_from(&mut bits, blocks).unwrap_or_default() {
            let expected = format!("0 past the last block ({blocks})");
            self.reporter
                .violation(Kind::IndexBitmap, place, expected, format!("bit {bit} 1"));
        }
    }

    fn problem(&mut self, problem: &IndexProblem) {
        let kind = problem_kind(problem);
        self.reporter
            .violation(kind, self.place(), "a sound node", problem);
    }
}

/// Returns the rule that a problem breaks.
pub(super) const fn problem_kind(problem: &IndexProblem) -> Kind {
    match problem {
        IndexProblem::BlockBytes { .. } => Kind::IndexBlockSize,
        IndexProblem::NoSuchBlock { .. } | IndexProblem::TooDeep { .. } => Kind::IndexChild,
        IndexProblem::BlockTwice { .. } => Kind::IndexChildTwice,
        IndexProblem::Magic { .. } => Kind::IndexBlockMagic,
        IndexProblem::Fixup { .. } => Kind::IndexBlockTorn,
        IndexProblem::Vcn { .. } => Kind::IndexBlockNumber,
        IndexProblem::NoEnd { .. } => Kind::IndexEnd,
        IndexProblem::NoRoot
        | IndexProblem::Header { .. }
        | IndexProblem::Entry { .. }
        | IndexProblem::Key { .. } => Kind::IndexEntry,
    }
}

/// Compares two keys, or gives `None` for an order that is not known or keys that are too short for it.
fn compare(order: u32, up_case: &UpCase, a: &[u8], b: &[u8]) -> Option<Ordering> {
    let words = |key: &[u8]| -> Vec<u32> {
        let (words, _) = key.as_chunks();
        words.iter().map(|word| u32::from_le_bytes(*word)).collect()
    };
    match order {
        collation::FILE_NAME => {
            let (a, b) = (FileNameKey::parse(a)?.name, FileNameKey::parse(b)?.name);
            let folded = up_case.compare(units(a), units(b));
            Some(folded.then_with(|| units(a).cmp(units(b))))
        }
        collation::U32 => Some(u32_at(a, 0)?.cmp(&u32_at(b, 0)?)),
        collation::SECURITY_HASH | collation::U32S => Some(words(a).cmp(&words(b))),
        _ => None,
    }
}

fn key_text(order: u32, key: &[u8]) -> String {
    match FileNameKey::parse(key) {
        Some(key) if order == collation::FILE_NAME => {
            format!("{:?}", crate::read::stored::text(key.name).0)
        }
        _ => format!("{key:02x?}"),
    }
}

/// Returns what the indexes that NTFS itself keeps must say of themselves: attribute and order.
fn known_collation(name: &str) -> Option<(u32, u32)> {
    use crate::attribute::kind::FILE_NAME;
    match name {
        "$I30" => Some((FILE_NAME, collation::FILE_NAME)),
        "$SDH" => Some((0, collation::SECURITY_HASH)),
        "$SII" | "$Q" => Some((0, collation::U32)),
        "$R" => Some((0, collation::U32S)),
        // $O of $ObjId and $O of $Quota are ordered differently.
        _ => None,
    }
}

fn place_in(offset: u32) -> usize {
    place(u64::from(offset))
}
