//! S9, S10, S11, S14 as they are met from outside; the device layer's own tests go further.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use shared::api::paths;

use super::support::{SERIAL, Served, argosy, contains, files, new_drive, text};

fn prepare(home: &Path, source: &Path, image: &Path) -> Output {
    let journals = home.join("journals");
    let mut arguments = vec![
        "prepare",
        "--session",
        "drives",
        "--journal-dir",
        text(&journals),
    ];
    arguments.extend([
        "--source",
        text(source),
        "--to",
        "film/",
        "--drive",
        text(image),
    ]);
    argosy(home, &arguments)
}

fn is_blank(image: &Path) -> bool {
    std::fs::read(image).unwrap().iter().all(|byte| *byte == 0)
}

#[test]
fn s9_a_drive_that_lies_in_its_own_source_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let image = new_drive(&source, "INSIDE", "80MB");
    let output = prepare(home.path(), &source, &image);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(is_blank(&image));
}

#[test]
fn s10_a_drive_that_another_process_holds_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("a"), "a").unwrap();
    let image = new_drive(home.path(), "HELD", "80MB");
    let held = std::fs::File::open(&image).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let output = prepare(home.path(), &source, &image);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(is_blank(&image));
}

#[test]
fn s11_a_link_in_the_source_leads_nothing_from_elsewhere_onto_the_drive() {
    let home = tempfile::tempdir().unwrap();
    let (source, secret) = (home.path().join("source"), home.path().join("secret"));
    for folder in [&source, &secret] {
        std::fs::create_dir(folder).unwrap();
    }
    std::fs::write(source.join("a"), "a").unwrap();
    std::fs::write(secret.join("word"), "somebody else's word").unwrap();
    symlink(&secret, source.join("folder")).unwrap();
    symlink(secret.join("word"), source.join("file")).unwrap();
    let image = new_drive(home.path(), "LINKS", "80MB");
    let output = prepare(home.path(), &source, &image);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    let key = home.path().join("key");
    let journal = std::fs::read(home.path().join("journals/LINKS.jrn")).unwrap();
    let password = shared::journal::replay(&journal).unwrap();
    std::fs::write(
        &key,
        password.recovery_password.unwrap().reveal().as_bytes(),
    )
    .unwrap();
    let back = home.path().join("back");
    let unpacked = argosy(
        home.path(),
        &[
            "unpack",
            "--drive",
            text(&image),
            "--key-file",
            text(&key),
            "--to",
            text(&back),
        ],
    );
    assert!(unpacked.status.success(), "{unpacked:?}");
    let found = files(&back);
    assert!(found.iter().any(|(path, _)| path.ends_with("a")));
    for (path, content) in found {
        let name = path.file_name().unwrap();
        assert!(name != "word" && name != "file", "{}", path.display());
        assert!(!contains(&content, b"somebody else's word"));
    }
}

#[test]
fn s11_a_file_that_became_a_link_after_the_plan_is_left_out_and_named() {
    let served = Served::new();
    let session = served.session();
    let (job, plan) = served.planned(&session, "swapped");
    let file = served.folder.path().join("source/clip.mov");
    let secret = served.folder.path().join("secret");
    // As long and as old as what was planned: only what it is has changed.
    std::fs::write(&secret, vec![8; 100_000]).unwrap();
    let planned = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::fs::File::options()
        .write(true)
        .open(&secret)
        .unwrap()
        .set_modified(planned)
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    symlink(&secret, &file).unwrap();
    let asked = served.send(&session.post(&paths::question(&job), &json!({"plan_hash": plan})));
    let words = json!({
        "question": asked.json()["question"], "plan_hash": plan,
        "drives": [{"serial": SERIAL, "typed": "4411"}],
    });
    let reply = served.send(&session.post(&paths::confirm(&job), &words));
    assert_eq!(reply.status, 200, "{reply:?}");
    let ended = served.agent.jobs.wait(&job).unwrap();
    assert_eq!(ended.verdict, Some(shared::job::Verdict::Incomplete));
    assert_eq!(ended.drives[0].left_out_count, 1);
    assert!(ended.drives[0].left_out[0].path.ends_with("clip.mov"));
}

#[test]
fn s14_no_storage_account_key_is_asked_for_or_written() {
    let home = tempfile::tempdir().unwrap();
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("a"), "a").unwrap();
    for command in ["prepare", "plan", "serve"] {
        let help = argosy(home.path(), &[command, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap().to_lowercase();
        assert!(
            !help.contains("account") && !help.contains("--sk"),
            "{command}"
        );
    }
    let image = new_drive(home.path(), "NOKEY", "80MB");
    let output = prepare(home.path(), &source, &image);
    assert!(output.status.success(), "{output:?}");
    for (path, content) in files(&home.path().join("journals")) {
        for word in [&b"AccountKey"[..], b"StorageAccountKey", b"/sk:"] {
            assert!(!contains(&content, word), "{}", path.display());
        }
    }
}
