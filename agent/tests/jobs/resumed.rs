//! Interrupted sessions: what a resume takes for granted, and what it does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{Place, flip, json, noise, text, tree};

const SERIAL: &str = "R-1";

/// A session of one drive that was killed once its drive was erased, with journals in two folders.
struct Interrupted {
    place: Place,
    image: PathBuf,
    mirror: PathBuf,
}

fn interrupted() -> Interrupted {
    let place = Place::new();
    for number in 0..24_u64 {
        let content = noise(number, (4 << 20) + 3);
        place.file(&format!("reel {number}"), &content);
    }
    let image = place.drive(SERIAL, "400MB");
    let mirror = place.path("mirror");
    let (source, journals) = (place.source(), place.journals());
    let mut child = Command::new(env!("CARGO_BIN_EXE_argosy"))
        .args(["prepare", "--session", "resumed-1", "--to", "film/reels/"])
        .args(["--journal-dir", text(&journals), text(&mirror)])
        .args(["--source", text(&source), "--drive", text(&image)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let journal = place.journal(SERIAL);
    let begun = Instant::now();
    let is_erased = || {
        fs::read(&journal).is_ok_and(|bytes| bytes.windows(12).any(|part| part == b"ArgosyErased"))
    };
    while !is_erased() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing was erased"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Interrupted {
        place,
        image,
        mirror,
    }
}

impl Interrupted {
    fn resume(&self, folders: &[&Path]) -> (i32, serde_json::Value) {
        let mut arguments = vec!["resume", "--session", "resumed-1", "--journal-dir"];
        arguments.extend(folders.iter().map(|folder| text(folder)));
        json(&arguments)
    }

    fn is_finished(&self) {
        let (code, report) = self.resume(&[&self.place.journals(), &self.mirror]);
        assert_eq!(
            (code, &report["verdict"]),
            (0, &"verified".into()),
            "{report}"
        );
        let name = format!("{SERIAL}.jrn");
        assert_eq!(
            fs::read(self.place.journals().join(&name)).unwrap(),
            fs::read(self.mirror.join(&name)).unwrap()
        );
        let home = self.place.path("home");
        let key = self.place.key(SERIAL);
        let (code, unpacked) = json(&[
            "unpack",
            "--drive",
            text(&self.image),
            "--key-file",
            text(&key),
            "--to",
            text(&home),
        ]);
        assert_eq!(code, 0, "{unpacked}");
        assert_eq!(tree(&home.join("resumed-1")), tree(&self.place.source()));
    }
}

#[test]
fn a_copy_of_the_journal_that_is_gone_or_damaged_is_made_whole_from_the_other() {
    let job = interrupted();
    flip(&job.place.journal(SERIAL), 700);
    fs::remove_file(job.place.journals().join(format!("{SERIAL}.side"))).unwrap();
    fs::remove_file(job.mirror.join("resumed-1.plan")).unwrap();
    job.is_finished();
}

#[test]
fn copies_that_tell_different_stories_are_refused_until_one_is_named() {
    let job = interrupted();
    let name = format!("{SERIAL}.jrn");
    // The mirror goes on without the other folder, and the other without the mirror.
    let kept = fs::read(job.place.journals().join(&name)).unwrap();
    let (code, report) = job.resume(&[&job.mirror]);
    assert_eq!(code, 0, "{report}");
    let (code, aborted) = {
        let journals = job.place.journals();
        let arguments = [
            "abort",
            "--session",
            "resumed-1",
            "--journal-dir",
            text(&journals),
        ];
        let output = super::support::argosy(&arguments);
        (output.status.code().unwrap(), output)
    };
    assert_eq!(code, 0, "{aborted:?}");
    assert!(
        fs::read(job.place.journals().join(&name))
            .unwrap()
            .starts_with(&kept)
    );
    let (code, refused) = job.resume(&[&job.place.journals(), &job.mirror]);
    assert_eq!(code, 3, "{refused}");
    assert!(
        refused.to_string().contains("different stories"),
        "{refused}"
    );
}

#[test]
fn another_drive_in_its_place_is_refused_and_left_as_it_is() {
    let job = interrupted();
    let own = job.place.path("own.img");
    fs::rename(&job.image, &own).unwrap();
    let mut other = noise(9, 4 << 20);
    other.resize(400_000_000, 7);
    fs::write(&job.image, &other).unwrap();
    let (code, refused) = job.resume(&[&job.place.journals(), &job.mirror]);
    assert_eq!(code, 3, "{refused}");
    assert!(fs::read(&job.image).unwrap() == other);
    fs::rename(&own, &job.image).unwrap();
    job.is_finished();
}

#[test]
fn a_source_that_changed_meanwhile_is_left_out_and_named() {
    let job = interrupted();
    let last = job.place.source().join("reel 9");
    fs::write(&last, b"changed").unwrap();
    let (code, report) = job.resume(&[&job.place.journals(), &job.mirror]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"incomplete".into()),
        "{report}"
    );
    let left_out = report["drives"][0]["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 1, "{report}");
    assert_eq!(left_out[0]["path"], "reel 9");
}

#[test]
fn a_drive_that_another_argosy_works_on_is_left_to_it() {
    let job = interrupted();
    let journals = job.place.journals();
    let mut first = Command::new(env!("CARGO_BIN_EXE_argosy"))
        .args([
            "resume",
            "--session",
            "resumed-1",
            "--journal-dir",
            text(&journals),
        ])
        .arg(text(&job.mirror))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let resumed = || {
        let bytes = fs::read(job.place.journal(SERIAL)).unwrap();
        bytes.windows(13).any(|part| part == b"ArgosyResumed")
    };
    while !resumed() {
        assert!(first.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(Duration::from_millis(1));
    }
    let (code, refused) = job.resume(&[&journals, &job.mirror]);
    let aborted = super::support::argosy(&[
        "abort",
        "--session",
        "resumed-1",
        "--journal-dir",
        text(&journals),
    ]);
    assert!(first.wait().unwrap().success());
    assert_ne!(code, 0, "{refused}");
    assert_eq!(aborted.status.code(), Some(3), "{aborted:?}");
    job.is_finished();
}
