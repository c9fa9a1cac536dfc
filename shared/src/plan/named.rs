//! What a name of the listing names.

use super::listed_path::ListedPath;
use super::listing::{FolderId, Listing};

/// A file or a folder, which the listing may name or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// A file: its entry.
    File(u32),
    /// A folder.
    Folder(FolderId),
}

impl Named {
    /// Returns every file of the listing, then every folder but the source itself.
    pub(super) fn all(listing: &Listing) -> impl Iterator<Item = Self> + '_ {
        let files = listing.all_facts().filter(|(_, facts)| !facts.is_folder);
        let folders = (1..listing.folder_count()).map(|id| Self::Folder(FolderId(id)));
        files.map(|(number, _)| Self::File(number)).chain(folders)
    }

    /// Returns the path in the listing.
    pub(super) fn path(self, listing: &Listing) -> ListedPath<'_> {
        match self {
            Self::File(entry) => listing.entry(entry).path,
            Self::Folder(id) => listing.folder(id).listed(),
        }
    }

    /// Returns the folder that holds it.
    pub(super) fn parent(self, listing: &Listing) -> FolderId {
        match self {
            Self::File(entry) => listing.facts(entry).folder,
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
