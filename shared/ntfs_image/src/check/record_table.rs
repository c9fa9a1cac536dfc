//! What the check remembers of each MFT record.

use std::collections::BTreeMap;

/// Twenty-four bytes for each record, in pages of 4096 that exist once one of theirs was seen.
#[derive(Debug, Default)]
pub(super) struct RecordTable {
    pages: BTreeMap<u64, Box<[RecordFacts]>>,
}

/// What is remembered of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecordFacts {
    pub(super) balance: Balance,
    /// Record of the folder that the first name is in.
    pub(super) parent: u32,
    pub(super) sequence: u16,
    pub(super) state: u8,
    /// Where the way up leads: see `reach`.
    pub(super) reach: u8,
}
const _: () = assert!(size_of::<RecordFacts>() == 24);

/// Sums of the hashes of what a record says should be said of it elsewhere (its names, in folders; itself, in the attribute
/// list of its base), less the hashes of what is said. 0 when all agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    /// Of what must agree.
    pub(super) strict: u64,
    /// Of what drivers leave behind: if only this is not 0, there is nothing but notes to be made.
    pub(super) loose: u64,
}

impl Balance {
    pub(super) const fn add(&mut self, other: Self) {
        self.strict = self.strict.wrapping_add(other.strict);
        self.loose = self.loose.wrapping_add(other.loose);
    }
    pub(super) const fn subtract(&mut self, other: Self) {
        self.strict = self.strict.wrapping_sub(other.strict);
        self.loose = self.loose.wrapping_sub(other.loose);
    }
}

/// The record is in use.
pub(super) const IN_USE: u8 = 1;
/// It holds what another record has no room for.
pub(super) const EXTENSION: u8 = 2;
/// It is a folder.
pub(super) const FOLDER: u8 = 4;
/// It has a name.
pub(super) const NAMED: u8 = 8;

impl RecordTable {
    pub(super) fn get(&self, record: u64) -> RecordFacts {
        let page = self.pages.get(&(record / PAGE));
        page.and_then(|page| page.get(slot(record)))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the facts to be changed. `record` was compared with the number of records.
    pub(super) fn of(&mut self, record: u64) -> &mut RecordFacts {
        let page = self.pages.entry(record / PAGE);
        let page = page.or_insert_with(|| vec![RecordFacts::default(); SLOTS].into_boxed_slice());
        &mut page[slot(record)]
    }

    /// Iterates over the records seen, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, RecordFacts)> {
        self.pages.iter().flat_map(|(page, facts)| {
            let first = page.saturating_mul(PAGE);
            (first..).zip(facts.iter().copied())
        })
    }
}

fn slot(record: u64) -> usize {
    usize::try_from(record % PAGE).unwrap_or(0)
}

const PAGE: u64 = 4096;
const SLOTS: usize = 4096;

/// Hashes what one place says of another, so that sums of hashes agree when all places do.
///
/// It finds accidents, not forgery: whoever can choose names can make two sums agree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }
    pub(super) const fn word(self, word: u64) -> Self {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        Self(mixed ^ (mixed >> 29))
    }
    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks();
        let mut hash = words
            .iter()
            .fold(self, |hash, word| hash.word(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            for (place, byte) in last.iter_mut().zip(rest) {
                *place = *byte;
            }
            hash = hash.word(u64::from_le_bytes(last));
        }
        hash.word(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    }
    /// Never 0, so that one place alone is never balanced.
    pub(super) const fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (mixed ^ (mixed >> 32)) | 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_kept_by_record() {
        let mut table = RecordTable::default();
        table.of(70_000).parent = 5;
        table.of(3).parent = 4;
        assert_eq!(table.get(70_000).parent, 5);
        assert_eq!(table.get(1 << 40).parent, 0);
        let seen: Vec<u64> = table
            .iter()
            .filter(|(_, facts)| facts.parent != 0)
            .map(|(record, _)| record)
            .collect();
        assert_eq!(seen, [3, 70_000]);
    }

    #[test]
    fn hashes_of_different_words_differ() {
        let hashes: std::collections::BTreeSet<u64> = (0..10_000)
            .map(|n| Hash::new(1).word(n).bytes(b"abc").finish())
            .collect();
        assert_eq!(hashes.len(), 10_000);
        assert_ne!(
            Hash::new(0).bytes(b"a\0").finish(),
            Hash::new(0).bytes(b"a").finish()
        );
    }
}
