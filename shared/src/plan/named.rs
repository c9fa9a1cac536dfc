//! What a name of the listing names.

use super::in_pieces;
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
    /// Returns every file of the listing, then every folder but the source itself, that `take` makes something of.
    pub(super) fn filter_map<T>(listing: &Listing, take: &impl Fn(Self) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        in_pieces(listing.len(), &mut |piece| {
            let files = piece.filter(|number| !listing.facts(*number).is_folder);
            taken.extend(files.map(Self::File).filter_map(take));
        });
        let folders = (1..listing.folder_count()).map(FolderId);
        taken.extend(folders.map(Self::Folder).filter_map(take));
        taken
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
