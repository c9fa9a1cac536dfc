//! The root's index, written anew with the entries of a further tree.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "lengths inside one record or block, and numbers of blocks"
)]

use disk::ReadAt;
use zerocopy::FromBytes;

use super::error::AmendError;
use crate::attribute::FileName;
use crate::index::{INDEX_INNER, IndexEntryHeader};
use crate::layout::index_tree::{
    self, BLOCK_BYTES, BLOCK_ENTRIES_AT, CHILD_BYTES, END_BYTES, IndexNode, IndexTree,
};
use crate::layout::number::{align8, index, narrow, short};
use crate::layout::render::index_blocks::finish_block;
use crate::layout::render::index_root::{
    INDEX_NAME, ROOT_ENTRIES_AT, entry_header, put_root_headers, write_child, write_end,
};
use crate::layout::render::record_writer::put;
use crate::layout::volume::NtfsLayout;
use crate::name;
use crate::read::Volume;
use crate::read::index_tree as read;
use crate::record::Reference;
use crate::{Node, Tree};

/// An entry of the root: which record, and its `$FILE_NAME`.
#[derive(Clone, Debug)]
pub(super) struct RootEntry {
    pub(super) reference: Reference,
    pub(super) key: Vec<u8>,
    units: Vec<u16>,
}

impl RootEntry {
    fn new(reference: Reference, key: Vec<u8>) -> Self {
        let name = key.get(size_of::<FileName>()..).unwrap_or_default();
        let units = name
            .chunks_exact(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
            .collect();
        Self {
            reference,
            key,
            units,
        }
    }

    pub(super) fn name(&self) -> String {
        String::from_utf16_lossy(&self.units)
    }

    fn bytes(&self) -> usize {
        align8(size_of::<IndexEntryHeader>() + self.key.len())
    }

    fn write(&self, child: Option<u64>, into: &mut [u8]) -> usize {
        let child_at = self.bytes();
        let header = IndexEntryHeader {
            reference: self.reference.0.into(),
            key_length: short(self.key.len()).into(),
            ..entry_header(child_at, child, 0)
        };
        put(into, 0, &header);
        into[size_of::<IndexEntryHeader>()..][..self.key.len()].copy_from_slice(&self.key);
        write_child(child, child_at, into)
    }
}

/// Returns the entries of a volume's root, in order.
pub(super) fn present<R: ReadAt>(volume: &Volume<R>) -> Result<Vec<RootEntry>, AmendError> {
    let mft = volume.mft();
    let gathered = volume.gather(volume.root()?)?;
    let tree = read::IndexTree::open(mft, &gathered, INDEX_NAME)?;
    let mut cursor = read::Cursor::new(tree);
    let mut entries = Vec::new();
    while let Some((reference, key)) = cursor.next(volume.disk(), mft, |_, entry| {
        Ok((entry.header.reference.get(), entry.key.to_vec()))
    })? {
        entries.push(RootEntry::new(Reference(reference), key));
    }
    Ok(entries)
}

impl NtfsLayout {
    /// Returns what the root gets of this layout.
    pub(super) fn new_in_root(&self) -> Vec<RootEntry> {
        let tree = self.tree();
        (1..tree.node_count())
            .map(Node)
            .filter(|node| tree.parent(*node) == Tree::ROOT && !self.is_left_out(*node))
            .map(|node| {
                let record = crate::layout::records::record_of(node);
                let facts = self.name_facts(record).expect("a node has a name");
                let mut key = vec![0; facts.bytes()];
                facts.write(&mut key);
                RootEntry::new(self.plan.reference(record), key)
            })
            .collect()
    }
}

/// Puts entries into the order of an index.
///
/// # Errors
/// [`AmendError::NameTaken`] when two of them are the same file to Windows.
pub(super) fn sort(entries: &mut [RootEntry]) -> Result<(), AmendError> {
    entries.sort_by(|a, b| name::compare(&a.units, &b.units));
    for pair in entries.windows(2) {
        if name::are_twins(&pair[0].units, &pair[1].units) {
            let name = pair[0].name();
            return Err(AmendError::NameTaken { name });
        }
    }
    Ok(())
}

/// Changes what the root says of `$MFT`'s length; returns the key.
pub(super) fn resize(
    entries: &mut [RootEntry],
    record: u64,
    allocated: u64,
    data: u64,
) -> Option<Vec<u8>> {
    let entry = entries
        .iter_mut()
        .find(|entry| entry.reference.number() == record)?;
    let (mut header, _) = FileName::read_from_prefix(&entry.key).ok()?;
    header.allocated = allocated.into();
    header.data = data.into();
    put(&mut entry.key, 0, &header);
    Some(entry.key.clone())
}

/// An index as its parts.
pub(super) struct RootIndex {
    /// Value of `$INDEX_ROOT`.
    pub(super) root: Vec<u8>,
    /// All blocks; empty when the root has the entries itself.
    pub(super) blocks: Vec<u8>,
    /// The bitmap of the blocks.
    pub(super) map: Vec<u8>,
}

impl RootIndex {
    /// Makes an index of sorted `entries`, in the root alone when that value fits `room` bytes.
    pub(super) fn new(entries: &[RootEntry], clusters_per_block: u8, room: usize) -> Self {
        let all: usize = entries.iter().map(RootEntry::bytes).sum();
        if ROOT_ENTRIES_AT + all + END_BYTES <= room {
            let mut root = root_of(all + END_BYTES, 0, clusters_per_block);
            let mut at = ROOT_ENTRIES_AT;
            for entry in entries {
                at += entry.write(None, &mut root[at..]);
            }
            write_end(None, &mut root[at..]);
            return Self {
                root,
                blocks: Vec::new(),
                map: Vec::new(),
            };
        }
        let mut words = Vec::new();
        let length = narrow(entries.len());
        let bytes = |position: u32| Some(entries[index(position)].bytes());
        index_tree::load(length, bytes, &mut words);
        let tree = IndexTree::new(&words, length);
        Blocks {
            entries,
            tree,
            unit: u64::from(clusters_per_block),
        }
        .write(clusters_per_block)
    }
}

struct Blocks<'a> {
    entries: &'a [RootEntry],
    tree: IndexTree<'a>,
    /// What a block's number counts by.
    unit: u64,
}

impl Blocks<'_> {
    fn write(&self, clusters_per_block: u8) -> RootIndex {
        let top = self.tree.top();
        let count = self.first(top.level) + 1;
        let mut blocks = vec![0; index(u64::from(count) * BLOCK_BYTES)];
        let nodes = (0..=top.level).flat_map(|level| {
            (0..self.tree.nodes(level)).map(move |number| IndexNode { level, number })
        });
        for (node, block) in nodes.zip(blocks.chunks_exact_mut(index(BLOCK_BYTES))) {
            self.write_block(node, block);
        }
        let end_bytes = END_BYTES + CHILD_BYTES;
        let mut root = root_of(end_bytes, INDEX_INNER, clusters_per_block);
        write_end(Some(self.vcn(top)), &mut root[ROOT_ENTRIES_AT..]);
        let mut map = vec![0; index(count.div_ceil(8).next_multiple_of(8))];
        crate::layout::bits::set(&mut map, 0, u64::from(count));
        RootIndex { root, blocks, map }
    }

    /// Returns the number of a level's first block.
    fn first(&self, level: usize) -> u32 {
        (0..level).map(|below| self.tree.nodes(below)).sum()
    }

    fn vcn(&self, node: IndexNode) -> u64 {
        u64::from(self.first(node.level) + node.number) * self.unit
    }

    fn write_block(&self, node: IndexNode, block: &mut [u8]) {
        let mut at = BLOCK_ENTRIES_AT;
        let range = self.tree.range(node);
        if node.level == 0 {
            for position in range {
                at += self.entries[index(position)].write(None, &mut block[at..]);
            }
            at += write_end(None, &mut block[at..]);
        } else {
            let last = range.end - 1;
            let child = |number| IndexNode {
                level: node.level - 1,
                number,
            };
            for number in range.start..last {
                let separator = self.tree.separator(child(number));
                let vcn = Some(self.vcn(child(number)));
                at += self.entries[index(separator)].write(vcn, &mut block[at..]);
            }
            at += write_end(Some(self.vcn(child(last))), &mut block[at..]);
        }
        finish_block(block, self.vcn(node), at, node.level > 0);
    }
}

/// Returns the value of an index root without its entries.
fn root_of(entries: usize, flags: u8, clusters_per_block: u8) -> Vec<u8> {
    let mut value = vec![0; ROOT_ENTRIES_AT + entries];
    put_root_headers(&mut value, entries, flags, clusters_per_block);
    value
}
