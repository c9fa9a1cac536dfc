//! Drives filled in fractions: the linear relaxation of Gilmore and Gomory (1961).
//!
//! Its prices are weights of the files. Whatever they are, when no fill of a drive weighs more than
//! w, so many drives cannot do whose number times w is less than all files weigh. That is checked in
//! integers, so floating point only proposes. No other choice of weights (L2 and all dual feasible
//! functions are such choices) proves more.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "weights are at most 2^41 and their sums are taken in 128 bits; steps of a bounded search"
)]

use super::price::heaviest;
use super::simplex::{Column, Simplex};
use super::sizes::Sizes;

/// Sizes beyond this make tables too large.
const SIZES_MAX: usize = 256;
const ROUNDS_MAX: u32 = 3000;

/// A fill that a mixture takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// So many files of each size.
    pub(super) fill: Vec<u32>,
    /// How many drives are filled so.
    pub(super) times: f64,
}

/// What filling in fractions comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Relaxed {
    /// Not even in fractions: there are weights that prove it.
    Impossible,
    /// In fractions it goes; the fills taken most come first.
    Possible(Vec<Share>),
    /// The steps were used up.
    Unknown,
}

/// Returns whether the files go onto `drives` in fractions.
pub(super) fn relax(sizes: &Sizes, capacity: u64, drives: u32, steps: &mut u64) -> Relaxed {
    let rows = sizes.values.len();
    if rows > SIZES_MAX {
        return Relaxed::Unknown;
    }
    let table = u64::try_from(rows * rows).unwrap_or(u64::MAX) / 8;
    let mut simplex = Simplex::new(sizes, capacity);
    for _ in 0..ROUNDS_MAX {
        let prices = simplex.prices();
        let weights: Vec<u64> = prices.iter().copied().map(weight).collect();
        let heaviest = heaviest(sizes, &weights, capacity);
        let used = heaviest.steps + table;
        if heaviest.is_certain
            && weigh(sizes, &weights) > u128::from(drives) * u128::from(heaviest.weight)
        {
            return Relaxed::Impossible;
        }
        if simplex.drives() <= f64::from(drives) + 1e-9 {
            return Relaxed::Possible(shares(&simplex));
        }
        let cheapest = prices
            .iter()
            .enumerate()
            .min_by(|one, other| one.1.total_cmp(other.1));
        let column = match cheapest {
            Some((place, price)) if *price < -1e-9 => Column::Surplus(place),
            _ if heaviest.weight > ONE + ONE / 1_000_000 => Column::Fill(heaviest.fill),
            _ => return Relaxed::Unknown,
        };
        let Some(left) = steps.checked_sub(used) else {
            *steps = 0;
            return Relaxed::Unknown;
        };
        *steps = left;
        if !simplex.enter(column) {
            return Relaxed::Unknown;
        }
    }
    Relaxed::Unknown
}

fn shares(simplex: &Simplex) -> Vec<Share> {
    let share = |(fill, times): (&Vec<u32>, f64)| Share {
        fill: fill.clone(),
        times,
    };
    let mut shares: Vec<Share> = simplex.fills().map(share).collect();
    shares.sort_by(|one, other| {
        let by_times = other.times.total_cmp(&one.times);
        by_times.then_with(|| other.fill.cmp(&one.fill))
    });
    shares
}

fn weigh(sizes: &Sizes, weights: &[u64]) -> u128 {
    weights
        .iter()
        .zip(&sizes.counts)
        .map(|(weight, count)| u128::from(*weight) * u128::from(*count))
        .sum()
}

/// A drive's weight.
const ONE: u64 = 1 << 40;

/// Returns a price as a weight: 2^40 for a whole drive, rounded; 0 for a negative one.
fn weight(price: f64) -> u64 {
    // From 2^12 on the last bit of the mantissa is worth 2^-40.
    const START: f64 = 4096.0;
    const MANTISSA: u64 = (1 << 52) - 1;
    (START + price.clamp(0.0, 2.0)).to_bits() & MANTISSA
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed(sizes: &[u64], capacity: u64, drives: u32) -> Relaxed {
        relax(&Sizes::new(sizes), capacity, drives, &mut 1_000_000)
    }

    #[test]
    fn a_weight_is_a_price_in_parts_of_two_to_the_forty() {
        for (price, parts) in [(0.0, 0), (0.5, 1 << 39), (1.0, ONE), (-3.0, 0)] {
            assert_eq!(weight(price), parts);
        }
        assert_eq!(weight(1.0 / 3.0), ONE / 3);
    }

    #[test]
    fn weights_prove_what_the_sum_does_not() {
        // Two of 34 beside each other, never three: ten need five drives, their bytes only four.
        assert_eq!(relaxed(&[34; 10], 100, 4), Relaxed::Impossible);
        assert!(matches!(relaxed(&[34; 10], 100, 5), Relaxed::Possible(_)));
    }

    #[test]
    fn without_steps_nothing_is_claimed() {
        let sizes = Sizes::new(&[60, 50, 40, 30, 20, 10]);
        assert_eq!(relax(&sizes, 100, 3, &mut 0), Relaxed::Unknown);
    }
}
