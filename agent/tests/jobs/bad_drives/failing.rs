//! Reads and writes that fail at an exact place: the place is named, and once the fault is gone the
//! drive is finished.

use super::bench::{BYTES, Bench, SERIAL, SESSION, assert_failed, assert_names};
use super::drive::BadDrive;
use crate::support::{argosy, text};

/// More often than any place of the drive is read or written.
const MANY: u64 = 40;
/// Where the volume begins.
const VOLUME: u64 = 1 << 20;

/// Returns the rule that a sector fails after some reads or writes of it did not.
fn rule(what: &str, at: u64, passes: u64) -> String {
    format!("fail-{what} {at} {} {passes}", at.saturating_add(512))
}

#[test]
fn each_write_that_fails_is_named_and_made_up_for_once_the_fault_is_gone() {
    let bench = Bench::new(4);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    // Partition table, volume header, the last block of file metadata, file data, the end.
    let (metadata, data) = (bench.reel(0).saturating_sub(4096), bench.reel(1 << 20));
    let cases = [
        (0, "none"),
        (VOLUME, "quick"),
        (metadata, "none"),
        (data, "none"),
        (BYTES - 512, "none"),
    ];
    let mut failures = 0_u64;
    for (at, check) in cases {
        // The first write of the place fails, then the second, until there are no more.
        for passes in 0..MANY {
            drive.told(&rule("write", at, passes));
            let end = bench.prepare(drive.node(), &["--check", check]);
            drive.told("");
            if end.0 == 0 {
                assert!(passes > 0, "{at:#x} is never written");
                break;
            }
            let why = assert_failed(&end, &[4]);
            assert_names(&why, at);
            assert!(why.contains("Input/output error"), "{why}");
            bench.assert_verified(&bench.resume(&[]), drive.node());
            failures = failures.saturating_add(1);
        }
    }
    // Each is erased and written, all but two of the places.
    assert!(failures >= 8, "{failures}");
    println!("{failures} failed writes");
}

#[test]
fn each_read_that_fails_leaves_the_drive_unproven_until_it_can_be_read() {
    let bench = Bench::new(4);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    // Volume header, the last block of file metadata, file data: none is read before it is erased.
    let places = [
        VOLUME,
        bench.reel(0).saturating_sub(4096),
        bench.reel(1 << 20),
    ];
    let mut failures = 0_u64;
    for at in places {
        for passes in 0..MANY {
            drive.told(&rule("read", at, passes));
            let end = bench.prepare(drive.node(), &["--check", "none"]);
            if end.0 == 0 {
                assert!(passes > 0, "{at:#x} is never read");
                break;
            }
            let why = assert_failed(&end, &[1, 4]);
            assert_names(&why, at);
            assert!(why.contains("Input/output error"), "{why}");
            if passes == 0 {
                // It is still so.
                let again = assert_failed(&bench.resume(&[]), &[1, 4]);
                assert_names(&again, at);
            }
            drive.told("");
            bench.assert_verified(&bench.resume(&[]), drive.node());
            failures = failures.saturating_add(1);
        }
        drive.told("");
    }
    assert!(failures >= 8, "{failures}");
    println!("{failures} failed reads");
}

#[test]
fn a_drive_that_cannot_be_read_before_it_is_erased_is_refused() {
    let bench = Bench::new(1);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    let before = std::fs::read(&bench.image).unwrap();
    for at in [0, BYTES - 512] {
        drive.told(&rule("read", at, 0));
        let (code, report) = bench.prepare(drive.node(), &[]);
        assert_eq!(
            (code, &report["error"]["code"]),
            (3, &"refused".into()),
            "{report}"
        );
        assert_names(report["error"]["message"].as_str().unwrap(), at);
    }
    assert!(std::fs::read(&bench.image).unwrap() == before);
}

#[test]
fn a_person_reads_which_drive_failed_where_and_what_of_the_data() {
    let bench = Bench::new(1);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    drive.told(&rule("write", VOLUME, 0));
    let journals = bench.journal();
    let journals = journals.parent().unwrap();
    let named = format!("{}={SERIAL}", drive.node().display());
    let source = bench.source();
    let what = ["prepare", "--session", SESSION, "--source", text(&source)];
    let where_to = ["--to", "film/", "--journal-dir", text(journals)];
    let which = ["--drive", &named, "--erase", SERIAL, "--keep-free-space"];
    let output = argosy(&[&what[..], &where_to, &which].concat());
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8(output.stderr).unwrap();
    let start = format!("argosy: drive {SERIAL} failed: erasing the old contents failed: ");
    let line = told.lines().find(|line| line.starts_with(&start));
    assert_names(line.unwrap_or_else(|| panic!("{told}")), VOLUME);
    // Part of the old contents is gone: nobody may read that the drive was not touched.
    assert!(
        told.contains("your data: the source was only read"),
        "{told}"
    );
    assert!(!told.contains("not touched"), "{told}");
}
