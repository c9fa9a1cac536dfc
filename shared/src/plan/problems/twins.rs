//! Names of one folder that are one file to Windows.

use std::collections::BTreeSet;

use ntfs_image::name;

use crate::plan::collated::Collated;
use crate::plan::listing::{FolderId, Listing};
use crate::plan::mapping::Mapping;
use crate::plan::named::Named;

/// Returns each name that is a twin, with the one that came before it.
pub(super) fn twins(listing: &Listing, names: &Collated) -> Vec<(Named, Named)> {
    let mut twins = Vec::new();
    for mut run in names.twins() {
        run.sort_by_key(|named| (named.first_entry(listing), *named));
        let mut run = run.into_iter();
        let first = run.next();
        twins.extend(run.filter_map(|named| first.map(|first| (named, first))));
    }
    twins
}

/// What names are free in a folder: neither there nor proposed.
pub(super) struct Free<'a> {
    pub(super) listing: &'a Listing,
    pub(super) mapping: &'a Mapping,
    pub(super) names: &'a Collated,
    proposed: BTreeSet<(u32, Vec<u16>)>,
}

impl<'a> Free<'a> {
    pub(super) fn new(listing: &'a Listing, mapping: &'a Mapping, names: &'a Collated) -> Self {
        Self {
            listing,
            mapping,
            names,
            proposed: BTreeSet::new(),
        }
    }

    /// Returns whether `folder` has, or was proposed to have, a name that is `candidate` to
    /// Windows.
    pub(super) fn is_taken(&self, folder: FolderId, candidate: &str) -> bool {
        let held = self
            .names
            .holds(self.listing, self.mapping, folder, candidate);
        held || self.proposed.contains(&(folder.0, name::folded(candidate)))
    }

    /// Remembers a proposal, so that no second one is like it.
    pub(super) fn propose(&mut self, folder: FolderId, name: &str) {
        self.proposed.insert((folder.0, name::folded(name)));
    }
}
