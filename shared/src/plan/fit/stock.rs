//! The drives there are, the largest first.

use super::bin::Bin;
use super::cost::Class;
use super::error::FitError;
use super::options::{DriveSize, PlanOptions};
use super::prove::{Volume, volumes};
use crate::manifest;

/// The drives there are.
#[derive(Debug)]
pub(super) struct Stock<'a> {
    /// The largest first, equals as given.
    pub(super) drives: Vec<Stocked<'a>>,
    /// Every kind of volume among them.
    pub(super) classes: Vec<Class>,
    /// True when the one drive may be taken again and again.
    pub(super) endless: bool,
}

/// One drive.
#[derive(Debug)]
pub(super) struct Stocked<'a> {
    pub(super) size: &'a DriveSize,
    /// Its place among the drives given.
    pub(super) given: usize,
    /// Place of its class in [`Stock::classes`].
    pub(super) class: usize,
    /// What it holds in all, the file system's own included.
    pub(super) capacity: u64,
    /// What of that files and folders can take, counted a little too high.
    pub(super) room: u64,
    /// `None` where only bytes are counted.
    pub(super) volume: Option<Volume>,
}

/// Returns what folder, list and chain of an ASC MHL take before any file is in it, at least.
fn hash_list(options: &PlanOptions, class: Class) -> u64 {
    let Some(_) = &options.mapping.mhl else {
        return 0;
    };
    let records = class.record().saturating_mul(3);
    records.saturating_add(crate::mhl::CHAIN_BYTES)
}

impl<'a> Stock<'a> {
    pub(super) fn new(drives: &'a [DriveSize], options: &PlanOptions) -> Result<Self, FitError> {
        check(drives, options)?;
        let mut volumes = if options.bare {
            Vec::new()
        } else {
            volumes(drives)?
        }
        .into_iter();
        let mut classes = Vec::new();
        let mut stocked = Vec::new();
        for (given, size) in drives.iter().enumerate() {
            let volume = volumes.next();
            let class = volume.as_ref().map_or(Class::Bare, |volume| {
                Class::of(size.sector, volume.space.volume_bytes())
            });
            if !classes.contains(&class) {
                classes.push(class);
            }
            let frame =
                manifest::planned_frame_bytes(&size.serial, options.mapping.session.as_str());
            let (capacity, room) = volume.as_ref().map_or((size.bytes, size.bytes), |volume| {
                let taken = volume
                    .own
                    .saturating_add(frame)
                    .saturating_add(options.mapping.top_folder().map_or(0, |_| class.record()))
                    .saturating_add(hash_list(options, class));
                (volume.capacity, volume.capacity.saturating_sub(taken))
            });
            stocked.push(Stocked {
                size,
                given,
                class: classes
                    .iter()
                    .position(|known| *known == class)
                    .unwrap_or(0),
                capacity,
                room,
                volume,
            });
        }
        stocked.sort_by_key(|drive| std::cmp::Reverse(drive.room));
        Ok(Self {
            drives: stocked,
            classes,
            endless: options.as_many_as_needed,
        })
    }

    /// Returns the rooms, the largest first.
    pub(super) fn rooms(&self) -> Vec<u64> {
        self.drives.iter().map(|drive| drive.room).collect()
    }

    /// Returns the room of the largest drive.
    pub(super) fn largest(&self) -> &Stocked<'a> {
        self.drives.first().expect("check() refuses an empty stock")
    }

    /// Returns the drive at a place of the stock.
    pub(super) fn drive(&self, place: usize) -> &Stocked<'a> {
        &self.drives[place]
    }

    /// Returns how many drives there are; `wanted` when there is no end of them.
    pub(super) fn at_most(&self, wanted: u64) -> u64 {
        let there_are = u64::try_from(self.drives.len()).unwrap_or(u64::MAX);
        if self.endless {
            wanted
        } else {
            wanted.min(there_are)
        }
    }

    /// Returns the places of the largest `count` drives.
    pub(super) fn largest_set(&self, count: u64) -> Vec<usize> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if self.endless {
            vec![0; count]
        } else {
            (0..self.drives.len().min(count)).collect()
        }
    }

    /// Returns the drives of a set, empty, each with `less` room than it has.
    pub(super) fn bins(&self, set: &[usize], less: &[u64]) -> Vec<Bin> {
        let bin = |(place, less): (&usize, &u64)| {
            let drive = self.drive(*place);
            let room = drive.room.saturating_sub(*less);
            Bin::new(*place, drive.class, room)
        };
        set.iter().zip(less).map(bin).collect()
    }

    /// Returns sets of `count` drives that have room for `needed` bytes and are smaller together
    /// than `below`, the smallest first, `most` at most. Of equal drives the first given are taken.
    pub(super) fn smaller_sets(
        &self,
        count: usize,
        needed: u64,
        below: u64,
        most: usize,
    ) -> Vec<Vec<usize>> {
        if self.endless {
            return Vec::new();
        }
        let alike = |one: &Stocked<'_>, next: &Stocked<'_>| {
            (one.room, one.size.bytes) == (next.room, next.size.bytes)
        };
        let mut sizes = Sizes {
            runs: Vec::new(),
            needed,
            below,
            steps: STEPS_MAX,
            found: Vec::new(),
        };
        let mut first = 0_usize;
        for run in self.drives.chunk_by(alike) {
            let Some(one) = run.first() else { continue };
            sizes.runs.push(Run {
                first,
                count: run.len(),
                room: one.room,
                bytes: one.size.bytes,
            });
            first = first.saturating_add(run.len());
        }
        sizes.go(0, count, (0, 0), &mut Vec::new());
        sizes.found.sort();
        let sets = sizes.found.into_iter().map(|(_, set)| set);
        sets.take(most).collect()
    }
}

/// Ways to take drives of several sizes that are looked at.
const STEPS_MAX: u32 = 50_000;

/// Drives of one size.
struct Run {
    first: usize,
    count: usize,
    room: u64,
    bytes: u64,
}

/// The ways to take so many drives of several sizes.
struct Sizes {
    runs: Vec<Run>,
    needed: u64,
    below: u64,
    steps: u32,
    /// Bytes of the drives of a set, and their places.
    found: Vec<(u64, Vec<usize>)>,
}

impl Sizes {
    /// Takes `left` drives from run `at` on, beside those in `set`, which have room and bytes.
    fn go(&mut self, at: usize, left: usize, (room, bytes): (u64, u64), set: &mut Vec<usize>) {
        if self.steps == 0 || bytes >= self.below {
            return;
        }
        self.steps = self.steps.saturating_sub(1);
        if left == 0 {
            if room >= self.needed {
                self.found.push((bytes, set.clone()));
            }
            return;
        }
        let Some(run) = self.runs.get(at) else {
            return;
        };
        // From here on drives only get smaller.
        let count = u64::try_from(left).unwrap_or(u64::MAX);
        if room.saturating_add(run.room.saturating_mul(count)) < self.needed {
            return;
        }
        let (first, most) = (run.first, run.count.min(left));
        let (each_room, each_bytes) = (run.room, run.bytes);
        for taken in 0..=most {
            let times = |each: u64| each.saturating_mul(u64::try_from(taken).unwrap_or(u64::MAX));
            let sums = (
                room.saturating_add(times(each_room)),
                bytes.saturating_add(times(each_bytes)),
            );
            let before = set.len();
            set.extend(first..first.saturating_add(taken));
            self.go(at.saturating_add(1), left.saturating_sub(taken), sums, set);
            set.truncate(before);
        }
    }
}

fn check(drives: &[DriveSize], options: &PlanOptions) -> Result<(), FitError> {
    if drives.is_empty() {
        return Err(FitError::NoDrives);
    }
    if options.as_many_as_needed && drives.len() > 1 {
        let found = u64::try_from(drives.len()).unwrap_or(u64::MAX);
        return Err(FitError::ManySizes { found });
    }
    let mut serials: Vec<&str> = drives.iter().map(|drive| drive.serial.as_str()).collect();
    serials.sort_unstable();
    let same = serials
        .iter()
        .zip(serials.iter().skip(1))
        .find(|(one, next)| one == next);
    same.map_or(Ok(()), |(serial, _)| {
        let serial = (*serial).to_owned();
        Err(FitError::SameSerial { serial })
    })
}
