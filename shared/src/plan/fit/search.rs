//! The fewest drives that can be found.

use std::cmp::Reverse;

use super::assumed::assumed;
use super::bin::{Bin, Goods};
use super::bound::{self, Reason};
use super::contents::Contents;
use super::cost::{self, Costs, Demand};
use super::decided::Decided;
use super::error::FitError;
use super::exact;
use super::measures::Measures;
use super::options::{DriveSize, PlanOptions};
use super::pack::{Unplaced, WAYS, Way};
use super::planned::{Plan, PlannedDrive};
use super::prove::{self, Proof};
use super::stock::{Stock, Stocked};
use super::words;
use crate::plan::problems::judged;
use crate::plan::{Listing, pieces_of};

/// Lengths beyond this are nobody's, and their sums would leave 64 bits.
const BYTES_MAX: u64 = 1 << 60;
/// Times that a packing is corrected by what laying it out has shown.
const ROUNDS_MAX: u32 = 8;
/// Numbers of drives tried one by one, from the lower bound.
const STEPS: u64 = 4;
/// Sets of smaller drives that are tried, and how many where each try takes longer.
const SETS: usize = 64;
const SETS_OF_MANY_FILES: usize = 4;

/// Fits the listing onto the drives: every file whole, folders kept together where that costs no
/// drive, as few drives as can be found, each proven by laying it out. The same input always gives
/// the same plan.
///
/// # Errors
/// [`FitError`] saying what does not fit and by how much.
pub fn fit(
    listing: &Listing,
    options: &PlanOptions,
    drives: &[DriveSize],
) -> Result<Plan, FitError> {
    let stock = Stock::new(drives, options)?;
    let (problems, collated) = judged(listing, &options.mapping);
    let contents = Contents::new(listing, &|number| {
        problems.of_entry(listing, number).is_none()
    });
    refuse_endless(listing, &contents)?;
    let measures = Measures::new(listing, &contents, &options.mapping);
    let costs = |class| Costs::new(class, listing, &contents, &options.mapping, &measures);
    let costs: Vec<Costs> = stock.classes.iter().copied().map(costs).collect();
    let goods = Goods {
        listing,
        contents: &contents,
        collated: &collated,
        measures: &measures,
        costs: &costs,
    };
    let search = Search {
        demand: Demand::new(&costs, listing, &contents),
        sizes: least_sizes(&goods, stock.largest().room),
        goods,
        stock: &stock,
        options,
    };
    let mut found = search.run()?;
    search.shrink(&mut found.drives)?;
    search.take_smaller(&mut found.drives)?;
    Ok(Plan {
        lower_bound: u32::try_from(found.lower_bound).unwrap_or(u32::MAX),
        proven: length(&found.drives) == found.lower_bound,
        why: found.why,
        drives: search.planned(found.drives),
        assumed: assumed(listing, &contents, options),
        left_out: problems.left_out(listing),
        problems: problems.found,
    })
}

fn refuse_endless(listing: &Listing, contents: &Contents) -> Result<(), FitError> {
    let mut all = 0_u64;
    pieces_of(contents.files(), &mut |files| {
        let lengths = files.iter().map(|file| listing.facts(*file).bytes);
        all = lengths.fold(all, u64::saturating_add);
    });
    if all <= BYTES_MAX {
        return Ok(());
    }
    Err(FitError::DoesNotFit {
        what: format!("the files have {all} bytes, more than all drives of the world"),
        missing_bytes: all.saturating_sub(BYTES_MAX),
    })
}

pub(super) struct Search<'a> {
    pub(super) goods: Goods<'a>,
    demand: Demand,
    /// The least that each file takes, descending; of too many only the large ones.
    pub(super) sizes: Vec<u64>,
    pub(super) stock: &'a Stock<'a>,
    options: &'a PlanOptions,
}

/// Returns the least that each file takes, descending: of all files, or where they are too many to be
/// tried out, of those that alone can make a bound.
fn least_sizes(goods: &Goods<'_>, largest_room: u64) -> Vec<u64> {
    let are_few = goods.contents.files().len() <= exact::FILES_MAX;
    let mut sizes = Vec::new();
    pieces_of(goods.contents.files(), &mut |files| {
        let least = |file: &u32| cost::least(goods.costs, goods.listing, *file);
        let is_wanted = |size: &u64| are_few || bound::is_large(*size, largest_room);
        sizes.extend(files.iter().map(least).filter(is_wanted));
    });
    sizes.sort_unstable_by_key(|size| Reverse(*size));
    sizes
}

struct Found {
    drives: Vec<Filled>,
    lower_bound: u64,
    why: String,
}

/// A drive that is proven to hold its entries.
pub(super) struct Filled {
    /// Place in the stock.
    place: usize,
    entries: Vec<u32>,
    used: u64,
    files: u32,
}

/// What a number of drives came to.
enum Attempt {
    Done(Vec<Filled>),
    Short(u64),
}

impl Search<'_> {
    fn run(&self) -> Result<Found, FitError> {
        if self.goods.contents.is_empty() {
            return Ok(Found {
                drives: Vec::new(),
                lower_bound: 0,
                why: Reason::Nothing.words(self.options.bare),
            });
        }
        self.refuse_large_files()?;
        let (least, reason) = self.lower_bound()?;
        let (mut bound, mut short) = ((least, reason), 0);
        let last = least.saturating_add(STEPS);
        for drives in least..=last.min(self.stock.at_most(u64::MAX)) {
            let attempt = if drives == 1 {
                self.all_on_one()?
            } else if drives == last {
                let most = self.stock.at_most(last.saturating_mul(2));
                self.on_any(&self.stock.largest_set(most))?
            } else {
                self.on(&self.stock.largest_set(drives))?
            };
            match attempt {
                Attempt::Done(filled) => return Ok(self.found(filled, bound.0, &bound.1)),
                Attempt::Short(missing) => short = missing,
            }
            if drives == 1 {
                bound = (2, Reason::LaidOut { missing: short });
            } else if drives < last {
                match self.decided(drives)? {
                    Decided::Done(filled) => return Ok(self.found(filled, bound.0, &bound.1)),
                    Decided::Impossible(reason) if bound.0 == drives => {
                        bound = (drives.saturating_add(1), reason);
                    }
                    Decided::Impossible(_) | Decided::Unknown => {}
                }
            }
        }
        Err(self.does_not_fit(short))
    }

    fn found(&self, drives: Vec<Filled>, least: u64, reason: &Reason) -> Found {
        let count = length(&drives);
        let words = reason.words(self.options.bare);
        let why = if count <= least {
            words
        } else {
            let tried = words::count(count, "drive");
            let most = if count.saturating_sub(least) == 1 {
                ", at most one more than needed"
            } else {
                ""
            };
            format!(
                "at least {least} are needed, for {words}; no plan with fewer than {tried} was found{most}"
            )
        };
        Found {
            lower_bound: least.min(count),
            drives,
            why,
        }
    }

    fn refuse_large_files(&self) -> Result<(), FitError> {
        let largest = self.stock.largest();
        let mut most = None;
        pieces_of(self.goods.contents.files(), &mut |files| {
            let least = |file: u32| cost::least(self.goods.costs, self.goods.listing, file);
            let sized = files.iter().map(|file| (least(*file), Reverse(*file)));
            most = most.max(sized.max());
        });
        let Some((needed_bytes, Reverse(file))) = most else {
            return Ok(());
        };
        if needed_bytes <= largest.room {
            return Ok(());
        }
        let Proof::Missing(missing_bytes) = self.prove(largest, &largest.size.serial, &[file])?
        else {
            return Ok(());
        };
        Err(FitError::FileTooLarge {
            path: self.goods.listing.entry(file).path.to_string(),
            needed_bytes,
            serial: largest.size.serial.clone(),
            capacity_bytes: needed_bytes.saturating_sub(missing_bytes),
            missing_bytes,
        })
    }

    /// Returns the fewest drives that any arrangement needs.
    fn lower_bound(&self) -> Result<(u64, Reason), FitError> {
        let rooms = self.stock.rooms();
        let needed = |drives| self.demand.on(drives);
        let Some((by_sum, reason)) = bound::by_sum(&rooms, self.stock.endless, &needed) else {
            if rooms.len() == 1 {
                // One drive's answer is exact: what is missing to the byte.
                return Ok((1, Reason::One));
            }
            let held = rooms.iter().copied().fold(0, u64::saturating_add);
            return Err(self.does_not_fit(needed(length(&rooms)).saturating_sub(held)));
        };
        let room = self.stock.largest().room;
        let bounds = [
            (by_sum, reason),
            bound::large_files(&self.sizes, room),
            bound::weighed(&self.sizes, room),
        ];
        // The first of equals is the easiest to follow.
        let best = bounds.into_iter().rev().max_by_key(|(drives, _)| *drives);
        Ok(best.unwrap_or((1, Reason::One)))
    }

    fn all_on_one(&self) -> Result<Attempt, FitError> {
        let entries = prove::entries(&self.goods, &self.goods.top());
        let largest = self.stock.largest();
        Ok(match self.prove(largest, &largest.size.serial, &entries)? {
            Proof::Fits { used, files } => Attempt::Done(vec![Filled {
                place: 0,
                entries,
                used,
                files,
            }]),
            Proof::Missing(missing) => Attempt::Short(missing),
        })
    }

    /// Packs onto these drives; the first way that succeeds keeps most folders together.
    fn on(&self, set: &[usize]) -> Result<Attempt, FitError> {
        let mut short = u64::MAX;
        for way in WAYS {
            match self.pack(way, set)? {
                Attempt::Short(missing) => short = short.min(missing),
                done => return Ok(done),
            }
        }
        Ok(Attempt::Short(short))
    }

    /// Packs onto as few of these drives as any way finds.
    fn on_any(&self, set: &[usize]) -> Result<Attempt, FitError> {
        let mut best = Attempt::Short(u64::MAX);
        for way in WAYS {
            let attempt = self.pack(way, set)?;
            best = match (best, attempt) {
                (Attempt::Short(one), Attempt::Short(other)) => Attempt::Short(one.min(other)),
                (Attempt::Done(one), Attempt::Done(other)) if other.len() < one.len() => {
                    Attempt::Done(other)
                }
                (done @ Attempt::Done(_), _) | (_, done) => done,
            };
        }
        Ok(best)
    }

    /// Packs, lays out, and packs again into the room that laying out has shown.
    fn pack(&self, way: Way, set: &[usize]) -> Result<Attempt, FitError> {
        let mut less = vec![0; set.len()];
        let mut short = 1;
        for _ in 0..ROUNDS_MAX {
            let mut bins = self.stock.bins(set, &less);
            if let Err(Unplaced(missing)) = way.pack(&self.goods, &mut bins) {
                return Ok(Attempt::Short(missing.max(short)));
            }
            let before = less.clone();
            if let Some(filled) = self.lay_out(&bins, &mut less)? {
                return Ok(Attempt::Done(filled));
            }
            short = less
                .iter()
                .zip(before)
                .map(|(now, before)| now.saturating_sub(before))
                .sum();
        }
        Ok(Attempt::Short(short))
    }

    /// Lays out every drive that holds something; where one does not fit, writes down how much less
    /// room it has.
    pub(super) fn lay_out(
        &self,
        bins: &[Bin],
        less: &mut [u64],
    ) -> Result<Option<Vec<Filled>>, FitError> {
        let mut all = Vec::new();
        let mut fits = true;
        for (bin, less) in bins
            .iter()
            .zip(less)
            .filter(|(bin, _)| !bin.units.is_empty())
        {
            let place = bin.drive;
            let drive = self.stock.drive(place);
            let entries = prove::entries(&self.goods, &bin.units);
            match self.prove(drive, &self.serial(drive, all.len()), &entries)? {
                Proof::Fits { used, files } => all.push(Filled {
                    place,
                    entries,
                    used,
                    files,
                }),
                Proof::Missing(missing) => {
                    *less = less.saturating_add(missing);
                    fits = false;
                }
            }
        }
        Ok(fits.then_some(all))
    }

    /// Moves what a smaller drive holds as well from the larger one; drives nobody needs are not
    /// touched, and the larger one is the more useful to keep.
    fn shrink(&self, filled: &mut [Filled]) -> Result<(), FitError> {
        if self.stock.endless {
            return Ok(());
        }
        let mut unused: Vec<usize> = (0..self.stock.drives.len()).collect();
        unused.retain(|place| filled.iter().all(|drive| drive.place != *place));
        filled.sort_by_key(|drive| drive.used);
        for drive in filled.iter_mut() {
            let now = self.stock.drive(drive.place).capacity;
            // The stock descends, so the last that fits is the smallest.
            for at in (0..unused.len()).rev() {
                let place = unused[at];
                let smaller = self.stock.drive(place);
                // One that holds not even half of it need not be laid out to know.
                if smaller.capacity >= now || smaller.capacity < drive.used / 2 {
                    continue;
                }
                if let Proof::Fits { used, files } =
                    self.prove(smaller, &smaller.size.serial, &drive.entries)?
                {
                    unused[at] = drive.place;
                    (drive.place, drive.used, drive.files) = (place, used, files);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Packs onto as many drives that are smaller together, where the drives are of several sizes: of
    /// plans with as few drives the one with the least of them is wanted.
    fn take_smaller(&self, filled: &mut Vec<Filled>) -> Result<(), FitError> {
        let taken = filled.iter().map(|drive| self.stock.drive(drive.place));
        let bytes = taken
            .map(|drive| drive.size.bytes)
            .fold(0, u64::saturating_add);
        let needed = self.demand.on(length(filled));
        let most = if self.goods.contents.files().len() > exact::FILES_MAX {
            SETS_OF_MANY_FILES
        } else {
            SETS
        };
        for set in self.stock.smaller_sets(filled.len(), needed, bytes, most) {
            if let Attempt::Done(smaller) = self.on(&set)? {
                *filled = smaller;
                break;
            }
        }
        Ok(())
    }

    fn prove(&self, drive: &Stocked<'_>, serial: &str, entries: &[u32]) -> Result<Proof, FitError> {
        let listing = self.goods.listing;
        if let Some(volume) = &drive.volume {
            return volume.prove(&self.goods, entries, &self.options.mapping, serial);
        }
        let files = entries
            .iter()
            .map(|entry| listing.facts(*entry))
            .filter(|entry| !entry.is_folder);
        let (count, used) = files.fold((0_u32, 0_u64), |(count, used), file| {
            (count.saturating_add(1), used.saturating_add(file.bytes))
        });
        Ok(match used.checked_sub(drive.capacity) {
            Some(missing) if missing > 0 => Proof::Missing(missing),
            _ => Proof::Fits { used, files: count },
        })
    }

    fn planned(&self, mut filled: Vec<Filled>) -> Vec<PlannedDrive> {
        if !self.stock.endless {
            filled.sort_by_key(|drive| self.stock.drive(drive.place).given);
        }
        let planned = |(at, drive): (usize, Filled)| {
            let stocked = self.stock.drive(drive.place);
            let mut file_bytes = 0;
            pieces_of(&drive.entries, &mut |entries| {
                let entries = entries.iter();
                let bytes = entries.map(|entry| self.goods.listing.facts(*entry).bytes);
                file_bytes = bytes.fold(file_bytes, u64::saturating_add);
            });
            PlannedDrive {
                serial: self.serial(stocked, at),
                disk_bytes: stocked.size.bytes,
                sector: stocked.size.sector,
                kept: stocked.size.kept.clone(),
                capacity_bytes: stocked.capacity,
                used_bytes: drive.used,
                files: drive.files,
                file_bytes,
                entries: drive.entries,
            }
        };
        filled.into_iter().enumerate().map(planned).collect()
    }

    /// Returns a drive's serial; numbered from 1 where one size stands for many drives.
    fn serial(&self, drive: &Stocked<'_>, at: usize) -> String {
        let serial = &drive.size.serial;
        if self.stock.endless {
            format!("{serial}-{}", at.saturating_add(1))
        } else {
            serial.clone()
        }
    }

    fn does_not_fit(&self, missing_bytes: u64) -> FitError {
        let rooms = self.stock.rooms();
        let held = rooms.iter().copied().fold(0, u64::saturating_add);
        let needed = self.demand.on(length(&rooms));
        let (needed_words, held_words) = words::two_sizes(needed, held);
        let drives = words::count(length(&rooms), "drive");
        let what = if needed > held || rooms.len() == 1 {
            format!("the data needs {needed_words} and {drives} have room for {held_words}")
        } else {
            format!(
                "the data needs {needed_words}, and no way was found to put whole files onto {drives} with {held_words}"
            )
        };
        FitError::DoesNotFit {
            what,
            missing_bytes,
        }
    }
}

fn length<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
