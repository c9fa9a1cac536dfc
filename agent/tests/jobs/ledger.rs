//! The ledger of shipments, as commands keep it.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Place, argosy, json, noise, text};

/// Runs `argosy jobs` with a ledger in the place's own state folder.
fn jobs(place: &Place, state: &str, arguments: &[&str]) -> (i32, Value) {
    let folder = place.path(state);
    let mut all = vec!["jobs"];
    all.extend(arguments);
    all.extend(["--state-dir", text(&folder)]);
    json(&all)
}

#[test]
fn a_finished_drive_s_shipment_is_moved_on_by_hand_and_passed_to_another_site_without_its_key() {
    let place = Place::new();
    place.file("film", &noise(1, 300_000));
    let image = place.drive("SHIPPED-1", "80MB");
    let (code, report) = place.prepare("shipped", &image, &[]);
    assert_eq!(code, 0, "{report}");
    let journal = place.journal("SHIPPED-1");
    let here = |arguments: &[&str]| jobs(&place, "here", arguments);

    let new = [
        "new",
        "reel-1",
        "--direction",
        "import",
        "--journal",
        text(&journal),
    ];
    let (code, shipment) = here(&new);
    assert_eq!(code, 0, "{shipment}");
    let facts = &shipment["shipment"]["drives"][0]["facts"];
    assert_eq!(facts["verdict"], "verified");
    assert_eq!(facts["files"], 1);

    // The service wants to know the parcel and the way back first.
    let (code, refused) = here(&["move", "reel-1", "shipping"]);
    assert_eq!(code, 2, "{refused}");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("tracking number"), "{message}");
    let template = argosy(&["journal", "handoff", "--template"]).stdout;
    let details = place.path("shipment.json");
    fs::write(&details, template).unwrap();
    for arguments in [
        &["address", "reel-1", text(&details)][..],
        &["sent", "reel-1", "--carrier", "DHL", "--tracking", "JD014"],
        &["move", "reel-1", "shipping"],
        &["move", "reel-1", "received"],
    ] {
        let (code, shipment) = here(arguments);
        assert_eq!(code, 0, "{arguments:?}: {shipment}");
    }

    let file = place.path("reel-1.json");
    let (code, _) = here(&["export", "--to", text(&file)]);
    assert_eq!(code, 0);
    let key = crate::support::password(&journal);
    let written = fs::read_to_string(&file).unwrap();
    let ledger = fs::read(place.path("here").join("ledger.redb")).unwrap();
    assert!(!written.contains(&key));
    assert!(
        !ledger
            .windows(key.len())
            .any(|window| window == key.as_bytes())
    );

    let there = |arguments: &[&str]| jobs(&place, "there", arguments);
    let (code, _) = there(&["import", text(&file)]);
    assert_eq!(code, 0);
    let (code, shipment) = there(&["move", "reel-1", "transferring"]);
    assert_eq!(code, 0, "{shipment}");
    let (code, shipment) = there(&["move", "reel-1", "transferring", "--serial", "SHIPPED-1"]);
    assert_eq!(code, 0, "{shipment}");
    assert_eq!(shipment["shipment"]["drives"][0]["state"], "transferring");

    // Meanwhile somebody here writes down something else: two stories are not made one.
    let (code, _) = here(&["note", "reel-1", "the carrier called"]);
    assert_eq!(code, 0);
    let again = place.path("again.json");
    let (code, _) = there(&["export", "reel-1", "--to", text(&again)]);
    assert_eq!(code, 0);
    let (code, refused) = here(&["import", text(&again)]);
    assert_eq!(code, 3, "{refused}");
}

#[test]
fn a_drive_that_was_not_read_back_is_in_no_shipment() {
    let place = Place::new();
    place.file("film", &noise(1, 300_000));
    let image = place.drive("SHIPPED-2", "80MB");
    let (code, _) = place.prepare("unread", &image, &["--no-verify"]);
    assert_eq!(code, 0);
    let journal = place.journal("SHIPPED-2");
    let new = [
        "new",
        "reel-2",
        "--direction",
        "import",
        "--journal",
        text(&journal),
    ];
    let (code, refused) = jobs(&place, "state", &new);
    assert_eq!(code, 3, "{refused}");
    let (code, all) = jobs(&place, "state", &[]);
    assert_eq!((code, all["shipments"].as_array().unwrap().len()), (0, 0));
}

#[test]
fn what_a_command_wrote_down_survives_the_killing_of_every_later_one() {
    let place = Place::new();
    let (code, _) = jobs(
        &place,
        "state",
        &["new", "reel-3", "--direction", "export", "--service", "own"],
    );
    assert_eq!(code, 0);
    let folder = place.path("state");
    let mut acknowledged = Vec::new();
    for number in 0..40_u64 {
        let note = format!("note {number}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_argosy"));
        command
            .args([
                "jobs",
                "note",
                "reel-3",
                &note,
                "--state-dir",
                text(&folder),
            ])
            .stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // From before it has begun to after it has ended.
        std::thread::sleep(Duration::from_millis(number));
        let _ = child.kill();
        if child.wait().unwrap().success() {
            acknowledged.push(note);
        }
        let (code, shipment) = jobs(&place, "state", &["show", "reel-3"]);
        assert_eq!(code, 0, "{shipment}");
        let entries = shipment["shipment"]["entries"].as_array().unwrap();
        let notes = entries
            .iter()
            .filter_map(|entry| entry["change"]["text"].as_str());
        let notes: Vec<_> = notes.collect();
        assert!(
            acknowledged
                .iter()
                .all(|note| notes.contains(&note.as_str())),
            "{notes:?}"
        );
    }
}
