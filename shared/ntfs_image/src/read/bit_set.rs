//! A set of numbers that is small when they lie together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;
use std::ops::Range;

/// A set of `u64`. 32,768 neighbours take 4 KiB, or nothing to speak of when all of them are in it.
///
/// So a terabyte of contiguous files takes a few kilobytes, and a number that a crafted volume makes up costs one page, not
/// an array up to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BitSet {
    pages: BTreeMap<u64, Page>,
}

#[derive(Clone, Debug)]
enum Page {
    Full,
    Mixed { words: Box<[u64; WORDS]>, held: u32 },
}

impl BitSet {
    /// Adds a number; returns whether it was not there.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        let mut is_new = true;
        self.insert_range(number..number.saturating_add(1), |_| is_new = false);
        is_new
    }

    /// Adds a range and tells which parts of it were there already.
    pub(crate) fn insert_range(&mut self, range: Range<u64>, mut twice: impl FnMut(Range<u64>)) {
        let mut at = range.start;
        while at < range.end {
            let number = at / PAGE_BITS;
            let first = number.saturating_mul(PAGE_BITS);
            let end = first.saturating_add(PAGE_BITS).min(range.end);
            let page = self.pages.entry(number);
            let whole = end.saturating_sub(at) == PAGE_BITS;
            match page {
                MapEntry::Vacant(page) if whole => {
                    page.insert(Page::Full);
                    at = end;
                    continue;
                }
                page => page.or_insert_with(Page::empty).insert(
                    at.saturating_sub(first),
                    end.saturating_sub(first),
                    |from, to| {
                        twice(first.saturating_add(from)..first.saturating_add(to));
                    },
                ),
            }
            at = end;
        }
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        match self.pages.get(&(number / PAGE_BITS)) {
            None => false,
            Some(Page::Full) => true,
            Some(Page::Mixed { words, .. }) => {
                let (word, mask) = slot(number % PAGE_BITS);
                words.get(word).is_some_and(|word| word & mask != 0)
            }
        }
    }

    /// Returns the 64 members from `first` on, which must be a multiple of 64, as bits, lowest first.
    pub(crate) fn word(&self, first: u64) -> u64 {
        match self.pages.get(&(first / PAGE_BITS)) {
            None => 0,
            Some(Page::Full) => u64::MAX,
            Some(Page::Mixed { words, .. }) => {
                let (word, _) = slot(first % PAGE_BITS);
                words.get(word).copied().unwrap_or(0)
            }
        }
    }

    /// Returns how many numbers are in it.
    pub(crate) fn count(&self) -> u64 {
        self.pages.values().fold(0, |sum, page| match page {
            Page::Full => sum.saturating_add(PAGE_BITS),
            Page::Mixed { held, .. } => sum.saturating_add(u64::from(*held)),
        })
    }
}

impl Page {
    fn empty() -> Self {
        Self::Mixed {
            words: Box::new([0; WORDS]),
            held: 0,
        }
    }

    /// Adds `[from, to)`, tells of the parts that were there, and becomes [`Page::Full`] when it is.
    fn insert(&mut self, from: u64, to: u64, mut twice: impl FnMut(u64, u64)) {
        let Self::Mixed { words, held } = self else {
            twice(from, to);
            return;
        };
        let mut at = from;
        let mut doubled: Option<u64> = None;
        while at < to {
            let (index, mask) = slot(at);
            let Some(word) = words.get_mut(index) else {
                return;
            };
            let whole = mask == 1 && at.saturating_add(64) <= to;
            if whole && *word == 0 {
                *word = u64::MAX;
                *held = held.saturating_add(64);
                if let Some(start) = doubled.take() {
                    twice(start, at);
                }
                at = at.saturating_add(64);
                continue;
            }
            if *word & mask != 0 {
                doubled.get_or_insert(at);
            } else {
                *word |= mask;
                *held = held.saturating_add(1);
                if let Some(start) = doubled.take() {
                    twice(start, at);
                }
            }
            at = at.saturating_add(1);
        }
        if let Some(start) = doubled {
            twice(start, to);
        }
        if u64::from(*held) == PAGE_BITS {
            *self = Self::Full;
        }
    }
}

/// Returns the word that holds a bit of a page, and the bit in it.
fn slot(bit: u64) -> (usize, u64) {
    let word = usize::try_from(bit / 64).unwrap_or(usize::MAX);
    (word, 1 << (bit % 64))
}

const WORDS: usize = 512;
const PAGE_BITS: u64 = 32_768;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_full_page_takes_no_words() {
        let mut set = BitSet::default();
        set.insert_range(0..PAGE_BITS * 1000, |_| panic!("nothing was there"));
        assert!(set.pages.values().all(|page| matches!(page, Page::Full)));
        assert_eq!(set.count(), PAGE_BITS * 1000);
        let mut twice = Vec::new();
        set.insert_range(100..PAGE_BITS + 1, |range| twice.push(range));
        assert_eq!(twice, [100..PAGE_BITS, PAGE_BITS..PAGE_BITS + 1]);
    }

    proptest::proptest! {
        #[test]
        fn it_is_the_set_that_the_standard_library_has(
            ranges in proptest::collection::vec((0..70_000_u64, 1..3000_u64), 1..20)
        ) {
            let mut set = BitSet::default();
            let mut model = BTreeSet::new();
            for (start, count) in ranges {
                let mut twice = BTreeSet::new();
                set.insert_range(start..start + count, |range| twice.extend(range));
                let expected: BTreeSet<u64> = (start..start + count).filter(|n| model.contains(n)).collect();
                proptest::prop_assert_eq!(twice, expected);
                model.extend(start..start + count);
            }
            proptest::prop_assert_eq!(set.count(), u64::try_from(model.len()).unwrap());
            for number in 0..75_000 {
                proptest::prop_assert_eq!(set.contains(number), model.contains(&number));
                let bit = set.word(number & !63) >> (number % 64) & 1;
                proptest::prop_assert_eq!(bit == 1, model.contains(&number));
            }
        }
    }
}
