//! Plans in which only bytes count: what packing and bounds are worth by themselves.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use disk::SectorSize;
use ntfs_image::FileTime;
use proptest::prelude::*;

use super::{DriveSize, FitError, Plan, PlanHasher, PlanOptions, fit};
use crate::plan::{Kind, Listing, Mapping};

fn listing(files: &[(&str, u64)]) -> Listing {
    let mut listing = Listing::new();
    for (path, bytes) in files {
        listing
            .push(path, *bytes, FileTime(0), Kind::File)
            .expect("few entries");
    }
    listing
}

fn sizes(sizes: &[u64]) -> Listing {
    let mut listing = Listing::new();
    for (number, bytes) in sizes.iter().enumerate() {
        listing
            .push(&format!("f{number}"), *bytes, FileTime(0), Kind::File)
            .expect("few entries");
    }
    listing
}

fn options(as_many_as_needed: bool) -> PlanOptions {
    let destination = "film/".parse().expect("a container");
    PlanOptions {
        mapping: Mapping::of_source("s-1".parse().expect("a session"), destination),
        bare: true,
        as_many_as_needed,
    }
}

fn drives(bytes: &[u64]) -> Vec<DriveSize> {
    let drive = |(number, bytes): (usize, &u64)| DriveSize {
        serial: format!("D{number}"),
        bytes: *bytes,
        sector: SectorSize::B512,
        kept: None,
    };
    bytes.iter().enumerate().map(drive).collect()
}

fn endless(listing: &Listing, bytes: u64) -> Plan {
    fit(listing, &options(true), &drives(&[bytes])).expect("every file fits")
}

fn paths(listing: &Listing, plan: &Plan, drive: usize) -> Vec<String> {
    plan.drives[drive]
        .entries
        .iter()
        .map(|entry| listing.entry(*entry).path.to_string())
        .collect()
}

#[test]
fn a_folder_stays_on_one_drive_where_that_costs_none() {
    let listing = listing(&[
        ("a/1", 30),
        ("b/1", 40),
        ("a/2", 30),
        ("b/2", 20),
        ("c/1", 40),
        ("c/2", 40),
    ]);
    let plan = endless(&listing, 120);
    assert_eq!(plan.drives.len(), 2);
    assert!(plan.proven, "{}", plan.why);
    for drive in 0..2 {
        let own = paths(&listing, &plan, drive);
        let mut folders: Vec<_> = own.iter().map(|path| &path[..1]).collect();
        folders.dedup();
        let other = paths(&listing, &plan, 1 - drive);
        assert!(
            folders
                .iter()
                .all(|folder| other.iter().all(|path| &path[..1] != *folder))
        );
    }
}

#[test]
fn a_folder_larger_than_a_drive_is_opened_and_files_stay_whole() {
    let listing = listing(&[
        ("a/x/1", 60),
        ("a/x/2", 30),
        ("a/y/1", 50),
        ("a/y/2", 40),
        ("z", 10),
    ]);
    let plan = endless(&listing, 100);
    assert_eq!(plan.drives.len(), 2);
    assert_eq!(
        paths(&listing, &plan, 0)
            .iter()
            .filter(|path| path.starts_with("a/x"))
            .count()
            % 2,
        0
    );
    assert_eq!(
        plan.why,
        "1 drive cannot do: the data needs 190 bytes, and one holds 100 bytes"
    );
}

#[test]
fn entries_are_in_listing_order_on_every_drive() {
    let listing = sizes(&[10, 50, 20, 40, 30, 60, 90, 10]);
    let plan = endless(&listing, 110);
    for drive in &plan.drives {
        assert!(drive.entries.is_sorted());
    }
}

#[test]
fn ten_triplets_are_packed_three_to_a_drive_with_proof() {
    // Three files to a drive with nothing left over; the largest first would need more drives.
    let thirds: Vec<u64> = (0..10)
        .flat_map(|n| [400 + 7 * n, 330 + 3 * n, 270 - 10 * n])
        .collect();
    let plan = endless(&sizes(&thirds), 1000);
    assert_eq!((plan.drives.len(), plan.proven), (10, true), "{}", plan.why);
}

#[test]
fn what_neither_sums_nor_halves_show_is_proven_by_trying_or_by_weights() {
    // 400 bytes on four drives, but nothing of 35 and 30 fills one to the last byte, except 35 + 35 + 30.
    let plan = endless(
        &sizes(&[35, 35, 35, 35, 35, 35, 35, 35, 30, 30, 30, 30]),
        100,
    );
    assert_eq!((plan.drives.len(), plan.proven), (4, true), "{}", plan.why);
    let plan = endless(&sizes(&[36, 36, 36, 36, 36, 36, 34, 34, 34, 34, 34]), 100);
    assert_eq!((plan.drives.len(), plan.proven), (6, true), "{}", plan.why);
}

#[test]
fn more_than_ten_drives_are_several_jobs() {
    let plan = endless(&sizes(&[60; 23]), 100);
    let jobs: Vec<usize> = plan.jobs().map(<[_]>::len).collect();
    assert_eq!(jobs, [10, 10, 3]);
}

#[test]
fn files_over_half_of_a_drive_are_the_reason_given() {
    let plan = endless(&sizes(&[60, 60, 60]), 100);
    assert_eq!(
        plan.why,
        "2 drives cannot do: 3 files are each larger than half of a drive, so no two of them share one"
    );
    assert!(plan.proven);
}

#[test]
fn of_mixed_drives_only_those_needed_are_used_and_the_smallest_that_do() {
    let listing = sizes(&[70, 30]);
    let plan = fit(&listing, &options(false), &drives(&[300, 100, 200])).expect("fits");
    assert_eq!(plan.drives.len(), 1);
    assert_eq!(plan.drives[0].serial, "D1");
}

#[test]
fn of_mixed_drives_as_few_are_used_and_of_those_the_least() {
    // Ten of 16 and four of 8, in any order.
    let mut stock = vec![16; 10];
    for place in [0, 5, 9, 13] {
        stock.insert(place, 8);
    }
    let plan = |lengths: &[u64]| {
        let plan = fit(&sizes(lengths), &options(false), &drives(&stock)).expect("fits");
        let mut taken: Vec<u64> = plan.drives.iter().map(|drive| drive.disk_bytes).collect();
        taken.sort_unstable();
        taken
    };
    // Seven drives are the fewest: seven large ones, where six and a small one do.
    assert_eq!(plan(&[1; 100]), [8, 16, 16, 16, 16, 16, 16]);
    assert_eq!(plan(&[1; 104]), [8, 16, 16, 16, 16, 16, 16]);
    assert_eq!(plan(&[1; 105]), [16; 7]);
    // Largest first would put the small files beside the large ones, onto two large drives.
    assert_eq!(plan(&[12, 4, 4, 2]), [8, 16]);
    assert_eq!(plan(&[4, 4]), [8]);
}

#[test]
fn of_equal_drives_the_first_given_are_used() {
    let plan = fit(
        &sizes(&[70, 60]),
        &options(false),
        &drives(&[100, 100, 100]),
    )
    .expect("fits");
    let serials: Vec<_> = plan
        .drives
        .iter()
        .map(|drive| drive.serial.as_str())
        .collect();
    assert_eq!(serials, ["D0", "D1"]);
}

#[test]
fn what_does_not_fit_is_named_with_what_is_missing() {
    let one = fit(&sizes(&[70, 60]), &options(false), &drives(&[100])).expect_err("too small");
    assert!(
        matches!(
            one,
            FitError::DoesNotFit {
                missing_bytes: 30,
                ..
            }
        ),
        "{one}"
    );
    let two = fit(
        &sizes(&[70, 60, 80, 20]),
        &options(false),
        &drives(&[100, 100]),
    )
    .expect_err("too small");
    assert!(
        matches!(
            two,
            FitError::DoesNotFit {
                missing_bytes: 30,
                ..
            }
        ),
        "{two}"
    );
    let large =
        fit(&sizes(&[10, 101]), &options(false), &drives(&[100, 50])).expect_err("too small");
    let FitError::FileTooLarge {
        path,
        missing_bytes,
        ..
    } = large
    else {
        panic!("{large}");
    };
    assert_eq!((path.as_str(), missing_bytes), ("f1", 1));
    let scattered = fit(&sizes(&[60, 60, 60]), &options(false), &drives(&[100, 100]))
        .expect_err("no arrangement");
    assert!(
        matches!(scattered, FitError::DoesNotFit { .. }),
        "{scattered}"
    );
}

#[test]
fn absurd_lengths_are_refused_not_added_up() {
    let error = fit(
        &sizes(&[u64::MAX, u64::MAX]),
        &options(true),
        &drives(&[100]),
    )
    .expect_err("absurd");
    assert!(matches!(error, FitError::DoesNotFit { .. }), "{error}");
}

#[test]
fn drives_without_end_drives_of_one_name_and_no_drives_are_refused() {
    let listing = sizes(&[1]);
    assert_eq!(
        fit(&listing, &options(true), &drives(&[9, 9])),
        Err(FitError::ManySizes { found: 2 })
    );
    assert_eq!(fit(&listing, &options(false), &[]), Err(FitError::NoDrives));
    let mut twins = drives(&[9, 9]);
    twins[1].serial = "D0".to_owned();
    let serial = "D0".to_owned();
    assert_eq!(
        fit(&listing, &options(false), &twins),
        Err(FitError::SameSerial { serial })
    );
}

#[test]
fn nothing_to_copy_needs_no_drive() {
    let plan = endless(&Listing::new(), 100);
    assert_eq!(
        (plan.drives.len(), plan.lower_bound, plan.proven),
        (0, 0, true)
    );
}

#[test]
fn the_hash_of_a_plan_is_that_of_what_goes_where() {
    let listing = sizes(&[70, 60]);
    let (plan, again) = (endless(&listing, 100), endless(&listing, 100));
    assert_eq!(plan.hash(&listing), again.hash(&listing));
    let mut bit_by_bit = PlanHasher::default();
    assert_eq!(bit_by_bit.go_on(&plan, &listing, 7), None);
    let mut begun = bit_by_bit.clone();
    assert_eq!(begun.finish(&plan, &listing), plan.hash(&listing));
    let hashes = (0..10_000).map(|_| bit_by_bit.go_on(&plan, &listing, 7));
    assert_eq!(hashes.flatten().next(), Some(plan.hash(&listing)));
    assert_ne!(plan.hash(&listing), endless(&listing, 200).hash(&listing));
}

#[test]
fn a_hundred_thousand_files_are_planned_while_a_person_types() {
    let mut listing = Listing::new();
    for number in 0..100_000_u64 {
        let path = format!(
            "reel-{:03}/shot-{:04}/{number:07}.dpx",
            number / 5000,
            number / 50
        );
        let bytes = 1_000_000 + number * 7919 % 50_000_000;
        listing
            .push(&path, bytes, FileTime(0), Kind::File)
            .expect("few entries");
    }
    let plan = endless(&listing, 400_000_000_000);
    assert!(plan.proven, "{}", plan.why);
}

proptest! {
    #[test]
    fn every_file_is_on_one_drive_and_no_drive_is_too_full(
        lengths in prop::collection::vec(0_u64..100, 1..60),
        room in 100_u64..300,
    ) {
        let listing = sizes(&lengths);
        let plan = endless(&listing, room);
        let mut all: Vec<u32> = plan.drives.iter().flat_map(|drive| drive.entries.clone()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..listing.len()).collect::<Vec<_>>());
        for drive in &plan.drives {
            prop_assert!(drive.used_bytes <= room);
        }
        prop_assert!(u64::from(plan.lower_bound) * room >= lengths.iter().sum::<u64>());
        prop_assert!(usize::try_from(plan.lower_bound).expect("few") <= plan.drives.len());
    }

    #[test]
    fn the_lower_bound_is_never_above_the_best_packing(
        lengths in prop::collection::vec(1_u64..100, 1..9),
    ) {
        let plan = endless(&sizes(&lengths), 100);
        let best = fewest(&lengths, &mut Vec::new());
        prop_assert!(usize::try_from(plan.lower_bound).expect("few") <= best);
        prop_assert!(!plan.proven || plan.drives.len() == best);
    }

    #[test]
    fn few_files_are_always_packed_as_tightly_as_any_way_and_proven(
        lengths in prop::collection::vec(prop_oneof![1_u64..100, 20_u64..60], 1..10),
    ) {
        let plan = endless(&sizes(&lengths), 100);
        prop_assert_eq!(plan.drives.len(), fewest(&lengths, &mut Vec::new()));
        prop_assert!(plan.proven, "{}", plan.why);
    }
}

/// The fewest drives of 100 bytes, by trying every arrangement.
fn fewest(lengths: &[u64], used: &mut Vec<u64>) -> usize {
    let Some((first, rest)) = lengths.split_first() else {
        return used.len();
    };
    let mut best = usize::MAX;
    for place in 0..used.len() {
        if used[place] + first <= 100 {
            used[place] += first;
            best = best.min(fewest(rest, used));
            used[place] -= first;
        }
    }
    used.push(*first);
    best = best.min(fewest(rest, used));
    used.pop();
    best
}
