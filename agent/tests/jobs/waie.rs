//! WAImportExport's own command lines, from the public samples, on image files and loop devices.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Loop, Place, argosy, json, noise, password, text, tree};

const HEAD: &str =
    "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";

/// Runs `argosy waie PrepImport` with the journal `job.jrn` of `place`.
fn prep_import(place: &Place, own: &[&str], switches: &[&str]) -> (i32, Value) {
    let journal = format!("/j:{}", text(&place.path("job.jrn")));
    let words = ["PrepImport", &journal];
    json(&[&["waie"], own, &words[..], switches].concat())
}

fn drive_set(place: &Place, name: &str, images: &[&Path]) -> PathBuf {
    let file = place.path(name);
    let rows = images
        .iter()
        .map(|image| format!("{},Format,SilentMode,Encrypt,\n", text(image)));
    fs::write(&file, format!("{HEAD}\n{}", rows.collect::<String>())).unwrap();
    file
}

fn data_set(place: &Place) -> PathBuf {
    let file = place.path("dataset.csv");
    let rows = "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n\
                \"E:\\reels\\\",\"film/reels/\",BlockBlob,rename,\"None\",None\n";
    fs::write(&file, rows).unwrap();
    file
}

/// Copies a drive of the job out and returns where.
fn unpacked(place: &Place, image: &Path, serial: &str) -> PathBuf {
    let (out, key) = (place.path("out"), place.path("key"));
    let journal = place.path("job").join(format!("{serial}.jrn"));
    fs::write(&key, password(&journal)).unwrap();
    let arguments = [
        "--drive",
        text(image),
        "--key-file",
        text(&key),
        "--to",
        text(&out),
    ];
    let (code, said) = json(&[&["unpack"], &arguments[..]].concat());
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    out
}

#[test]
fn the_second_version_fills_lists_and_is_given_more_drives() {
    let place = Place::new();
    for number in 0..3 {
        place.file(&format!("reels/{number}"), &noise(number, 40 << 20));
    }
    let map = format!(r"--map=E:\={}", text(&place.source()));
    let images = ["WAIE-1", "WAIE-2"].map(|serial| place.drive(serial, "100MB"));
    let set = drive_set(&place, "driveset-1.csv", &[&images[0]]);
    let more = drive_set(&place, "driveset-2.csv", &[&images[1]]);
    let (set, more) = (
        format!("/InitialDriveSet:{}", text(&set)),
        format!("/AdditionalDriveSet:{}", text(&more)),
    );
    let data = format!("/DataSet:{}", text(&data_set(&place)));
    let first = ["/id:session#1", "/sk:not-used", &set, &data, "/silentmode"];
    let untouched = fs::read(&images[0]).unwrap();
    let (code, said) = prep_import(&place, &[&map], &["/id:session#1", &more]);
    assert_eq!(code, 2, "{said}: nothing waits for drives yet");
    let (code, said) = prep_import(&place, &[&map], &first);
    assert_eq!(code, 1, "{said}: one drive is too little");
    assert!(
        said["error"]["next"]
            .as_str()
            .unwrap()
            .contains("/AdditionalDriveSet")
    );
    assert!(fs::read(&images[0]).unwrap() == untouched);
    let (code, said) = prep_import(&place, &[&map], &["/id:session#1", &more]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    assert_eq!(said["drives"].as_array().unwrap().len(), 2);

    let (code, said) = prep_import(&place, &[], &["/ListDrives"]);
    let drives = said["drives"].as_array().unwrap();
    assert_eq!((code, drives.len()), (0, 2), "{said}");
    assert_eq!(drives[0]["serial"], "WAIE-1");
    assert_eq!(drives[0]["verdict"], "verified");
    let (code, said) = prep_import(&place, &[], &["/ListCopySessions"]);
    let sessions = said["sessions"].as_array().unwrap();
    assert_eq!((code, sessions.len()), (0, 1), "{said}");
    assert_eq!(sessions[0]["session"], "session#1");
    assert_eq!(sessions[0]["verdict"], "verified");
    for (serial, image) in ["WAIE-1", "WAIE-2"].iter().zip(&images) {
        let out = unpacked(&place, image, serial);
        if *serial == "WAIE-2" {
            assert_eq!(
                tree(&out.join("session#1/1")),
                tree(&place.source().join("reels"))
            );
        }
    }
    let output = argosy(&[
        "waie",
        "PrepImport",
        &format!("/j:{}", text(&place.path("job.jrn"))),
        "/id:session#1",
        "/sk:not-used",
        "/ResumeSession",
    ]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.contains("/sk:<StorageAccountKey> is not needed"),
        "{words}"
    );
    assert!(!words.contains("not-used"), "{words}");
}

#[test]
fn the_first_version_fills_a_loop_device_that_silent_mode_does_not_erase() {
    let place = Place::new();
    place.file("lab/run 07/a", &noise(1, 5000));
    place.file("lab/run 07/sub/b", &noise(2, 200));
    let metadata = place.path("metadata.xml");
    fs::write(
        &metadata,
        "<?xml version=\"1.0\"?><Metadata><Owner>lab7</Owner></Metadata>",
    )
    .unwrap();
    let image = place.drive("FIRST", "80MB");
    let Some(device) = Loop::over(&image) else {
        return;
    };
    let source = format!(r"--map=E:\={}", text(&place.source()));
    let target = format!(r"--map=G:\={}", text(&device.0));
    let metadata = format!("/MetadataFile:{}", text(&metadata));
    let switches = [
        "/id:Video1",
        "/t:G",
        "/format",
        "/encrypt",
        "/silentmode",
        r"/srcdir:E:\lab\run 07",
        "/dstdir:raw/2024/",
        &metadata,
        "/Disposition:overwrite",
        "/enablecontentmd5",
    ];
    let own = [source.as_str(), &target];
    let (code, said) = prep_import(&place, &own, &switches);
    assert_eq!(code, 3, "{said}: nobody named the drive");
    let (code, said) = prep_import(
        &place,
        &[&own[..], &["--erase", "FIRST"]].concat(),
        &switches,
    );
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    let out = unpacked(&place, &device.0, "FIRST");
    assert_eq!(
        tree(&out.join("Video1")),
        tree(&place.source().join("lab/run 07"))
    );
    let manifest = fs::read_to_string(out.join("FIRST.DriveManifest.xml")).unwrap();
    for part in [
        "<BlobPath>raw/2024/sub/b</BlobPath>",
        "<FilePath>\\Video1\\sub\\b</FilePath>",
        "<ImportDisposition>overwrite</ImportDisposition>",
        "<MetadataPath Hash=\"",
        "<PropertiesPath Hash=\"",
    ] {
        assert!(manifest.contains(part), "{part}: {manifest}");
    }
    let (code, said) = prep_import(
        &place,
        &own,
        &["/id:Video2", r"/srcdir:E:\lab", "/dstdir:raw/"],
    );
    assert_eq!(code, 2, "{said}: nothing is added to it");
}

#[test]
fn one_file_of_the_first_version_is_the_blob_it_is_called() {
    let place = Place::new();
    let file = place.file("disk.vhdx", &noise(3, 1 << 20));
    let image = place.drive("ONE", "80MB");
    let (target, source) = (
        format!("/t:{}", text(&image)),
        format!("/srcfile:{}", text(&file)),
    );
    let switches = [
        "/id:one-1",
        &target,
        "/format",
        "/encrypt",
        &source,
        "/dstblob:$root/new.vhdx",
    ];
    let (code, said) = prep_import(&place, &[], &switches);
    assert_eq!(
        (code, &said["drives"][0]["files"]),
        (0, &1.into()),
        "{said}"
    );
    let out = unpacked(&place, &image, "ONE");
    assert_eq!(
        fs::read(out.join("one-1/disk.vhdx")).unwrap(),
        noise(3, 1 << 20)
    );
    let manifest = fs::read_to_string(out.join("ONE.DriveManifest.xml")).unwrap();
    assert!(
        manifest.contains("<BlobPath>$root/new.vhdx</BlobPath>"),
        "{manifest}"
    );
    assert!(manifest.contains("<PageRange Offset=\"0\""), "{manifest}");
}

#[test]
fn a_session_is_aborted_and_commands_without_a_part_say_what_is_missing() {
    let place = Place::new();
    place.file("reels/a", &noise(1, 3 << 20));
    let image = place.drive("GONE", "80MB");
    let (target, source) = (
        format!("/t:{}", text(&image)),
        format!("/srcdir:{}", text(&place.source().join("reels"))),
    );
    let switches = [
        "/id:gone-1",
        &target,
        "/format",
        "/encrypt",
        &source,
        "/dstdir:film/",
    ];
    assert_eq!(prep_import(&place, &[], &switches).0, 0);
    // What a crash leaves: the journal without its end.
    let journal = place.path("job/GONE.jrn");
    let whole = fs::read_to_string(&journal).unwrap();
    let records: Vec<_> = whole.match_indices("[BeginUpdateRecord]").collect();
    let last = records.last().unwrap().0;
    fs::write(&journal, &whole[..last]).unwrap();
    let (_, said) = prep_import(&place, &[], &["/ListCopySessions"]);
    assert_eq!(said["sessions"][0]["verdict"], Value::Null, "{said}");
    let (code, said) = prep_import(&place, &[], &["/id:gone-1", "/ResumeSession"]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    // And one before the drive was called verified.
    let before = records[records.len().saturating_sub(2)].0;
    fs::write(&journal, &whole[..before]).unwrap();
    let file = format!("/j:{}", text(&place.path("job.jrn")));
    let output = argosy(&["waie", "PrepImport", &file, "/id:gone-1", "/AbortSession"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (_, said) = prep_import(&place, &[], &["/ListDrives"]);
    assert_eq!(said["drives"][0]["verdict"], "failed", "{said}");
    for (words, missing) in [
        (
            &["PreviewExport", "/sn:a", "/sk:b", "/DriveSize:1TB"][..],
            "takes no account key",
        ),
        (&["PrepImprot"], "did you mean PrepImport?"),
        (&["PrepImport", "/dataset2:x"], "did you mean /DataSet?"),
    ] {
        let (code, said) = json(&[&["waie"], words].concat());
        assert_eq!(code, 2, "{said}");
        let message = said["error"]["message"].as_str().unwrap();
        assert!(message.contains(missing), "{message}");
    }
}
