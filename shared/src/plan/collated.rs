//! What each folder holds, in the order of its index on an NTFS volume.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in arrays that the listing's length bounds"
)]

use std::cmp::Ordering;
use std::ops::Range;

use ntfs_image::name;

use super::listing::{FolderId, Listing, index};
use super::mapping::Mapping;
use super::named::Named;

/// Files and folders by the folder that holds them, sorted by their names on the drive. Four bytes
/// each: ten million of them are sorted once, and the order serves the search for twins and the
/// count of index blocks.
#[derive(Clone, Debug)]
pub(super) struct Collated {
    /// By folder, where its names begin in `codes`; one more at the end.
    starts: Vec<u32>,
    /// A file's entry, or a folder's id counted down from the top.
    codes: Vec<u32>,
    /// Where names follow each other in `codes` that Windows cannot tell apart.
    twins: Vec<Range<usize>>,
    /// Entries of the listing: codes from here on are folders.
    entries: u32,
}

impl Collated {
    /// Sorts every name that `takes` says yes to.
    pub(super) fn new(listing: &Listing, mapping: &Mapping, takes: &dyn Fn(Named) -> bool) -> Self {
        let mut collated = Self::grouped(listing, takes);
        for folder in 0..listing.folder_count() {
            collated.sort(listing, mapping, folder);
        }
        collated
    }

    /// Returns what a folder holds.
    pub(super) fn of(&self, folder: FolderId) -> impl Iterator<Item = Named> + '_ {
        let codes = &self.codes[self.range(folder.0)];
        codes.iter().map(|code| self.named(*code))
    }

    /// Returns those in one folder that are one name to Windows, two or more at a time.
    pub(super) fn twins(&self) -> impl Iterator<Item = Vec<Named>> + '_ {
        let named = |range: &Range<usize>| {
            let codes = &self.codes[range.clone()];
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
        self.codes[self.range(folder.0)]
            .binary_search_by(order)
            .is_ok()
    }

    /// Gathers each folder's files, then its folders, in the order of the listing.
    fn grouped(listing: &Listing, takes: &dyn Fn(Named) -> bool) -> Self {
        let all = || Named::all(listing).filter(|named| takes(*named));
        let mut starts = vec![0_u32; index(listing.folder_count()) + 1];
        for named in all() {
            starts[index(named.parent(listing).0) + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut codes = vec![0; starts.last().copied().map_or(0, index)];
        // Filling moves each start to its folder's end: one place on they are starts again.
        for named in all() {
            let start = &mut starts[index(named.parent(listing).0)];
            codes[index(*start)] = code(named);
            *start += 1;
        }
        starts.rotate_right(1);
        starts[0] = 0;
        Self {
            starts,
            codes,
            twins: Vec::new(),
            entries: listing.len(),
        }
    }

    fn sort(&mut self, listing: &Listing, mapping: &Mapping, folder: u32) {
        let range = self.range(folder);
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
        let codes = &mut self.codes[range.clone()];
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

    fn range(&self, folder: u32) -> Range<usize> {
        let folder = index(folder);
        index(self.starts[folder])..index(self.starts[folder + 1])
    }

    fn named(&self, code: u32) -> Named {
        named(code, self.entries)
    }
}

fn code(named: Named) -> u32 {
    match named {
        Named::File(entry) => entry,
        Named::Folder(id) => u32::MAX - id.0,
    }
}

fn named(code: u32, entries: u32) -> Named {
    if code < entries {
        Named::File(code)
    } else {
        Named::Folder(FolderId(u32::MAX - code))
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
            let (mapping, all) = (mapping(), |_| true);
            let collated = Collated::new(&listing, &mapping, &all);
            let mut seen = 0;
            for folder in (0..listing.folder_count()).map(FolderId) {
                let names: Vec<Vec<u16>> = collated
                    .of(folder)
                    .map(|named| mapping.name(named.path(&listing)).encode_utf16().collect())
                    .collect();
                seen += names.len();
                prop_assert!(names.is_sorted_by(|one, next| name::compare(one, next).is_le()));
            }
            prop_assert_eq!(seen, Named::all(&listing).count());
            let mut twins: Vec<Named> = collated.twins().flatten().collect();
            twins.sort();
            let key = |named: Named| {
                (named.parent(&listing), name::folded(mapping.name(named.path(&listing))))
            };
            let mut expected: Vec<Named> = Named::all(&listing)
                .filter(|one| Named::all(&listing).any(|other| other != *one && key(other) == key(*one)))
                .collect();
            expected.sort();
            prop_assert_eq!(twins, expected);
        }
    }
}
