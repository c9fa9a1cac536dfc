//! The commands that only look.

use std::fs;

use super::support::{Place, argosy, json, noise, text, tree};

#[test]
fn a_scan_counts_and_names_what_cannot_go() {
    let place = Place::new();
    place.file("a/b", b"12345");
    place.file("bad?name", b"");
    std::os::unix::fs::symlink("a", place.source().join("link")).unwrap();
    let (code, report) = json(&["scan", text(&place.source())]);
    assert_eq!(code, 1);
    assert_eq!(
        (&report["files"], &report["bytes"], &report["folders"]),
        (&2.into(), &5.into(), &1.into())
    );
    assert_eq!(report["problems"][0]["path"], "bad?name");
    assert!(!report["problems"][0]["mend"].as_str().unwrap().is_empty());
    assert_eq!(report["unreadable"], serde_json::json!([]));
}

#[test]
fn an_unlocked_image_is_the_volume_and_its_holes_stay() {
    let place = Place::new();
    place.file("a", &noise(1, 3 << 20));
    let image = place.drive("UNLOCK", "500MB");
    assert_eq!(place.prepare("unlock", &image, &[]).0, 0);
    let (out, key) = (place.path("volume.img"), place.key("UNLOCK"));
    let arguments = [
        "unlock",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--out",
        text(&out),
    ];
    let output = argosy(&arguments);
    assert!(output.status.success(), "{output:?}");
    let (code, report) = json(&["check-drive", text(&out)]);
    assert_eq!((code, &report["verdict"]), (0, &"clean".into()), "{report}");
    let blocks = |path| std::os::unix::fs::MetadataExt::blocks(&fs::metadata(path).unwrap());
    assert!(
        blocks(&out) <= blocks(&image) + 64,
        "{} {}",
        blocks(&out),
        blocks(&image)
    );
    assert_eq!(
        argosy(&arguments).status.code(),
        Some(3),
        "an existing file is not replaced"
    );
}

#[test]
fn a_file_that_is_there_and_different_is_never_overwritten() {
    let place = Place::new();
    place.file("a", b"from the drive");
    place.file("b", b"b");
    let image = place.drive("EXISTS", "80MB");
    assert_eq!(place.prepare("exists", &image, &[]).0, 0);
    let (out, key) = (place.path("out"), place.key("EXISTS"));
    fs::create_dir_all(out.join("exists")).unwrap();
    fs::write(out.join("exists/a"), b"somebody else's").unwrap();
    let outside = place.path("outside");
    fs::write(&outside, b"outside").unwrap();
    std::os::unix::fs::symlink(&outside, out.join("exists/b")).unwrap();
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
    let codes: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert_eq!(codes, ["exists", "exists"]);
    assert_eq!(fs::read(out.join("exists/a")).unwrap(), b"somebody else's");
    assert_eq!(fs::read(&outside).unwrap(), b"outside");
    let (code, report) = json(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&place.path("dry")),
        "--dry-run",
    ]);
    assert_eq!((code, &report["files"]), (0, &3.into()), "{report}");
    assert!(!place.path("dry").exists());
}

#[test]
fn short_files_come_home_with_the_zeros_that_they_end_in() {
    let place = Place::new();
    let (data, hole) = (noise(1, 65_536), vec![0; 65_536]);
    place.file("ends", &[&data[..], &hole].concat());
    place.file("begins", &[&hole[..], &data].concat());
    place.file("nothing else", &hole);
    place.file("a little less", &[&data[..], &hole[1..]].concat());
    let image = place.drive("HOLES", "80MB");
    assert_eq!(place.prepare("holes", &image, &[]).0, 0);
    let (out, key) = (place.path("out"), place.key("HOLES"));
    let unpack = ["unpack", "--drive", text(&image), "--key-file", text(&key)];
    let (code, report) = json(&[&unpack[..], &["--to", text(&out)]].concat());
    assert_eq!(code, 0, "{report}");
    assert_eq!(tree(&out.join("holes")), tree(&place.source()));
}

#[test]
fn a_key_comes_from_standard_input_or_with_a_warning_from_the_command_line() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("KEY", "80MB");
    assert_eq!(place.prepare("keys", &image, &[]).0, 0);
    let password = super::support::password(&place.journal("KEY"));
    let output = argosy(&["check-drive", text(&image), "--key", &password]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("other users")
    );
    use std::io::Write;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_argosy"))
        .args(["check-drive", text(&image), "--key-file", "-", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(password.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("\"clean\"")
    );
}

#[test]
fn no_verify_says_written_and_show_keys_shows_them() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("WRITTEN", "80MB");
    let (code, report) = place.prepare("written", &image, &["--no-verify", "--show-keys"]);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"written".into()),
        "{report}"
    );
    assert_eq!(
        report["drives"][0]["recovery_password"]
            .as_str()
            .unwrap()
            .len(),
        55
    );
}

#[test]
fn drives_are_listed_with_reasons() {
    let (code, report) = json(&["drives"]);
    assert_eq!(code, 0);
    for drive in report["drives"].as_array().unwrap() {
        assert_eq!(
            drive["erasable"].as_bool().unwrap(),
            drive["reasons"].as_array().unwrap().is_empty()
        );
    }
}
