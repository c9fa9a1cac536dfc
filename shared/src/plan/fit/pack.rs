//! Putting everything onto so many drives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bin::{Bin, Goods, Unit};
use super::fill;

/// A way to pack. Tried in this order: the first ones keep more folders together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Whole folders, the largest first; one that goes nowhere whole is opened and its parts go on.
    Folders,
    /// Single files, the largest first, each onto the first drive that has room.
    First,
    /// Single files, the largest first, each onto the drive that is left with the least room.
    Best,
    /// One drive after another, each filled as full as can be found.
    Fill,
}

pub(super) const WAYS: [Way; 4] = [Way::Folders, Way::First, Way::Best, Way::Fill];

/// Bytes that found no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unplaced(pub(super) u64);

impl Way {
    /// Puts everything onto `bins`, which are empty.
    pub(super) fn pack(self, goods: &Goods<'_>, bins: &mut [Bin]) -> Result<(), Unplaced> {
        match self {
            Self::Folders => folders(goods, bins),
            Self::First => pieces(goods, bins, &|_| 0),
            Self::Best => pieces(goods, bins, &|left| left),
            Self::Fill => fill::pack(goods, bins),
        }
    }
}

fn folders(goods: &Goods<'_>, bins: &mut [Bin]) -> Result<(), Unplaced> {
    // The largest first; between equals the one that the listing has first.
    let rank = |unit: Unit| (goods.size(0, unit), Reverse(unit));
    let mut waiting: BinaryHeap<_> = goods.top().into_iter().map(rank).collect();
    while let Some((size, Reverse(unit))) = waiting.pop() {
        if let Some(bin) = bins.iter_mut().find(|bin| bin.price(goods, unit).is_some()) {
            bin.put(goods, unit);
            continue;
        }
        let parts = match unit {
            Unit::Folder(id) => goods.parts(id),
            Unit::File(_) => Vec::new(),
        };
        if parts.is_empty() {
            let rest = waiting.into_iter().map(|(size, _)| size);
            return Err(unplaced(size, rest, bins));
        }
        waiting.extend(parts.into_iter().map(rank));
    }
    Ok(())
}

fn pieces(goods: &Goods<'_>, bins: &mut [Bin], weigh: &dyn Fn(u64) -> u64) -> Result<(), Unplaced> {
    let mut waiting = largest_first(goods).into_iter();
    while let Some((size, unit)) = waiting.next() {
        let places = bins.iter_mut().filter_map(|bin| {
            let left = bin.free().checked_sub(bin.price(goods, unit)?)?;
            Some((weigh(left), bin))
        });
        // `min_by_key` takes the first of equals, so a constant weight is first fit.
        let Some((_, bin)) = places.min_by_key(|(weight, _)| *weight) else {
            return Err(unplaced(size, waiting.map(|(size, _)| size), bins));
        };
        bin.put(goods, unit);
    }
    Ok(())
}

/// Returns every file (and empty folder) with its size, the largest first; equals in listing order.
pub(super) fn largest_first(goods: &Goods<'_>) -> Vec<(u64, Unit)> {
    let mut all: Vec<_> = goods
        .pieces()
        .into_iter()
        .map(|unit| (goods.size(0, unit), unit))
        .collect();
    all.sort_by_key(|(size, unit)| (Reverse(*size), *unit));
    all
}

/// Returns how much more room would be needed at least: what waits, less what is free.
pub(super) fn unplaced(first: u64, rest: impl Iterator<Item = u64>, bins: &[Bin]) -> Unplaced {
    let waiting = rest.fold(first, u64::saturating_add);
    let free = bins.iter().map(Bin::free).fold(0, u64::saturating_add);
    Unplaced(waiting.saturating_sub(free).max(1))
}
