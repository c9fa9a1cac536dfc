//! The fill of one drive that weighs most.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "weights are at most 2^41 each and a drive's fill at most 2^63; steps of a bounded search"
)]

use super::sizes::Sizes;

/// Steps for one drive.
const STEPS_MAX: u32 = 200_000;

/// The heaviest fill.
#[derive(Clone, Debug)]
pub(super) struct Heaviest {
    /// How many files of each size.
    pub(super) fill: Vec<u32>,
    pub(super) weight: u64,
    /// False when the search was cut, and a heavier one may exist.
    pub(super) is_certain: bool,
    pub(super) steps: u64,
}

struct Search<'a> {
    sizes: &'a Sizes,
    weights: &'a [u64],
    /// Places of the sizes, the heaviest for their bytes first.
    order: Vec<usize>,
    /// The smallest size from each place of the order on.
    smallest: Vec<u64>,
    current: Vec<u32>,
    best: Vec<u32>,
    weight: u64,
    steps: u32,
}

/// Returns the heaviest fill of `capacity`, by branch and bound.
pub(super) fn heaviest(sizes: &Sizes, weights: &[u64], capacity: u64) -> Heaviest {
    let mut order: Vec<usize> = (0..sizes.values.len())
        .filter(|place| weights[*place] > 0)
        .collect();
    let wide = |number: u64| u128::from(number);
    order.sort_by(|one, other| {
        let (first, second) = (
            wide(weights[*one]) * wide(sizes.values[*other]),
            wide(weights[*other]) * wide(sizes.values[*one]),
        );
        second.cmp(&first).then(one.cmp(other))
    });
    let mut smallest = vec![u64::MAX; order.len() + 1];
    for place in (0..order.len()).rev() {
        smallest[place] = smallest[place + 1].min(sizes.values[order[place]]);
    }
    let mut search = Search {
        sizes,
        weights,
        order,
        smallest,
        current: vec![0; sizes.values.len()],
        best: vec![0; sizes.values.len()],
        weight: 0,
        steps: STEPS_MAX,
    };
    search.go(0, capacity, 0);
    Heaviest {
        fill: search.best,
        weight: search.weight,
        is_certain: search.steps > 0,
        steps: u64::from(STEPS_MAX - search.steps),
    }
}

impl Search<'_> {
    fn go(&mut self, from: usize, room: u64, weight: u64) {
        if weight > self.weight {
            self.weight = weight;
            self.best.clone_from(&self.current);
        }
        let mut from = from;
        while from < self.order.len() && self.smallest[from] <= room {
            let place = self.order[from];
            let (size, own) = (self.sizes.values[place], self.weights[place]);
            // Nothing from here on is heavier for its bytes.
            let most = u128::from(room) * u128::from(own) / u128::from(size);
            if u128::from(weight) + most <= u128::from(self.weight) || self.steps == 0 {
                return;
            }
            self.steps -= 1;
            from += 1;
            let most = (room / size).min(u64::from(self.sizes.counts[place]));
            for count in (1..=most).rev() {
                self.current[place] = u32::try_from(count).unwrap_or(u32::MAX);
                self.go(from, room - count * size, weight + count * own);
            }
            self.current[place] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_fill_is_found_where_the_densest_file_misleads() {
        let sizes = Sizes::new(&[60, 50, 50, 1]);
        let found = heaviest(&sizes, &[62, 50, 1], 100);
        assert_eq!(
            (found.fill, found.weight, found.is_certain),
            (vec![0, 2, 0], 100, true)
        );
    }
}
