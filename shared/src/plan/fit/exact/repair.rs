//! Mending a packing that is not complete.
//!
//! A few full drives, taken at random, and everything that found no place are completed anew; the
//! outcome is kept when no fewer drives are full. Where nearly every drive has to be full to the
//! last byte, this gets there in a few hundred tries, since each is small and there are so many ways
//! to choose.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs; steps of a bounded search"
)]

use super::complete::{Completion, Limits};
use super::random::Random;
use super::sizes::{Fill, Sizes};

/// How one part is completed.
const PART: Limits = Limits {
    nodes: 1000,
    width: 100,
    is_thorough: false,
};

/// A packing that is being mended.
#[derive(Clone, Debug)]
pub(super) struct Repair<'a> {
    sizes: &'a Sizes,
    capacity: u64,
    drives: usize,
    /// What all drives together can waste.
    waste: u64,
    random: Random,
    /// Drives that are full so far.
    pub(super) fills: Vec<Fill>,
}

impl<'a> Repair<'a> {
    /// `drives` hold at least the sum of the sizes.
    pub(super) fn new(sizes: &'a Sizes, capacity: u64, drives: usize, fills: Vec<Fill>) -> Self {
        let held = capacity.saturating_mul(u64::try_from(drives).unwrap_or(u64::MAX));
        Self {
            sizes,
            capacity,
            drives,
            waste: held.saturating_sub(sizes.sum()),
            random: Random(7),
            fills,
        }
    }

    /// Tries until `steps` are used up; returns whether everything has a place.
    pub(super) fn run(&mut self, steps: &mut u64) -> bool {
        while *steps > 0 {
            if self.complete_a_part(steps) {
                return true;
            }
        }
        false
    }

    fn complete_a_part(&mut self, steps: &mut u64) -> bool {
        let missing = self.drives.saturating_sub(self.fills.len());
        let taken = (missing * 2).clamp(6, 12) + self.random.below(6);
        let taken = taken.min(self.fills.len());
        for place in 0..taken {
            let other = place + self.random.below(self.fills.len() - place);
            self.fills.swap(place, other);
        }
        let mut counts = self.sizes.counts.clone();
        let mut kept_waste = 0;
        for fill in &self.fills[taken..] {
            kept_waste += self.capacity - self.sizes.bytes(fill);
            for place in fill {
                counts[*place] -= 1;
            }
        }
        let random = Random(self.random.next());
        // One in four goes by waste alone.
        let random = Some(random).filter(|_| !self.random.next().is_multiple_of(4));
        let mut part = Completion::new(self.sizes, counts, self.capacity, PART, random);
        let is_done = part.run(self.waste - kept_waste);
        *steps = steps.saturating_sub(part.steps + 10);
        if is_done || part.best.len() >= taken {
            self.fills.splice(..taken, part.best);
        }
        is_done
    }
}
