//! A packing, a proof that there is none, or neither.

use super::complete::{Completion, Limits};
use super::dive::{Budget, dive};
use super::relax::{Relaxed, relax};
use super::repair::Repair;
use super::sizes::Sizes;

/// Whether files go onto so many drives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Decision {
    /// They do: the sizes on each drive.
    Packed(Vec<Vec<u64>>),
    /// They do not: weights prove it.
    Outweighed,
    /// They do not: every way was tried.
    Tried,
    /// Not found within the steps.
    Unknown,
}

/// With more files the small ones fill every gap anyway.
pub(in super::super) const FILES_MAX: usize = 5000;
/// The same, on one drive.
const FILES_PER_DRIVE_MAX: u64 = 40;
/// So few files are tried every way at first.
const FILES_FEW: u64 = 40;
/// The same, where nothing at all can be wasted, and rare sizes leave few ways.
const FILES_FEW_TIGHT: u64 = 100;

/// The first search, that leaves a packing to mend.
const FIRST: Limits = Limits {
    nodes: 2000,
    width: 400,
    is_thorough: false,
};
const THOROUGH: Limits = Limits {
    nodes: 20_000,
    width: 2000,
    is_thorough: true,
};
/// Sizes from which on mixing takes longer than mending.
const SIZES_MANY: usize = 120;

/// Steps of mending before and after fills are mixed. One takes some ten nanoseconds.
const FIRST_REPAIR: u64 = 400_000;
const LONG_REPAIR: u64 = 6_000_000;
const MIXING: u64 = 4_000_000;
const DIVING: Budget = Budget {
    mixtures: 60,
    steps: 6_000_000,
};

/// Decides whether files of `sizes`, descending, go onto `drives` drives that each hold
/// `capacity`. The same input always gives the same answer.
pub(in super::super) fn decide(sizes: &[u64], capacity: u64, drives: u64) -> Decision {
    let sizes = Sizes::new(sizes);
    let (Ok(count), Ok(places)) = (u32::try_from(drives), usize::try_from(drives)) else {
        return Decision::Unknown;
    };
    let files = sizes.files();
    let largest = sizes.values.first().copied().unwrap_or(0);
    let waste = capacity.saturating_mul(drives).checked_sub(sizes.sum());
    let (Some(waste), true) = (waste, largest <= capacity) else {
        return Decision::Tried;
    };
    let are_many = usize::try_from(files).map_or(true, |files| files > FILES_MAX);
    if are_many || files > drives.saturating_mul(FILES_PER_DRIVE_MAX) {
        return Decision::Unknown;
    }
    let few = if waste == 0 {
        FILES_FEW_TIGHT
    } else {
        FILES_FEW
    };
    if files <= few {
        let counts = sizes.counts.clone();
        let mut all = Completion::new(&sizes, counts, capacity, THOROUGH, None);
        if all.run(waste) {
            return Decision::Packed(sizes.spelled_out(&all.best));
        }
        if !all.is_cut {
            return Decision::Tried;
        }
    }
    let mut first = Completion::new(&sizes, sizes.counts.clone(), capacity, FIRST, None);
    if first.run(waste) {
        return Decision::Packed(sizes.spelled_out(&first.best));
    }
    let mut repair = Repair::new(&sizes, capacity, places, first.best);
    let is_slow_to_mix = sizes.values.len() > SIZES_MANY;
    let mut steps = if is_slow_to_mix {
        LONG_REPAIR
    } else {
        FIRST_REPAIR
    };
    if repair.run(&mut steps) {
        return Decision::Packed(sizes.spelled_out(&repair.fills));
    }
    if relax(&sizes, capacity, count, &mut MIXING.clone()) == Relaxed::Impossible {
        return Decision::Outweighed;
    }
    if let Some(fills) = dive(&sizes, capacity, count, &mut DIVING.clone()) {
        return Decision::Packed(fills);
    }
    if !is_slow_to_mix && repair.run(&mut LONG_REPAIR.clone()) {
        return Decision::Packed(sizes.spelled_out(&repair.fills));
    }
    Decision::Unknown
}
