//! A drive while it is being packed.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs"
)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::contents::Contents;
use super::cost::{Class, Costs};
use super::measures::Measures;
use crate::plan::collated::Collated;
use crate::plan::listing::{FolderId, Listing, index};

/// Something that is placed whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// A folder with all that goes below it.
    Folder(u32),
    /// A file.
    File(u32),
}

/// What all packing looks at.
#[derive(Clone, Copy)]
pub(super) struct Goods<'a> {
    pub(super) listing: &'a Listing,
    pub(super) contents: &'a Contents,
    /// The entries that go, and perhaps others, in the order of their folders' indexes.
    pub(super) collated: &'a Collated,
    pub(super) measures: &'a Measures,
    /// One per class of volume.
    pub(super) costs: &'a [Costs],
}

impl Goods<'_> {
    /// Returns what a unit takes by itself: its entry in its folder, and folders above it, come on
    /// top.
    pub(super) fn size(&self, class: usize, unit: Unit) -> u64 {
        let costs = &self.costs[class];
        match unit {
            Unit::File(number) => costs.file(self.listing, number),
            Unit::Folder(id) => costs.class.record() + costs.folders[index(id)].inner,
        }
    }

    /// Returns what the source holds directly.
    pub(super) fn top(&self) -> Vec<Unit> {
        self.parts(0)
    }

    /// Returns what a folder holds directly.
    pub(super) fn parts(&self, folder: u32) -> Vec<Unit> {
        let folders = self
            .contents
            .folders_in(folder)
            .iter()
            .map(|id| Unit::Folder(*id));
        let files = self
            .contents
            .files_in(folder)
            .iter()
            .map(|number| Unit::File(*number));
        folders.chain(files).collect()
    }

    /// Returns every file, and every folder that holds nothing.
    pub(super) fn pieces(&self) -> Vec<Unit> {
        let files = self
            .contents
            .files()
            .iter()
            .map(|number| Unit::File(*number));
        let empty = |id: &u32| {
            self.contents.files_in(*id).is_empty() && self.contents.folders_in(*id).is_empty()
        };
        let folders = self
            .contents
            .folders()
            .into_iter()
            .filter(empty)
            .map(Unit::Folder);
        files.chain(folders).collect()
    }

    fn parent(&self, unit: Unit) -> u32 {
        match unit {
            Unit::File(number) => self.listing.facts(number).folder.0,
            Unit::Folder(id) => {
                self.listing
                    .folder(FolderId(id))
                    .parent
                    .unwrap_or(FolderId::TOP)
                    .0
            }
        }
    }
}

/// A drive, and what has been put on it.
#[derive(Clone, Debug)]
pub(super) struct Bin {
    /// Number of the drive, as given.
    pub(super) drive: usize,
    pub(super) class: usize,
    /// Bytes for files and folders.
    pub(super) room: u64,
    pub(super) used: u64,
    pub(super) units: Vec<Unit>,
    /// Bytes of the entries in each folder that is there in part.
    edges: HashMap<u32, u64, BuildHasherDefault<DefaultHasher>>,
}

impl Bin {
    pub(super) fn new(drive: usize, class: usize, room: u64) -> Self {
        Self {
            drive,
            class,
            room,
            used: 0,
            units: Vec::new(),
            edges: HashMap::from_iter([(0, 0)]),
        }
    }

    pub(super) const fn free(&self) -> u64 {
        self.room.saturating_sub(self.used)
    }

    /// Returns what putting a unit here would take; `None` when it does not fit.
    pub(super) fn price(&self, goods: &Goods<'_>, unit: Unit) -> Option<u64> {
        let size = goods.size(self.class, unit);
        if size > self.free() {
            return None;
        }
        let costs = &goods.costs[self.class];
        let price = size + self.above(goods, costs, unit, &mut |_, _| {});
        (price <= self.free()).then_some(price)
    }

    /// Puts a unit here.
    pub(super) fn put(&mut self, goods: &Goods<'_>, unit: Unit) {
        let costs = &goods.costs[self.class];
        let mut grown = Vec::new();
        let price = goods.size(self.class, unit)
            + self.above(goods, costs, unit, &mut |id, edges| grown.push((id, edges)));
        self.used += price;
        self.edges.extend(grown);
        self.units.push(unit);
    }

    /// Returns what a unit's entry, and folders that have to be made above it, take; tells the
    /// folders that change.
    fn above(
        &self,
        goods: &Goods<'_>,
        costs: &Costs,
        unit: Unit,
        grown: &mut dyn FnMut(u32, u64),
    ) -> u64 {
        let class = costs.class;
        if class == Class::Bare {
            return 0;
        }
        let mut edge = match unit {
            Unit::File(number) => class.edge(u64::from(goods.measures.units(number))),
            Unit::Folder(id) => costs.folders[index(id)].edge,
        };
        let mut sum = 0;
        let mut id = goods.parent(unit);
        loop {
            let folder = costs.folders[index(id)];
            if let Some(held) = self.edges.get(&id).copied() {
                grown(id, held + edge);
                return sum + class.blocks(held + edge, folder.small)
                    - class.blocks(held, folder.small);
            }
            grown(id, edge);
            sum += class.record() + class.blocks(edge, folder.small);
            edge = folder.edge;
            id = goods.parent(Unit::Folder(id));
        }
    }
}
