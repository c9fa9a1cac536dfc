//! Folders whose entries do not fit their record.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "blocks and bytes of indexes, in 64 bits; lengths inside a record are bounded before they are subtracted"
)]

use super::bits::Bits;
use super::children::Children;
use super::data::RecordRoom;
use super::error::LayoutError;
use super::index_tree::{self, BLOCK_BYTES, IndexTree};
use super::number::{align8, index, narrow, short, wide};
use super::records::{EXTEND, SYSTEM_VOLUME_INFORMATION, USERS_FIRST, node_of, record_of};
use super::spans::Spans;
use super::spec::Shape;
use super::system_names::SystemNames;
use crate::runs;
use crate::{Node, Tree};

/// A folder with index blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct LargeFolder {
    /// Which folder, as [`Children`] counts.
    pub(super) folder: u32,
    pub(super) record: u32,
    /// Leaves of the full list.
    leaves: u32,
    /// Blocks kept for all levels.
    pub(super) blocks: u32,
    /// Bytes of the longest entry.
    longest: u16,
    /// The bitmap of its blocks lies in its record.
    pub(super) map_resident: bool,
    /// First slot of its blocks; the bitmap's, if it has any, follow.
    pub(super) slot: u64,
}

impl LargeFolder {
    /// Returns the slots of its blocks.
    pub(super) fn block_slots(&self, shape: &Shape) -> u64 {
        shape.clusters_for(self.block_bytes())
    }

    pub(super) fn block_bytes(&self) -> u64 {
        u64::from(self.blocks) * BLOCK_BYTES
    }

    /// Returns the bytes of the bitmap of its blocks.
    pub(super) fn map_bytes(&self) -> u64 {
        u64::from(self.blocks).div_ceil(8).next_multiple_of(8)
    }

    /// Returns the slots of the bitmap of its blocks.
    pub(super) fn map_slots(&self, shape: &Shape) -> u64 {
        if self.map_resident {
            0
        } else {
            shape.clusters_for(self.map_bytes())
        }
    }

    /// Gives the folder, whose name has `units` units, the slots from `first` on; returns the first
    /// slot after them, or `None` when the pieces of its index do not fit its record.
    pub(super) fn place(
        &mut self,
        first: u64,
        units: usize,
        room: RecordRoom,
        spans: &Spans,
        shape: &Shape,
    ) -> Option<u64> {
        self.slot = first;
        let run_list = |slot, count| {
            let bytes = runs::encoded_bytes(spans.runs(slot, count));
            align8(NAMED_CLUSTERS_BYTES + bytes)
        };
        let block_slots = self.block_slots(shape);
        let taken = ROOT_OF_LARGE_BYTES + run_list(first, block_slots);
        let room = room.after_name(units);
        self.map_resident = taken + NAMED_VALUE_BYTES + index(self.map_bytes()) <= room;
        let map_slots = self.map_slots(shape);
        if !self.map_resident && taken + run_list(first + block_slots, map_slots) > room {
            return None;
        }
        Some(first + block_slots + map_slots)
    }

    /// Iterates over the first block and the number of blocks kept for each level, bottom up.
    pub(super) fn levels(&self) -> impl Iterator<Item = (u32, u32)> {
        let kept = index_tree::kept_levels(self.leaves, usize::from(self.longest));
        kept.scan(0, |next, count| {
            let first = *next;
            *next += count;
            Some((first, count))
        })
    }
}

/// What the entries of one folder come to, counted in the order of their names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    bytes: u64,
    leaves: u32,
    /// Bytes of the entries in the last leaf.
    leaf: u16,
    /// Bytes of the longest entry.
    longest: u16,
    /// UTF-16 units of the folder's own name.
    pub(super) units: u8,
}

impl Tally {
    /// Starts with an empty folder whose name has `units` units.
    pub(super) fn of_folder(units: impl TryInto<u8>) -> Self {
        Self {
            bytes: 0,
            leaves: 1,
            leaf: 0,
            longest: 0,
            units: units.try_into().unwrap_or(u8::MAX),
        }
    }

    /// Counts the next entry, whose name has `units` units.
    pub(super) fn push(&mut self, units: usize) {
        let bytes = entry_bytes(units);
        self.bytes += wide(bytes);
        self.longest = self.longest.max(short(bytes));
        if usize::from(self.leaf) + bytes <= index_tree::LEAF_ROOM {
            self.leaf += short(bytes);
        } else {
            // The entry goes up, and what follows begins the next leaf.
            self.leaves += 1;
            self.leaf = 0;
        }
    }

    /// Returns the folder's place in the layout when its entries do not fit its record; its slot and
    /// the place of its blocks' bitmap come later.
    pub(super) fn large(&self, room: RecordRoom, folder: u32, record: u32) -> Option<LargeFolder> {
        let room = room.after_name(usize::from(self.units));
        if self.bytes <= wide(room.saturating_sub(ROOT_OF_SMALL_BYTES)) {
            return None;
        }
        let kept = index_tree::kept_levels(self.leaves, usize::from(self.longest));
        Some(LargeFolder {
            folder,
            record,
            leaves: self.leaves,
            blocks: kept.sum(),
            longest: self.longest,
            map_resident: true,
            slot: 0,
        })
    }
}

/// The trees of all large folders, as numbers in one array.
#[derive(Clone, Debug, Default)]
pub(super) struct Trees {
    /// Where each large folder's tree starts in `words`; one more for the end.
    starts: Vec<u32>,
    words: Vec<u32>,
}

impl Trees {
    /// Returns the tree of the large folder number `large`, whose list has `length` entries and gaps; `None` when
    /// what is left of it fits the record.
    pub(super) fn get(&self, large: usize, length: u32) -> Option<IndexTree<'_>> {
        let range = index(self.starts[large])..index(self.starts[large + 1]);
        let words = &self.words[range];
        (!words.is_empty()).then(|| IndexTree::new(words, length))
    }
}

/// What decides how folders are indexed.
#[derive(Clone, Copy)]
pub(super) struct Folders<'a> {
    pub(super) tree: &'a Tree,
    pub(super) names: &'a SystemNames,
    pub(super) children: &'a Children,
    pub(super) room: RecordRoom,
    /// Whether the root and the system's folders are there already, and not this layout's to index.
    pub(super) is_onto: bool,
}

impl Folders<'_> {
    /// Gives the large folders their records, and returns their trees.
    pub(super) fn load(&self, folders: &mut [LargeFolder]) -> Trees {
        let mut trees = Trees::default();
        let everything = Bits::default();
        let mut records = self.all();
        for large in folders {
            let (_, record) = records
                .find(|(folder, _)| *folder == large.folder)
                .expect("large folders ascend, and are folders");
            large.record = record;
            self.append(self.children.of(large.folder), &everything, &mut trees);
        }
        trees.starts.push(narrow(trees.words.len()));
        trees.words.shrink_to_fit();
        trees
    }

    /// Returns the trees of the same large folders without the nodes that are `gone`.
    pub(super) fn reload(&self, folders: &[LargeFolder], gone: &Bits) -> Trees {
        let mut trees = Trees::default();
        for large in folders {
            let list = self.children.of(large.folder);
            if is_gone(large.record, gone) || self.fits_record(large.record, list, gone) {
                trees.starts.push(narrow(trees.words.len()));
            } else {
                self.append(list, gone, &mut trees);
            }
        }
        trees.starts.push(narrow(trees.words.len()));
        trees.words.shrink_to_fit();
        trees
    }

    fn append(&self, list: &[u32], gone: &Bits, trees: &mut Trees) {
        trees.starts.push(narrow(trees.words.len()));
        let entry = |position: u32| {
            let record = list[index(position)];
            (!is_gone(record, gone)).then(|| self.entry_bytes(record))
        };
        index_tree::load(narrow(list.len()), entry, &mut trees.words);
    }

    /// Returns the folders whose entries do not fit their records, not yet placed.
    pub(super) fn large(&self) -> Vec<LargeFolder> {
        let units = |record| self.names.units(self.tree, record).len();
        let large = self.all().filter_map(|(folder, record)| {
            let mut tally = Tally::of_folder(units(record));
            for child in self.children.of(folder) {
                tally.push(units(*child));
            }
            tally.large(self.room, folder, record)
        });
        large.collect()
    }

    /// Gives each large folder its slots, from `first` on; returns the first slot after all of them.
    pub(super) fn place(
        &self,
        folders: &mut [LargeFolder],
        first: u64,
        spans: &Spans,
        shape: &Shape,
    ) -> Result<u64, LayoutError> {
        let mut next = first;
        for large in folders {
            let name = self.names.units(self.tree, large.record);
            let placed = large.place(next, name.len(), self.room, spans, shape);
            next = placed.ok_or_else(|| LayoutError::FolderRecordFull {
                folder: String::from_utf16_lossy(name),
            })?;
        }
        Ok(next)
    }

    /// Iterates over all folders that are the layout's to index: which, and its record.
    fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        let own = |(_, record): &(u32, u32)| *record >= USERS_FIRST;
        all_folders(self.tree).filter(move |folder| !self.is_onto || own(folder))
    }

    fn fits_record(&self, record: u32, list: &[u32], gone: &Bits) -> bool {
        let units = self.names.units(self.tree, record).len();
        let room = self
            .room
            .after_name(units)
            .saturating_sub(ROOT_OF_SMALL_BYTES);
        let mut entries = 0;
        list.iter()
            .filter(|child| !is_gone(**child, gone))
            .all(|child| {
                entries += self.entry_bytes(*child);
                entries <= room
            })
    }

    fn entry_bytes(&self, record: u32) -> usize {
        entry_bytes(self.names.units(self.tree, record).len())
    }
}

/// Iterates over all folders: which, and its record.
pub(super) fn all_folders(tree: &Tree) -> impl Iterator<Item = (u32, u32)> + '_ {
    let nodes = (0..tree.node_count()).map(Node);
    let extend = tree.folder_count();
    nodes
        .filter_map(|node| Some((tree.folder_ordinal(node)?, record_of(node))))
        .chain([(extend, EXTEND), (extend + 1, SYSTEM_VOLUME_INFORMATION)])
}

/// Returns the bytes of a leaf's entry for a name of `units` units.
pub(super) const fn entry_bytes(units: usize) -> usize {
    16 + align8(66 + 2 * units)
}

/// Returns whether a record is of a node that is left out.
pub(super) fn is_gone(record: u32, gone: &Bits) -> bool {
    record >= USERS_FIRST && gone.contains(node_of(record).0)
}

/// Returns the number of the large folder among `folders`, if it is one.
pub(super) fn find(folders: &[LargeFolder], folder: u32) -> Option<usize> {
    folders
        .binary_search_by_key(&folder, |large| large.folder)
        .ok()
}

/// Bytes of an index root with its header and its end entry, in a small folder.
const ROOT_OF_SMALL_BYTES: usize = 32 + 16 + 16 + 16;
/// The same in a large folder, where the end entry has a child.
const ROOT_OF_LARGE_BYTES: usize = ROOT_OF_SMALL_BYTES + 8;
/// Bytes of the header of a resident attribute named `$I30`.
const NAMED_VALUE_BYTES: usize = 24 + 8;
/// Bytes of the header of a non-resident attribute named `$I30`, before its run list.
const NAMED_CLUSTERS_BYTES: usize = 64 + 8;
