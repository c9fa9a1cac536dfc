//! A third and a fourth session onto one drive: all are read by other people's programs, and a drive of which anything was
//! changed, of whichever session, gets none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::added::{
    SERIAL, add, assert_all, first, old_journal, refused, second, verified, with_others,
};
use super::support::{Place, argosy, flip, json, noise, text, tree};

/// Writes files for the session `number`.
pub(crate) fn files(place: &Place, number: u64) -> PathBuf {
    let folder = place.path(&format!("files of {number}"));
    fs::create_dir_all(folder.join("a/b")).unwrap();
    for (file, length) in (0_u64..).zip((0..90 * 211).step_by(211)) {
        let seed = number.wrapping_mul(1000).wrapping_add(file);
        fs::write(
            folder.join(format!("a/b/{number} {file}")),
            noise(seed, length),
        )
        .unwrap();
    }
    fs::write(folder.join("reel"), noise(number, (4 << 20) + 5)).unwrap();
    folder
}

/// A drive with as many sessions as there are names in what is returned, each with its files.
fn with_sessions(place: &Place, count: usize) -> (PathBuf, Vec<(String, PathBuf)>) {
    let image = first(place, "140MB");
    let mut sessions = vec![("first-1".to_owned(), place.source())];
    for number in 2_u64.. {
        if sessions.len() >= count {
            break;
        }
        let (name, source) = match number {
            2 => ("second-2".to_owned(), second(place)),
            _ => (format!("later-{number}"), files(place, number)),
        };
        let to = format!("film/{number}/");
        let (code, report) = add(place, &name, (&source, &to), &image);
        assert_eq!(
            (code, &report["verdict"]),
            (0, &"verified".into()),
            "{report}"
        );
        sessions.push((name, source));
    }
    (image, sessions)
}

fn named(sessions: &[(String, PathBuf)]) -> Vec<(&str, &Path)> {
    let pairs = sessions.iter();
    pairs
        .map(|(name, source)| (name.as_str(), source.as_path()))
        .collect()
}

#[test]
fn a_third_and_a_fourth_session_come_beside_the_others_and_all_are_proven() {
    let place = Place::new();
    let (image, sessions) = with_sessions(&place, 4);
    let manifest = assert_all(&place, &image, &named(&sessions));
    let manifest = String::from_utf8(manifest).unwrap();
    assert_eq!(manifest.matches("<BlobList Id=").count(), 4);
    for (name, _) in &sessions {
        assert!(
            manifest.contains(&format!("<BlobList Id=\"{name}-0\">")),
            "{name}"
        );
    }
    // What was proven before is as good as it was, and no longer what is on the drive.
    for name in ["first-1", "second-2", "later-3"] {
        let journal = place.journals().join(format!("{SERIAL}.{name}.jrn"));
        let (code, checked) = json(&["journal", "check", text(&journal)]);
        assert_eq!(
            (code, &checked["verdict"]),
            (0, &"valid".into()),
            "{checked}"
        );
        let (code, report) = verified(&image, &journal);
        assert_eq!(
            (code, &report["verdict"]),
            (1, &"mismatch".into()),
            "{report}"
        );
    }
}

/// Returns the folder of outside programs that no distribution packages.
fn python() -> Option<PathBuf> {
    let places = [
        std::env::var("ARGOSY_ORACLES").unwrap_or_default(),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/oracles").to_owned(),
    ];
    let programs = places
        .iter()
        .map(|place| Path::new(place).join("bin/python"));
    let found = programs.into_iter().find(|program| program.exists());
    if found.is_none() {
        assert!(
            std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_none(),
            "no Python with dissect.ntfs and libfsntfs"
        );
        println!("skipped: no Python with dissect.ntfs and libfsntfs (ARGOSY_ORACLES)");
    }
    found
}

#[test]
fn dislocker_ntfs_3g_dissect_and_libfsntfs_read_every_file_of_four_sessions() {
    let place = Place::new();
    let (image, sessions) = with_sessions(&place, 4);
    let manifest = assert_all(&place, &image, &named(&sessions));
    with_others(&place, &image, "ro,loop", |at| {
        for (name, source) in &sessions {
            assert!(tree(&at.join(name)) == tree(source), "{name}");
        }
        assert!(fs::read(at.join("DriveManifest.xml")).unwrap() == manifest);
    });
    let Some(python) = python() else {
        return;
    };
    let (plain, key) = (place.path("plain"), place.key(SERIAL));
    let output = argosy(&[
        "unlock",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--out",
        text(&plain),
    ]);
    assert!(output.status.success(), "{output:?}");
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    all.insert("DriveManifest.xml".to_owned(), manifest);
    for (name, source) in &sessions {
        for (path, content) in tree(source) {
            let path = format!("{name}/{}", path.display());
            all.extend(content.map(|content| (path, content)));
        }
    }
    let line = |(path, bytes): (&String, &Vec<u8>)| {
        let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
        format!("{path}\t{}\t{sum}\n", bytes.len())
    };
    let list = place.path("expected");
    fs::write(&list, all.iter().map(line).collect::<String>()).unwrap();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/ntfs_image/tests/layout/read_volume.py"
    );
    let said = Command::new(python)
        .args([Path::new(script), &plain, &list])
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
}

/// Returns where a session changed those before it, from its side file: disk offsets and lengths.
fn changes(journal: &Path) -> Vec<(usize, usize)> {
    let replay = shared::journal::replay(&fs::read(journal).unwrap()).unwrap();
    let side = fs::read(journal.with_extension("side")).unwrap();
    let mut rest = &side[usize::try_from(replay.redo.unwrap()).unwrap()..];
    let mut found = Vec::new();
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().unwrap());
    while !rest.is_empty() {
        let (at, length) = (number(rest), number(&rest[8..]));
        let ones = length >> 63 == 1;
        let bytes = usize::try_from(length & !(1 << 63)).unwrap();
        rest = &rest[16..][if ones { 0 } else { bytes }..];
        found.push((usize::try_from(at).unwrap(), bytes));
    }
    found
}

/// Returns the disk offset of a record of the first session's, and of a name of the second's: the volume begins at 1 MiB
/// of the disk, and its boot sector says where the records are.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets in small images of our own"
)]
fn places(place: &Place, image: &Path) -> [u64; 2] {
    let (plain, key) = (place.path("for places"), place.key(SERIAL));
    let output = argosy(&[
        "unlock",
        "--drive",
        text(image),
        "--key-file",
        text(&key),
        "--out",
        text(&plain),
    ]);
    assert!(output.status.success(), "{output:?}");
    let volume = fs::read(plain).unwrap();
    let cluster = u64::from_le_bytes(volume[0x30..0x38].try_into().unwrap());
    let name: Vec<u8> = "large".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = volume.windows(name.len()).position(|part| part == name);
    let partition = 1 << 20;
    [
        partition + cluster * 4096 + 20 * 1024,
        partition + u64::try_from(at.unwrap()).unwrap(),
    ]
}

#[test]
fn one_changed_bit_of_any_session_and_a_third_is_refused() {
    let place = Place::new();
    let (image, sessions) = with_sessions(&place, 2);
    let third = files(&place, 3);
    // Of the first session's own, of the second's own, and of what the second changed.
    let [first, second] = places(&place, &image);
    let changed = u64::try_from(changes(&place.journal(SERIAL))[0].0).unwrap();
    for at in [first, second, changed] {
        flip(&image, at);
        let said = refused(&place, "later-3", (&third, "film/3/"), &image);
        assert!(said.contains("was changed since"), "{at:#x}: {said}");
        flip(&image, at);
    }
    // Nobody can say what the second changed without its side file, nor what the first was without its journal.
    let side = place.journal(SERIAL).with_extension("side");
    for missing in [side, old_journal(&place)] {
        let aside = place.path("aside");
        fs::rename(&missing, &aside).unwrap();
        let said = refused(&place, "later-3", (&third, "film/3/"), &image);
        assert!(said.contains("is not here"), "{said}");
        fs::rename(&aside, &missing).unwrap();
    }
    for (name, _) in &sessions {
        let said = refused(&place, name, (&third, "film/3/"), &image);
        assert!(said.contains("is on this drive already"), "{said}");
    }
    let (code, report) = add(&place, "later-3", (&third, "film/3/"), &image);
    assert_eq!(code, 0, "{report}");
    let mut sessions = sessions;
    sessions.push(("later-3".to_owned(), third));
    assert_all(&place, &image, &named(&sessions));
}

#[test]
fn a_third_session_that_was_given_up_and_wrote_where_the_first_had_been_may_be_begun_again() {
    let place = Place::new();
    let (image, mut sessions) = with_sessions(&place, 2);
    let (third, before) = (files(&place, 3), fs::read(&image).unwrap());
    let (code, report) = add(&place, "later-3", (&third, "film/3/"), &image);
    assert_eq!(code, 0, "{report}");
    // As a crash before its last phase leaves it: everything in free clusters is written, nothing is changed.
    let journal = place.journal(SERIAL);
    let mut crashed = fs::read(&image).unwrap();
    for (at, bytes) in changes(&journal) {
        crashed[at..][..bytes].copy_from_slice(&before[at..][..bytes]);
    }
    fs::write(&image, crashed).unwrap();
    let bytes = fs::read(&journal).unwrap();
    let tag = b"ArgosyMending";
    let at = bytes.windows(tag.len()).position(|part| part == tag);
    fs::write(&journal, &bytes[..at.unwrap()]).unwrap();
    let journals = place.journals();
    let abort = [
        "abort",
        "--session",
        "later-3",
        "--journal-dir",
        text(&journals),
    ];
    let output = argosy(&abort);
    assert!(output.status.success(), "{output:?}");
    let (code, report) = verified(&image, &journals.join(format!("{SERIAL}.second-2.jrn")));
    assert_eq!(code, 0, "{report}");
    let other = files(&place, 4);
    let (code, report) = add(&place, "other-3", (&other, "film/other/"), &image);
    assert_eq!(code, 0, "{report}");
    sessions.push(("other-3".to_owned(), other));
    let (code, report) = add(&place, "later-4", (&third, "film/3/"), &image);
    assert_eq!(code, 0, "{report}");
    sessions.push(("later-4".to_owned(), third));
    assert_all(&place, &image, &named(&sessions));
}
