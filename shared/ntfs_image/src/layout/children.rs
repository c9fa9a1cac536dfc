//! The folders' entries in the order of their indexes.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in arrays whose length is the number of records"
)]

use std::ops::Range;

use super::error::LayoutError;
use super::number::{index, narrow};
use super::records::{RESERVED_FIRST, SYSTEM_VOLUME_INFORMATION, record_of};
use super::system_names::{EXTEND_CHILDREN, ROOT_CHILDREN, SystemNames};
use crate::name;
use crate::upcase::upcase;
use crate::{Node, Tree};

/// For each folder the record numbers of its entries, sorted; all folders in one array.
///
/// Folders are counted in the order of adding; `$Extend` and System Volume Information follow the tree's.
#[derive(Clone, Debug)]
pub(super) struct Children {
    /// Where each folder's entries start in `records`; one more for the end.
    starts: Vec<u32>,
    records: Vec<u32>,
}

impl Children {
    pub(super) fn new(
        tree: &Tree,
        names: &SystemNames,
        reserved: u32,
    ) -> Result<Self, LayoutError> {
        let mut children = Self::grouped(tree, reserved);
        let mut keys = Vec::new();
        for folder in 0..children.folder_count() {
            let range = children.range(folder);
            sort(&mut children.records[range.clone()], &mut keys, |record| {
                names.units(tree, record)
            });
            let twins = children.records[range].windows(2).find(|pair| {
                name::are_twins(names.units(tree, pair[0]), names.units(tree, pair[1]))
            });
            if let Some(pair) = twins {
                let text = |record| String::from_utf16_lossy(names.units(tree, record));
                return Err(LayoutError::CaseTwins {
                    first: text(pair[0]),
                    second: text(pair[1]),
                    folder: tree.parent(super::records::node_of(pair[1])),
                });
            }
        }
        Ok(children)
    }

    /// Gathers each folder's entries, in the order of adding.
    fn grouped(tree: &Tree, reserved: u32) -> Self {
        let folders = tree.folder_count();
        let (extend, information) = (folders, folders + 1);
        let mut system: Vec<(u32, u32)> = Vec::new();
        system.extend(ROOT_CHILDREN.map(|record| (0, record)));
        if reserved > 0 {
            system.push((0, SYSTEM_VOLUME_INFORMATION));
        }
        system.extend(EXTEND_CHILDREN.map(|record| (extend, record)));
        system.extend((0..reserved).map(|file| (information, RESERVED_FIRST + file)));
        let of_tree = (1..tree.node_count()).map(|node| {
            let parent = tree.folder_ordinal(tree.parent(Node(node)));
            (parent.expect("a parent is a folder"), record_of(Node(node)))
        });
        let mut starts = vec![0_u32; index(folders) + 3];
        for (folder, _) in system.iter().copied().chain(of_tree.clone()) {
            starts[index(folder) + 1] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut records = vec![0; index(total)];
        // Fills from each folder's start on, which moves the starts to the ends: one place down they are starts again.
        for (folder, record) in system.into_iter().chain(of_tree) {
            let start = &mut starts[index(folder)];
            records[index(*start)] = record;
            *start += 1;
        }
        starts.rotate_right(1);
        starts[0] = 0;
        Self { starts, records }
    }

    /// Returns how many folders there are, `$Extend` and System Volume Information included.
    pub(super) fn folder_count(&self) -> u32 {
        narrow(self.starts.len() - 1)
    }

    /// Returns the record numbers of a folder's entries, sorted by name.
    pub(super) fn of(&self, folder: u32) -> &[u32] {
        &self.records[self.range(folder)]
    }

    fn range(&self, folder: u32) -> Range<usize> {
        let folder = index(folder);
        index(self.starts[folder])..index(self.starts[folder + 1])
    }
}

/// Sorts records by name. `keys` is scratch space, reused from folder to folder.
///
/// Names of one folder often share a beginning, so what is compared first is a number made from the first four units
/// after it; only on a tie are the names themselves looked at.
fn sort<'a>(records: &mut [u32], keys: &mut Vec<(u64, u32)>, units: impl Fn(u32) -> &'a [u16]) {
    let sorted = |pair: &[u32]| name::compare(units(pair[0]), units(pair[1])).is_lt();
    if records.windows(2).all(sorted) {
        return;
    }
    let shared = shared_beginning(records, &units);
    keys.clear();
    keys.extend(records.iter().map(|&record| {
        let mut after = units(record)[shared..].iter().map(|unit| upcase(*unit));
        let key = (0..4).fold(0_u64, |key, _| {
            key << 16 | u64::from(after.next().unwrap_or(0))
        });
        (key, record)
    }));
    keys.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0)
            .then_with(|| name::compare(units(a.1), units(b.1)))
    });
    for (place, (_, record)) in records.iter_mut().zip(keys) {
        *place = *record;
    }
}

/// Returns how many units, in upper case, all names begin with.
fn shared_beginning<'a>(records: &[u32], units: &impl Fn(u32) -> &'a [u16]) -> usize {
    let Some((&first, others)) = records.split_first() else {
        return 0;
    };
    let first = units(first);
    others.iter().fold(first.len(), |shared, &record| {
        let same = first
            .iter()
            .zip(units(record))
            .take(shared)
            .take_while(|(a, b)| upcase(**a) == upcase(**b));
        same.count()
    })
}
