//! Data sets and plans as input.

use std::fs;

use super::support::{Place, json, noise, text, tree};

#[test]
fn rows_of_a_dataset_go_below_their_numbers_with_metadata_and_kinds() {
    let place = Place::new();
    place.file("lab/run 07/a", &noise(1, 5000));
    place.file("lab/run 07/sub/b", &noise(2, 200));
    place.file("img/disk.vhdx", &noise(3, 1 << 20));
    let metadata = place.path("metadata.xml");
    fs::write(
        &metadata,
        "<?xml version=\"1.0\"?><Metadata><Owner>lab7</Owner></Metadata>",
    )
    .unwrap();
    let csv = place.path("dataset.csv");
    let rows = format!(
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n\
         \"E:\\lab\\run 07\\\",\"raw/2024/run07/\",BlockBlob,no-overwrite,{},None\n\
         \"E:\\img\\disk.vhdx\",\"vhds/disk.vhdx\",PageBlob,overwrite,None,None\n",
        text(&metadata)
    );
    fs::write(&csv, rows).unwrap();
    let image = place.drive("SET", "80MB");
    let map = format!("E:\\={}", text(&place.source()));
    let journals = place.journals();
    let (code, report) = json(&[
        "prepare",
        "--session",
        "st",
        "--journal-dir",
        text(&journals),
        "--dataset",
        text(&csv),
        "--map",
        &map,
        "--drive",
        text(&image),
    ]);
    assert_eq!(
        code, 2,
        "{report}: two characters are too few for a session"
    );
    let (code, report) = json(&[
        "prepare",
        "--session",
        "set-1",
        "--journal-dir",
        text(&journals),
        "--dataset",
        text(&csv),
        "--map",
        &map,
        "--drive",
        text(&image),
    ]);
    assert_eq!(
        (code, &report["drives"][0]["files"]),
        (0, &3.into()),
        "{report}"
    );
    let (out, key) = (place.path("out"), place.key("SET"));
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
    assert_eq!(
        tree(&out.join("set-1/1")),
        tree(&place.source().join("lab/run 07"))
    );
    assert_eq!(
        tree(&out.join("set-1/2")),
        tree(&place.source().join("img"))
    );
    let manifest = fs::read_to_string(out.join("SET.DriveManifest.xml")).unwrap();
    for part in [
        "<BlobPath>raw/2024/run07/sub/b</BlobPath>",
        "<FilePath>\\set-1\\1\\sub\\b</FilePath>",
        "<BlobPath>vhds/disk.vhdx</BlobPath>",
        "<PageRange Offset=\"0\" Length=\"1048576\"",
        "<ImportDisposition>no-overwrite</ImportDisposition>",
        "<MetadataPath Hash=\"",
    ] {
        assert!(manifest.contains(part), "{part}: {manifest}");
    }
}

#[test]
fn a_plan_that_was_written_is_prepared_without_listing_again() {
    let place = Place::new();
    place.file("a", &noise(1, 5000));
    let image = place.drive("PLANNED", "80MB");
    let plan = place.path("my.plan");
    let (code, report) = json(&[
        "plan",
        "--session",
        "planned",
        "--source",
        text(&place.source()),
        "--to",
        "film/",
        "--drive",
        text(&image),
        "--out",
        text(&plan),
    ]);
    assert_eq!((code, &report["proven"]), (0, &true.into()), "{report}");
    place.file("later", b"not in the plan");
    let journals = place.journals();
    let arguments = [
        "prepare",
        "--journal-dir",
        text(&journals),
        "--plan",
        text(&plan),
        "--drive",
        text(&image),
    ];
    let (code, report) = json(&[&arguments[..], &["--session", "planned"]].concat());
    assert_eq!(
        (code, &report["drives"][0]["files"]),
        (0, &1.into()),
        "{report}"
    );
}

#[test]
fn a_listing_of_what_is_not_here_can_be_planned() {
    let place = Place::new();
    let csv = place.path("listing.csv");
    fs::write(&csv, "path,bytes\nreels/a.mov,3000000000000\nreels/b.mov,6000000000000\nreels/c.mov,2500000000000\n").unwrap();
    let (code, report) = json(&["plan", "--listing", text(&csv), "--drive-size", "8TB"]);
    assert_eq!(
        (code, &report["lower_bound"], &report["proven"]),
        (0, &2.into(), &true.into()),
        "{report}"
    );
    assert_eq!(report["drives"].as_array().unwrap().len(), 2);
    let (code, report) = json(&["plan", "--listing", text(&csv), "--drive-size", "4TB"]);
    assert_eq!(code, 1, "{report}");
    assert!(
        report["error"]["message"]
            .as_str()
            .unwrap()
            .contains("reels/b.mov"),
        "{report}"
    );
}

#[test]
fn a_driveset_names_drives_by_path_or_by_a_mapped_letter() {
    let place = Place::new();
    for number in 0..2 {
        place.file(&format!("reel {number}"), &noise(number, 40 << 20));
    }
    let images = ["BYPATH", "BYLETTER"].map(|serial| place.drive(serial, "80MB"));
    let csv = place.path("driveset.csv");
    let head = "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";
    let rows = format!(
        "{head}\n{},Format,SilentMode,Encrypt,\nG,Format,SilentMode,Encrypt,\n",
        text(&images[0])
    );
    fs::write(&csv, rows).unwrap();
    let (source, journals) = (place.source(), place.journals());
    let map = format!("G:\\={}", text(&images[1]));
    let arguments = [
        "prepare",
        "--session",
        "drives",
        "--journal-dir",
        text(&journals),
        "--source",
        text(&source),
        "--to",
        "film/",
        "--driveset",
        text(&csv),
    ];
    let (code, report) = json(&arguments);
    assert_eq!(code, 2, "{report}: nobody said which drive is G:");
    let (code, report) = json(&[&arguments[..], &["--map", &map]].concat());
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["drives"].as_array().unwrap().len(), 2);
}
