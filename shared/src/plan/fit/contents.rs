//! What is to be placed, by the folder that holds it.

use crate::plan::by_folder::ByFolder;
use crate::plan::listing::{FolderId, Listing, index};

/// The entries that go, by the folder that holds them. Four bytes a file.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    files: ByFolder,
    folders: ByFolder,
}

impl Contents {
    /// Sorts the entries that go into their folders. Folders that hold nothing that goes, and are
    /// not named to go themselves, are not there.
    pub(super) fn new(listing: &Listing, goes: &dyn Fn(u32) -> bool) -> Self {
        let folders = listing.folder_count();
        let file = |number: u32| {
            let facts = listing.facts(number);
            (!facts.is_folder && goes(number)).then_some(facts.folder)
        };
        let files = ByFolder::new(folders, listing.len(), &file);
        let is_wanted = |id: u32| {
            let named = listing.folder(FolderId(id)).entry;
            named.is_some_and(goes) || !files.of(FolderId(id)).is_empty()
        };
        let mut wanted: Vec<bool> = (0..folders).map(is_wanted).collect();
        let parent = |id: u32| listing.folder(FolderId(id)).parent;
        // Parents have smaller numbers: one pass upwards hands the wish on.
        for id in (1..folders).rev() {
            if let Some(parent) = parent(id).filter(|_| wanted[index(id)]) {
                wanted[index(parent.0)] = true;
            }
        }
        let holder = |id: u32| parent(id).filter(|_| wanted[index(id)]);
        Self {
            folders: ByFolder::new(folders, folders, &holder),
            files,
        }
    }

    /// Returns true when nothing goes.
    pub(super) fn is_empty(&self) -> bool {
        self.files.all().is_empty() && self.folders.all().is_empty()
    }

    /// Returns the files in a folder, in listing order.
    pub(super) fn files_in(&self, folder: u32) -> &[u32] {
        self.files.of(FolderId(folder))
    }

    /// Returns the folders in a folder, in the order the listing first names them.
    pub(super) fn folders_in(&self, folder: u32) -> &[u32] {
        self.folders.of(FolderId(folder))
    }

    /// Returns every file that goes.
    pub(super) fn files(&self) -> &[u32] {
        self.files.all()
    }

    /// Returns every folder that goes, parents first, the source itself not.
    pub(super) fn folders(&self) -> Vec<u32> {
        let mut all = self.folders.all().to_vec();
        all.sort_unstable();
        all
    }
}
