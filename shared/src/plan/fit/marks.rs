//! Which of many entries.

use crate::plan::listing::index;

/// A bit an entry: ten million take 1.25 MB, and come back in their order without being sorted.
#[derive(Clone, Debug)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    /// Marks none of `count` entries.
    pub(super) fn new(count: u32) -> Self {
        Self(vec![0; index(count.div_ceil(u64::BITS))])
    }

    /// Marks an entry.
    pub(super) fn set(&mut self, entry: u32) {
        self.0[index(entry / u64::BITS)] |= bit(entry);
    }

    /// Returns whether an entry is marked.
    pub(super) fn has(&self, entry: u32) -> bool {
        self.0[index(entry / u64::BITS)] & bit(entry) != 0
    }

    /// Returns the marked entries, ascending.
    pub(super) fn entries(&self) -> Vec<u32> {
        let count: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        let mut entries = Vec::with_capacity(index(count));
        for (first, word) in (0_u32..).step_by(64).zip(&self.0) {
            let mut left = *word;
            while left != 0 {
                entries.push(first | left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
        }
        entries
    }
}

const fn bit(entry: u32) -> u64 {
    1 << (entry % u64::BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_entries_come_back_ascending() {
        let mut marks = Marks::new(130);
        for entry in [129, 3, 64, 63, 3] {
            marks.set(entry);
        }
        assert_eq!(marks.entries(), [3, 63, 64, 129]);
        assert!(marks.has(64) && !marks.has(65));
    }
}
