//! Damage is found and named.

use std::fs;

use super::support::{Place, flip, json, noise, offset_of, password, text};

#[test]
fn one_flipped_bit_in_a_file_is_found_with_file_and_offset() {
    let place = Place::new();
    place.file("deep/down/reel.mov", &noise(1, (9 << 20) + 5));
    place.file("other", &noise(2, 100_000));
    let image = place.drive("FLIP", "120MB");
    let (code, report) = place.prepare("flip-1", &image, &[]);
    assert_eq!(code, 0, "{report}");
    let journal = place.journal("FLIP");
    let at = offset_of(
        &image,
        &password(&journal),
        "\\flip-1\\deep\\down\\reel.mov",
        (5 << 20) + 12_345,
    );
    flip(&image, at);
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
    ]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"mismatch".into()),
        "{report}"
    );
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["file"]),
        (&"content".into(), &"\\flip-1\\deep\\down\\reel.mov".into())
    );
    assert_eq!(finding["offset"], 4 << 20);

    let (out, key) = (place.path("out"), place.key("FLIP"));
    let (code, report) = json(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"mismatch".into()),
        "{report}"
    );
    assert_eq!(report["findings"][0]["offset"], 4 << 20);
    assert_eq!(
        fs::read(out.join("flip-1/other")).unwrap(),
        fs::read(place.source().join("other")).unwrap()
    );
}

#[test]
fn a_journal_of_another_drive_and_a_wrong_key_are_told() {
    let place = Place::new();
    place.file("a", b"a");
    let images = ["ONE", "TWO"].map(|serial| {
        let image = place.drive(serial, "80MB");
        assert_eq!(place.prepare(&format!("of-{serial}"), &image, &[]).0, 0);
        image
    });
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&images[0]),
        "--journal",
        text(&place.journal("TWO")),
    ]);
    assert_eq!(code, 1, "{report}");
    assert_ne!(report["verdict"], "verified");
    let (key, out) = (place.key("TWO"), place.path("out"));
    let (code, report) = json(&[
        "unpack",
        "--drive",
        text(&images[0]),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"failed".into()),
        "{report}"
    );
    // The same key, another drive's manifest hash in the journal.
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&images[0]),
        "--journal",
        text(&place.journal("TWO")),
        "--key-file",
        text(&place.key("ONE")),
    ]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"mismatch".into()),
        "{report}"
    );
}

#[test]
fn an_edited_journal_is_invalid_and_a_redacted_one_is_not() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("EDIT", "80MB");
    assert_eq!(place.prepare("edited", &image, &[]).0, 0);
    let journal = place.journal("EDIT");
    let output = super::support::argosy(&["journal", "redact", text(&journal)]);
    assert!(output.status.success());
    let redacted = place.path("redacted.jrn");
    fs::write(&redacted, &output.stdout).unwrap();
    assert!(
        !String::from_utf8(output.stdout)
            .unwrap()
            .contains(&password(&journal))
    );
    let (code, report) = json(&["journal", "check", text(&redacted)]);
    assert_eq!((code, &report["verdict"]), (0, &"valid".into()), "{report}");

    let text_of = fs::read_to_string(&journal).unwrap();
    fs::write(
        &journal,
        text_of
            .replace("Files: 1\n", "Files: 2\n")
            .replace("Files: 1\r\n", "Files: 2\r\n"),
    )
    .unwrap();
    let (code, report) = json(&["journal", "check", text(&journal)]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"invalid".into()),
        "{report}"
    );
}
