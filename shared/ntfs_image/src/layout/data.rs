//! Where each file's data lies: one file after the other, in the order of adding.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters of files; their sum is checked before anything is placed"
)]

use super::number::{align8, index, wide};
use super::spec::Shape;
use crate::{Node, Tree};

/// Slots of the files' data, counted from the start of all data.
///
/// Only every 64th node's place is kept; what lies between is added up again when it is asked for.
#[derive(Clone, Debug)]
pub(super) struct DataPlaces {
    marks: Vec<u64>,
    total: u64,
    pub(super) room: RecordRoom,
}

/// A file's slots, counted from the start of all data. Files in their records and folders have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataSlots {
    pub(super) node: Node,
    pub(super) first: u64,
    pub(super) count: u64,
}

impl DataPlaces {
    /// Returns `None` when the files have more than 2^63 clusters, which no volume has.
    pub(super) fn new(tree: &Tree, shape: &Shape) -> Option<Self> {
        let mut places = Self {
            marks: Vec::with_capacity(index(tree.node_count().div_ceil(MARK_NODES))),
            total: 0,
            room: RecordRoom::new(shape),
        };
        for node in 0..tree.node_count() {
            if node % MARK_NODES == 0 {
                places.marks.push(places.total);
            }
            let count = places.room.slots(tree, Node(node));
            places.total = places.total.checked_add(count)?;
        }
        (places.total < 1 << 63).then_some(places)
    }

    /// Returns the slots of all files together.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Iterates over all nodes from `node` on, those without slots too.
    pub(super) fn starting_at<'a>(
        &'a self,
        tree: &'a Tree,
        node: Node,
    ) -> impl Iterator<Item = DataSlots> + 'a {
        let mark = node.0 / MARK_NODES;
        let first = self.marks.get(index(mark)).copied().unwrap_or(self.total);
        (mark * MARK_NODES..tree.node_count())
            .map(Node)
            .scan(first, |next, node| {
                let count = self.room.slots(tree, node);
                let first = *next;
                *next += count;
                Some(DataSlots { node, first, count })
            })
            .skip_while(move |slots| slots.node < node)
    }

    /// Returns a node at or before the one that holds `slot`, at most 64 nodes before it.
    pub(super) fn node_before(&self, slot: u64) -> Node {
        let mark = self.marks.partition_point(|first| *first <= slot);
        let mark = u32::try_from(mark - 1).expect("marks are fewer than nodes");
        Node(mark * MARK_NODES)
    }
}

/// What fits a FILE record.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordRoom {
    record_bytes: usize,
    /// Offset of the first attribute.
    pub(super) attributes_at: usize,
    cluster_bytes: u64,
}

impl RecordRoom {
    pub(super) fn new(shape: &Shape) -> Self {
        let record_bytes = index(shape.record_bytes);
        let words = record_bytes / crate::fixup::STRIDE + 1;
        Self {
            record_bytes,
            attributes_at: align8(size_of::<crate::record::RecordHeader>() + 2 * words),
            cluster_bytes: shape.cluster_bytes,
        }
    }

    /// Returns the bytes left in a record after its header, times, a name of `units` units and the end marker.
    pub(super) const fn after_name(&self, units: usize) -> usize {
        let taken = self.attributes_at + INFORMATION_BYTES + align8(NAME_BYTES + 2 * units);
        self.record_bytes - taken - END_BYTES
    }

    /// Returns whether the file's bytes lie in its record.
    pub(super) fn is_resident(&self, tree: &Tree, node: Node) -> bool {
        !tree.is_folder(node) && tree.bytes(node) <= self.resident_max(tree.units(node).len())
    }

    /// Returns the bytes of the longest file in a record with a name of `units` units.
    fn resident_max(&self, units: usize) -> u64 {
        wide(self.after_name(units) - RESIDENT_BYTES)
    }

    /// Returns the clusters of a node's data outside its record.
    pub(super) fn slots(&self, tree: &Tree, node: Node) -> u64 {
        if tree.is_folder(node) {
            0
        } else {
            self.slots_of(tree.units(node).len(), tree.bytes(node))
        }
    }

    /// Returns the clusters outside its record of a file of `bytes` with a name of `units` units.
    pub(super) fn slots_of(&self, units: usize, bytes: u64) -> u64 {
        if bytes <= self.resident_max(units) {
            0
        } else {
            bytes.div_ceil(self.cluster_bytes)
        }
    }
}

const MARK_NODES: u32 = 64;

/// Bytes of the attribute `$STANDARD_INFORMATION`.
const INFORMATION_BYTES: usize = 96;
/// Bytes of a `$FILE_NAME` attribute before the name.
const NAME_BYTES: usize = 90;
/// Bytes of the header of a nameless resident attribute.
pub(super) const RESIDENT_BYTES: usize = 24;
/// Bytes of what ends the attributes.
const END_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileTime;

    fn room(record_bytes: u64) -> RecordRoom {
        RecordRoom::new(&Shape {
            sector_bytes: 512,
            cluster_bytes: 4096,
            clusters: 1,
            record_bytes,
            boot_clusters: 2,
        })
    }

    /// Source: the table of reference/ntfs.md 4, step 3.
    #[test]
    fn the_longest_file_in_a_record_is_as_computed() {
        for (units, in_1024, in_4096) in [
            (1, 744, 3800),
            (12, 720, 3776),
            (32, 680, 3736),
            (128, 488, 3544),
            (255, 240, 3296),
        ] {
            for (record, most) in [(1024, in_1024), (4096, in_4096)] {
                let mut tree = Tree::new();
                let name = "n".repeat(units);
                let fits = tree.add_file(Tree::ROOT, &name, most, FileTime(0)).unwrap();
                let other = tree
                    .add_file(Tree::ROOT, &name, most + 1, FileTime(0))
                    .unwrap();
                assert!(room(record).is_resident(&tree, fits));
                assert!(!room(record).is_resident(&tree, other));
            }
        }
    }

    #[test]
    fn data_lies_in_the_order_of_adding() {
        let mut tree = Tree::new();
        for number in 0..200_u64 {
            tree.add_file(
                Tree::ROOT,
                &format!("f{number}"),
                number * 1000,
                FileTime(0),
            )
            .unwrap();
        }
        let shape = Shape {
            sector_bytes: 512,
            cluster_bytes: 4096,
            clusters: 1,
            record_bytes: 1024,
            boot_clusters: 2,
        };
        let places = DataPlaces::new(&tree, &shape).unwrap();
        let mut next = 0;
        for slots in places.starting_at(&tree, Tree::ROOT) {
            assert_eq!(slots.first, next);
            assert_eq!(places.starting_at(&tree, slots.node).next(), Some(slots));
            next += slots.count;
            if slots.count > 0 {
                let before = places.node_before(slots.first);
                assert!(before <= slots.node && slots.node.0 - before.0 <= 64);
            }
        }
        assert_eq!(next, places.total());
    }
}
