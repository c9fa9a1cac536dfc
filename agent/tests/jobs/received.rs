//! `receive`: several drives, their keys as the service lists them, one destination.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Place, SmallDisk, argosy, json, noise, password, text, tree};

/// Two finished drives of one session of sources each.
struct Parcel {
    place: Place,
    images: [PathBuf; 2],
    passwords: [String; 2],
}

const SERIALS: [&str; 2] = ["WD-1", "WD-2"];

impl Parcel {
    fn new(files: [&[(&str, &[u8])]; 2]) -> Self {
        let place = Place::new();
        let images = [0, 1].map(|number| {
            drop(fs::remove_dir_all(place.source()));
            for (path, content) in files[number] {
                place.file(path, content);
            }
            let image = place.drive(SERIALS[number], "80MB");
            let (code, said) = place.prepare(&format!("of-{number}"), &image, &["--no-verify"]);
            assert_eq!(code, 0, "{said}");
            image
        });
        let passwords = SERIALS.map(|serial| password(&place.journal(serial)));
        Self {
            place,
            images,
            passwords,
        }
    }

    /// Returns the listing of both keys, under these names for serial and list.
    fn keys(&self, serial: &str, list: &str) -> String {
        let [one, two] = &self.passwords;
        let pairs = format!(
            r#"[{{"{serial}":"WD-1","bitLockerKey":"{one}"}},{{"{serial}":"WD-2","bitLockerKey":"{two}"}}]"#
        );
        if list.is_empty() {
            return pairs;
        }
        format!(r#"{{"{list}":{pairs}}}"#)
    }

    fn receive(&self, keys: &str, to: &Path, more: &[&str]) -> (i32, Value) {
        let file = self.place.path("keys");
        fs::write(&file, keys).unwrap();
        let [one, two] = &self.images;
        let mut arguments = vec!["receive", "--drive", text(one), text(two)];
        arguments.extend(["--keys", text(&file), "--to", text(to)]);
        arguments.extend(more);
        json(&arguments)
    }
}

#[test]
fn two_drives_come_home_as_their_blobs_whatever_form_the_keys_have() {
    let large = noise(3, 9 << 20);
    let parcel = Parcel::new([
        &[("a/one", b"1"), ("a/empty", b""), ("both", b"same")],
        &[("a/two", b"22"), ("large", &large), ("both", b"same")],
    ]);
    let [one, two] = &parcel.passwords;
    let dry = parcel.place.path("dry");
    for (form, of) in [
        (parcel.keys("driveId", "value"), "WD-1"),
        (parcel.keys("driveId", ""), "WD-1"),
        (parcel.keys("diskSerialNumber", "diskSecrets"), "WD-1"),
        (format!("WD-1 {one}\nWD-2 {two}\n"), "WD-1"),
        // No serial, and serials that are not these drives'.
        (format!("{two}\n{one}\n"), ""),
        (format!("OLD-2 {two}\nOLD-1 {one}\n"), "OLD-1"),
    ] {
        let (code, said) = parcel.receive(&form, &dry, &["--dry-run"]);
        assert_eq!((code, &said["verdict"]), (0, &"planned".into()), "{said}");
        let opened = said["drives"][0]["key"]["serial"].as_str().unwrap_or("");
        assert_eq!(opened, of, "{said}");
        assert!(!said.to_string().contains(&one[..13]), "a key is shown");
    }
    assert!(!dry.exists());

    let home = parcel.place.path("home");
    let report = parcel.place.path("report.csv");
    let keys = parcel.keys("driveId", "value");
    let (code, said) = parcel.receive(&keys, &home, &["--report", text(&report)]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    let found = tree(&home.join("film/reels"));
    let names: Vec<_> = found.keys().map(|path| text(path)).collect();
    assert_eq!(names, ["a", "a/empty", "a/one", "a/two", "both", "large"]);
    assert!(found[Path::new("large")].as_deref() == Some(&large));
    assert_eq!(found[Path::new("both")].as_deref(), Some(&b"same"[..]));
    // The manifests are no blobs: beside, each drive's by itself.
    let beside = home.join(".argosy/WD-2/drive/WD-2.DriveManifest.xml");
    assert!(beside.is_file(), "{:?}", tree(&home).keys());
    let rows = fs::read_to_string(&report).unwrap();
    assert_eq!(rows.lines().count(), 1 + 3 + 3 + 2, "{rows}");
    assert!(
        rows.contains("WD-2,verified,\\of-1\\large,film/reels/large,film/reels/large,9437184,")
    );

    // Once more, with further drives in mind: nothing is copied again, nothing is amiss.
    let before = inodes(&home);
    let (code, said) = parcel.receive(&keys, &home, &[]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    assert_eq!(inodes(&home), before);
}

fn inodes(home: &Path) -> Vec<u64> {
    let files = tree(home)
        .into_keys()
        .filter(|path| !path.ends_with("home.state"));
    files
        .map(|path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(home.join(path)).unwrap()))
        .collect()
}

#[test]
fn a_blob_of_the_same_name_with_other_content_is_kept_beside_and_named() {
    let parcel = Parcel::new([
        &[("clip.mov", b"of the first drive")],
        &[("clip.mov", b"of the second one!")],
    ]);
    let home = parcel.place.path("home");
    fs::create_dir_all(home.join("film/reels")).unwrap();
    fs::write(home.join("film/reels/clip.mov"), b"the person's own..").unwrap();
    let keys = parcel.keys("driveId", "value");
    for round in 0..2 {
        let (code, said) = parcel.receive(&keys, &home, &[]);
        assert_eq!((code, &said["verdict"]), (1, &"mismatch".into()), "{said}");
        for drive in said["drives"].as_array().unwrap() {
            assert_eq!(
                drive["findings"][0]["code"], "name-taken",
                "{round}: {said}"
            );
        }
        let found = tree(&home.join("film/reels"));
        let content = |name: &str| found[Path::new(name)].clone().unwrap();
        assert_eq!(content("clip.mov"), b"the person's own..");
        assert_eq!(content("clip (WD-1).mov"), b"of the first drive");
        assert_eq!(content("clip (WD-2).mov"), b"of the second one!");
        assert_eq!(found.len(), 3, "{:?}", found.keys());
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let large = noise(3, 9 << 20);
    let parcel = Parcel::new([&[("one", &large)], &[("two", &large)]]);
    // Each drive by itself would fit.
    let Some(small) = SmallDisk::new(parcel.place.path("small"), 12 << 20) else {
        return;
    };
    for to in [small.0.clone(), small.0.join("not there yet")] {
        let (code, said) = parcel.receive(&parcel.keys("driveId", "value"), &to, &[]);
        assert_eq!(code, 3, "{said}");
        assert_eq!(fs::read_dir(&small.0).unwrap().count(), 0);
    }
    let key = parcel.place.key("WD-1");
    let (image, small) = (text(&parcel.images[0]), text(&small.0));
    let unpack = ["unpack", "--drive", image, "--key-file", text(&key), "--to"];
    let (code, said) = json(&[&unpack[..], &[small]].concat());
    assert_eq!(code, 0, "{said}");
    let (code, said) = parcel.receive(&parcel.keys("driveId", ""), Path::new(small), &[]);
    assert_eq!(code, 3, "{said}");
}

#[test]
fn a_drive_that_no_key_opens_costs_the_others_nothing() {
    let parcel = Parcel::new([&[("one", b"1")], &[("two", b"2")]]);
    let home = parcel.place.path("home");
    let (code, said) = parcel.receive(&format!("WD-2 {}", parcel.passwords[1]), &home, &[]);
    assert_eq!((code, &said["verdict"]), (1, &"failed".into()), "{said}");
    assert_eq!(said["drives"][0]["verdict"], "failed", "{said}");
    assert_eq!(said["drives"][1]["verdict"], "verified", "{said}");
    assert_eq!(said["findings"][0]["code"], "unlock", "{said}");
    assert_eq!(fs::read(home.join("film/reels/two")).unwrap(), b"2");
    for (keys, words) in [("", "no key"), ("{\"value\":[{]}", "damaged")] {
        let file = parcel.place.path("keys");
        fs::write(&file, keys).unwrap();
        let [one, two] = &parcel.images;
        let drives = ["receive", "--drive", text(one), "--drive", text(two)];
        let rest = ["--keys", text(&file), "--to", text(&home)];
        let output = argosy(&[&drives[..], &rest[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(words),
            "{output:?}"
        );
    }
}

#[test]
fn a_drive_whose_names_stay_its_own_is_restored_as_it_is() {
    let parcel = Parcel::new([&[("a/one", b"1")], &[("a/two", b"2")]]);
    let home = parcel.place.path("home");
    let keys = parcel.keys("driveId", "value");
    let (code, said) = parcel.receive(&keys, &home, &["--names", "drive"]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    for (path, content) in [("of-0/a/one", b"1"), ("of-1/a/two", b"2")] {
        assert_eq!(fs::read(home.join(path)).unwrap(), content);
    }
    assert!(home.join("WD-1.DriveManifest.xml").is_file());
}
