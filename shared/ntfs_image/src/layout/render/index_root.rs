//! A folder's attributes: the root of its index, and where the rest of it lies.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "lengths inside one record or block, and slots of the volume"
)]

use super::record_writer::{RecordWriter, put};
use crate::attribute::kind;
use crate::index::{
    ENTRY_END, ENTRY_SUB_NODE, INDEX_INNER, IndexEntryHeader, IndexHeader, IndexRoot, collation,
};
use crate::layout::index_tree::{BLOCK_BYTES, CHILD_BYTES, END_BYTES, IndexNode, IndexTree};
use crate::layout::indexes::{self, LargeFolder};
use crate::layout::number::{align8, index, narrow, short, wide};
use crate::layout::volume::NtfsLayout;

/// Name of every attribute of a folder's index.
pub(in crate::layout) const INDEX_NAME: &str = "$I30";

impl NtfsLayout {
    /// Writes the attributes of the folder `folder`.
    pub(super) fn write_folder(&self, writer: &mut RecordWriter<'_>, folder: u32) {
        let large = indexes::find(&self.plan.large, folder);
        match large.and_then(|large| Some((self.plan.large[large], self.index_tree(large)?))) {
            None => self.write_small_root(writer, folder),
            Some((large, tree)) => self.write_large_root(writer, &large, &tree),
        }
    }

    fn write_small_root(&self, writer: &mut RecordWriter<'_>, folder: u32) {
        let children = || {
            let children = self.plan.children.of(folder).iter().copied();
            children.filter(|child| !indexes::is_gone(*child, &self.view.gone))
        };
        let entries: usize = children().map(|child| self.entry_bytes(child)).sum();
        let value = self.write_root_headers(writer, entries + END_BYTES, 0);
        let mut at = ROOT_ENTRIES_AT;
        for child in children() {
            at += self.write_entry(child, None, &mut value[at..]);
        }
        write_end(None, &mut value[at..]);
    }

    fn write_large_root(
        &self,
        writer: &mut RecordWriter<'_>,
        large: &LargeFolder,
        tree: &IndexTree<'_>,
    ) {
        let end_bytes = END_BYTES + CHILD_BYTES;
        let value = self.write_root_headers(writer, end_bytes, INDEX_INNER);
        let top = self.block_vcn(block_of(large, tree.top()));
        write_end(Some(top), &mut value[ROOT_ENTRIES_AT..]);
        let shape = &self.plan.shape;
        let (slots, bytes) = (large.block_slots(shape), large.block_bytes());
        let attribute = (kind::INDEX_ALLOCATION, INDEX_NAME);
        self.write_slots(writer, attribute, large.slot, slots, bytes);
        if large.map_resident {
            let map = writer.resident(kind::BITMAP, INDEX_NAME, index(large.map_bytes()));
            render_block_map(large, tree, 0, map);
        } else {
            let attribute = (kind::BITMAP, INDEX_NAME);
            let (map_slots, bytes) = (large.map_slots(shape), large.map_bytes());
            self.write_slots(writer, attribute, large.slot + slots, map_slots, bytes);
        }
    }

    /// Writes everything of an index root but its entries; returns its value.
    fn write_root_headers<'w>(
        &self,
        writer: &'w mut RecordWriter<'_>,
        entries: usize,
        flags: u8,
    ) -> &'w mut [u8] {
        let value = writer.resident(kind::INDEX_ROOT, INDEX_NAME, ROOT_ENTRIES_AT + entries);
        let unit = self.plan.shape.clusters_per_block();
        put_root_headers(value, entries, flags, unit);
        value
    }

    /// Returns the bytes of a leaf's entry for a record.
    fn entry_bytes(&self, record: u32) -> usize {
        let units = self.plan.names.units(&self.plan.tree, record).len();
        indexes::entry_bytes(units)
    }

    /// Writes the entry for a record, with its child when it has one; returns its bytes.
    pub(super) fn write_entry(&self, record: u32, child: Option<u64>, into: &mut [u8]) -> usize {
        let name = self.name_facts(record).expect("what is indexed has a name");
        let key_bytes = name.bytes();
        let key_at = size_of::<IndexEntryHeader>();
        let child_at = align8(key_at + key_bytes);
        let header = IndexEntryHeader {
            reference: self.plan.reference(record).0.into(),
            key_length: short(key_bytes).into(),
            ..entry_header(child_at, child, 0)
        };
        put(into, 0, &header);
        name.write(&mut into[key_at..key_at + key_bytes]);
        write_child(child, child_at, into)
    }

    /// Returns how a block's number is stored: in clusters, or in 512 bytes when a cluster is larger than a block.
    pub(super) fn block_vcn(&self, block: u32) -> u64 {
        u64::from(block) * u64::from(self.plan.shape.clusters_per_block())
    }
}

/// Returns the number of the block that holds a node.
pub(super) fn block_of(large: &LargeFolder, node: IndexNode) -> u32 {
    let level = large.levels().nth(node.level);
    level.expect("levels are kept for any tree").0 + node.number
}

/// Writes the entry that ends a node; returns its bytes.
pub(in crate::layout) fn write_end(child: Option<u64>, into: &mut [u8]) -> usize {
    let bytes = size_of::<IndexEntryHeader>();
    put(into, 0, &entry_header(bytes, child, ENTRY_END));
    write_child(child, bytes, into)
}

pub(in crate::layout) fn entry_header(
    child_at: usize,
    child: Option<u64>,
    flags: u16,
) -> IndexEntryHeader {
    let (bytes, sub_node) = match child {
        Some(_) => (child_at + CHILD_BYTES, ENTRY_SUB_NODE),
        None => (child_at, 0),
    };
    IndexEntryHeader {
        length: short(bytes).into(),
        flags: (flags | sub_node).into(),
        ..IndexEntryHeader::default()
    }
}

pub(in crate::layout) fn write_child(child: Option<u64>, at: usize, into: &mut [u8]) -> usize {
    match child {
        Some(child) => {
            into[at..at + CHILD_BYTES].copy_from_slice(&child.to_le_bytes());
            at + CHILD_BYTES
        }
        None => at,
    }
}

/// Writes everything of the value of an index root but its `entries` bytes of entries.
pub(in crate::layout) fn put_root_headers(
    value: &mut [u8],
    entries: usize,
    flags: u8,
    clusters_per_block: u8,
) {
    let root = IndexRoot {
        kind: kind::FILE_NAME.into(),
        collation: collation::FILE_NAME.into(),
        block_bytes: narrow(BLOCK_BYTES).into(),
        clusters_per_block,
        pad: [0; 3],
    };
    let used = narrow(size_of::<IndexHeader>() + entries);
    let header = IndexHeader {
        entries_offset: narrow(size_of::<IndexHeader>()).into(),
        used: used.into(),
        allocated: used.into(),
        flags,
        pad: [0; 3],
    };
    put(value, 0, &root);
    put(value, size_of::<IndexRoot>(), &header);
}

/// Writes the bitmap of a folder's blocks from byte `offset` on: a bit for each block in use.
pub(super) fn render_block_map(
    large: &LargeFolder,
    tree: &IndexTree<'_>,
    offset: u64,
    into: &mut [u8],
) {
    let (first, end) = (offset * 8, (offset + wide(into.len())) * 8);
    for (level, (block, _)) in large.levels().enumerate() {
        let used_end = u64::from(block) + u64::from(tree.nodes(level));
        let (from, to) = (u64::from(block).max(first), used_end.min(end));
        if from < to {
            crate::layout::bits::set(into, from - first, to - first);
        }
    }
}

/// Offset of the entries in the value of an index root.
pub(in crate::layout) const ROOT_ENTRIES_AT: usize =
    size_of::<IndexRoot>() + size_of::<IndexHeader>();
