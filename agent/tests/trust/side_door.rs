//! `status` and `link`: what runs is seen and stopped from any shell of the same user.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::support::{Serve, argosy, command, new_drive, noise, text, wait_until};

/// Returns the arguments of a `prepare` that takes a few seconds, in the folder `home`.
pub(crate) fn busy(home: &Path) -> Vec<String> {
    busy_with(home, 400, "500MB")
}

/// The same with a source of so many MiB, on a drive of such a size.
fn busy_with(home: &Path, mebibytes: u64, size: &str) -> Vec<String> {
    let source = home.join("source");
    std::fs::create_dir(&source).unwrap();
    let piece = noise(7, 1 << 20);
    let mut file = std::fs::File::create(source.join("long.mov")).unwrap();
    for _ in 0..mebibytes {
        file.write_all(&piece).unwrap();
    }
    let image = new_drive(home, "BUSY", size);
    let journals = home.join("journals");
    let arguments = [
        "prepare",
        "--session",
        "busy",
        "--journal-dir",
        text(&journals),
        "--source",
        text(&source),
        "--to",
        "film/",
        "--drive",
        text(&image),
    ];
    arguments.iter().map(|&word| word.to_owned()).collect()
}

fn start(home: &Path) -> Child {
    run(home, busy(home))
}

fn run(home: &Path, arguments: Vec<String>) -> Child {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    command(home, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn status(home: &Path) -> Value {
    let output = argosy(home, &["status", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the state of the one job that runs in `home`.
pub(crate) fn state_of(home: &Path) -> Option<String> {
    let job = &status(home)["processes"][0]["jobs"][0];
    job["state"].as_str().map(str::to_owned)
}

#[test]
fn status_says_that_nothing_runs_and_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(status(home.path())["processes"], serde_json::json!([]));
    let output = argosy(home.path(), &["status"]);
    assert_eq!(output.stdout, b"Nothing runs.\n");
    let follow = argosy(home.path(), &["status", "--follow"]);
    assert_eq!(follow.status.code(), Some(0), "{follow:?}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn status_sees_a_prepare_of_another_shell_and_stops_it() {
    let home = tempfile::tempdir().unwrap();
    let mut prepare = start(home.path());
    wait_until("it runs", || {
        state_of(home.path()).as_deref() == Some("running")
    });
    let seen = status(home.path());
    let process = &seen["processes"][0];
    assert_eq!(process["pid"], prepare.id());
    assert_eq!(process["command"], "prepare");
    assert_eq!(process["jobs"][0]["drives"][0]["serial"], "BUSY");
    let plain = argosy(home.path(), &["status"]);
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert!(
        plain.contains("busy: running") && plain.contains("BUSY: "),
        "{plain}"
    );
    let unknown = argosy(home.path(), &["status", "--cancel", "another"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    let stop = argosy(home.path(), &["status", "--cancel", "busy"]);
    assert!(stop.status.success(), "{stop:?}");
    assert_eq!(prepare.wait().unwrap().code(), Some(1));
    let journal = std::fs::read(home.path().join("journals/BUSY.jrn")).unwrap();
    let state = shared::journal::replay(&journal).unwrap().state;
    assert!(
        matches!(state, shared::job::DriveState::Cancelled { .. }),
        "{state:?}"
    );
    assert_eq!(status(home.path())["processes"], serde_json::json!([]));
}

#[test]
fn follow_tells_each_step_in_plain_lines_and_ends_with_the_job() {
    let home = tempfile::tempdir().unwrap();
    // Reading back takes longer than the time between two looks.
    let mut prepare = run(home.path(), busy_with(home.path(), 1200, "1500MB"));
    wait_until("it runs", || state_of(home.path()).is_some());
    let follow = argosy(home.path(), &["status", "--follow"]);
    assert_eq!(follow.status.code(), Some(0), "{follow:?}");
    let lines = String::from_utf8(follow.stdout).unwrap();
    assert!(!lines.contains('\x1b'), "no terminal, no drawing: {lines}");
    assert!(
        lines.contains("busy: BUSY: reading back, "),
        "between two marks too: {lines}"
    );
    // The drive's end is seen with the job's, or a look before it: either line may be the last one.
    let ends: BTreeSet<&str> = lines.lines().rev().take(2).collect();
    let expected = BTreeSet::from(["busy: verified", "busy: BUSY: verified, 100 %"]);
    assert_eq!(ends, expected, "{lines}");
    let last = String::from_utf8(follow.stderr).unwrap();
    assert!(last.contains("busy: verified"), "{last}");
    assert!(prepare.wait().unwrap().success());
}

#[test]
fn a_process_that_was_killed_is_not_shown_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), &[]);
    let run = home.path().join(".local/state/argosy/run");
    serve.child.kill().unwrap();
    serve.child.wait().unwrap();
    assert_eq!(std::fs::read_dir(&run).unwrap().count(), 1);
    assert_eq!(status(home.path())["processes"], serde_json::json!([]));
    assert_eq!(std::fs::read_dir(&run).unwrap().count(), 0);
}

#[test]
fn nonsense_at_the_side_door_is_refused_and_the_process_lives() {
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    let run = home.path().join(".local/state/argosy/run");
    let socket = run.join(format!("{}.sock", serve.child.id()));
    let long = format!(
        "{{\"ask\":\"cancel\",\"job\":\"{}\"}}\n",
        "x".repeat(100_000)
    );
    for nonsense in [
        "\n",
        "GET / HTTP/1.1\r\n\r\n",
        "{\"ask\":\"erase\"}\n",
        "{\"ask\":\"cancel\",\"job\":\"../../etc\"}\n",
        "{\"ask\":\"cancel\"}\n",
        long.as_str(),
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        // It may have heard enough before all is said.
        drop(stream.write_all(nonsense.as_bytes()));
        let mut line = String::new();
        drop(BufReader::new(&stream).read_line(&mut line));
        let start: String = nonsense.chars().take(40).collect();
        assert!(
            line.is_empty() || line.contains("\"refused\""),
            "{start}: {line}"
        );
    }
    assert_eq!(status(home.path())["processes"][0]["command"], "serve");
}
