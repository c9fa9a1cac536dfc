//! What is refused, with which exit code, and that nothing was written then.

use std::fs;
use std::path::Path;

use super::support::{Place, argosy, json, noise, text};

fn is_blank(image: &Path) -> bool {
    fs::read(image).unwrap().iter().all(|byte| *byte == 0)
}

#[test]
fn what_does_not_fit_writes_nothing() {
    let place = Place::new();
    place.file("too much", &noise(1, 70 << 20));
    let image = place.drive("FULL", "70MB");
    let (code, report) = place.prepare("full", &image, &[]);
    assert_eq!(
        (code, &report["error"]["code"]),
        (1, &"plan".into()),
        "{report}"
    );
    assert!(is_blank(&image));
    assert!(!place.journal("FULL").exists());
}

#[test]
fn a_drive_that_holds_data_is_erased_only_when_named_and_its_free_space_decided() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("HOLDS", "80MB");
    std::os::unix::fs::FileExt::write_all_at(
        &fs::OpenOptions::new().write(true).open(&image).unwrap(),
        b"somebody's only copy",
        40_000_000,
    )
    .unwrap();
    let before = fs::read(&image).unwrap();
    for more in [
        &[][..],
        &["--erase", "HOLDS"],
        &["--wipe"],
        &["--keep-free-space"],
        &["--wipe", "--erase", "OLDS"],
        &["--wipe", "--erase", "holds"],
    ] {
        let (code, report) = place.prepare("holds", &image, more);
        assert_eq!(
            (code, &report["verdict"]),
            (3, &"failed".into()),
            "{more:?} {report}"
        );
        assert_eq!(fs::read(&image).unwrap(), before, "{more:?}");
    }
    let (code, report) = place.prepare("holds", &image, &["--wipe", "--erase", "HOLDS"]);
    assert_eq!(code, 0, "{report}");
    let after = fs::read(&image).unwrap();
    let old = b"somebody's only copy";
    assert!(!after.windows(old.len()).any(|window| window == old));
    let zeros = after[2 << 20..70 << 20]
        .chunks(4096)
        .filter(|page| page.iter().all(|byte| *byte == 0))
        .count();
    assert!(
        zeros <= 3 * 16,
        "{zeros} pages are zeros; only the three information areas may be"
    );
}

#[test]
fn kept_free_space_keeps_old_bytes_and_the_journal_says_how_many() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("KEEPS", "80MB");
    std::os::unix::fs::FileExt::write_all_at(
        &fs::OpenOptions::new().write(true).open(&image).unwrap(),
        b"old data",
        77_000_000,
    )
    .unwrap();
    let (code, report) = place.prepare("keeps", &image, &["--keep-free-space", "--erase", "KEEPS"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(
        &fs::read(&image).unwrap()[77_000_000..77_000_008],
        b"old data"
    );
    let replay = shared::journal::replay(&fs::read(place.journal("KEEPS")).unwrap()).unwrap();
    assert!(
        replay.session.kept_bytes > 40_000_000,
        "{}",
        replay.session.kept_bytes
    );
}

#[test]
fn journals_and_images_below_the_source_are_refused() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("BELOW", "80MB");
    let (source, inside) = (place.source(), place.source().join("journals"));
    let (code, _) = json(&[
        "prepare",
        "--session",
        "below",
        "--journal-dir",
        text(&inside),
        "--source",
        text(&source),
        "--to",
        "film/",
        "--drive",
        text(&image),
    ]);
    assert_eq!(code, 3);
    assert!(!inside.exists());
    let moved = place.source().join("BELOW.img");
    fs::rename(&image, &moved).unwrap();
    let (code, report) = place.prepare("below", &moved, &[]);
    assert_eq!(code, 3, "{report}");
    assert!(is_blank(&moved));
}

#[test]
fn an_unfinished_journal_stops_us_and_a_finished_one_is_kept() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("AGAIN", "80MB");
    let (code, _) = place.prepare("first", &image, &[]);
    assert_eq!(code, 0);
    let journal = place.journal("AGAIN");
    let whole = fs::read(&journal).unwrap();
    // Cut in the middle: the session never ended.
    fs::write(&journal, &whole[..whole.len() * 2 / 3]).unwrap();
    let erase = ["--erase", "AGAIN", "--keep-free-space"];
    let (code, report) = place.prepare("second", &image, &erase);
    assert_eq!(code, 3, "{report}");
    assert!(
        report["error"]["next"]
            .as_str()
            .unwrap()
            .contains("argosy resume --session first"),
        "{report}"
    );
    let output = argosy(&[
        "abort",
        "--session",
        "first",
        "--journal-dir",
        text(&place.journals()),
    ]);
    assert!(output.status.success(), "{output:?}");
    let (code, report) = json(&["journal", "check", text(&journal)]);
    assert_eq!((code, &report["verdict"]), (0, &"valid".into()), "{report}");

    fs::write(&journal, &whole).unwrap();
    let (code, report) = place.prepare("second", &image, &erase);
    assert_eq!(code, 0, "{report}");
    assert_eq!(
        fs::read(place.journals().join("AGAIN.first.jrn")).unwrap(),
        whole
    );
    assert!(place.journals().join("AGAIN.first.side").exists());
    let (code, _) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
    ]);
    assert_eq!(code, 0);
}

#[test]
fn two_drives_of_one_serial_are_refused_until_told_apart() {
    let place = Place::new();
    place.file("a", b"a");
    let first = place.drive("TWIN", "80MB");
    let second = place.path("other.img");
    let output = argosy(&[
        "new-drive",
        text(&second),
        "--size",
        "80MB",
        "--serial",
        "TWIN",
    ]);
    assert!(output.status.success());
    let (code, report) = place.prepare("twins", &first, &["--drive", text(&second)]);
    assert_eq!(code, 3, "{report}");
    let named = format!("{}=LABEL2", text(&second));
    let (code, report) = place.prepare("twins", &first, &["--drive", &named]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn wrong_usage_ends_with_2_and_a_drive_that_is_not_there_with_4() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("USAGE", "80MB");
    for session in [
        "ab",
        "with blank",
        "COM1",
        "too-long-for-a-session-id-1234567",
    ] {
        let (code, report) = place.prepare(session, &image, &[]);
        assert_eq!(code, 2, "{session}: {report}");
    }
    assert_eq!(argosy(&["prepare"]).status.code(), Some(2));
    assert_eq!(argosy(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(argosy(&["--help"]).status.code(), Some(0));
    let (code, report) = place.prepare("usage", &place.path("nowhere.img"), &[]);
    assert_eq!(code, 4, "{report}");
    let (code, report) = place.prepare(
        "usage",
        &image,
        &["--cipher", "xts-aes-128", "--drive", text(&image)],
    );
    assert_eq!(code, 3, "{report}");
    assert!(is_blank(&image));
}

#[test]
fn a_side_file_whose_journal_was_never_made_does_not_stand_in_the_way() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("ORPHAN", "80MB");
    fs::create_dir(place.journals()).unwrap();
    fs::write(place.journals().join("ORPHAN.side"), b"cut off").unwrap();
    let (code, report) = place.prepare("orphan", &image, &["--check", "full"]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_journal_folder_that_cannot_be_made_stops_everything_before_the_drive_is_touched() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("NOPLACE", "80MB");
    // A folder that cannot be made, for there is a file in its place.
    let inside = place.path("a file").join("journals");
    fs::write(place.path("a file"), b"").unwrap();
    let (source, text_of) = (place.source(), text(&inside));
    let (code, report) = json(&[
        "prepare",
        "--session",
        "noplace",
        "--journal-dir",
        text_of,
        "--source",
        text(&source),
        "--to",
        "film/",
        "--drive",
        text(&image),
    ]);
    assert_eq!(code, 4, "{report}");
    assert!(is_blank(&image));
}
