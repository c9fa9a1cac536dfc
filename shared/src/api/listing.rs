//! A listing small enough to send.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A listing in columns: what a browser plans from. Folders are named once; a file is a folder's
/// number, a name, a size and a time. A million files take about 40 MB of JSON before compression.
///
/// The order of the files is the order of writing, frozen by the scan. Folder 0 is the source
/// itself; folder `n` (from 1) is row `n - 1` of the folder columns, and stands behind the folder
/// that it lies in. Names are joined by `/`, which no name holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireListing {
    folder_names: String,
    folder_parents: Vec<u32>,
    folder_times: Vec<u64>,
    file_names: String,
    file_folders: Vec<u32>,
    file_bytes: Vec<u64>,
    file_times: Vec<u64>,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    /// Path below the source, parts joined by `/`.
    pub path: String,
    /// Bytes; 0 for a folder.
    pub bytes: u64,
    /// Last change, in units of 100 ns since 1601 (FILETIME).
    pub modified: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// A listing whose columns do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireListingError {
    /// Columns of unequal length.
    #[error("the {kind} columns of the listing have unequal lengths")]
    Ragged {
        /// `folder` or `file`.
        kind: &'static str,
    },
    /// A folder number that is not there, or stands behind its user.
    #[error(
        "{kind} {index} of the listing lies in folder {folder}, which does not stand before it"
    )]
    NoSuchFolder {
        /// `folder` or `file`.
        kind: &'static str,
        /// Its row, from 0.
        index: u64,
        /// The number it names.
        folder: u32,
    },
    /// An empty name.
    #[error("{kind} {index} of the listing has an empty name")]
    EmptyName {
        /// `folder` or `file`.
        kind: &'static str,
        /// Its row, from 0.
        index: u64,
    },
    /// More folders than numbers, or a path past 32,767 characters.
    #[error("the listing has too many folders or too long a path")]
    TooLarge,
}

impl WireListing {
    /// Returns an empty listing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder and returns its number. `parent` is an earlier number, or 0 for the source.
    ///
    /// # Errors
    /// [`WireListingError`] when `parent` is not there, or `name` is empty.
    ///
    /// # Panics
    /// When `name` holds `/`: the scan that cut the path made a mistake.
    pub fn push_folder(
        &mut self,
        parent: u32,
        name: &str,
        modified: u64,
    ) -> Result<u32, WireListingError> {
        let number = u32::try_from(self.folder_parents.len())
            .ok()
            .and_then(|n| n.checked_add(1));
        let number = number.ok_or(WireListingError::TooLarge)?;
        self.check("folder", self.folder_parents.len(), parent, name)?;
        append(&mut self.folder_names, self.folder_parents.is_empty(), name);
        self.folder_parents.push(parent);
        self.folder_times.push(modified);
        Ok(number)
    }

    /// Adds a file, in the order of writing.
    ///
    /// # Errors
    /// [`WireListingError`] when `folder` is not there, or `name` is empty.
    ///
    /// # Panics
    /// When `name` holds `/`: the scan that cut the path made a mistake.
    pub fn push_file(
        &mut self,
        folder: u32,
        name: &str,
        bytes: u64,
        modified: u64,
    ) -> Result<(), WireListingError> {
        self.check("file", self.file_folders.len(), folder, name)?;
        append(&mut self.file_names, self.file_folders.is_empty(), name);
        self.file_folders.push(folder);
        self.file_bytes.push(bytes);
        self.file_times.push(modified);
        Ok(())
    }

    /// Returns how many files it has.
    #[must_use]
    pub fn file_count(&self) -> usize {
        self.file_folders.len()
    }

    /// Returns how many folders it has, the source itself not counted.
    #[must_use]
    pub fn folder_count(&self) -> usize {
        self.folder_parents.len()
    }

    /// Calls `each` with every entry: folders first, each behind the one that it lies in, then
    /// files in the order of writing.
    ///
    /// # Errors
    /// [`WireListingError`] when the columns do not fit together; entries before the fault were
    /// handed out.
    pub fn for_each(&self, mut each: impl FnMut(ListedEntry)) -> Result<(), WireListingError> {
        let paths = self.folders(&mut each)?;
        let names = split(&self.file_names, self.file_folders.len());
        let lengths = [names.len(), self.file_bytes.len(), self.file_times.len()];
        if lengths
            .iter()
            .any(|&length| length != self.file_folders.len())
        {
            return Err(WireListingError::Ragged { kind: "file" });
        }
        let rows = names
            .into_iter()
            .zip(&self.file_folders)
            .zip(self.file_bytes.iter().zip(&self.file_times));
        for (index, ((name, &folder), (&bytes, &modified))) in (0..).zip(rows) {
            let path = join("file", index, &paths, paths.len(), folder, name)?;
            each(ListedEntry {
                path,
                bytes,
                modified,
                is_folder: false,
            });
        }
        Ok(())
    }

    /// Hands out the folders and returns their paths, the source's empty one first.
    fn folders(&self, each: &mut impl FnMut(ListedEntry)) -> Result<Vec<String>, WireListingError> {
        let names = split(&self.folder_names, self.folder_parents.len());
        if names.len() != self.folder_parents.len()
            || self.folder_times.len() != self.folder_parents.len()
        {
            return Err(WireListingError::Ragged { kind: "folder" });
        }
        let mut paths = Vec::with_capacity(names.len().saturating_add(1));
        paths.push(String::new());
        let mut path_bytes = 0_usize;
        let rows = names
            .into_iter()
            .zip(&self.folder_parents)
            .zip(&self.folder_times);
        for (index, ((name, &parent), &modified)) in (0..).zip(rows) {
            let path = join("folder", index, &paths, paths.len(), parent, name)?;
            path_bytes = path_bytes.saturating_add(path.len());
            if path_bytes > FOLDER_PATHS_BYTES_MAX {
                return Err(WireListingError::TooLarge);
            }
            each(ListedEntry {
                path: path.clone(),
                bytes: 0,
                modified,
                is_folder: true,
            });
            paths.push(path);
        }
        Ok(paths)
    }

    fn check(
        &self,
        kind: &'static str,
        index: usize,
        folder: u32,
        name: &str,
    ) -> Result<(), WireListingError> {
        assert!(
            !name.contains('/'),
            "a name cannot hold the sign that joins names"
        );
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        if name.is_empty() {
            return Err(WireListingError::EmptyName { kind, index });
        }
        if usize::try_from(folder).is_ok_and(|folder| folder <= self.folder_parents.len()) {
            Ok(())
        } else {
            Err(WireListingError::NoSuchFolder {
                kind,
                index,
                folder,
            })
        }
    }
}

fn append(names: &mut String, first: bool, name: &str) {
    if !first {
        names.push('/');
    }
    names.push_str(name);
}

/// Splits a name column; an empty column of no rows has no names.
fn split(names: &str, rows: usize) -> Vec<&str> {
    if rows == 0 && names.is_empty() {
        Vec::new()
    } else {
        names.split('/').collect()
    }
}

/// Longest path that NTFS can name, in bytes of UTF-8 (32,767 units of at most 3 bytes); bounds
/// what a hostile listing of ever deeper folders can make of a little JSON.
const PATH_BYTES_MAX: usize = 32_767 * 3;

/// All folder paths together: a chain of ever deeper folders would otherwise take the square of its
/// length.
const FOLDER_PATHS_BYTES_MAX: usize = 512 << 20;

fn join(
    kind: &'static str,
    index: u64,
    paths: &[String],
    known: usize,
    folder: u32,
    name: &str,
) -> Result<String, WireListingError> {
    if name.is_empty() {
        return Err(WireListingError::EmptyName { kind, index });
    }
    let above = usize::try_from(folder)
        .ok()
        .filter(|&folder| folder < known)
        .and_then(|folder| paths.get(folder));
    let above = above.ok_or(WireListingError::NoSuchFolder {
        kind,
        index,
        folder,
    })?;
    if above.len().saturating_add(name.len()) > PATH_BYTES_MAX {
        return Err(WireListingError::TooLarge);
    }
    Ok(if above.is_empty() {
        name.to_owned()
    } else {
        format!("{above}/{name}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(listing: &WireListing) -> Result<Vec<ListedEntry>, WireListingError> {
        let mut all = Vec::new();
        listing.for_each(|entry| all.push(entry))?;
        Ok(all)
    }

    #[test]
    fn a_listing_comes_back_in_its_order_with_full_paths() {
        let mut listing = WireListing::new();
        let reels = listing.push_folder(0, "reels", 7).expect("root");
        let one = listing.push_folder(reels, "one", 8).expect("reels");
        listing.push_file(one, "z.mov", 10, u64::MAX).expect("one");
        listing.push_file(0, "a\"ö.txt", 0, 3).expect("root");
        let json = serde_json::to_string(&listing).expect("plain data");
        let back: WireListing = serde_json::from_str(&json).expect("just written");
        let paths: Vec<_> = entries(&back)
            .expect("whole")
            .into_iter()
            .map(|e| (e.path, e.bytes, e.modified))
            .collect();
        let expected = [
            ("reels", 0, 7),
            ("reels/one", 0, 8),
            ("reels/one/z.mov", 10, u64::MAX),
            ("a\"ö.txt", 0, 3),
        ];
        assert_eq!(
            paths,
            expected.map(|(path, bytes, time)| (path.to_owned(), bytes, time))
        );
    }

    #[test]
    fn an_empty_listing_has_no_entries() {
        assert_eq!(entries(&WireListing::new()), Ok(Vec::new()));
    }

    #[test]
    fn columns_that_do_not_fit_together_are_refused() {
        let wrong = [
            r#"{"folder_names":"a/b","folder_parents":[0],"folder_times":[0],"file_names":"","file_folders":[],"file_bytes":[],"file_times":[]}"#,
            r#"{"folder_names":"a","folder_parents":[1],"folder_times":[0],"file_names":"","file_folders":[],"file_bytes":[],"file_times":[]}"#,
            r#"{"folder_names":"","folder_parents":[],"folder_times":[],"file_names":"x","file_folders":[1],"file_bytes":[0],"file_times":[0]}"#,
            r#"{"folder_names":"","folder_parents":[],"folder_times":[],"file_names":"x/","file_folders":[0,0],"file_bytes":[0,0],"file_times":[0,0]}"#,
            r#"{"folder_names":"","folder_parents":[],"folder_times":[],"file_names":"x","file_folders":[0],"file_bytes":[],"file_times":[0]}"#,
        ];
        for json in wrong {
            let listing: WireListing = serde_json::from_str(json).expect("well-formed");
            assert!(entries(&listing).is_err(), "{json}");
        }
    }
}
