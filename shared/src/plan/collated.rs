//! What each folder holds, in the order of its index on an NTFS volume.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in arrays that the listing's length bounds"
)]

use std::cmp::Ordering;
use std::ops::Range;

use ntfs_image::name;

use super::by_folder::ByFolder;
use super::listing::{FolderId, Listing};
use super::mapping::Mapping;
use super::named::Named;

/// Files and folders by the folder that holds them, sorted by their names on the drive. Four bytes
/// each: ten million of them are sorted once, and the order serves the search for twins and the
/// count of index blocks.
#[derive(Clone, Debug)]
pub(super) struct Collated {
    /// A file's entry, or a folder's id behind all entries.
    codes: ByFolder,
    /// Where names follow each other in `codes` that Windows cannot tell apart.
    twins: Vec<Range<usize>>,
    /// Entries of the listing: codes from here on are folders.
    entries: u32,
}

impl Collated {
    /// Sorts every name that `takes` says yes to.
    pub(super) fn new(listing: &Listing, mapping: &Mapping, takes: &dyn Fn(Named) -> bool) -> Self {
        let entries = listing.len();
        let holder = |code: u32| {
            let named = named(code, entries);
            let is_there = match named {
                Named::File(number) => !listing.facts(number).is_folder,
                Named::Folder(id) => id != FolderId::TOP,
            };
            (is_there && takes(named)).then(|| named.parent(listing))
        };
        let folders = listing.folder_count();
        let mut collated = Self {
            codes: ByFolder::new(folders, entries.saturating_add(folders), &holder),
            twins: Vec::new(),
            entries,
        };
        for folder in (0..folders).map(FolderId) {
            collated.sort(listing, mapping, folder);
        }
        collated
    }

    /// Returns what a folder holds.
    pub(super) fn of(&self, folder: FolderId) -> impl Iterator<Item = Named> + '_ {
        let codes = self.codes.of(folder);
        codes.iter().map(|code| self.named(*code))
    }

    /// Returns those in one folder that are one name to Windows, two or more at a time.
    pub(super) fn twins(&self) -> impl Iterator<Item = Vec<Named>> + '_ {
        let named = |range: &Range<usize>| {
            let codes = &self.codes.all()[range.clone()];
            codes.iter().map(|code| self.named(*code)).collect()
        };
        self.twins.iter().map(named)
    }

    /// Returns whether a folder holds a name that is `candidate` to Windows.
    pub(super) fn holds(
        &self,
        listing: &Listing,
        mapping: &Mapping,
        folder: FolderId,
        candidate: &str,
    ) -> bool {
        let order = |code: &u32| {
            let named = mapping.name(self.named(*code).path(listing));
            name::compare_folded(named, candidate)
        };
        self.codes.of(folder).binary_search_by(order).is_ok()
    }

    /// Sorts what a folder holds. It is called a folder at a time: see [`in_pieces`](super::in_pieces).
    #[inline(never)]
    fn sort(&mut self, listing: &Listing, mapping: &Mapping, folder: FolderId) {
        let range = self.codes.range(folder);
        let entries = self.entries;
        let name_of = |code: u32| mapping.name(named(code, entries).path(listing));
        // What was seen when the listing was made saves reading the names again.
        let is_behind = |one: u32, next: u32| {
            let is_next = next < entries && one.checked_add(1) == Some(next);
            is_next && mapping.renames.is_empty() && listing.follows(next)
        };
        let is_sorted = |codes: &[u32]| {
            codes.is_sorted_by(|one, next| {
                is_behind(*one, *next)
                    || name::compare_folded(name_of(*one), name_of(*next)).is_lt()
            })
        };
        let codes = self.codes.of_mut(folder);
        if is_sorted(codes) {
            return;
        }
        codes.sort_by(|one, other| name::compare_text(name_of(*one), name_of(*other)));
        let same = |one: &u32, next: &u32| {
            name::compare_folded(name_of(*one), name_of(*next)) == Ordering::Equal
        };
        let mut at = range.start;
        for run in codes.chunk_by(same) {
            if run.len() > 1 {
                self.twins.push(at..at + run.len());
            }
            at += run.len();
        }
    }

    fn named(&self, code: u32) -> Named {
        named(code, self.entries)
    }
}

fn named(code: u32, entries: u32) -> Named {
    if code < entries {
        Named::File(code)
    } else {
        Named::Folder(FolderId(code - entries))
    }
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;
    use proptest::prelude::*;

    use super::*;
    use crate::plan::Kind;

    fn mapping() -> Mapping {
        let destination = "film/".parse().expect("a destination");
        Mapping::of_source("s-1".parse().expect("a session"), destination)
    }

    proptest! {
        #[test]
        fn every_folder_is_in_the_order_of_its_index_and_twins_are_found(
            paths in prop::collection::vec("[aAbB_éÉ]{1,3}(/[aAbBz]{1,2}){0,2}", 1..60),
        ) {
            let mut listing = Listing::new();
            for path in &paths {
                listing.push(path, 1, FileTime(0), Kind::File).expect("few");
            }
            let mapping = mapping();
            let collated = Collated::new(&listing, &mapping, &|_| true);
            let mut seen = 0;
            for folder in (0..listing.folder_count()).map(FolderId) {
                let names: Vec<Vec<u16>> = collated
                    .of(folder)
                    .map(|named| mapping.name(named.path(&listing)).encode_utf16().collect())
                    .collect();
                seen += names.len();
                prop_assert!(names.is_sorted_by(|one, next| name::compare(one, next).is_le()));
            }
            let all = Named::filter_map(&listing, &Some);
            prop_assert_eq!(seen, all.len());
            let mut twins: Vec<Named> = collated.twins().flatten().collect();
            twins.sort();
            let key = |named: Named| {
                (named.parent(&listing), name::folded(mapping.name(named.path(&listing))))
            };
            let has_twin = |one: &Named| all.iter().any(|other| other != one && key(*other) == key(*one));
            let mut expected: Vec<Named> = all.iter().copied().filter(has_twin).collect();
            expected.sort();
            prop_assert_eq!(twins, expected);
        }
    }
}
