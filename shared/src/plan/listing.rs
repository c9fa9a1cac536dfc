//! What is to be copied, in writing order, held compactly.

use std::collections::{HashMap, TryReserveError};
use std::hash::{BuildHasherDefault, DefaultHasher};

use ntfs_image::FileTime;
use thiserror::Error;

use super::entries::{Entries, NewEntry};
use super::listed_path::ListedPath;
use super::seen::{PATH_BYTES_MAX, Seen};

/// A list of files and folders in the order they will be written.
///
/// Paths are relative to the source, parts joined by `/`. Under a data set the first part is the
/// row's number (from 1). Each entry takes 25 bytes beside its name, each folder 32 beside its
/// path; the folder tree is kept as the entries arrive, so that looking up what a folder
/// holds never compares paths again.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of the entries, one behind the other.
    names: String,
    /// Of the folders. One that came together with a folder in it has no text of its own, but the beginning of that one's.
    paths: String,
    entries: Entries,
    folders: Vec<StoredFolder>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
}

/// Whether an entry is a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File,
    /// A folder named in its own right: for its time, or because it is empty.
    Folder,
}

/// One entry of a [`Listing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The whole path.
    pub path: ListedPath<'a>,
    /// Length of the content; 0 for a folder.
    pub bytes: u64,
    /// When the source was last changed.
    pub modified: FileTime,
    /// True for a folder.
    pub is_folder: bool,
    /// The folder that holds it.
    pub folder: FolderId,
}

impl<'a> Entry<'a> {
    /// Returns the last part of the path.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.path.name
    }
}

/// What an [`Entry`] says beside its path and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Length of the content; 0 for a folder.
    pub bytes: u64,
    /// True for a folder.
    pub is_folder: bool,
    /// The folder that holds it.
    pub folder: FolderId,
}

/// A folder that entries lie in, whether or not the listing names it. Parents have smaller numbers
/// than their children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderId(pub u32);

impl FolderId {
    /// The source itself, which has no name here.
    pub const TOP: Self = Self(0);
}

/// One folder of a [`Listing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder<'a> {
    /// The whole path, parts joined by `/`; empty for [`FolderId::TOP`].
    pub path: &'a str,
    /// The folder that holds it; `None` for [`FolderId::TOP`].
    pub parent: Option<FolderId>,
    /// The entry that names it, when the listing does.
    pub entry: Option<u32>,
}

impl<'a> Folder<'a> {
    /// Returns the last part of the path.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.listed().name
    }

    /// Returns the path as that of an entry is.
    #[must_use]
    pub fn listed(&self) -> ListedPath<'a> {
        ListedPath::of(self.path)
    }
}

/// A listing that cannot grow.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListingError {
    /// 4,294,967,294 entries is the most.
    #[error("the listing holds {found} entries; one more cannot be numbered")]
    TooManyEntries {
        /// Entries it holds.
        found: u64,
    },
    /// A path longer than any file system has.
    #[error("a path of {found} bytes; the longest that can be listed has {most}")]
    PathTooLong {
        /// Bytes of the path.
        found: u64,
        /// Bytes allowed.
        most: u64,
    },
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct StoredFolder {
    /// Where its path begins.
    text_at: u64,
    text_bytes: u32,
    parent: u32,
    /// The entry that names it.
    entry: u32,
    /// The first entry that is it, or lies in it or below.
    first: u32,
    next_same_hash: u32,
}

impl Listing {
    /// Returns an empty listing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(NONE)
    }

    /// Returns true when it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Makes room for so many entries more, and for so many bytes of their names, so that no memory is moved
    /// when they come.
    ///
    /// # Errors
    /// What the memory says.
    pub fn reserve(&mut self, entries: usize, names: usize) -> Result<(), TryReserveError> {
        self.entries.reserve(entries)?;
        self.names.try_reserve_exact(names)
    }

    /// Appends a file that lies in a folder of this listing, as [`Self::push`] would with its whole
    /// path: no folder has to be looked for. No slash is in a name.
    ///
    /// # Errors
    /// As [`Self::push`].
    ///
    /// # Panics
    /// When there is no such folder.
    pub fn push_in(
        &mut self,
        folder: FolderId,
        name: &str,
        bytes: u64,
        modified: FileTime,
    ) -> Result<u32, ListingError> {
        check_length(self.path_in(folder, name).bytes())?;
        self.add_file(folder, name, bytes, modified)
    }

    /// Returns the path of what is called so in a folder.
    pub(super) fn path_in<'a>(&'a self, folder: FolderId, name: &'a str) -> ListedPath<'a> {
        let above = self.folder(folder).path;
        ListedPath {
            folder: (folder != FolderId::TOP).then_some(above),
            name,
        }
    }

    fn add_file(
        &mut self,
        holder: FolderId,
        name: &str,
        size: u64,
        modified: FileTime,
    ) -> Result<u32, ListingError> {
        let number = self.next_number()?;
        self.add_top();
        let seen = Seen::file(name, self.name_before(holder));
        self.add(
            name,
            NewEntry {
                seen,
                holder,
                size,
                modified,
            },
        );
        Ok(number)
    }

    fn add(&mut self, name: &str, entry: NewEntry) {
        let text_at = u64::try_from(self.names.len()).unwrap_or(u64::MAX);
        self.names.push_str(name);
        self.entries.push(text_at, entry);
    }

    /// Returns the name of the last entry, where it is a file in this folder.
    fn name_before(&self, folder: FolderId) -> Option<&str> {
        let last = self.len().checked_sub(1)?;
        let is_beside = {
            let facts = self.facts(last);
            facts.folder == folder && !facts.is_folder
        };
        let bytes = index(self.entries.seen(last).name_bytes());
        let at = self.names.len().saturating_sub(bytes);
        self.names.get(at..).filter(|_| is_beside)
    }

    fn next_number(&self) -> Result<u32, ListingError> {
        let number = self.len();
        if number < NONE.saturating_sub(1) {
            Ok(number)
        } else {
            Err(ListingError::TooManyEntries {
                found: u64::from(number),
            })
        }
    }

    /// Appends an entry and returns its number. Names are not judged here: [`super::problems()`]
    /// does.
    ///
    /// # Errors
    /// [`ListingError`] when the path or the list is beyond every file system's bounds.
    pub fn push(
        &mut self,
        path: &str,
        bytes: u64,
        modified: FileTime,
        kind: Kind,
    ) -> Result<u32, ListingError> {
        check_length(path.len())?;
        let number = self.next_number()?;
        self.add_top();
        let own = (kind == Kind::Folder).then(|| self.intern(path, number));
        let ListedPath { folder, name } = ListedPath::of(path);
        let holder = match folder {
            Some(above) => self.folder_called(above, number),
            None => FolderId::TOP,
        };
        let Some(own) = own else {
            return self.add_file(holder, name, bytes, modified);
        };
        let slot = &mut self.folders[index(own.0)];
        if slot.entry == NONE {
            slot.entry = number;
        }
        let entry = NewEntry {
            seen: Seen::folder(name),
            holder,
            size: u64::from(own.0),
            modified,
        };
        self.add(name, entry);
        Ok(number)
    }

    /// Returns entry `number`.
    ///
    /// # Panics
    /// When there is none: numbers come from this listing.
    #[must_use]
    pub fn entry(&self, number: u32) -> Entry<'_> {
        let Facts {
            bytes,
            is_folder,
            folder,
        } = self.facts(number);
        let name_bytes = self.entries.seen(number).name_bytes();
        let name = part(&self.names, self.entries.text_at(number), name_bytes);
        Entry {
            path: self.path_in(folder, name),
            bytes,
            modified: self.entries.modified(number),
            is_folder,
            folder,
        }
    }

    /// Returns entry `number` without its path: a look at each of ten million, where no path is read.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn facts(&self, number: u32) -> Facts {
        self.entries.facts(number)
    }

    /// Returns the facts of every entry with its number, in writing order.
    pub fn all_facts(&self) -> impl Iterator<Item = (u32, Facts)> + '_ {
        (0..self.len()).map(|number| (number, self.facts(number)))
    }

    /// Returns the length of a file's name that is plain; see [`Seen::plain_bytes`].
    pub(super) fn plain_bytes(&self, number: u32) -> Option<u8> {
        self.entries.seen(number).plain_bytes()
    }

    /// Returns whether a file stands behind the entry before it in the index of their folder; see [`Seen::follows`].
    pub(super) fn follows(&self, number: u32) -> bool {
        self.entries.seen(number).follows()
    }

    /// Returns every entry with its number, in writing order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Entry<'_>)> + '_ {
        (0..self.len()).map(|number| (number, self.entry(number)))
    }

    /// Returns the folder that entry `number` is, `None` for a file.
    #[must_use]
    pub fn folder_of(&self, number: u32) -> Option<FolderId> {
        self.entries.folder(number)
    }

    /// Returns the number of folders that entries lie in, the source itself included.
    #[must_use]
    pub fn folder_count(&self) -> u32 {
        u32::try_from(self.folders.len()).unwrap_or(NONE).max(1)
    }

    /// Returns folder `id`.
    ///
    /// # Panics
    /// When there is none: ids come from this listing.
    #[must_use]
    pub fn folder(&self, id: FolderId) -> Folder<'_> {
        if id == FolderId::TOP {
            return Folder {
                path: "",
                parent: None,
                entry: None,
            };
        }
        let stored = self.folders[index(id.0)];
        Folder {
            path: part(&self.paths, stored.text_at, stored.text_bytes),
            parent: Some(FolderId(stored.parent)),
            entry: Some(stored.entry).filter(|entry| *entry != NONE),
        }
    }

    /// Returns the first entry that is folder `id`, or lies in it or below.
    #[must_use]
    pub fn first_entry(&self, id: FolderId) -> u32 {
        self.folders
            .get(index(id.0))
            .map_or(0, |folder| folder.first)
    }

    /// Returns the bytes of memory in use for `entries` and `folders`, names, paths and the spare
    /// capacity left out.
    #[must_use]
    pub fn index_bytes(&self) -> u64 {
        let entries = self.entries.bytes();
        let folders = self
            .folders
            .len()
            .saturating_mul(size_of::<StoredFolder>().saturating_add(24));
        u64::try_from(entries.saturating_add(folders)).unwrap_or(u64::MAX)
    }

    /// Adds the source itself, where it is not there yet.
    fn add_top(&mut self) {
        if self.folders.is_empty() {
            let top = StoredFolder {
                text_at: 0,
                text_bytes: 0,
                parent: NONE,
                entry: NONE,
                first: 0,
                next_same_hash: NONE,
            };
            self.add_folder(top, hash_of(""));
        }
    }

    /// Returns the folder of `path` as [`Self::intern`] does: mostly that of the entry before.
    fn folder_called(&mut self, path: &str, number: u32) -> FolderId {
        let last = self
            .len()
            .checked_sub(1)
            .map(|last| self.facts(last).folder);
        let is_it = |id: &FolderId| *id != FolderId::TOP && self.folder(*id).path == path;
        match last.filter(is_it) {
            Some(folder) => folder,
            None => self.intern(path, number),
        }
    }

    /// Returns the folder of `path`, adding it and its parents when new; entry `number` is then the first in them.
    fn intern(&mut self, path: &str, number: u32) -> FolderId {
        if let Some(known) = self.known(path, hash_of(path)) {
            return known;
        }
        // Hashes of every prefix in one pass: a path of nothing but slashes must not cost its
        // length squared.
        let mut prefixes = Vec::new();
        let mut hash = HASH_START;
        for (at, byte) in path.bytes().enumerate() {
            if byte == b'/' {
                prefixes.push((at, hash));
            }
            hash = hash_step(hash, byte);
        }
        let mut missing = vec![(path.len(), hash)];
        let mut parent = FolderId::TOP;
        while let Some((cut, hash)) = prefixes.pop() {
            if let Some(known) = path.get(..cut).and_then(|prefix| self.known(prefix, hash)) {
                parent = known;
                break;
            }
            missing.push((cut, hash));
        }
        let text_at = u64::try_from(self.paths.len()).unwrap_or(u64::MAX);
        self.paths.push_str(path);
        for (cut, hash) in missing.into_iter().rev() {
            let folder = StoredFolder {
                text_at,
                text_bytes: u32::try_from(cut).unwrap_or(NONE),
                parent: parent.0,
                entry: NONE,
                first: number,
                next_same_hash: NONE,
            };
            parent = self.add_folder(folder, hash);
        }
        parent
    }

    fn known(&self, path: &str, hash: u64) -> Option<FolderId> {
        let mut candidate = self.by_hash.get(&hash).copied().unwrap_or(NONE);
        // Number 0 is the source itself, which no written path means, not even an empty one.
        while candidate != NONE && (candidate == 0 || self.folder(FolderId(candidate)).path != path)
        {
            candidate = self.folders[index(candidate)].next_same_hash;
        }
        Some(candidate)
            .filter(|candidate| *candidate != NONE)
            .map(FolderId)
    }

    fn add_folder(&mut self, folder: StoredFolder, hash: u64) -> FolderId {
        let id = u32::try_from(self.folders.len()).unwrap_or(NONE);
        let next_same_hash = self.by_hash.insert(hash, id).unwrap_or(NONE);
        self.folders.push(StoredFolder {
            next_same_hash,
            ..folder
        });
        FolderId(id)
    }
}

/// Refuses paths that no file system has.
fn check_length(bytes: usize) -> Result<(), ListingError> {
    let found = u64::try_from(bytes).unwrap_or(u64::MAX);
    let most = u64::from(PATH_BYTES_MAX);
    if found > most {
        return Err(ListingError::PathTooLong { found, most });
    }
    Ok(())
}

/// Returns so many bytes of a text from `at` on.
fn part(text: &str, at: u64, bytes: u32) -> &str {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    &text[at..at.saturating_add(index(bytes))]
}

/// Returns `number` as an index; memory that holds an entry can be indexed by it.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// FNV-1a, 64 bits: the same on every machine, and can be carried on byte by byte.
const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

fn hash_step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// Returns the FNV-1a of a text.
pub(super) fn hash_of(path: &str) -> u64 {
    path.bytes().fold(HASH_START, hash_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(listing: &mut Listing, path: &str, kind: Kind) -> u32 {
        listing
            .push(path, 7, FileTime(9), kind)
            .expect("few entries")
    }

    #[test]
    fn entries_come_back_in_their_order_with_their_folders() {
        let mut listing = Listing::new();
        push(&mut listing, "a/b/c.txt", Kind::File);
        push(&mut listing, "top", Kind::File);
        push(&mut listing, "a/b", Kind::Folder);
        push(&mut listing, "a/d", Kind::File);
        let entry = listing.entry(0);
        assert_eq!(entry.path, "a/b/c.txt");
        assert_eq!((entry.name(), entry.bytes), ("c.txt", 7));
        assert_eq!(listing.entry(1).folder, FolderId::TOP);
        let b = listing.folder_of(2).expect("a folder");
        assert_eq!(entry.folder, b);
        assert_eq!(
            listing.folder(b),
            Folder {
                path: "a/b",
                parent: Some(listing.entry(3).folder),
                entry: Some(2)
            }
        );
        assert_eq!(listing.first_entry(b), 0);
        assert_eq!(listing.first_entry(listing.entry(3).folder), 0);
        assert_eq!(listing.entry(2).bytes, 0);
        assert_eq!(listing.folder_count(), 3);
    }

    #[test]
    fn odd_paths_have_parts_of_their_own() {
        let mut listing = Listing::new();
        for path in ["", "/", "/a", "a//b", "a/"] {
            push(&mut listing, path, Kind::File);
        }
        let folders: Vec<_> = (0..listing.folder_count())
            .map(|id| listing.folder(FolderId(id)).path)
            .collect();
        assert_eq!(folders, ["", "", "a", "a/"]);
        assert_eq!(listing.entry(2).name(), "a");
        assert_eq!(listing.entry(4).name(), "");
    }

    #[test]
    fn a_path_of_nothing_but_slashes_takes_no_more_than_its_length() {
        let mut listing = Listing::new();
        push(&mut listing, &"/".repeat(98_304), Kind::Folder);
        assert!(
            listing
                .push(&"/".repeat(98_305), 0, FileTime(0), Kind::File)
                .is_err()
        );
        assert_eq!(listing.folder_count(), 98_306);
    }

    #[test]
    fn an_entry_takes_less_than_a_hundred_bytes_beside_its_name() {
        let mut listing = Listing::new();
        for number in 0..1000 {
            push(&mut listing, &format!("{number}/one"), Kind::File);
        }
        assert!(listing.index_bytes() < 100_000, "{}", listing.index_bytes());
    }
}
