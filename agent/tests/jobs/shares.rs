//! A plan that is carried out with fewer bays than it has drives.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Place, argosy, json, noise, text, tree};

/// Six films of 30 MiB, for three drives of 80 MB.
fn films(place: &Place) {
    for number in 0..6 {
        place.file(&format!("reel {number}/film"), &noise(number, 30 << 20));
    }
}

/// Plans for as many drives of 80 MB as it takes.
fn plan(place: &Place, session: &str) -> PathBuf {
    let plan = place.path("whole.plan");
    let source = place.source();
    let (code, report) = json(&[
        "plan",
        "--session",
        session,
        "--source",
        text(&source),
        "--to",
        "film/",
        "--drive-size",
        "80MB",
        "--out",
        text(&plan),
    ]);
    assert_eq!(
        (code, report["drives"].as_array().map(Vec::len)),
        (0, Some(3)),
        "{report}"
    );
    plan
}

fn carry_out(
    place: &Place,
    (session, journals): (&str, &Path),
    drives: &[&Path],
    more: &[&str],
) -> (i32, Value) {
    let plan = place.path("whole.plan");
    let mut arguments = vec![
        "prepare",
        "--session",
        session,
        "--journal-dir",
        text(journals),
        "--plan",
        text(&plan),
    ];
    arguments.push("--drive");
    arguments.extend(drives.iter().map(|drive| text(drive)));
    arguments.extend(more);
    json(&arguments)
}

/// Unpacks a drive and returns what is on it.
fn unpacked(
    place: &Place,
    journals: &Path,
    serial: &str,
) -> std::collections::BTreeMap<PathBuf, Option<Vec<u8>>> {
    let key = place.path(&format!("{serial}.key"));
    fs::write(
        &key,
        crate::support::password(&journals.join(format!("{serial}.jrn"))),
    )
    .unwrap();
    let (home, image) = (
        place.path(&format!("home {serial}")),
        place.path(&format!("{serial}.img")),
    );
    let output = argosy(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&home),
    ]);
    assert!(output.status.success(), "{output:?}");
    tree(&home)
}

#[test]
fn three_planned_drives_are_filled_one_bay_after_the_other_and_none_twice() {
    let place = Place::new();
    films(&place);
    plan(&place, "bays");
    let serials = ["BAY-1", "BAY-2", "BAY-3"];
    let images = serials.map(|serial| place.drive(serial, "80MB"));
    let journals = place.journals();
    let run = |drives: &[&Path]| carry_out(&place, ("bays", &journals), drives, &[]);

    let (code, report) = run(&[&images[0]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &2.into()),
        "{report}"
    );
    let first = fs::read(&images[0]).unwrap();
    // Nobody took the first drive out.
    let (code, report) = run(&[&images[0]]);
    assert_eq!(code, 3, "{report}");
    let (code, report) = run(&[&images[0], &images[1]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &3.into()),
        "{report}"
    );
    assert_eq!(report["drives"][0]["serial"], "BAY-2");
    assert!(
        fs::read(&images[0]).unwrap() == first,
        "a finished drive was touched"
    );
    let (code, report) = run(&[&images[2]]);
    assert_eq!((code, &report["next"]), (0, &Value::Null), "{report}");
    let (code, _) = run(&[&images[2]]);
    assert_eq!(code, 1, "nothing is left to do");

    let mut home = std::collections::BTreeMap::new();
    for serial in serials {
        home.extend(unpacked(&place, &journals, serial));
    }
    let source = tree(&place.source());
    let is_there = source
        .iter()
        .all(|(path, content)| home.get(&Path::new("bays").join(path)) == Some(content));
    assert!(is_there, "{:?}", home.keys());
}

#[test]
fn a_share_that_was_stopped_is_gone_on_with_before_the_next_one_begins() {
    let place = Place::new();
    films(&place);
    plan(&place, "stopped");
    let images = ["ST-1", "ST-2"].map(|serial| place.drive(serial, "80MB"));
    let journals = place.journals();
    let run =
        |drives: &[&Path], more: &[&str]| carry_out(&place, ("stopped", &journals), drives, more);
    let (code, _) = run(&[&images[0]], &[]);
    assert_eq!(code, 0);
    // The second share loses a file while it is filled, and so its journal ends incomplete; a cut journal is one that
    // a crash left.
    let (code, report) = run(&[&images[1]], &[]);
    assert_eq!(code, 0, "{report}");
    let journal = place.journal("ST-2");
    let whole = fs::read(&journal).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(&journal, lines[..lines.len() - 2].concat()).unwrap();
    let third = place.drive("ST-3", "80MB");
    let (code, report) = run(&[&third], &[]);
    assert_eq!(code, 3, "{report}");
    let resumed = argosy(&[
        "resume",
        "--session",
        "stopped",
        "--journal-dir",
        text(&journals),
        "--drive",
        text(&images[1]),
    ]);
    assert!(resumed.status.success(), "{resumed:?}");
    let (code, report) = run(&[&third], &[]);
    assert_eq!((code, &report["next"]), (0, &Value::Null), "{report}");
}

#[test]
fn a_share_that_came_to_nothing_is_shared_out_anew_and_hinders_nobody() {
    let place = Place::new();
    films(&place);
    plan(&place, "anew");
    let images = ["AN-1", "AN-2", "AN-3", "AN-4"].map(|serial| place.drive(serial, "80MB"));
    let journals = place.journals();
    let run = |drives: &[&Path]| carry_out(&place, ("anew", &journals), drives, &[]);
    let (code, report) = run(&[&images[0]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &2.into()),
        "{report}"
    );
    // As a crash leaves it right behind the freezing of the second share: its plan is there, and no journal of it.
    let (code, report) = run(&[&images[1]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &3.into()),
        "{report}"
    );
    fs::remove_file(place.journal("AN-2")).unwrap();
    let (code, report) = run(&[&images[2]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &3.into()),
        "{report}"
    );
    let (code, report) = run(&[&images[3]]);
    assert_eq!((code, &report["next"]), (0, &Value::Null), "{report}");
    // Neither the plan that was set aside nor a drive of it is asked for any more.
    let (code, report) = json(&[
        "resume",
        "--session",
        "anew",
        "--journal-dir",
        text(&journals),
    ]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn two_stations_share_a_plan_by_the_numbers_of_its_drives() {
    let place = Place::new();
    films(&place);
    plan(&place, "stations");
    let images = ["HERE-1", "THERE-2", "THERE-3"].map(|serial| place.drive(serial, "80MB"));
    let (here, there) = (place.path("here"), place.path("there"));
    let (code, report) = carry_out(&place, ("stations", &here), &[&images[0]], &["--only", "1"]);
    assert_eq!((code, &report["next"]), (0, &Value::Null), "{report}");
    let (code, report) = carry_out(
        &place,
        ("stations", &there),
        &[&images[1], &images[2]],
        &["--only", "2-3"],
    );
    assert_eq!((code, &report["next"]), (0, &Value::Null), "{report}");
    let files = |report: &Value| {
        let drives = report["drives"].as_array().unwrap();
        drives
            .iter()
            .map(|drive| drive["files"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(files(&report), 4, "{report}");
}

#[test]
fn a_source_that_moved_since_the_plan_is_shown_and_nothing_is_touched_before_it_is_accepted() {
    let place = Place::new();
    films(&place);
    plan(&place, "moved");
    fs::remove_file(place.source().join("reel 3/film")).unwrap();
    fs::write(place.source().join("reel 4/film"), b"another").unwrap();
    let image = place.drive("MOVED-1", "240MB");
    let more = place.drive("MOVED-2", "80MB");
    let last = place.drive("MOVED-3", "80MB");
    let before = fs::read(&image).unwrap();
    let journals = place.journals();
    let drives: [&Path; 3] = [&image, &more, &last];
    let (code, report) = carry_out(&place, ("moved", &journals), &drives, &[]);
    assert_eq!(code, 3, "{report}");
    let words = report["error"].to_string();
    assert!(
        words.contains("reel 3/film (gone)") && words.contains("reel 4/film (another length)"),
        "{words}"
    );
    assert!(fs::read(&image).unwrap() == before);
    let (code, report) = carry_out(&place, ("moved", &journals), &drives, &["--accept-moved"]);
    assert_eq!(code, 1, "{report}");
    assert_eq!(report["verdict"], "incomplete", "{report}");
}

#[test]
fn a_drive_whose_only_journal_is_damaged_is_never_taken_for_an_empty_place_in_the_plan() {
    let place = Place::new();
    films(&place);
    plan(&place, "unknown");
    let images = ["UK-1", "UK-2"].map(|serial| place.drive(serial, "80MB"));
    let journals = place.journals();
    let run = |drives: &[&Path]| carry_out(&place, ("unknown", &journals), drives, &[]);
    assert_eq!(run(&[&images[0]]).0, 0);
    let journal = place.journal("UK-1");
    let whole = fs::read(&journal).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&journal, damaged).unwrap();
    let (code, report) = run(&[&images[1]]);
    assert_eq!(code, 3, "{report}");
    assert!(
        report["error"]["message"].to_string().contains("UK-1"),
        "{report}"
    );
    fs::write(&journal, whole).unwrap();
    let (code, report) = run(&[&images[1]]);
    assert_eq!(
        (code, &report["next"]["number"]),
        (0, &3.into()),
        "{report}"
    );
}
