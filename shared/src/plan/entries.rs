//! The entries of a listing by columns: a look at one thing of ten million entries reads that and nothing else.

use std::collections::TryReserveError;

use ntfs_image::FileTime;

use super::listing::{Facts, FolderId, index};
use super::seen::Seen;

/// Where every so many-th name begins is kept; between, lengths are added up.
const STRIDE: usize = 16;

/// Entries, in the order of their names in the listing's text, which follow each other there without a gap. A little more
/// than 24 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    seen: Vec<Seen>,
    /// The folder that holds each.
    holders: Vec<FolderId>,
    /// A file's length, or a folder's own number.
    sizes: Vec<u64>,
    times: Vec<FileTime>,
    /// Where the names of entries 0, 16, 32, ... begin.
    begins: Vec<u64>,
}

/// One entry, to be added.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewEntry {
    pub(super) seen: Seen,
    pub(super) holder: FolderId,
    /// A file's length, or a folder's own number.
    pub(super) size: u64,
    pub(super) modified: FileTime,
}

impl Entries {
    pub(super) const fn len(&self) -> usize {
        self.seen.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, entries: usize) -> Result<(), TryReserveError> {
        self.seen.try_reserve_exact(entries)?;
        self.holders.try_reserve_exact(entries)?;
        self.sizes.try_reserve_exact(entries)?;
        self.times.try_reserve_exact(entries)?;
        self.begins.try_reserve_exact(entries.div_ceil(STRIDE))
    }

    /// Returns the bytes of memory in use.
    pub(super) const fn bytes(&self) -> usize {
        const ROW: usize = size_of::<Seen>()
            .saturating_add(size_of::<FolderId>())
            .saturating_add(size_of::<u64>())
            .saturating_add(size_of::<FileTime>());
        let rows = self.seen.len().saturating_mul(ROW);
        rows.saturating_add(self.begins.len().saturating_mul(size_of::<u64>()))
    }

    /// Adds an entry whose name begins at `text_at`, where that of the last one ends.
    pub(super) fn push(&mut self, text_at: u64, entry: NewEntry) {
        if self.seen.len().is_multiple_of(STRIDE) {
            self.begins.push(text_at);
        }
        self.seen.push(entry.seen);
        self.holders.push(entry.holder);
        self.sizes.push(entry.size);
        self.times.push(entry.modified);
    }

    /// Returns what was seen of an entry's name.
    pub(super) fn seen(&self, number: u32) -> Seen {
        self.seen[index(number)]
    }

    pub(super) fn modified(&self, number: u32) -> FileTime {
        self.times[index(number)]
    }

    pub(super) fn facts(&self, number: u32) -> Facts {
        let number = index(number);
        let is_folder = self.seen[number].is_folder();
        Facts {
            bytes: if is_folder { 0 } else { self.sizes[number] },
            is_folder,
            folder: self.holders[number],
        }
    }

    /// Returns the folder that an entry is; `None` for a file.
    pub(super) fn folder(&self, number: u32) -> Option<FolderId> {
        let number = index(number);
        let own = u32::try_from(self.sizes[number]).ok();
        own.filter(|_| self.seen[number].is_folder()).map(FolderId)
    }

    /// Returns where an entry's name begins.
    pub(super) fn text_at(&self, number: u32) -> u64 {
        let number = index(number);
        let first = number.saturating_sub(number % STRIDE);
        let before = self.seen[first..number].iter();
        before.fold(self.begins[number / STRIDE], |at, seen| {
            at.saturating_add(u64::from(seen.name_bytes()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_begin() {
        let mut entries = Entries::default();
        let (mut at, mut begins) = (0_u64, Vec::new());
        for number in 0..100_u32 {
            let name = "n".repeat(index(number % 7));
            let entry = NewEntry {
                seen: Seen::folder(&name),
                holder: FolderId(number),
                size: u64::from(number),
                modified: FileTime(1),
            };
            entries.push(at, entry);
            begins.push(at);
            at = at.saturating_add(u64::from(number % 7));
        }
        for (number, begin) in (0..).zip(&begins) {
            assert_eq!(entries.text_at(number), *begin);
            assert_eq!(entries.folder(number), Some(FolderId(number)));
        }
    }
}
