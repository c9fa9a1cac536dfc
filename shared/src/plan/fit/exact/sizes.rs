//! Files by size.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs"
)]

/// A fill of one drive: places in [`Sizes::values`], one for each file.
pub(super) type Fill = Vec<usize>;

/// Files by size: equal ones are not told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Each size once, descending; none is 0.
    pub(super) values: Vec<u64>,
    /// How many files have it.
    pub(super) counts: Vec<u32>,
}

impl Sizes {
    /// Gathers `sizes`, which descend. Empty files go anywhere and are left out.
    pub(super) fn new(sizes: &[u64]) -> Self {
        let mut gathered = Self {
            values: Vec::new(),
            counts: Vec::new(),
        };
        for size in sizes.iter().copied().filter(|size| *size > 0) {
            match gathered.counts.last_mut() {
                Some(count) if gathered.values.last() == Some(&size) => *count += 1,
                _ => {
                    gathered.values.push(size);
                    gathered.counts.push(1);
                }
            }
        }
        gathered
    }

    /// Returns the same files without sizes that no file is left of.
    pub(super) fn with_counts(&self, counts: &[u32]) -> Self {
        let left = || {
            self.values
                .iter()
                .zip(counts)
                .filter(|(_, count)| **count > 0)
        };
        Self {
            values: left().map(|(value, _)| *value).collect(),
            counts: left().map(|(_, count)| *count).collect(),
        }
    }

    pub(super) fn sum(&self) -> u64 {
        self.values
            .iter()
            .zip(&self.counts)
            .map(|(value, count)| value * u64::from(*count))
            .sum()
    }

    pub(super) fn files(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Returns the bytes of a fill.
    pub(super) fn bytes(&self, fill: &[usize]) -> u64 {
        fill.iter().map(|place| self.values[*place]).sum()
    }

    /// Returns the sizes in each fill.
    pub(super) fn spelled_out(&self, fills: &[Fill]) -> Vec<Vec<u64>> {
        let spelled = |fill: &Fill| fill.iter().map(|place| self.values[*place]).collect();
        fills.iter().map(spelled).collect()
    }
}
