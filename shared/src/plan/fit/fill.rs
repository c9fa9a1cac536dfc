//! Filling one drive after another as full as can be found.
//!
//! Where few large files decide (three to a drive, say), taking the largest first wastes room;
//! choosing for each drive the files that leave least of it ("minimum bin slack", Gupta and Ho
//! 1999) does better. The search is cut short after a fixed number of steps, so the same input
//! always gives the same plan.

use super::bin::{Bin, Goods, Unit};
use super::exact::FILES_MAX;
use super::pack::{Unplaced, largest_first, unplaced};

/// Files on one drive that are chosen by search.
const DEPTH_MAX: usize = 64;
/// Steps of the search for one drive.
const STEPS_MAX: u32 = 200_000;

pub(super) fn pack(goods: &Goods<'_>, bins: &mut [Bin]) -> Result<(), Unplaced> {
    let mut waiting = largest_first(goods);
    if waiting.len() > FILES_MAX {
        let rest = waiting.into_iter().map(|(size, _)| size);
        return Err(unplaced(0, rest, bins));
    }
    for bin in bins.iter_mut() {
        let Some((_, unit)) = waiting.first().copied() else {
            break;
        };
        if bin.price(goods, unit).is_none() {
            continue;
        }
        waiting.remove(0);
        bin.put(goods, unit);
        let mut chosen = choose(&waiting, bin.free());
        chosen.sort_unstable();
        let mut taken = Vec::new();
        for place in chosen {
            let (_, unit) = waiting[place];
            // Folders above it cost a little more than the search counted.
            if bin.price(goods, unit).is_some() {
                bin.put(goods, unit);
                taken.push(place);
            }
        }
        for place in taken.into_iter().rev() {
            waiting.remove(place);
        }
    }
    top_up(goods, bins, &mut waiting);
    let mut rest = waiting.into_iter().map(|(size, _)| size);
    rest.next()
        .map_or(Ok(()), |first| Err(unplaced(first, rest, bins)))
}

/// Puts what is left wherever it goes.
fn top_up(goods: &Goods<'_>, bins: &mut [Bin], waiting: &mut Vec<(u64, Unit)>) {
    waiting.retain(|(_, unit)| {
        let place = bins
            .iter_mut()
            .find(|bin| bin.price(goods, *unit).is_some());
        let stays = place.is_none();
        if let Some(bin) = place {
            bin.put(goods, *unit);
        }
        stays
    });
}

/// Returns which of the files, sorted from the largest, fill `room` best.
fn choose(files: &[(u64, Unit)], room: u64) -> Vec<usize> {
    let mut search = Search {
        files,
        steps: STEPS_MAX,
        chosen: Vec::new(),
        best: Vec::new(),
        best_left: room,
    };
    search.go(0, room);
    search.best
}

struct Search<'a> {
    files: &'a [(u64, Unit)],
    steps: u32,
    chosen: Vec<usize>,
    best: Vec<usize>,
    best_left: u64,
}

impl Search<'_> {
    /// Tries every file from `from` on that fits into what is `left`, and what can follow it.
    fn go(&mut self, from: usize, left: u64) {
        if left < self.best_left || (self.best.is_empty() && !self.chosen.is_empty()) {
            self.best_left = left;
            self.best.clone_from(&self.chosen);
        }
        let fits = self
            .files
            .get(from..)
            .unwrap_or(&[])
            .partition_point(|(size, _)| *size > left);
        let mut place = from.saturating_add(fits);
        let mut before = None;
        while let Some((size, _)) = self.files.get(place).copied() {
            if self.best_left == 0 || self.steps == 0 || self.chosen.len() >= DEPTH_MAX {
                return;
            }
            // A file as long as the one just tried leads to the same fills.
            if before != Some(size) {
                self.steps = self.steps.saturating_sub(1);
                self.chosen.push(place);
                self.go(place.saturating_add(1), left.saturating_sub(size));
                self.chosen.pop();
            }
            before = Some(size);
            place = place.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sizes: &[u64]) -> Vec<(u64, Unit)> {
        (0..)
            .zip(sizes)
            .map(|(number, size)| (*size, Unit::File(number)))
            .collect()
    }

    #[test]
    fn the_fill_that_leaves_nothing_is_found() {
        let files = files(&[70, 60, 45, 35, 20]);
        assert_eq!(choose(&files, 100), vec![2, 3, 4]);
    }

    #[test]
    fn a_search_that_is_too_long_gives_what_it_has() {
        let sizes: Vec<u64> = (0..200).map(|number| 1000 - 2 * number).collect();
        let chosen = choose(&files(&sizes), 100_001);
        assert!(!chosen.is_empty());
    }
}
