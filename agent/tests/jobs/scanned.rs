//! What a scan saves, and what a plan and a job make of it.

use std::fs;

use super::support::{Place, argosy, json, noise, text, tree};

#[test]
fn a_saved_scan_is_planned_like_the_folder_itself() {
    let place = Place::new();
    for number in 0..3 {
        place.file(
            &format!("reels/{number}, \"take\""),
            &noise(number, 40 << 20),
        );
    }
    place.file("notes/a", b"12345");
    fs::create_dir(place.source().join("empty")).unwrap();
    let csv = place.path("scan.csv");
    let (code, said) = json(&["scan", text(&place.source()), "--out", text(&csv)]);
    assert_eq!(code, 1, "{said}: a quote is no character of NTFS");
    let (code, said) = json(&[
        "scan",
        text(&place.source()),
        text(&place.journals()),
        "--out",
        text(&csv),
    ]);
    assert_eq!(code, 2, "{said}: paths of two folders would be mixed");
    let size = ["--drive-size", "100MB", "--to", "film/"];
    let (_, folder) = json(&[&["plan", "--source", text(&place.source())], &size[..]].concat());
    let (_, saved) = json(&[&["plan", "--listing", text(&csv)], &size[..]].concat());
    assert_eq!(folder, saved);
    assert_eq!(folder["left_out"].as_array().unwrap().len(), 3);
    let renames = place.path("names.csv");
    json(&["scan", text(&place.source()), "--renames", text(&renames)]);
    let names = ["--renames", text(&renames)];
    let (code, saved) = json(&[&["plan", "--listing", text(&csv)], &size[..], &names].concat());
    assert_eq!(
        (code, &saved["left_out"]),
        (0, &serde_json::json!([])),
        "{saved}"
    );
    assert_eq!(saved["drives"].as_array().unwrap().len(), 2);
}

#[test]
fn mended_names_are_on_the_drive_and_both_names_beside_the_journal() {
    let place = Place::new();
    place.file("a:b/CON", &noise(1, 5000));
    place.file("a:b/fine", &noise(2, 300));
    place.file("plain", b"plain");
    let renames = place.path("names.csv");
    let (code, said) = json(&[
        "scan",
        text(&place.source()),
        "--to",
        "film/reels/",
        "--renames",
        text(&renames),
    ]);
    assert_eq!(code, 1, "{said}");
    let proposed = fs::read_to_string(&renames).unwrap();
    assert!(proposed.contains("a:b,a_b,"), "{proposed}");
    // A person looks at it, and likes another name better.
    let chosen = proposed.replace(",CON_,", ",console,");
    assert_ne!(chosen, proposed);
    fs::write(&renames, format!("{chosen}gone/away,else,\n")).unwrap();
    let image = place.drive("MEND", "80MB");
    let (code, said) = place.prepare("mend-1", &image, &["--renames", text(&renames)]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    let (out, key) = (place.path("out"), place.key("MEND"));
    let arguments = [
        "--drive",
        text(&image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ];
    let (code, said) = json(&[&["unpack"], &arguments[..]].concat());
    assert_eq!(code, 0, "{said}");
    let names: Vec<_> = tree(&out.join("mend-1")).into_keys().collect();
    assert_eq!(
        names,
        ["a_b", "a_b/console", "a_b/fine", "plain"].map(std::path::PathBuf::from)
    );
    let manifest = fs::read_to_string(out.join("MEND.DriveManifest.xml")).unwrap();
    assert!(
        manifest.contains("<BlobPath>film/reels/a_b/console</BlobPath>"),
        "{manifest}"
    );
    let kept = fs::read_to_string(place.journals().join("mend-1.renames.csv")).unwrap();
    assert!(kept.contains("a:b/CON,console,"), "{kept}");
    let plan = fs::read_to_string(place.journals().join("mend-1.plan")).unwrap();
    assert!(
        plan.contains("\"a:b/CON\":\"console\"") && plan.contains("[\"a:b/CON\","),
        "{plan}"
    );
}

#[test]
fn each_name_of_a_file_is_counted_and_its_bytes_once_beside() {
    let place = Place::new();
    let file = place.file("one", b"12345");
    fs::hard_link(&file, place.source().join("two")).unwrap();
    let output = argosy(&["scan", text(&place.source())]);
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("10 bytes, where 5 would do"), "{words}");
    let (_, said) = json(&["scan", text(&place.source())]);
    assert_eq!(
        (&said["bytes"], &said["unique_bytes"]),
        (&10.into(), &5.into())
    );
}
