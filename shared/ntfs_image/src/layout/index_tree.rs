//! A folder's index as a tree of blocks, loaded full from a sorted list.
//!
//! An NTFS index is a B-tree: keys of inner nodes are entries themselves, not copies. Entries go into a leaf while
//! they fit; the first that does not becomes the *separator*, goes up and points to that leaf; and so on. The
//! separators of a level are the list for the next one, until a level has one node, to which the root points.
//!
//! ```text
//! level 1                    [ c       f       end ]
//!                             /       |          \
//! level 0               [ a b end ] [ d e end ] [ g h end ]
//! ```
//!
//! A tree is kept as nothing but numbers: for each level, bottom up, how many nodes it has and where each starts (a
//! leaf: a position in the list; an inner node: the number of its first child).
//!
//! Blocks are numbered by level. Room is kept for any part of the list: leaves of a part are never more than those of
//! the whole, since each reaches at least as far; inner levels are counted as if every separator had the folder's
//! longest name.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in a list of fewer than 2^32 entries, and lengths inside one block"
)]

use super::number::{index, narrow};

/// Bytes of an index block.
pub(super) const BLOCK_BYTES: u64 = 4096;
/// Offset of the first entry in a block.
pub(super) const BLOCK_ENTRIES_AT: usize = 0x40;
/// Bytes of an entry that only ends a leaf; 8 more in an inner node.
pub(super) const END_BYTES: usize = 16;
/// Bytes of a child's number at the end of an inner node's entry.
pub(super) const CHILD_BYTES: usize = 8;
/// Bytes for entries in a leaf, the end entry apart.
pub(super) const LEAF_ROOM: usize = 4096 - BLOCK_ENTRIES_AT - END_BYTES;
const INNER_ROOM: usize = LEAF_ROOM - CHILD_BYTES;

/// Appends the tree of a list to `words`.
///
/// `entry_bytes` gives the length of the entry at a position of the list, or `None` where the list has a gap. Without
/// any entry the tree is one empty leaf.
pub(super) fn load(length: u32, entry_bytes: impl Fn(u32) -> Option<usize>, words: &mut Vec<u32>) {
    let leaves = push_level(words, |starts| {
        leaf_starts(length, &entry_bytes, starts);
    });
    let mut separators: Vec<u32> = leaves[1..].iter().map(|start| start - 1).collect();
    while !separators.is_empty() {
        let bytes = |separator: &u32| {
            let entry = entry_bytes(*separator).expect("a separator is an entry");
            entry + CHILD_BYTES
        };
        let nodes = push_level(words, |starts| {
            inner_starts(separators.iter().map(bytes), starts);
        });
        separators = nodes[1..]
            .iter()
            .map(|start| separators[index(start - 1)])
            .collect();
    }
}

fn push_level(words: &mut Vec<u32>, fill: impl FnOnce(&mut Vec<u32>)) -> &[u32] {
    let count_at = words.len();
    words.push(0);
    fill(words);
    let starts_at = count_at + 1;
    words[count_at] = narrow(words.len() - starts_at);
    &words[starts_at..]
}

fn leaf_starts(length: u32, entry_bytes: impl Fn(u32) -> Option<usize>, starts: &mut Vec<u32>) {
    starts.push(0);
    let mut used = 0;
    let (mut last, mut last_before) = (None, None);
    for position in 0..length {
        let Some(bytes) = entry_bytes(position) else {
            continue;
        };
        if used + bytes <= LEAF_ROOM {
            used += bytes;
            last = Some(position);
        } else {
            starts.push(position + 1);
            used = 0;
            last_before = last.take();
        }
    }
    // Nothing follows the last separator: it stays down, alone in the last leaf, and the entry before it goes up.
    if let (None, Some(separator), Some(start)) = (last, last_before, starts.last_mut()) {
        *start = separator + 1;
    }
}

/// `separators` gives the lengths of the entries between the nodes of the level below.
fn inner_starts(separators: impl ExactSizeIterator<Item = usize>, starts: &mut Vec<u32>) {
    let first = starts.len();
    let children = narrow(separators.len() + 1);
    starts.push(0);
    let mut used = 0;
    for (child, bytes) in (0..).zip(separators) {
        if used + bytes <= INNER_ROOM {
            used += bytes;
        } else {
            starts.push(child + 1);
            used = 0;
        }
    }
    // A last node with a single child would have no key: it gets one child more.
    let several = starts.len() > first + 1;
    if let Some(start) = starts.last_mut().filter(|_| several)
        && *start + 1 == children
    {
        *start -= 1;
    }
}

/// Returns how many blocks are kept for each level, bottom up, for any part of a list with `leaves` leaves.
pub(super) fn kept_levels(leaves: u32, longest_entry: usize) -> impl Iterator<Item = u32> {
    let children = narrow(INNER_ROOM / (longest_entry + CHILD_BYTES) + 1);
    std::iter::successors(Some(leaves), move |&below| {
        (below > 1).then(|| below.div_ceil(children))
    })
}

/// A node of an [`IndexTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexNode {
    /// 0 for a leaf.
    pub(super) level: usize,
    /// Number in its level.
    pub(super) number: u32,
}

/// Levels of the deepest tree: an inner node has at least 7 children, and a list fewer than 2^32 entries.
const LEVELS_MAX: usize = 12;

/// A tree as [`load`] wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexTree<'a> {
    levels: [&'a [u32]; LEVELS_MAX],
    depth: usize,
    /// Entries and gaps of the list.
    length: u32,
}

impl<'a> IndexTree<'a> {
    /// `words` is exactly what [`load`] appended for a list of `length`.
    pub(super) fn new(words: &'a [u32], length: u32) -> Self {
        let mut levels: [&[u32]; LEVELS_MAX] = [&[]; LEVELS_MAX];
        let (mut rest, mut depth) = (words, 0);
        while let Some((&count, starts)) = rest.split_first() {
            (levels[depth], rest) = starts.split_at(index(count));
            depth += 1;
        }
        Self {
            levels,
            depth,
            length,
        }
    }

    /// Returns the node that the folder's root points to.
    pub(super) const fn top(&self) -> IndexNode {
        IndexNode {
            level: self.depth - 1,
            number: 0,
        }
    }

    /// Returns how many nodes a level has; 0 above the top.
    pub(super) fn nodes(&self, level: usize) -> u32 {
        narrow(self.levels[level].len())
    }

    /// Returns the positions in the list from a leaf's first entry to its end, or an inner node's children.
    pub(super) fn range(&self, node: IndexNode) -> std::ops::Range<u32> {
        let starts = self.levels[node.level];
        let start = starts[index(node.number)];
        let end = match (starts.get(index(node.number) + 1), node.level) {
            // What lies just before the next leaf is the separator.
            (Some(next), 0) => next - 1,
            (Some(next), _) => *next,
            (None, 0) => self.length,
            (None, level) => self.nodes(level - 1),
        };
        start..end
    }

    /// Returns the position in the list of the entry between a node and the next one of its level.
    pub(super) fn separator(&self, node: IndexNode) -> u32 {
        let (mut level, mut number) = (node.level, node.number);
        loop {
            let next = self.levels[level][index(number) + 1];
            match level.checked_sub(1) {
                None => return next - 1,
                Some(below) => (level, number) = (below, next - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Walks the tree in order and checks every node's size on the way.
    fn walk(tree: &IndexTree<'_>, node: IndexNode, sizes: &[Option<usize>], into: &mut Vec<u32>) {
        let entry = |position: u32| sizes[index(position)];
        let range = tree.range(node);
        if node.level == 0 {
            let present = range.filter(|position| entry(*position).is_some());
            let before = into.len();
            into.extend(present);
            let used: usize = into[before..].iter().filter_map(|p| entry(*p)).sum();
            assert!(used <= LEAF_ROOM && (used > 0 || tree.depth == 1));
            return;
        }
        let (first, last) = (range.start, range.end - 1);
        assert!(first < last, "an inner node has a key");
        let mut used = 0;
        for number in range {
            let child = IndexNode {
                level: node.level - 1,
                number,
            };
            walk(tree, child, sizes, into);
            if number < last {
                let separator = tree.separator(child);
                used += entry(separator).expect("a separator is present") + CHILD_BYTES;
                into.push(separator);
            }
        }
        assert!(used <= INNER_ROOM);
    }

    fn check(sizes: &[Option<usize>]) -> Vec<u32> {
        let mut words = Vec::new();
        let length = narrow(sizes.len());
        load(length, |position| sizes[index(position)], &mut words);
        let tree = IndexTree::new(&words, length);
        let mut found = Vec::new();
        walk(&tree, tree.top(), sizes, &mut found);
        let present = (0..length).filter(|position| sizes[index(*position)].is_some());
        assert_eq!(found, present.collect::<Vec<_>>());
        (0..tree.depth).map(|level| tree.nodes(level)).collect()
    }

    #[test]
    fn a_list_that_fills_a_leaf_exactly_has_one() {
        assert_eq!(check(&[Some(88); 45]), [1]);
        assert_eq!(check(&[Some(88); 46]), [2, 1]);
        assert_eq!(check(&[Some(88); 47]), [2, 1]);
    }

    #[test]
    fn a_million_entries_make_a_shallow_tree() {
        let levels = check(&vec![Some(112); 1_000_000]);
        assert_eq!(levels.first(), Some(&27_778));
        assert_eq!(levels.len(), 4);
    }

    proptest! {
        #[test]
        fn any_part_of_any_list_fits_the_kept_blocks(
            units in proptest::collection::vec((1_usize..=255, any::<bool>()), 1..3000),
            short in any::<bool>(),
        ) {
            let bytes = |units: usize| {
                16 + (66 + 2 * if short { units % 20 + 1 } else { units }).next_multiple_of(8)
            };
            let all: Vec<_> = units.iter().map(|&(units, _)| Some(bytes(units))).collect();
            let part: Vec<_> = units
                .iter()
                .map(|&(units, present)| present.then(|| bytes(units)))
                .collect();
            let whole = check(&all);
            let longest = all.iter().flatten().max().copied().unwrap_or(0);
            let kept: Vec<u32> = kept_levels(whole[0], longest).collect();
            for levels in [whole, check(&part)] {
                prop_assert!(levels.len() <= kept.len());
                for (used, kept) in levels.iter().zip(&kept) {
                    prop_assert!(used <= kept);
                }
            }
        }
    }
}
