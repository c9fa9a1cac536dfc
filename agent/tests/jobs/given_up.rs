//! `argosy abort`: a drive that was proven is not given up for want of the last line of its journal.

use std::fs;
use std::path::Path;

use super::added::verified;
use super::support::{Place, argosy, json, noise, text};

const SERIAL: &str = "GIVENUP-1";

/// Cuts a journal within its last record, as a crash at the very end does.
fn cut_end(journal: &Path) {
    let bytes = fs::read(journal).unwrap();
    let tag = b"ArgosyClosed";
    let at = bytes.windows(tag.len()).position(|part| part == tag);
    fs::write(journal, &bytes[..at.unwrap()]).unwrap();
}

#[test]
fn an_abort_closes_the_journal_of_a_proven_drive_as_what_the_drive_is() {
    let place = Place::new();
    place.file("a", &noise(1, 70_000));
    let image = place.drive(SERIAL, "70MB");
    let (code, report) = place.prepare("proven-1", &image, &[]);
    assert_eq!(code, 0, "{report}");
    let (journal, journals) = (place.journal(SERIAL), place.journals());
    cut_end(&journal);
    let (code, checked) = json(&["journal", "check", text(&journal)]);
    assert_eq!(
        (code, &checked["verdict"]),
        (1, &"unfinished".into()),
        "{checked}"
    );
    let abort = || {
        argosy(&[
            "abort",
            "--session",
            "proven-1",
            "--journal-dir",
            text(&journals),
        ])
    };
    let output = abort();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("not given up") && said.contains("is verified"),
        "{said}"
    );
    let (code, checked) = json(&["journal", "check", text(&journal)]);
    assert_eq!(
        (code, &checked["verdict"]),
        (0, &"valid".into()),
        "{checked}"
    );
    let (code, report) = verified(&image, &journal);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    assert_eq!(abort().status.code(), Some(2), "it is closed now");
    // Nothing stands in the way of the drive's next session.
    let more = ["--erase", SERIAL, "--keep-free-space"];
    let (code, report) = place.prepare("proven-2", &image, &more);
    assert_eq!(code, 0, "{report}");
}
