//! What cannot go is named, and the rest of the drive is right.

use std::fs;
use std::os::unix::net::UnixListener;

use agent::device::Said;
use agent::jobs::{Confirmation, JobRequest, Jobs, Kind, Origin, TargetRequest};
use shared::api::FreeSpace;
use shared::job::{LeftOutReason, Verdict};

use super::support::{Place, argosy, json, noise, text, tree};

#[test]
fn what_is_no_file_and_names_that_cannot_go_are_listed_and_the_rest_arrives() {
    let place = Place::new();
    place.file("good", b"good");
    std::os::unix::fs::symlink("good", place.source().join("link")).unwrap();
    let _socket = UnixListener::bind(place.source().join("socket")).unwrap();
    let fifo = place.source().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for name in [
        "a:b",
        "ends in dot.",
        "CON",
        "nul.txt",
        "back\\slash",
        "Twin",
    ] {
        place.file(name, name.as_bytes());
    }
    place.file("twin", b"the first of the two goes");
    place.file("folder?/below", b"gone with its folder");
    let image = place.drive("LEFT1", "80MB");
    let (code, report) = place.prepare("left-out", &image, &[]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"verified".into()),
        "{report}"
    );
    let drive = &report["drives"][0];
    let mut reasons: Vec<(String, String)> = drive["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["path"].as_str().unwrap().to_owned(),
                file["reason"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    reasons.sort();
    let expected = [
        ("CON", "name-reserved"),
        ("a:b", "name-not-ntfs"),
        ("back\\slash", "name-not-ntfs"),
        ("ends in dot.", "name-not-ntfs"),
        ("fifo", "pipe"),
        ("folder?/below", "name-not-ntfs"),
        ("link", "symlink"),
        ("nul.txt", "name-reserved"),
        ("socket", "socket"),
    ];
    let twins: Vec<_> = reasons
        .iter()
        .filter(|(_, reason)| reason == "case-twin")
        .collect();
    assert_eq!(twins.len(), 1);
    let folder = ("folder?".to_owned(), "name-not-ntfs".to_owned());
    let others: Vec<(&str, &str)> = reasons
        .iter()
        .filter(|pair| pair.1 != "case-twin" && **pair != folder)
        .map(|(path, reason)| (path.as_str(), reason.as_str()))
        .collect();
    assert_eq!(others, expected);

    // On the screen, and anchored in the journal by count and hash.
    let csv = fs::read(place.journals().join("LEFT1.left-out.csv")).unwrap();
    let replay = shared::journal::replay(&fs::read(place.journal("LEFT1")).unwrap()).unwrap();
    assert_eq!(replay.left_out.count, u64::try_from(reasons.len()).unwrap());
    assert_eq!(replay.left_out.missing, 0);
    use sha2::Digest;
    assert_eq!(
        replay.left_out.csv_hash,
        <[u8; 32]>::from(sha2::Sha256::digest(csv))
    );
    let (code, report) = json(&["journal", "check", text(&place.journal("LEFT1"))]);
    assert_eq!((code, &report["verdict"]), (0, &"valid".into()), "{report}");
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&place.journal("LEFT1")),
    ]);
    assert_eq!((code, &report["files"]), (0, &2.into()), "{report}");
}

#[test]
fn left_out_files_are_named_on_standard_error_too() {
    let place = Place::new();
    place.file("good", b"good");
    std::os::unix::fs::symlink("good", place.source().join("a link")).unwrap();
    let image = place.drive("LEFT2", "80MB");
    let (source, journals) = (place.source(), place.journals());
    let output = argosy(&[
        "prepare",
        "--session",
        "named",
        "--journal-dir",
        text(&journals),
        "--source",
        text(&source),
        "--to",
        "film/",
        "--drive",
        text(&image),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("left out: a link: it is a symbolic link"),
        "{errors}"
    );
}

fn request(place: &Place, session: &str, image: &std::path::Path) -> JobRequest {
    JobRequest {
        drives: vec![TargetRequest {
            path: image.to_owned(),
            serial: None,
            free_space: FreeSpace::Blank,
            existing_key: None,
        }],
        journal_dirs: vec![place.journals()],
        ..JobRequest::listing(
            session,
            Origin::Folder {
                path: place.source(),
                destination: "film/".to_owned(),
            },
        )
    }
}

#[test]
fn files_that_moved_since_the_plan_are_left_out_and_the_drive_without_them_is_proven() {
    let place = Place::new();
    for number in 0..40_u64 {
        place.file(&format!("small {number:02}"), &noise(number, 300));
        place.file(&format!("big {number:02}"), &noise(number, 50_000));
    }
    place.file("empty and stays", b"");
    let filled = place.file("empty", b"");
    let huge = place.file("huge", &noise(99, 40 << 20));
    let image = place.drive("MOVED", "150MB");
    let jobs = Jobs::open(None).unwrap();
    let reply = jobs.start(request(&place, "moved", &image)).unwrap();
    let job = reply.job.clone().unwrap();
    fs::write(filled, b"not any more").unwrap();
    fs::remove_file(place.source().join("small 07")).unwrap();
    fs::write(place.source().join("small 08"), noise(1, 301)).unwrap();
    fs::write(place.source().join("big 09"), b"shorter").unwrap();
    fs::remove_file(place.source().join("big 10")).unwrap();
    fs::remove_file(place.source().join("big 11")).unwrap();
    std::os::unix::fs::symlink("big 12", place.source().join("big 11")).unwrap();
    for becomes_a_folder in ["big 13", "small 14"] {
        fs::remove_file(place.source().join(becomes_a_folder)).unwrap();
        fs::create_dir(place.source().join(becomes_a_folder)).unwrap();
    }
    for becomes_a_pipe in ["big 15", "small 16"] {
        let path = place.source().join(becomes_a_pipe);
        fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
    }
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    fs::File::options()
        .append(true)
        .open(&huge)
        .unwrap()
        .set_modified(later)
        .unwrap();

    let words = [Confirmation {
        serial: "MOVED".to_owned(),
        said: Said::BlankImage,
        accepts_sectors: false,
    }];
    jobs.confirm(&job, &reply.plan_hash, &words).unwrap();
    let end = jobs.wait(&job).unwrap();
    assert_eq!(end.verdict, Some(Verdict::Incomplete), "{end:?}");
    assert_eq!(jobs.kind(&job), Some(Kind::Incomplete));
    let mut names: Vec<(&str, LeftOutReason)> = end.drives[0]
        .left_out
        .iter()
        .map(|file| (file.path.as_str(), file.reason))
        .collect();
    names.sort();
    use LeftOutReason::{Changed, Vanished};
    let expected = [
        ("big 09", Changed),
        ("big 10", Vanished),
        ("big 11", Changed),
        ("big 13", Changed),
        ("big 15", Changed),
        ("empty", Changed),
        ("huge", Changed),
        ("small 07", Vanished),
        ("small 08", Changed),
        ("small 14", Changed),
        ("small 16", Changed),
    ];
    assert_eq!(names, expected);

    let key = place.key("MOVED");
    let (code, report) = json(&["check-drive", text(&image), "--key-file", text(&key)]);
    assert_eq!((code, &report["verdict"]), (0, &"clean".into()), "{report}");
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&place.journal("MOVED")),
    ]);
    assert_eq!((code, &report["files"]), (0, &72.into()), "{report}");
    let out = place.path("out");
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
    for (path, _) in expected {
        let path = place.source().join(path);
        drop(fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)));
    }
    assert_eq!(tree(&out.join("moved")), tree(&place.source()));
}

#[test]
fn a_file_that_grows_while_it_is_copied_is_left_out() {
    let place = Place::new();
    let growing = place.file("growing", &noise(1, 60 << 20));
    place.file("quiet", &noise(2, 1 << 20));
    let image = place.drive("GROWS", "150MB");
    let jobs = Jobs::open(None).unwrap();
    let reply = jobs.start(request(&place, "grows", &image)).unwrap();
    let job = reply.job.clone().unwrap();
    let words = [Confirmation {
        serial: "GROWS".to_owned(),
        said: Said::BlankImage,
        accepts_sectors: false,
    }];
    jobs.confirm(&job, &reply.plan_hash, &words).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    let end = std::thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Write;
            let mut file = fs::File::options().append(true).open(&growing).unwrap();
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                file.write_all(b"more").unwrap();
            }
        });
        let end = jobs.wait(&job).unwrap();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        end
    });
    assert_eq!(end.verdict, Some(Verdict::Incomplete));
    let (code, report) = json(&[
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&place.journal("GROWS")),
    ]);
    assert_eq!((code, &report["files"]), (0, &1.into()), "{report}");
}
