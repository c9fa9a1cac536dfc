//! Index blocks of the folders, and the bitmaps that do not fit their records.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside the area of the indexes and inside one block"
)]

use super::index_root::{block_of, render_block_map, write_end};
use super::record_writer::{UPDATE_SEQUENCE, put};
use super::units::each_unit;
use crate::fixup;
use crate::index::{INDEX_INNER, INDX_MAGIC, IndexBlockHeader, IndexHeader};
use crate::layout::index_tree::{
    BLOCK_BYTES, BLOCK_ENTRIES_AT, CHILD_BYTES, END_BYTES, IndexNode, IndexTree,
};
use crate::layout::indexes::{self, LargeFolder};
use crate::layout::number::{index, narrow, short, wide};
use crate::layout::volume::NtfsLayout;

impl NtfsLayout {
    /// Renders the area of all indexes from byte `offset` on.
    pub(super) fn render_indexes(&self, offset: u64, into: &mut [u8]) {
        let plan = &self.plan;
        let cluster_bytes = plan.shape.cluster_bytes;
        let area = plan.areas.start(crate::layout::areas::Area::Indexes);
        let slot = area + offset / cluster_bytes;
        let mut number = plan.large.partition_point(|large| large.slot <= slot) - 1;
        let mut offset = offset;
        let mut rest = into;
        while !rest.is_empty() {
            let large = &plan.large[number];
            let first = (large.slot - area) * cluster_bytes;
            let slots = large.block_slots(&plan.shape) + large.map_slots(&plan.shape);
            let end = first + slots * cluster_bytes;
            let count = index(wide(rest.len()).min(end - offset));
            let (part, after) = rest.split_at_mut(count);
            if let Some(tree) = self.index_tree(number) {
                self.render_index(large, &tree, offset - first, part);
            }
            (offset, rest) = (offset + wide(count), after);
            number += 1;
        }
    }

    /// Renders one folder's blocks and bitmap from byte `offset` of its slots on.
    fn render_index(
        &self,
        large: &LargeFolder,
        tree: &IndexTree<'_>,
        offset: u64,
        into: &mut [u8],
    ) {
        let blocks_end = large.block_bytes();
        if offset < blocks_end {
            let count = index(wide(into.len()).min(blocks_end - offset));
            let blocks = &mut into[..count];
            each_unit(offset, blocks, index(BLOCK_BYTES), |block, bytes| {
                self.render_block(large, tree, narrow(block), bytes);
            });
        }
        let shape = &self.plan.shape;
        let map_at = large.block_slots(shape) * shape.cluster_bytes;
        let end = offset + wide(into.len());
        let (from, to) = (offset.max(map_at), end.min(map_at + large.map_bytes()));
        if !large.map_resident && from < to {
            let map = &mut into[index(from - offset)..index(to - offset)];
            render_block_map(large, tree, from - map_at, map);
        }
    }

    fn render_block(
        &self,
        large: &LargeFolder,
        tree: &IndexTree<'_>,
        block: u32,
        bytes: &mut [u8],
    ) {
        let mut at = BLOCK_ENTRIES_AT;
        let node = node_of_block(large, tree, block);
        let inner = node.is_some_and(|node| node.level > 0);
        match node {
            // Kept for a longer list, not in use: an empty leaf, as a driver leaves one.
            None => at += write_end(None, &mut bytes[at..]),
            Some(node) if node.level == 0 => {
                at += self.write_leaf(large, tree, node, &mut bytes[at..]);
            }
            Some(node) => at += self.write_inner(large, tree, node, &mut bytes[at..]),
        }
        finish_block(bytes, self.block_vcn(block), at, inner);
    }

    fn write_leaf(
        &self,
        large: &LargeFolder,
        tree: &IndexTree<'_>,
        node: IndexNode,
        into: &mut [u8],
    ) -> usize {
        let list = self.plan.children.of(large.folder);
        let mut at = 0;
        for position in tree.range(node) {
            let record = list[index(position)];
            if !indexes::is_gone(record, &self.view.gone) {
                at += self.write_entry(record, None, &mut into[at..]);
            }
        }
        at + write_end(None, &mut into[at..])
    }

    fn write_inner(
        &self,
        large: &LargeFolder,
        tree: &IndexTree<'_>,
        node: IndexNode,
        into: &mut [u8],
    ) -> usize {
        let list = self.plan.children.of(large.folder);
        let children = tree.range(node);
        let first_child = IndexNode {
            level: node.level - 1,
            number: 0,
        };
        let first_block = block_of(large, first_child);
        let vcn = |number: u32| Some(self.block_vcn(first_block + number));
        let last = children.end - 1;
        let mut at = 0;
        for number in children.start..last {
            let child = IndexNode {
                number,
                ..first_child
            };
            let record = list[index(tree.separator(child))];
            at += self.write_entry(record, vcn(number), &mut into[at..]);
        }
        at + write_end(vcn(last), &mut into[at..])
    }
}

/// Writes everything of an index block but its entries, which end at `end`.
pub(in crate::layout) fn finish_block(block: &mut [u8], vcn: u64, end: usize, is_inner: bool) {
    let header = IndexBlockHeader {
        magic: INDX_MAGIC,
        usa_offset: short(USA_AT).into(),
        usa_count: short(block.len() / fixup::STRIDE + 1).into(),
        lsn: 0.into(),
        vcn: vcn.into(),
    };
    let entries = IndexHeader {
        entries_offset: narrow(BLOCK_ENTRIES_AT - HEADER_AT).into(),
        used: narrow(end - HEADER_AT).into(),
        allocated: narrow(block.len() - HEADER_AT).into(),
        flags: if is_inner { INDEX_INNER } else { 0 },
        pad: [0; 3],
    };
    put(block, 0, &header);
    put(block, HEADER_AT, &entries);
    fixup::apply(block, UPDATE_SEQUENCE);
}

/// Returns the node that a block holds; `None` when it is kept for a longer list.
fn node_of_block(large: &LargeFolder, tree: &IndexTree<'_>, block: u32) -> Option<IndexNode> {
    let mut levels = large.levels().enumerate();
    let (level, (first, _)) =
        levels.find(|(_, (first, count))| (*first..*first + *count).contains(&block))?;
    let number = block - first;
    (number < tree.nodes(level)).then_some(IndexNode { level, number })
}

/// Offset of the index header in a block, from which the offsets in it count.
const HEADER_AT: usize = size_of::<IndexBlockHeader>();
/// Offset of the update sequence array in a block.
const USA_AT: usize = HEADER_AT + size_of::<IndexHeader>();
const _: () = assert!(USA_AT + 2 * 9 <= BLOCK_ENTRIES_AT && END_BYTES + CHILD_BYTES == 24);
