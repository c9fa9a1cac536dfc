//! How few drives could do at best.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of costs, which fit() bounds before it packs"
)]

use super::words;

/// Why fewer drives cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is nothing to place.
    Nothing,
    /// One is the least there is.
    One,
    /// The largest so many drives hold less than everything takes.
    Sum { drives: u64, needed: u64, hold: u64 },
    /// So many files larger than half of a drive.
    Halves { drives: u64, files: u64 },
    /// Files that fill more drives, whatever lies beside them.
    Large { drives: u64, files: u64, least: u64 },
    /// Files can be weighed so that so many drives cannot take them all.
    Weighed { drives: u64 },
    /// Every way to fill so many drives was tried.
    Tried { drives: u64 },
    /// Everything was laid out on the largest drive.
    LaidOut { missing: u64 },
}

impl Reason {
    /// Returns the reason in words; `needed` and `hold` are what files and the file system take.
    pub(super) fn words(&self, bare: bool) -> String {
        let with = if bare { "" } else { " with its folders" };
        match self {
            Self::Nothing => "there is nothing to copy".to_owned(),
            Self::One => "one drive is the least there can be".to_owned(),
            Self::Sum {
                drives,
                needed,
                hold,
            } => {
                let (needed, held) = words::two_sizes(*needed, *hold);
                let them = if *drives == 1 {
                    "one holds"
                } else {
                    "they hold"
                };
                format!(
                    "{} cannot do: the data needs {needed}{with}, and {them} {held}",
                    words::count(*drives, "drive")
                )
            }
            Self::Halves { drives, files } => format!(
                "{} cannot do: {files} files are each larger than half of a drive, so no two of them share one",
                words::count(*drives, "drive")
            ),
            Self::Large {
                drives,
                files,
                least,
            } => format!(
                "{} cannot do: the {} of {} and more do not go onto them, whatever lies beside",
                words::count(*drives, "drive"),
                words::count(*files, "file"),
                words::size(*least)
            ),
            Self::Weighed { drives } => format!(
                "{} cannot do: the files can be weighed so that no drive takes more than a weight of 1, and all together weigh more than {drives}",
                words::count(*drives, "drive")
            ),
            Self::Tried { drives } => format!(
                "{} cannot do: every way to put whole files onto them was tried",
                words::count(*drives, "drive")
            ),
            Self::LaidOut { missing } => {
                let missing = words::size(*missing);
                format!("1 drive cannot do: laid out to the last cluster, {missing} are missing")
            }
        }
    }
}

/// Martello and Toth's bound L2 (Discrete Applied Mathematics 28, 1990) for `sizes`, descending,
/// and bins of `capacity`.
///
/// For a threshold a: files over capacity - a need a bin each where nothing of at least a joins
/// them; files over half need a bin each; and what those leave cannot hold all of the rest of at
/// least a. Returns the drives that are needed and why one less is not enough.
pub(super) fn large_files(sizes: &[u64], capacity: u64) -> (u64, Reason) {
    let half = capacity / 2;
    let over = |limit: u64| sizes.partition_point(|size| *size > limit);
    let from = |limit: u64| sizes.partition_point(|size| *size >= limit);
    let mut sums = Vec::with_capacity(sizes.len() + 1);
    sums.push(0_u64);
    for size in sizes {
        sums.push(sums[sums.len() - 1] + size);
    }
    let big = over(half);
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut best = (number(big), Reason::Nothing);
    if best.0 > 0 {
        best.1 = Reason::Halves {
            drives: best.0 - 1,
            files: best.0,
        };
    }
    let mut place = big;
    while let Some(threshold) = sizes
        .get(place)
        .copied()
        .filter(|size| is_large(*size, capacity))
    {
        let alone = over(capacity - threshold);
        let end = from(threshold);
        let left = number(big - alone) * capacity - (sums[big] - sums[alone]);
        let small = sums[end] - sums[big];
        let drives = number(big) + small.saturating_sub(left).div_ceil(capacity.max(1));
        if drives > best.0 {
            let (files, least) = (number(end), threshold);
            best = (
                drives,
                Reason::Large {
                    drives: drives - 1,
                    files,
                    least,
                },
            );
        }
        place = end;
    }
    best
}

/// Returns whether a file can make a bound: below a thousandth of a drive it only repeats that by
/// the sum.
pub(super) const fn is_large(size: u64, capacity: u64) -> bool {
    size > capacity / 1000
}

/// Returns how many drives of `capacity` the `sizes`, descending, need when so many equal parts of a
/// drive weigh more than they take, and why one less is not enough.
///
/// The dual feasible functions of Fekete and Schepers (Mathematical Programming 91, 2001): with
/// parts of 1/(k + 1), a file weighs as many k-ths as it has whole parts, or just its size when it
/// is whole parts exactly; no drive weighs more than 1.
pub(super) fn weighed(sizes: &[u64], capacity: u64) -> (u64, Reason) {
    const PARTS_MAX: u64 = 64;
    let capacity = u128::from(capacity.max(1));
    let smallest = capacity / u128::from(PARTS_MAX + 1);
    let large = sizes.partition_point(|size| u128::from(*size) >= smallest);
    let mut best = 0;
    for k in (2..=PARTS_MAX).map(u128::from) {
        let weight = |size: &u64| {
            let parts = u128::from(*size) * (k + 1);
            if parts.is_multiple_of(capacity) {
                u128::from(*size) * k
            } else {
                parts / capacity * capacity
            }
        };
        let all: u128 = sizes[..large].iter().map(weight).sum();
        let drives = all.div_ceil(capacity * k);
        best = best.max(u64::try_from(drives).unwrap_or(u64::MAX));
    }
    let drives = best.saturating_sub(1);
    (best, Reason::Weighed { drives })
}

/// Returns the fewest of `capacities`, descending, whose sum reaches what `needed(drives)` says,
/// and why one less does not; `None` when all together do not. `more` capacities like the last may
/// follow.
pub(super) fn by_sum(
    capacities: &[u64],
    more: bool,
    needed: &dyn Fn(u64) -> u64,
) -> Option<(u64, Reason)> {
    let (mut drives, mut held) = (0, 0);
    let mut reason = Reason::Nothing;
    let mut rest = capacities.iter().copied();
    let repeat = capacities.last().copied().filter(|last| more && *last > 0);
    loop {
        let demand = needed(drives);
        if drives > 0 && demand <= held {
            return Some((drives, reason));
        }
        reason = if drives == 0 {
            Reason::One
        } else {
            Reason::Sum {
                drives,
                needed: demand,
                hold: held,
            }
        };
        held += rest.next().or(repeat)?;
        drives += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_over_half_of_a_drive_need_one_each() {
        let (drives, reason) = large_files(&[60, 55, 51, 10], 100);
        assert_eq!(
            (drives, reason),
            (
                3,
                Reason::Halves {
                    drives: 2,
                    files: 3
                }
            )
        );
    }

    #[test]
    fn large_files_need_a_drive_more_than_their_sum_says() {
        // 300 on drives of 100; but a 33 goes beside the 60 and the 50 only, and one is left over.
        let sizes = [70, 60, 50, 33, 33, 33, 11, 7, 3];
        assert_eq!(large_files(&sizes, 100).0, 4);
        assert_eq!(
            by_sum(&[100], true, &|_| 300).map(|(drives, _)| drives),
            Some(3)
        );
    }

    #[test]
    fn three_to_a_drive_is_seen_when_four_do_not_go() {
        // Seven files of 30 on drives of 100: the sum says 3, and so does this; ten of 34 need 5.
        assert_eq!(large_files(&[30; 7], 100).0, 3);
        assert!(large_files(&[34; 10], 100).0 >= 4);
    }

    #[test]
    fn files_of_a_little_over_a_third_go_two_to_a_drive_and_of_a_third_three() {
        assert_eq!(weighed(&[34; 100], 100).0, 50);
        assert_eq!(weighed(&[33; 99], 99).0, 33);
        assert_eq!(weighed(&[], 100).0, 0);
    }

    #[test]
    fn mixed_drives_are_taken_from_the_largest_down() {
        let (drives, reason) = by_sum(&[8, 4, 4], false, &|_| 13).expect("16 is enough");
        assert_eq!(drives, 3);
        assert_eq!(
            reason,
            Reason::Sum {
                drives: 2,
                needed: 13,
                hold: 12
            }
        );
        assert_eq!(by_sum(&[8, 4], false, &|_| 13), None);
    }
}
