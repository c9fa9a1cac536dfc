//! What is to be placed, by the folder that holds it.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in arrays that the listing's length bounds"
)]

use crate::plan::listing::{FolderId, Listing, index};

/// The entries that go, by the folder that holds them. Four bytes a file.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    files: Groups,
    folders: Groups,
}

/// Numbers by folder.
#[derive(Clone, Debug)]
struct Groups {
    /// By folder, where its numbers begin; one more at the end.
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Contents {
    /// Sorts the entries that go into their folders. Folders that hold nothing that goes, and are
    /// not named to go themselves, are not there.
    pub(super) fn new(listing: &Listing, goes: &dyn Fn(u32) -> bool) -> Self {
        let count = index(listing.folder_count());
        let mut wanted = vec![false; count];
        for number in (0..listing.len()).filter(|number| goes(*number)) {
            let holder = listing.folder_of(number);
            let holder = holder.unwrap_or_else(|| listing.facts(number).folder);
            wanted[index(holder.0)] = true;
        }
        let files = || {
            let going = listing
                .all_facts()
                .filter(|(number, facts)| !facts.is_folder && goes(*number));
            going.map(|(number, facts)| (facts.folder.0, number))
        };
        // Parents have smaller numbers: one pass upwards hands the wish on.
        let mut parents = Vec::new();
        for id in (1..listing.folder_count()).rev() {
            if let Some(parent) = listing
                .folder(FolderId(id))
                .parent
                .filter(|_| wanted[index(id)])
            {
                wanted[index(parent.0)] = true;
                parents.push((parent.0, id));
            }
        }
        parents.reverse();
        Self {
            files: Groups::new(count, &files),
            folders: Groups::new(count, &|| parents.iter().copied()),
        }
    }

    /// Returns true when nothing goes.
    pub(super) fn is_empty(&self) -> bool {
        self.files.numbers.is_empty() && self.folders.numbers.is_empty()
    }

    /// Returns the files in a folder, in listing order.
    pub(super) fn files_in(&self, folder: u32) -> &[u32] {
        self.files.of(folder)
    }

    /// Returns the folders in a folder, in the order the listing first names them.
    pub(super) fn folders_in(&self, folder: u32) -> &[u32] {
        self.folders.of(folder)
    }

    /// Returns every file that goes.
    pub(super) fn files(&self) -> &[u32] {
        &self.files.numbers
    }

    /// Returns every folder that goes, parents first, the source itself not.
    pub(super) fn folders(&self) -> Vec<u32> {
        let mut all = self.folders.numbers.clone();
        all.sort_unstable();
        all
    }
}

impl Groups {
    /// Groups pairs of a folder and a number, told twice alike, in the order they come.
    fn new<I: Iterator<Item = (u32, u32)>>(count: usize, pairs: &dyn Fn() -> I) -> Self {
        let mut starts = vec![0_u32; count + 1];
        for (folder, _) in pairs() {
            starts[index(folder) + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut numbers = vec![0; starts.last().copied().map_or(0, index)];
        // Filling moves each start to its folder's end: one place on they are starts again.
        for (folder, number) in pairs() {
            let start = &mut starts[index(folder)];
            numbers[index(*start)] = number;
            *start += 1;
        }
        starts.rotate_right(1);
        starts[0] = 0;
        Self { starts, numbers }
    }

    fn of(&self, folder: u32) -> &[u32] {
        let folder = index(folder);
        &self.numbers[index(self.starts[folder])..index(self.starts[folder + 1])]
    }
}
