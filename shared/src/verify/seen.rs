//! Which records of the volume the manifest names.

use std::collections::BTreeMap;

use ntfs_image::read::FileId;

/// A bit for every MFT record, in pages: an eighth of a byte a file on a drive of ours, where a set
/// of paths would take a hundred.
///
/// A folder's entry may lead to any of 2^48 records, also when there is none: a number that a
/// crafted volume makes up costs one page, not an array up to it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pages: BTreeMap<u64, [u64; PAGE_WORDS]>,
}

impl Seen {
    pub(super) fn insert(&mut self, id: FileId) {
        let (page, word, bit) = place(id);
        let words = self.pages.entry(page).or_insert([0; PAGE_WORDS]);
        if let Some(word) = words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn contains(&self, id: FileId) -> bool {
        let (page, word, bit) = place(id);
        let word = self.pages.get(&page).and_then(|words| words.get(word));
        word.is_some_and(|word| word & bit != 0)
    }
}

/// Returns page, word in it, and bit in that.
fn place(id: FileId) -> (u64, usize, u64) {
    let (page, within) = (id.record / PAGE_RECORDS, id.record % PAGE_RECORDS);
    let word = usize::try_from(within / 64).unwrap_or(0);
    let bit = 1_u64.wrapping_shl(u32::try_from(within % 64).unwrap_or(0));
    (page, word, bit)
}

const PAGE_WORDS: usize = 64;
const PAGE_RECORDS: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_record_that_a_folder_can_name_costs_no_more_than_the_first() {
        let id = |record| FileId {
            record,
            sequence: 1,
        };
        let mut seen = Seen::default();
        let records = [0, 63, 64, 4095, 4096, (1 << 48) - 1];
        for record in records {
            assert!(!seen.contains(id(record)));
            seen.insert(id(record));
        }
        assert!(records.into_iter().all(|record| seen.contains(id(record))));
        assert!(!seen.contains(id(62)) && !seen.contains(id(1 << 47)));
        assert_eq!(seen.pages.len(), 3);
    }
}
