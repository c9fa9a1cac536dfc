//! Trees that must arrive whole.

use std::fs;
use std::os::unix::fs::FileExt;

use rustix::fs::SeekFrom;

use super::support::{Place, argosy, json, noise, text, tree};

/// A tree with all that a file system may hold and a drive can take.
fn plant(place: &Place) {
    let mut deep = String::new();
    for level in 1..=12 {
        deep.push_str(&format!("level {level}/"));
        place.file(
            &format!("{deep}file"),
            format!("on level {level}").as_bytes(),
        );
    }
    for number in 0..20_000_u32 {
        place.file(
            &format!("many/{number:05}"),
            &number.to_le_bytes()[..usize::try_from(number % 5).unwrap()],
        );
    }
    fs::create_dir_all(place.source().join("empty folder/in another")).unwrap();
    place.file("empty", b"");
    place.file("one byte", b"x");
    place.file(&"n".repeat(255), b"a name of 255 units");
    place.file(
        &format!("{}\u{1f600}", "\u{4e2d}".repeat(83)),
        b"a long name of other letters",
    );
    place.file(
        "\u{1f3ac} reel \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}.mov",
        b"emoji",
    );
    place.file("cafe\u{301}", b"decomposed");
    place.file("caf\u{e9}", b"composed: another name than the one above");
    place.file("\u{5e9}\u{5dc}\u{5d5}\u{5dd}.txt", b"right to left");
    place.file("four blocks", &noise(1, (12 << 20) + 777));
    place.file("disk.vhd", &noise(2, 5 << 20));
    for length in [400, 600, 700, 4095, 4096, 4097, 65_536] {
        place.file(&format!("of {length} bytes"), &noise(3, length));
    }
}

#[test]
fn a_real_tree_arrives_verified_and_comes_back_equal() {
    let place = Place::new();
    plant(&place);
    let image = place.drive("WHOLE1", "300MB");
    let (code, report) = place.prepare("reels-1", &image, &[]);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    let drive = &report["drives"][0];
    assert_eq!(drive["left_out"], serde_json::json!([]));
    assert!(drive["recovery_password"].is_null());
    let files = tree(&place.source()).values().flatten().count();
    assert_eq!(drive["files"], files);

    let journal = place.journal("WHOLE1");
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
    ]);
    assert_eq!(
        (code, &report["verdict"], &report["files"]),
        (0, &"verified".into(), &files.into())
    );
    let (code, report) = json(&["journal", "check", text(&journal)]);
    assert_eq!((code, &report["verdict"]), (0, &"valid".into()), "{report}");
    let key = place.key("WHOLE1");
    let (code, report) = json(&["check-drive", text(&image), "--key-file", text(&key)]);
    assert_eq!((code, &report["verdict"]), (0, &"clean".into()), "{report}");

    let out = place.path("out");
    let unpack = [
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ];
    let (code, report) = json(&unpack);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    assert_eq!(tree(&out.join("reels-1")), tree(&place.source()));
    assert!(out.join("WHOLE1.DriveManifest.xml").is_file());
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    let modified = |path| fs::metadata(path).unwrap().modified().unwrap();
    let (source, copy) = (
        modified(place.source().join("empty")),
        modified(out.join("reels-1/empty")),
    );
    assert!(source.duration_since(copy).unwrap_or_default().as_nanos() < 100);

    // Once more: everything is there already.
    let (code, report) = json(&unpack);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
}

#[test]
fn every_cipher_and_sector_size_is_verified_and_opens_with_every_key() {
    let place = Place::new();
    place.file("a/b", &noise(7, 100_000));
    let passphrase = place.path("passphrase");
    fs::write(&passphrase, "correct horse battery\n").unwrap();
    for (cipher, sector) in [
        ("xts-aes-256", "4096"),
        ("cbc-aes-128", "512"),
        ("cbc-aes-256", "4096"),
    ] {
        let serial = format!("{cipher}-{sector}");
        let image = place.drive(&serial, "80MB");
        let keys = place.path(&format!("keys-{serial}"));
        let more = [
            "--cipher",
            cipher,
            "--sector-bytes",
            sector,
            "--bek",
            text(&keys),
            "--passphrase-file",
            text(&passphrase),
        ];
        let (code, report) =
            place.prepare(&format!("s-{}", cipher.replace("-aes-", "")), &image, &more);
        assert_eq!(code, 0, "{report}");
        let bek = fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
        for key in [&bek, &passphrase, &place.key(&serial)] {
            let (code, report) =
                json(&["verify", "--drive", text(&image), "--key-file", text(key)]);
            assert_eq!(
                (code, &report["verdict"]),
                (0, &"verified".into()),
                "{} {report}",
                key.display()
            );
        }
    }
}

#[test]
fn several_drives_take_what_one_cannot_hold_and_an_unneeded_one_is_not_touched() {
    let place = Place::new();
    for number in 0..6 {
        place.file(&format!("reel {number}"), &noise(number, 20 << 20));
    }
    let images = ["MULTI1", "MULTI2", "MULTI3"].map(|serial| place.drive(serial, "100MB"));
    let (_, plan) = json(&[
        "plan",
        "--source",
        text(&place.source()),
        "--to",
        "film/",
        "--drive",
        text(&images[0]),
        text(&images[1]),
        text(&images[2]),
    ]);
    assert_eq!(plan["lower_bound"], 2, "{plan}");
    let (code, report) = place.prepare(
        "multi",
        &images[0],
        &["--drive", text(&images[1]), "--drive", text(&images[2])],
    );
    assert_eq!(code, 0, "{report}");
    let drives = report["drives"].as_array().unwrap();
    assert_eq!(drives.len(), 2);
    let files: u64 = drives
        .iter()
        .map(|drive| drive["files"].as_u64().unwrap())
        .sum();
    assert_eq!(files, 6);
    let untouched = images
        .iter()
        .filter(|image| fs::read(image).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!(untouched.count(), 1);
}

#[test]
fn a_second_journal_folder_gets_a_copy_of_everything() {
    let place = Place::new();
    place.file("a", b"a");
    let image = place.drive("MIRROR", "80MB");
    let second = place.path("second");
    let (code, report) = place.prepare("mirrored", &image, &["--journal-dir", text(&second)]);
    assert_eq!(code, 0, "{report}");
    let copies = tree(&place.journals());
    assert_eq!(copies.len(), 4, "{:?}", copies.keys());
    assert_eq!(copies, tree(&second));
    use std::os::unix::fs::PermissionsExt;
    for name in copies.keys() {
        let mode = fs::metadata(second.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", name.display());
    }
}

#[test]
fn a_content_md5_goes_with_each_blob() {
    let place = Place::new();
    place.file("small", b"hello");
    place.file("empty", b"");
    place.file("nine blocks", &noise(5, 33 << 20));
    place.file("one block", &noise(6, 1 << 20));
    let image = place.drive("MD5", "120MB");
    let (code, report) = place.prepare("with-md5", &image, &["--content-md5"]);
    assert_eq!(code, 0, "{report}");
    let (out, key) = (place.path("out"), place.key("MD5"));
    let (code, report) = json(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ]);
    assert_eq!(code, 0, "{report}");
    let texts: Vec<String> = tree(&out.join("with-md5.properties"))
        .into_values()
        .flatten()
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(texts.len(), 4);
    // printf hello | md5sum | xxd -r -p | base64
    for md5 in ["XUFAKrxLKna5cZ2REBfFkg==", "1B2M2Y8AsgTpgAmY7PhCfg=="] {
        assert!(
            texts
                .iter()
                .any(|text| text.contains(&format!("<Content-MD5>{md5}</Content-MD5>"))),
            "{texts:?}"
        );
    }
    for file in ["nine blocks", "one block"] {
        let output = std::process::Command::new("md5sum")
            .arg(place.source().join(file))
            .output()
            .unwrap();
        let hex = String::from_utf8(output.stdout).unwrap();
        let bytes: Vec<u8> = (0..16)
            .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
            .collect();
        use base64::Engine as _;
        let md5 = base64::engine::general_purpose::STANDARD.encode(bytes);
        assert!(texts.iter().any(|text| text.contains(&md5)), "{file}");
    }
}

/// Ciphertext has no holes: 4.3 GB are written. `unpack` reads them back and compares with the manifest, so `prepare`
/// need not do it too.
#[test]
fn a_sparse_file_of_more_than_4_gib_arrives_whole() {
    let place = Place::new();
    let file = fs::File::create_new(place.source().join("sparse")).unwrap();
    let bytes = (4 << 30) + 4097;
    file.set_len(bytes).unwrap();
    for at in [3 << 30, (4 << 30) + 4000] {
        file.write_all_at(b"some bytes", at).unwrap();
    }
    let file = fs::File::open(place.source().join("sparse")).unwrap();
    let image = place.drive("SPARSE", "4.6GB");
    let (code, report) = place.prepare("sparse", &image, &["--no-verify"]);
    assert_eq!(code, 0, "{report}");
    let (out, key) = (place.path("out"), place.key("SPARSE"));
    let output = argosy(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ]);
    assert!(output.status.success(), "{output:?}");
    let copy = out.join("sparse/sparse");
    let copied = fs::File::open(&copy).unwrap();
    assert_eq!(copied.metadata().unwrap().len(), bytes);
    // What the file system knows for a hole is zeros; the rest is compared, and it is little.
    let mut data = 0;
    let mut at = 0;
    while let Ok(start) = rustix::fs::seek(&copied, SeekFrom::Data(at)) {
        at = rustix::fs::seek(&copied, SeekFrom::Hole(start)).unwrap();
        let mut pair = [(&file, vec![]), (&copied, vec![])];
        for (file, content) in &mut pair {
            content.resize(usize::try_from(at - start).unwrap(), 0);
            file.read_exact_at(content, start).unwrap();
        }
        assert!(pair[0].1 == pair[1].1, "{start} to {at}");
        data += at - start;
    }
    assert!(
        (1..1 << 20).contains(&data),
        "{data} bytes: the holes are gone"
    );
}
