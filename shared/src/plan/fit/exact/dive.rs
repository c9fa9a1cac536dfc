//! From fills in fractions to whole ones.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs; steps of a bounded search"
)]

use super::complete::{Completion, Limits};
use super::relax::{Relaxed, Share, relax};
use super::sizes::Sizes;

/// So few drives are completed outright.
const DRIVES_FEW: u32 = 10;
const LAST: Limits = Limits {
    nodes: 20_000,
    width: 400,
    is_thorough: false,
};
/// Fills of one mixture that are tried first.
const CHOICES: usize = 3;

/// What a dive may still use up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Mixtures.
    pub(super) mixtures: u32,
    pub(super) steps: u64,
}

/// Returns fills of `drives` drives with every file of `sizes` in one of them, each as its sizes;
/// `None` when none were found.
///
/// Takes what a mixture takes whole, else the fill it takes most of, and mixes what is left; a
/// mixture that is impossible shows a wrong choice at once.
pub(super) fn dive(
    sizes: &Sizes,
    capacity: u64,
    drives: u32,
    budget: &mut Budget,
) -> Option<Vec<Vec<u64>>> {
    if sizes.values.is_empty() {
        return Some(Vec::new());
    }
    let waste = (u64::from(drives) * capacity).checked_sub(sizes.sum())?;
    if drives <= DRIVES_FEW {
        let counts = sizes.counts.clone();
        let mut last = Completion::new(sizes, counts, capacity, LAST, None);
        let is_done = last.run(waste);
        budget.steps = budget.steps.saturating_sub(last.steps);
        return is_done.then(|| sizes.spelled_out(&last.best));
    }
    budget.mixtures = budget.mixtures.checked_sub(1)?;
    let Relaxed::Possible(shares) = relax(sizes, capacity, drives, &mut budget.steps) else {
        return None;
    };
    let whole: Vec<&Share> = shares
        .iter()
        .flat_map(|share| std::iter::repeat_n(share, whole_times(share.times)))
        .collect();
    if !whole.is_empty() {
        return take(sizes, &whole, capacity, drives, budget);
    }
    shares
        .iter()
        .take(CHOICES)
        .find_map(|share| take(sizes, &[share], capacity, drives, budget))
}

/// Takes these fills, and dives on with what is left.
fn take(
    sizes: &Sizes,
    shares: &[&Share],
    capacity: u64,
    drives: u32,
    budget: &mut Budget,
) -> Option<Vec<Vec<u64>>> {
    let mut counts = sizes.counts.clone();
    let mut taken = Vec::new();
    for share in shares {
        let mut fill = Vec::new();
        for (place, wanted) in share.fill.iter().enumerate() {
            // A mixture may hold more files of a size than there are.
            let count = (*wanted).min(counts[place]);
            counts[place] -= count;
            fill.extend((0..count).map(|_| sizes.values[place]));
        }
        if !fill.is_empty() {
            taken.push(fill);
        }
    }
    let left = drives.checked_sub(u32::try_from(taken.len()).ok()?)?;
    let rest = dive(&sizes.with_counts(&counts), capacity, left, budget)?;
    taken.extend(rest);
    Some(taken)
}

/// Returns how many whole times an amount has.
fn whole_times(amount: f64) -> usize {
    let mut times = 0;
    let mut left = amount + 1e-6;
    while left >= 1.0 {
        left -= 1.0;
        times += 1;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_cut_to_whole_times() {
        for (amount, times) in [(0.0, 0), (0.999, 0), (0.999_999_9, 1), (2.5, 2)] {
            assert_eq!(whole_times(amount), times);
        }
    }

    #[test]
    fn twenty_drives_of_three_are_filled_to_the_last_byte() {
        let mut sizes: Vec<u64> = (0..20)
            .flat_map(|n| [470 - n, 280 + 2 * n, 250 - n])
            .collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let sizes = Sizes::new(&sizes);
        let mut budget = Budget {
            mixtures: 60,
            steps: 100_000_000,
        };
        let fills = dive(&sizes, 1000, 20, &mut budget).expect("they were cut from full drives");
        assert!(fills.iter().all(|fill| fill.iter().sum::<u64>() == 1000));
    }
}
