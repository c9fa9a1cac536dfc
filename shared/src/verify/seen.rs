//! Which records of the volume the manifest names.

use ntfs_image::read::FileId;

/// A bit for every MFT record up to the highest seen: an eighth of a byte a file, where a set of
/// paths would take a hundred.
#[derive(Debug, Default)]
pub(super) struct Seen {
    words: Vec<u64>,
}

impl Seen {
    pub(super) fn insert(&mut self, id: FileId) {
        let (word, bit) = place(id);
        if word >= self.words.len() {
            self.words.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn contains(&self, id: FileId) -> bool {
        let (word, bit) = place(id);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

fn place(id: FileId) -> (usize, u64) {
    // A record number has 48 bits in an index entry, but a file was opened with it, so $MFT on this
    // disk is that long.
    let word = usize::try_from(id.record / 64).unwrap_or(usize::MAX);
    (
        word,
        1_u64.wrapping_shl(u32::try_from(id.record % 64).unwrap_or(0)),
    )
}
