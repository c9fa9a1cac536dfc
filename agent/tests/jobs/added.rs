//! A second session onto a drive that is finished: nothing of the first is lost, and nothing is written to a drive
//! that is not exactly as it was left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::support::{Loop, Place, has, json, noise, text, tree};

pub(crate) const SERIAL: &str = "ADDED-1";

/// Runs `prepare --add` of a folder.
pub(crate) fn add(
    place: &Place,
    session: &str,
    (source, to): (&Path, &str),
    image: &Path,
) -> (i32, Value) {
    let words = adding(place, session, (source, to), image);
    json(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The words of an addition.
pub(crate) fn adding(
    place: &Place,
    session: &str,
    (source, to): (&Path, &str),
    image: &Path,
) -> Vec<String> {
    let journals = place.journals();
    [
        "prepare",
        "--add",
        "--session",
        session,
        "--journal-dir",
        text(&journals),
        "--source",
        text(source),
        "--to",
        to,
        "--drive",
        text(image),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Writes files of every kind for a second session.
pub(crate) fn second(place: &Place) -> PathBuf {
    let folder = place.path("second");
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    for (number, length) in (0_u64..).zip((0..300 * 37).step_by(37)) {
        fs::write(
            folder.join(format!("deep/er/{number}")),
            noise(number, length),
        )
        .unwrap();
    }
    fs::write(folder.join("large"), noise(5, (6 << 20) + 77)).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    folder
}

/// A verified drive with one session on it.
pub(crate) fn first(place: &Place, size: &str) -> PathBuf {
    for (number, length) in (0_u64..).zip((0..60 * 173).step_by(173)) {
        place.file(&format!("small/{number}"), &noise(number, length));
    }
    place.file("reel.mov", &noise(1, (5 << 20) + 1));
    let image = place.drive(SERIAL, size);
    let (code, report) = place.prepare("first-1", &image, &[]);
    assert_eq!(code, 0, "{report}");
    image
}

pub(crate) fn verified(image: &Path, journal: &Path) -> (i32, Value) {
    json(&["verify", "--drive", text(image), "--journal", text(journal)])
}

/// The first session's journal, once there is a second.
pub(crate) fn old_journal(place: &Place) -> PathBuf {
    place.journals().join(format!("{SERIAL}.first-1.jrn"))
}

/// Everything about a drive with two sessions, by our own programs.
pub(crate) fn assert_both(place: &Place, image: &Path, source: &Path) {
    let own = place.source();
    assert_all(place, image, &[("first-1", &own), ("second-2", source)]);
}

/// Everything about a drive with these sessions, each with its files, by our own programs. Returns the manifest.
pub(crate) fn assert_all(place: &Place, image: &Path, sessions: &[(&str, &Path)]) -> Vec<u8> {
    let journal = place.journal(SERIAL);
    let (code, checked) = json(&["journal", "check", text(&journal)]);
    assert_eq!(
        (code, &checked["verdict"]),
        (0, &"valid".into()),
        "{checked}"
    );
    let (code, report) = verified(image, &journal);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    let key = place.key(SERIAL);
    let drive = ["--drive", text(image), "--key-file", text(&key)];
    let (code, report) = json(&["check-drive", text(image), "--key-file", text(&key)]);
    assert_eq!((code, &report["verdict"]), (0, &"clean".into()), "{report}");
    let home = tempfile::tempdir().unwrap();
    let mut arguments = vec!["unpack"];
    arguments.extend(drive);
    arguments.extend(["--to", text(home.path())]);
    let (code, report) = json(&arguments);
    assert_eq!(code, 0, "{report}");
    for (session, source) in sessions {
        assert!(
            tree(&home.path().join(session)) == tree(source),
            "{session}"
        );
    }
    let manifest = home.path().join(format!("{SERIAL}.DriveManifest.xml"));
    let (code, checked) = json(&[
        "journal",
        "check",
        text(&journal),
        "--manifest",
        text(&manifest),
    ]);
    assert_eq!(
        (code, &checked["verdict"]),
        (0, &"valid".into()),
        "{checked}"
    );
    fs::read(manifest).unwrap()
}

#[test]
fn a_second_session_comes_beside_the_first_and_both_are_proven() {
    let place = Place::new();
    let image = first(&place, "120MB");
    let (before, files) = (verified(&image, &place.journal(SERIAL)), second(&place));
    let (code, report) = add(&place, "second-2", (&files, "film/more/"), &image);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    assert_eq!(report["drives"][0]["left_out"].as_array().unwrap().len(), 0);
    assert_both(&place, &image, &files);
    let (_, after) = verified(&image, &place.journal(SERIAL));
    let count = |report: &Value| report["files"].as_u64().unwrap();
    assert_eq!(count(&after), count(&before.1) + 301);
    // The first journal is as good as before, and no longer what is on the drive.
    let (code, checked) = json(&["journal", "check", text(&old_journal(&place))]);
    assert_eq!(
        (code, &checked["verdict"]),
        (0, &"valid".into()),
        "{checked}"
    );
    let (code, report) = verified(&image, &old_journal(&place));
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"mismatch".into()),
        "{report}"
    );
}

/// Opens the drive's volume with dislocker and runs `act` with the folder that ntfs-3g mounts it at; `None` without
/// the means.
pub(crate) fn with_others<T>(
    place: &Place,
    image: &Path,
    options: &str,
    act: impl FnOnce(&Path) -> T,
) -> Option<T> {
    if !["dislocker-fuse", "ntfs-3g", "losetup"]
        .into_iter()
        .all(has)
    {
        return None;
    }
    let whole = Loop::over(image)?;
    let (unlocked, files) = (place.path("unlocked"), place.path("files"));
    fs::create_dir_all(&unlocked).unwrap();
    fs::create_dir_all(&files).unwrap();
    let password = super::support::password(&place.journal(SERIAL));
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
    };
    let mut dislocker = Command::new("dislocker-fuse");
    dislocker.args(["-O", "1048576", "-V", text(&whole.0)]);
    dislocker.arg(format!("-p{password}"));
    run(dislocker.args(["--", text(&unlocked)]));
    let volume = unlocked.join("dislocker-file");
    let mut mount = Command::new("mount");
    mount.args(["-t", "ntfs-3g", "-o", options, text(&volume), text(&files)]);
    run(&mut mount);
    let result = act(&files);
    run(Command::new("umount").arg(&files));
    run(Command::new("umount").arg(&unlocked));
    drop(whole);
    let_go(image);
    Some(result)
}

/// Waits until nobody has the image open any more: what they wrote reaches it when the last one closes it.
fn let_go(image: &Path) {
    let begun = std::time::Instant::now();
    loop {
        let found = Command::new("losetup")
            .arg("-j")
            .arg(image)
            .output()
            .unwrap();
        if found.stdout.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(120),
            "{found:?}"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn dislocker_and_ntfs_3g_read_both_sessions() {
    let place = Place::new();
    let image = first(&place, "120MB");
    let files = second(&place);
    let (code, report) = add(&place, "second-2", (&files, "film/more/"), &image);
    assert_eq!(code, 0, "{report}");
    with_others(&place, &image, "ro,loop", |at| {
        assert!(tree(&at.join("first-1")) == tree(&place.source()));
        assert!(tree(&at.join("second-2")) == tree(&files));
        let manifest = fs::read_to_string(at.join("DriveManifest.xml")).unwrap();
        assert_eq!(manifest.matches("<BlobList Id=").count(), 2);
        assert!(manifest.contains("<BlobList Id=\"first-1-0\">"));
        assert!(manifest.contains("<BlobList Id=\"second-2-0\">"));
    });
}

/// Runs an addition that must be refused and leave the drive as it is; returns what is said.
pub(crate) fn refused(place: &Place, session: &str, what: (&Path, &str), image: &Path) -> String {
    let before = fs::read(image).unwrap();
    let (code, report) = add(place, session, what, image);
    assert_eq!(code, 3, "{report}");
    assert!(
        fs::read(image).unwrap() == before,
        "the drive was written to"
    );
    report.to_string()
}

#[test]
fn a_drive_that_somebody_wrote_to_since_is_refused() {
    let place = Place::new();
    let image = first(&place, "120MB");
    let files = second(&place);
    let written = with_others(&place, &image, "rw,loop", |at| {
        fs::write(at.join("a note"), "from another system").unwrap();
    });
    if written.is_some() {
        let said = refused(&place, "second-2", (&files, "film/more/"), &image);
        assert!(said.contains("was changed since"), "{said}");
        // The journal still says what it said.
        assert!(place.journal(SERIAL).exists());
    }
}

#[test]
fn what_cannot_be_added_is_refused_in_words_and_nothing_is_written() {
    let place = Place::new();
    let image = first(&place, "120MB");
    let files = second(&place);
    let said = refused(&place, "first-1", (&files, "film/more/"), &image);
    assert!(
        said.contains("session first-1 is on this drive already"),
        "{said}"
    );
    // The same files to the same place would be the same blobs.
    let said = refused(&place, "second-2", (&place.source(), "film/reels/"), &image);
    assert!(
        said.contains("a blob that is on the drive already"),
        "{said}"
    );
    let huge = place.path("huge");
    fs::create_dir(&huge).unwrap();
    fs::File::create(huge.join("huge"))
        .unwrap()
        .set_len(118 << 20)
        .unwrap();
    let before = fs::read(&image).unwrap();
    let (code, report) = add(&place, "second-2", (&huge, "film/huge/"), &image);
    assert_ne!(code, 0, "{report}");
    assert!(report.to_string().contains("bytes"), "{report}");
    assert!(fs::read(&image).unwrap() == before);
    let (code, report) = verified(&image, &place.journal(SERIAL));
    assert_eq!(code, 0, "{report}");

    let empty = place.drive("EMPTY-1", "70MB");
    let said = refused(&place, "second-2", (&files, "film/more/"), &empty);
    assert!(said.contains("no journal of a finished drive"), "{said}");
    // A drive of another Argosy: its journal is not here.
    let elsewhere = place.path("elsewhere");
    fs::rename(place.journals(), &elsewhere).unwrap();
    let said = refused(&place, "second-2", (&files, "film/more/"), &image);
    assert!(said.contains("no journal of a finished drive"), "{said}");
    fs::remove_dir_all(place.journals()).ok();
    fs::rename(&elsewhere, place.journals()).unwrap();

    let (code, report) = add(&place, "second-2", (&files, "film/more/"), &image);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn an_addition_that_is_given_up_leaves_the_first_session_and_may_be_begun_again() {
    let place = Place::new();
    let image = first(&place, "120MB");
    let (files, journals) = (second(&place), place.journals());
    let pristine = fs::read(&image).unwrap();
    let (code, report) = add(&place, "second-2", (&files, "film/more/"), &image);
    assert_eq!(code, 0, "{report}");
    // As a crash before its last phase leaves it: the journal torn within a record.
    let journal = place.journal(SERIAL);
    let bytes = fs::read(&journal).unwrap();
    let at = find(&bytes, b"ArgosyMending");
    fs::write(&journal, &bytes[..at]).unwrap();
    fs::write(&image, pristine).unwrap();
    let abort = [
        "abort",
        "--session",
        "second-2",
        "--journal-dir",
        text(&journals),
    ];
    let output = super::support::argosy(&abort);
    assert!(output.status.success(), "{output:?}");
    let (code, report) = verified(&image, &old_journal(&place));
    assert_eq!(code, 0, "{report}");
    let (code, report) = add(&place, "second-2", (&files, "film/more/"), &image);
    assert_eq!(code, 0, "{report}");
    assert_both(&place, &image, &files);
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let found = bytes.windows(wanted.len()).position(|part| part == wanted);
    found.expect("it is there")
}
