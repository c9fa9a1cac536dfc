//! A drive dies, or the journal's disk is full: what is left to do is done, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::support::{Place, SmallDisk, argosy, json, noise, text, tree};

fn sum(path: &Path) -> [u8; 32] {
    Sha256::digest(fs::read(path).unwrap()).into()
}

/// Four drives' worth of files.
fn fill(place: &Place) {
    for number in 0..26_u64 {
        let content = noise(number, (8 << 20) + 5);
        place.file(&format!("folder {}/reel {number}", number % 3), &content);
    }
}

#[test]
fn a_spare_gets_the_files_of_the_drive_that_died_and_the_others_stay_as_they_are() {
    let place = Place::new();
    fill(&place);
    // The second drive takes 60 percent of what is planned for it, then every write fails.
    let Some(small) = SmallDisk::new(place.path("dies"), 42 << 20) else {
        return;
    };
    let images: Vec<PathBuf> = (1..=4)
        .map(|number| match number {
            2 => small.0.join("D2.img"),
            _ => place.path(&format!("D{number}.img")),
        })
        .collect();
    for (number, image) in (1..).zip(&images) {
        let serial = format!("D{number}");
        let made = argosy(&[
            "new-drive",
            text(image),
            "--size",
            "68MB",
            "--serial",
            &serial,
        ]);
        assert!(made.status.success(), "{made:?}");
    }
    let more: Vec<&str> = images[1..]
        .iter()
        .flat_map(|image| ["--drive", text(image)])
        .collect();
    let (code, report) = place.prepare(
        "spare-1",
        &images[0],
        &[&["--check", "none"], &more[..]].concat(),
    );
    assert_eq!(code, 4, "{report}");
    let verdicts: BTreeMap<String, String> = report["drives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|drive| (drive["serial"].to_string(), drive["verdict"].to_string()))
        .collect();
    assert_eq!(
        verdicts
            .values()
            .filter(|verdict| *verdict == "\"verified\"")
            .count(),
        3,
        "{report}"
    );
    let others = [&images[0], &images[2], &images[3]];
    let before: Vec<_> = others.iter().map(|image| sum(image)).collect();
    drop(fs::remove_file(&images[1]));
    let spare = place.drive("SPARE", "70MB");
    let journals = place.journals();
    let resume = [
        "resume",
        "--session",
        "spare-1",
        "--journal-dir",
        text(&journals),
    ];
    let (code, refused) = json(&resume);
    assert_eq!(code, 3, "{refused}");
    let replace = format!("D2={}", spare.display());
    let (code, report) = json(&[&resume[..], &["--replace", &replace]].concat());
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["verdict"], "verified", "{report}");
    let after: Vec<_> = others.iter().map(|image| sum(image)).collect();
    assert_eq!(before, after);
    let (code, checked) = json(&["journal", "check", text(&place.journal("SPARE"))]);
    assert_eq!(
        (code, &checked["verdict"]),
        (0, &"valid".into()),
        "{checked}"
    );
    // All four together are the source again.
    let home = place.path("home");
    for (serial, image) in [
        ("D1", others[0]),
        ("SPARE", &spare),
        ("D3", others[1]),
        ("D4", others[2]),
    ] {
        let key = place.key(serial);
        let arguments = [
            "unpack",
            "--drive",
            text(image),
            "--key-file",
            text(&key),
            "--to",
            text(&home),
        ];
        let (code, unpacked) = json(&arguments);
        assert_eq!(code, 0, "{unpacked}");
    }
    assert_eq!(tree(&home.join("spare-1")), tree(&place.source()));
    // Nothing is left to do: the answer is the same.
    let (code, report) = json(&resume);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
}

#[test]
fn a_full_journal_disk_stops_the_drive_and_room_lets_it_go_on() {
    let place = Place::new();
    fill(&place);
    let image = place.drive("FULL", "400MB");
    let Some(disk) = SmallDisk::new(place.journals(), 1 << 20) else {
        return;
    };
    // Room for the plan and some of the journal, for none at all, for all but the end.
    for (number, room) in [8_u64, 60, 100, 104, 108, 112, 116, 120]
        .into_iter()
        .enumerate()
    {
        let session = format!("full-{number}");
        let ballast = disk.0.join("ballast");
        fs::write(
            &ballast,
            vec![1; usize::try_from((1 << 20) - (room << 10)).unwrap()],
        )
        .unwrap();
        let (code, report) = place.prepare(&session, &image, &["--erase", "FULL", "--wipe"]);
        fs::remove_file(&ballast).unwrap();
        if code != 0 {
            assert_eq!(code, 4, "{report}");
            let begun = disk.0.join(format!("{session}.plan")).exists();
            let resume = [
                "resume",
                "--session",
                &session,
                "--journal-dir",
                text(&disk.0),
            ];
            let (code, resumed) = json(&resume);
            if code == 2 {
                // The plan had no room: nothing was begun.
                assert!(!place.journal("FULL").exists(), "{begun}: {resumed}");
                let (code, report) =
                    place.prepare(&session, &image, &["--erase", "FULL", "--wipe"]);
                assert_eq!(code, 0, "{report}");
            } else {
                assert_eq!(
                    (code, &resumed["verdict"]),
                    (0, &"verified".into()),
                    "{resumed}"
                );
            }
        }
        let journal = place.journal("FULL");
        let (code, checked) = json(&["journal", "check", text(&journal)]);
        assert_eq!(
            (code, &checked["verdict"]),
            (0, &"valid".into()),
            "{checked}"
        );
        for entry in fs::read_dir(&disk.0).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}
