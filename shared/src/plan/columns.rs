//! A listing as columns of bytes: what a browser reads ten million files from, a piece at a time.
//!
//! ```text
//! counts   folders, files, bytes of all paths together        3 x u64, little-endian like all numbers
//! group*   rows u32, bytes of the names u32, names joined by '/',
//!          rows x u32 folder, rows x u64 time, and of files rows x u64 length
//! ```
//! Groups of folders come first, each folder behind the one it lies in: folder `n` (from 1) is the
//! n-th, 0 the source itself. Then the files, in the order of writing. Times are FILETIMEs. A file
//! takes 21 bytes and its name; no path is ever written twice.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets in groups, whose rows and bytes are bounded before"
)]

use std::borrow::Borrow;

use disk::{ReadAt, ReadError};
use ntfs_image::FileTime;
use thiserror::Error;

use super::listing::{FolderId, Kind, Listing, ListingError, index};
use super::seen::PATH_BYTES_MAX;

/// Rows of a group, and bytes of names after which no further one is begun.
const ROWS_MAX: u32 = 1 << 16;
const NAMES_BYTES: usize = 1 << 22;
/// A name can be as long as a path.
const NAMES_BYTES_MAX: u32 = (1 << 22) + PATH_BYTES_MAX;
const COUNTS_BYTES: usize = 24;
const HEAD_BYTES: usize = 8;
/// Bytes of a row beside its name.
const FOLDER_BYTES: u64 = 12;
const FILE_BYTES: u64 = 20;

/// Why bytes are no listing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// The source of the bytes failed, or ends too early.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something in the group that begins there cannot be.
    #[error("the listing is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the group begins.
        at: u64,
        /// What cannot be.
        what: &'static str,
    },
    /// More than a listing, or the memory, can hold.
    #[error("the listing is too large for this computer's memory")]
    TooLarge,
    /// An entry that a listing refuses.
    #[error(transparent)]
    Entry(#[from] ListingError),
}

/// A listing's bytes, a group at a time.
#[derive(Clone, Debug)]
pub struct Columns<L> {
    listing: L,
    begun: bool,
    next_folder: u32,
    next_entry: u32,
}

/// One group while it is gathered.
#[derive(Default)]
struct Group {
    names: Vec<u8>,
    folders: Vec<u8>,
    times: Vec<u8>,
    lengths: Vec<u8>,
    rows: u32,
}

impl<L: Borrow<Listing>> Columns<L> {
    /// Begins with the counts.
    pub const fn new(listing: L) -> Self {
        Self {
            listing,
            begun: false,
            next_folder: 1,
            next_entry: 0,
        }
    }

    fn counts(&self) -> Vec<u8> {
        let listing = self.listing.borrow();
        let folders = u64::from(listing.folder_count() - 1);
        let files = listing.iter().filter(|(_, entry)| !entry.is_folder);
        let (mut count, mut text) = (0_u64, 0_u64);
        let length = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        for (_, entry) in files {
            count += 1;
            text = text.saturating_add(length(entry.path.bytes()));
        }
        for id in (1..listing.folder_count()).map(FolderId) {
            text = text.saturating_add(length(listing.folder(id).path.len()));
        }
        [folders, count, text].map(u64::to_le_bytes).concat()
    }

    fn folders(&mut self) -> Group {
        let listing = self.listing.borrow();
        let mut group = Group::default();
        while self.next_folder < listing.folder_count() && !group.is_full() {
            let folder = listing.folder(FolderId(self.next_folder));
            // A folder that nobody named has no time of its own.
            let modified = folder
                .entry
                .map_or(FileTime(0), |entry| listing.entry(entry).modified);
            let parent = folder.parent.unwrap_or(FolderId::TOP);
            group.push(folder.name(), parent, modified);
            self.next_folder += 1;
        }
        group
    }

    fn files(&mut self) -> Group {
        let listing = self.listing.borrow();
        let mut group = Group::default();
        while self.next_entry < listing.len() && !group.is_full() {
            let entry = listing.entry(self.next_entry);
            self.next_entry += 1;
            if !entry.is_folder {
                group.push(entry.name(), entry.folder, entry.modified);
                group.lengths.extend(entry.bytes.to_le_bytes());
            }
        }
        group
    }
}

impl<L: Borrow<Listing>> Iterator for Columns<L> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(self.counts());
        }
        let folders = self.folders();
        let group = if folders.rows > 0 {
            folders
        } else {
            self.files()
        };
        (group.rows > 0).then(|| group.finish())
    }
}

impl Group {
    fn is_full(&self) -> bool {
        self.rows >= ROWS_MAX || self.names.len() >= NAMES_BYTES
    }

    fn push(&mut self, name: &str, folder: FolderId, modified: FileTime) {
        if self.rows > 0 {
            self.names.push(b'/');
        }
        self.names.extend(name.as_bytes());
        self.folders.extend(folder.0.to_le_bytes());
        self.times.extend(modified.0.to_le_bytes());
        self.rows += 1;
    }

    fn finish(self) -> Vec<u8> {
        let names = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let head = [self.rows, names].map(u32::to_le_bytes).concat();
        [head, self.names, self.folders, self.times, self.lengths].concat()
    }
}

/// Reads a listing whose counts begin at byte `at`, to the end of `source`.
///
/// # Errors
/// [`ColumnsError`]; nothing of a damaged listing is given out.
pub fn read_columns(source: &dyn ReadAt, at: u64) -> Result<Listing, ColumnsError> {
    let mut counts = [0; COUNTS_BYTES];
    source.read_at(at, &mut counts)?;
    let [folders, files, text] = u64s(&counts);
    let mut reader = Reader {
        source,
        at: at.saturating_add(24),
        listing: reserved(source, at, [folders, files], text)?,
        group: Vec::new(),
        text_left: text,
    };
    reader.groups(folders, Kind::Folder)?;
    reader.groups(files, Kind::File)?;
    if reader.at < source.bytes() {
        return Err(reader.damaged("it goes on behind its last file"));
    }
    Ok(reader.listing)
}

/// Returns an empty listing with room for all of it, so that memory need not be moved.
fn reserved(
    source: &dyn ReadAt,
    at: u64,
    [folders, files]: [u64; 2],
    text: u64,
) -> Result<Listing, ColumnsError> {
    let entries = folders.saturating_add(files);
    // Behind each name stands a slash, or a group begins with more: counts that are made up reserve no more than the
    // source has.
    let row_bytes = |rows: u64, bytes: u64| rows.saturating_mul(bytes.saturating_add(1));
    let rows = row_bytes(folders, FOLDER_BYTES).saturating_add(row_bytes(files, FILE_BYTES));
    let Some(names) = source.bytes().saturating_sub(at).checked_sub(rows) else {
        return Err(ColumnsError::Damaged {
            at: 0,
            what: "it is too short for its entries",
        });
    };
    if text > entries.saturating_mul(u64::from(PATH_BYTES_MAX)) {
        return Err(ColumnsError::Damaged {
            at: 0,
            what: "longer paths than there can be",
        });
    }
    let mut all = Listing::new();
    let number = |count: u64| usize::try_from(count).map_err(|_| ColumnsError::TooLarge);
    all.reserve(number(entries)?, number(names)?)
        .map_err(|_| ColumnsError::TooLarge)?;
    Ok(all)
}

struct Reader<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    listing: Listing,
    /// The group that is read; kept for its memory.
    group: Vec<u8>,
    text_left: u64,
}

impl Reader<'_> {
    fn groups(&mut self, rows: u64, kind: Kind) -> Result<(), ColumnsError> {
        let mut left = rows;
        while left > 0 {
            let rows = self.group(left, kind)?;
            left -= u64::from(rows);
        }
        Ok(())
    }

    /// Reads one group. It is called often: see [`in_pieces`](super::in_pieces).
    #[inline(never)]
    fn group(&mut self, left: u64, kind: Kind) -> Result<u32, ColumnsError> {
        let mut head = [0; HEAD_BYTES];
        self.source.read_at(self.at, &mut head)?;
        let [rows, names] = u32s(&head);
        if rows == 0 || rows > ROWS_MAX || u64::from(rows) > left || names > NAMES_BYTES_MAX {
            return Err(self.damaged("a group of so many rows cannot be"));
        }
        let row_bytes = match kind {
            Kind::Folder => FOLDER_BYTES,
            Kind::File => FILE_BYTES,
        };
        let mut group = std::mem::take(&mut self.group);
        let row_bytes = usize::try_from(row_bytes).unwrap_or(usize::MAX);
        group.resize(index(names) + index(rows) * row_bytes, 0);
        self.source.read_at(self.at + 8, &mut group)?;
        self.rows(&group, (rows, names), kind)?;
        self.at += 8 + u64::try_from(group.len()).unwrap_or(u64::MAX);
        self.group = group;
        Ok(rows)
    }

    fn rows(
        &mut self,
        group: &[u8],
        (rows, names): (u32, u32),
        kind: Kind,
    ) -> Result<(), ColumnsError> {
        let (names, rest) = group.split_at(index(names));
        let (folders, rest) = rest.split_at(index(rows) * 4);
        let (times, lengths) = rest.split_at(index(rows) * 8);
        let Ok(names) = std::str::from_utf8(names) else {
            return Err(self.damaged("names that are no UTF-8 text"));
        };
        let (mut names, mut lengths) = (names.split('/'), chunks(lengths));
        let numbers = folders.as_chunks::<4>().0.iter();
        for (folder, time) in numbers.zip(chunks(times)) {
            let Some(name) = names.next().filter(|name| !name.is_empty()) else {
                return Err(self.damaged("a name that is missing or empty"));
            };
            let folder = FolderId(u32::from_le_bytes(*folder));
            if folder.0 >= self.listing.folder_count() {
                return Err(self.damaged("a folder that does not stand before what it holds"));
            }
            let path = self.listing.path_in(folder, name);
            let taken = u64::try_from(path.bytes()).unwrap_or(u64::MAX);
            let left = self.text_left.checked_sub(taken);
            self.text_left = left.ok_or_else(|| self.damaged("longer paths than it says"))?;
            let time = FileTime(time);
            match kind {
                Kind::Folder => self.listing.push(&path.to_string(), 0, time, kind)?,
                Kind::File => {
                    let bytes = lengths.next().unwrap_or(0);
                    self.listing.push_in(folder, name, bytes, time)?
                }
            };
        }
        match names.next() {
            Some(_) => Err(self.damaged("a name too many")),
            None => Ok(()),
        }
    }

    const fn damaged(&self, what: &'static str) -> ColumnsError {
        ColumnsError::Damaged { at: self.at, what }
    }
}

fn chunks(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().map(|chunk| u64::from_le_bytes(*chunk))
}

fn u64s<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut numbers = [0; N];
    for (number, found) in numbers.iter_mut().zip(chunks(bytes)) {
        *number = found;
    }
    numbers
}

fn u32s<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut numbers = [0; N];
    for (number, found) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *number = u32::from_le_bytes(*found);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(listing: &Listing) -> Vec<u8> {
        Columns::new(listing).flatten().collect()
    }

    fn entries(listing: &Listing) -> Vec<(String, u64, u64)> {
        let entry = |(_, entry): (u32, super::super::Entry<'_>)| {
            let slash = if entry.is_folder { "/" } else { "" };
            let path = format!("{}{slash}", entry.path);
            (path, entry.bytes, entry.modified.0)
        };
        listing.iter().map(entry).collect()
    }

    #[test]
    fn folders_come_first_each_behind_its_own_and_files_stay_in_their_order() {
        let mut listing = Listing::new();
        for (path, bytes, time) in [
            ("z/y/x.mov", 10, u64::MAX),
            ("a\"ö.txt", 0, 3),
            ("z/b", 7, 1),
        ] {
            listing
                .push(path, bytes, FileTime(time), Kind::File)
                .expect("few");
        }
        listing
            .push("z", 0, FileTime(9), Kind::Folder)
            .expect("few");
        let bytes = written(&listing);
        let back = read_columns(&bytes, 0).expect("just written");
        let expected = [
            ("z/", 0, 9),
            ("z/y/", 0, 0),
            ("z/y/x.mov", 10, u64::MAX),
            ("a\"ö.txt", 0, 3),
            ("z/b", 7, 1),
        ];
        assert_eq!(
            entries(&back),
            expected.map(|(path, bytes, time)| (path.to_owned(), bytes, time))
        );
        assert_eq!(written(&back), bytes);
        assert!(read_columns(&written(&Listing::new()), 0).is_ok_and(|none| none.is_empty()));
    }

    #[test]
    fn more_than_one_group_is_one_listing() {
        let mut listing = Listing::new();
        for number in 0..150_000 {
            listing
                .push(
                    &format!("{}/{number}", number / 2),
                    1,
                    FileTime(0),
                    Kind::File,
                )
                .expect("few");
        }
        let mut bytes = b"before".to_vec();
        bytes.extend(written(&listing));
        let back = read_columns(&bytes, 6).expect("just written");
        assert_eq!((back.len(), back.folder_count()), (225_000, 75_001));
        assert_eq!(back.entry(224_999).path, "74999/149999");
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic_and_paths_stay_below_the_source(
            paths in prop::collection::vec("[ab]{1,2}(/[cd]{1,2}){0,3}", 0..12),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut listing = Listing::new();
            for path in &paths {
                listing.push(path, 1, FileTime(0), Kind::File).expect("few");
            }
            let mut bytes = written(&listing);
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let cut = cut.index(bytes.len() * 2).min(bytes.len());
            bytes.truncate(cut);
            if let Ok(found) = read_columns(&bytes, 0) {
                for (_, entry) in found.iter() {
                    prop_assert!(entry.path.parts().all(|part| !part.is_empty()));
                }
            }
        }
    }
}
