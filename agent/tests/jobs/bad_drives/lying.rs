//! Drives that confirm what they do not keep: each is found out before anything is called verified,
//! and again when somebody tries to go on with it.

use std::fs;

use super::bench::{BYTES, Bench, SESSION, assert_failed, assert_names};
use super::drive::BadDrive;
use crate::support::{json, text};

/// What gives a liar away, in the words of a person.
const KEEPS_NOT: &str = "the drive does not keep what is written";
const GIVES_ELSE: &str = "what the drive gives back at offset";

/// Prepares a drive that lies, checked as `check` says before; goes on with it while it still does.
/// Returns what was told of it first, `words` among it.
#[track_caller]
fn assert_found_out(
    bench: &Bench,
    drive: &BadDrive,
    (rule, check, words): (&str, &str, &str),
) -> String {
    drive.told(rule);
    let why = assert_failed(&bench.prepare(drive.node(), &["--check", check]), &[1, 4]);
    assert!(why.contains(words), "{rule}, {check}: {why}");
    assert_failed(&bench.resume(&[]), &[1, 3, 4]);
    let journal = bench.journal();
    let named = ["--drive", text(drive.node()), "--journal", text(&journal)];
    let (code, report) = json(&[&["verify"], &named[..]].concat());
    assert_ne!(code, 0, "{report}");
    assert_ne!(report["verdict"], "verified", "{report}");
    drive.told("");
    why
}

#[test]
fn a_drive_that_loses_what_lies_behind_some_place_is_found_out() {
    let bench = Bench::new(4);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    let (data, free) = (bench.reel(1 << 20), 40 << 20);
    // On a drive that held something, zeros that are lost show at once; on an empty one they do not.
    let (used, empty) = (fs::read(&bench.image).unwrap(), vec![0; 68 << 20]);
    for (from, check, before, words) in [
        (data, "none", &used, KEEPS_NOT),
        (data, "quick", &empty, KEEPS_NOT),
        (data, "none", &empty, GIVES_ELSE),
        (free, "quick", &empty, KEEPS_NOT),
        (free, "none", &empty, GIVES_ELSE),
    ] {
        fs::write(&bench.image, before).unwrap();
        let rule = format!("drop {from} {BYTES}");
        let why = assert_found_out(&bench, &drive, (&rule, check, words));
        let (_, offset) = why.split_once(" at offset 0x").unwrap();
        let digits: String = offset.chars().take_while(char::is_ascii_hexdigit).collect();
        assert!(u64::from_str_radix(&digits, 16).unwrap() >= from, "{why}");
    }
}

#[test]
fn a_drive_of_half_the_size_it_says_is_found_out() {
    // More than it can hold.
    let bench = Bench::new(40);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    let half = BYTES / 2;
    let rule = format!("wrap-at {half}");
    // The check finds it within a moment; without it the read-back does.
    let why = assert_found_out(&bench, &drive, (&rule, "quick", KEEPS_NOT));
    assert!(why.contains("smaller than it says"), "{why}");
    assert_found_out(&bench, &drive, (&rule, "none", GIVES_ELSE));
}

#[test]
fn a_drive_that_gives_back_old_data_or_flips_a_bit_later_is_found_out_with_the_file() {
    let bench = Bench::new(4);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    let data = bench.reel(1 << 20);
    let block = format!("{data} {}", data.saturating_add(4096));
    // None of it lies where the quick check looks: the read-back must find it.
    for rule in [
        format!("stale {block}"),
        format!("drop {block}"),
        format!("rot {data}"),
    ] {
        for check in ["none", "quick"] {
            let why = assert_found_out(&bench, &drive, (&rule, check, KEEPS_NOT));
            let file = format!("the first: \\{SESSION}\\reel, byte 0: ");
            assert!(why.contains(&file), "{why}");
        }
    }
    // The same in metadata, which belongs to no file.
    let metadata = bench.reel(0).saturating_sub(4096);
    let rule = format!("rot {metadata}");
    let why = assert_found_out(&bench, &drive, (&rule, "none", GIVES_ELSE));
    assert_names(&why, metadata);
}

#[test]
fn a_drive_that_loses_everything_at_each_flush_is_found_out() {
    let bench = Bench::new(4);
    fs::write(&bench.image, vec![0; 68 << 20]).unwrap();
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    let rule = format!("stale 0 {BYTES}");
    for (check, words) in [("quick", KEEPS_NOT), ("none", GIVES_ELSE)] {
        assert_found_out(&bench, &drive, (&rule, check, words));
    }
}
