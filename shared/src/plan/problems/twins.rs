//! Names of one folder that are one file to Windows.

use std::collections::BTreeSet;

use ntfs_image::name;

use super::super::listing::{FolderId, Listing};
use super::super::mapping::Mapping;

/// Every usable name by folder, found again by its upper-case form. 16 bytes a name.
#[derive(Debug, Default)]
pub(super) struct Names {
    sorted: Vec<(u32, u64, Named)>,
    proposed: BTreeSet<(u32, u64)>,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// A file: its entry.
    File(u32),
    /// A folder.
    Folder(FolderId),
}

impl Named {
    /// Returns the path in the listing.
    pub(super) fn path(self, listing: &Listing) -> &str {
        match self {
            Self::File(entry) => listing.entry(entry).path,
            Self::Folder(id) => listing.folder(id).path,
        }
    }

    /// Returns the folder that holds it.
    pub(super) fn parent(self, listing: &Listing) -> FolderId {
        match self {
            Self::File(entry) => listing.entry(entry).folder,
            Self::Folder(id) => listing.folder(id).parent.unwrap_or(FolderId::TOP),
        }
    }

    /// Returns the first entry that it, or something below it, is.
    pub(super) fn first_entry(self, listing: &Listing) -> u32 {
        match self {
            Self::File(entry) => entry,
            Self::Folder(id) => listing.first_entry(id),
        }
    }
}

impl Names {
    /// Takes every name but those that `bad` names.
    pub(super) fn new(listing: &Listing, mapping: &Mapping, bad: &dyn Fn(Named) -> bool) -> Self {
        let files = listing
            .iter()
            .filter(|(_, entry)| !entry.is_folder)
            .map(|(number, _)| Named::File(number));
        let folders = (1..listing.folder_count()).map(|id| Named::Folder(FolderId(id)));
        let key = |named: Named| {
            let hash = hash_of(mapping.name(named.path(listing)));
            (named.parent(listing).0, hash, named)
        };
        let mut sorted: Vec<_> = files
            .chain(folders)
            .filter(|named| !bad(*named))
            .map(key)
            .collect();
        sorted.sort_unstable();
        Self {
            sorted,
            proposed: BTreeSet::new(),
        }
    }

    /// Returns each name that is a twin, with the one that came before it.
    pub(super) fn twins(&self, listing: &Listing, mapping: &Mapping) -> Vec<(Named, Named)> {
        let same = |a: &(u32, u64, Named), b: &(u32, u64, Named)| (a.0, a.1) == (b.0, b.1);
        let mut twins = Vec::new();
        for run in self.sorted.chunk_by(same).filter(|run| run.len() > 1) {
            let mut run: Vec<Named> = run.iter().map(|(_, _, named)| *named).collect();
            run.sort_by_key(|named| (named.first_entry(listing), *named));
            let folded = |named: Named| name::folded(mapping.name(named.path(listing)));
            let mut kept: Vec<(Named, Vec<u16>)> = Vec::new();
            for named in run {
                let own = folded(named);
                match kept.iter().find(|(_, before)| *before == own) {
                    Some((first, _)) => twins.push((named, *first)),
                    None => kept.push((named, own)),
                }
            }
        }
        twins
    }

    /// Returns whether `folder` has, or was proposed to have, a name that is `candidate` to
    /// Windows.
    pub(super) fn is_taken(&self, folder: FolderId, candidate: &str) -> bool {
        let key = (folder.0, hash_of(candidate));
        let held = self
            .sorted
            .binary_search_by(|(folder, hash, _)| (*folder, *hash).cmp(&key));
        held.is_ok() || self.proposed.contains(&key)
    }

    /// Remembers a proposal, so that no second one is like it.
    pub(super) fn propose(&mut self, folder: FolderId, name: &str) {
        self.proposed.insert((folder.0, hash_of(name)));
    }
}

/// FNV-1a over the upper-case units: two names with different results are never twins.
fn hash_of(name: &str) -> u64 {
    let step = |hash: u64, unit: u16| (hash ^ u64::from(unit)).wrapping_mul(0x0100_0000_01b3);
    name::folded(name)
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, step)
}
