//! Filling one drive after another, each around the largest file that is left.
//!
//! R. E. Korf, "A new algorithm for optimal bin packing" (AAAI 2002). A fill is only worth trying
//! when nothing more goes into it (what does could be moved there), and when it does not waste more
//! than all drives together can waste.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs; steps of a bounded search"
)]

use super::random::Random;
use super::sizes::{Fill, Sizes};

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Drives begun.
    pub(super) nodes: u32,
    /// Fills tried for one drive.
    pub(super) width: usize,
    /// Whether fills that waste much are looked for at once, not only when better ones are few.
    pub(super) is_thorough: bool,
}

/// Files on one drive that are chosen by search.
const DEPTH_MAX: usize = 64;
/// Steps of the search for the fills of one drive.
const FILL_STEPS_MAX: u32 = 20_000;
/// With so many fills at hand, none that waste more are looked for.
const FILLS_ENOUGH: usize = 8;

/// A search under way, and afterwards what it found.
#[derive(Clone, Debug)]
pub(super) struct Completion<'a> {
    values: &'a [u64],
    counts: Vec<u32>,
    capacity: u64,
    limits: Limits,
    nodes: u32,
    /// Varies which of the fills that waste about the same comes first.
    random: Option<Random>,
    bins: Vec<Fill>,
    /// The most drives that were ever full at once: all of them, when the search succeeded.
    pub(super) best: Vec<Fill>,
    /// True when something was left untried: failing then proves nothing.
    pub(super) is_cut: bool,
    /// Steps taken.
    pub(super) steps: u64,
}

/// The fills of one drive, while they are looked for.
struct Fills {
    found: Vec<(u64, Fill)>,
    current: Fill,
    waste_max: u64,
    steps: u32,
}

impl<'a> Completion<'a> {
    /// Prepares a search for fills of `capacity` with `counts` files of the `sizes`.
    pub(super) fn new(
        sizes: &'a Sizes,
        counts: Vec<u32>,
        capacity: u64,
        limits: Limits,
        random: Option<Random>,
    ) -> Self {
        Self {
            values: &sizes.values,
            counts,
            capacity,
            limits,
            nodes: limits.nodes,
            random,
            bins: Vec::new(),
            best: Vec::new(),
            is_cut: false,
            steps: 0,
        }
    }

    /// Returns whether all files found a place in fills that together waste at most `waste`; then
    /// they are the [`Self::best`].
    pub(super) fn run(&mut self, waste: u64) -> bool {
        if self.bins.len() > self.best.len() {
            self.best.clone_from(&self.bins);
        }
        let Some(first) = self.counts.iter().position(|count| *count > 0) else {
            self.best.clone_from(&self.bins);
            return true;
        };
        if self.nodes == 0 {
            self.is_cut = true;
            return false;
        }
        self.nodes -= 1;
        let first = if waste == 0 && self.limits.is_thorough {
            self.rarest()
        } else {
            first
        };
        self.counts[first] -= 1;
        let room = self.capacity - self.values[first];
        for (wasted, fill) in self.fills(room, waste) {
            for place in &fill {
                self.counts[*place] -= 1;
            }
            let mut bin = vec![first];
            bin.extend(&fill);
            self.bins.push(bin);
            if self.run(waste - wasted) {
                return true;
            }
            self.bins.pop();
            for place in &fill {
                self.counts[*place] += 1;
            }
            if self.nodes == 0 {
                self.is_cut = true;
                break;
            }
        }
        self.counts[first] += 1;
        false
    }

    /// Returns the place of the size that the fewest full drives can hold; when there is one that
    /// none can, nothing below has to be tried.
    fn rarest(&mut self) -> usize {
        let (mut rarest, mut least) = (0, usize::MAX);
        for place in 0..self.values.len() {
            if self.counts[place] == 0 {
                continue;
            }
            let mut fills = Fills {
                found: Vec::new(),
                current: Fill::new(),
                waste_max: 0,
                steps: FILL_STEPS_MAX,
            };
            self.counts[place] -= 1;
            self.gather(&mut fills, 0, self.capacity - self.values[place]);
            self.counts[place] += 1;
            self.steps += u64::from(FILL_STEPS_MAX - fills.steps) + 1;
            if fills.found.len() < least {
                (rarest, least) = (place, fills.found.len());
            }
            if least == 0 {
                break;
            }
        }
        rarest
    }

    /// Returns fills of `room` with what they waste, those to try first first.
    fn fills(&mut self, room: u64, waste: u64) -> Vec<(u64, Fill)> {
        let unit = (self.capacity / 1024).max(1);
        let mut fills = Fills {
            found: Vec::new(),
            current: Fill::new(),
            waste_max: if self.limits.is_thorough { waste } else { 0 },
            steps: FILL_STEPS_MAX,
        };
        loop {
            fills.found.clear();
            self.gather(&mut fills, 0, room);
            let is_all = fills.waste_max >= waste;
            let is_enough = fills.found.len() >= self.limits.width
                || (fills.waste_max > 0 && fills.found.len() >= FILLS_ENOUGH)
                || fills.steps == 0;
            if is_all || is_enough {
                self.is_cut |= !is_all;
                break;
            }
            fills.waste_max = fills.waste_max.saturating_mul(4).max(unit).min(waste);
        }
        self.steps += u64::from(FILL_STEPS_MAX - fills.steps) + 1;
        let mut random = self.random.take();
        let mut keyed: Vec<(u64, u64, Fill)> = fills
            .found
            .into_iter()
            .map(|(wasted, fill)| {
                let key = random
                    .as_mut()
                    .map_or(wasted, |random| wasted / unit * 4 + random.next() % 6);
                (key, wasted, fill)
            })
            .collect();
        self.random = random;
        // Stable: among equals the one that was found first, which has the larger files.
        keyed.sort_by_key(|(key, ..)| *key);
        keyed
            .into_iter()
            .map(|(_, wasted, fill)| (wasted, fill))
            .collect()
    }

    /// Gathers the fills of `room` with sizes from place `from` on.
    fn gather(&mut self, fills: &mut Fills, from: usize, room: u64) {
        if fills.found.len() >= self.limits.width
            || fills.steps == 0
            || fills.current.len() >= DEPTH_MAX
        {
            self.is_cut = true;
            return;
        }
        let fitting = self.values.partition_point(|value| *value > room);
        let smallest = self.counts.iter().rposition(|count| *count > 0);
        let smallest = smallest.map_or(u64::MAX, |place| self.values[place]);
        for place in fitting.max(from)..self.values.len() {
            if self.counts[place] == 0 {
                continue;
            }
            if fills.steps == 0 {
                self.is_cut = true;
                return;
            }
            fills.steps -= 1;
            let rest = room - self.values[place];
            if rest < smallest && rest > fills.waste_max {
                // It would stand alone and waste too much, and so would each smaller one.
                if smallest.saturating_mul(2) > room {
                    return;
                }
                continue;
            }
            self.counts[place] -= 1;
            fills.current.push(place);
            self.gather(fills, place, rest);
            fills.current.pop();
            self.counts[place] += 1;
        }
        let fits_more = || self.counts[fitting..].iter().any(|count| *count > 0);
        if room <= fills.waste_max && !fits_more() {
            fills.found.push((room, fills.current.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        nodes: 10_000,
        width: 400,
        is_thorough: true,
    };

    fn completed(sizes: &[u64], capacity: u64, drives: u64) -> (bool, bool) {
        let sizes = Sizes::new(sizes);
        let counts = sizes.counts.clone();
        let mut search = Completion::new(&sizes, counts, capacity, LIMITS, None);
        let done = search.run(drives * capacity - sizes.sum());
        (done, search.is_cut)
    }

    #[test]
    fn a_packing_without_any_waste_is_found() {
        assert!(completed(&[70, 60, 45, 35, 30, 20, 20, 20], 100, 3).0);
    }

    #[test]
    fn what_cannot_be_packed_is_known_when_nothing_was_left_untried() {
        assert_eq!(completed(&[60, 60, 60], 100, 2), (false, false));
        assert_eq!(completed(&[34; 9], 100, 4), (false, false));
    }
}
