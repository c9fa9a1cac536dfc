//! A terminal that closes, a connection that breaks: the job goes on.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::side_door::{busy, state_of};
use super::support::{Ask, Serve, binary, new_drive, noise, send, text, wait_until};

/// Starts `prepare` of a few hundred megabytes in a terminal of its own; returns the far end of that terminal.
fn prepare_in_a_terminal(home: &Path) -> (Child, OwnedFd) {
    // Inherited by the child, the far end would never be closed.
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&far).unwrap();
    unlockpt(&far).unwrap();
    let name = ptsname(&far, Vec::new()).unwrap();
    let near = || {
        File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
    };
    let mut prepare = Command::new("setsid");
    prepare
        .args(["--ctty", binary()])
        .args(busy(home))
        .env("HOME", home)
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::from(near().unwrap()))
        .stdout(Stdio::from(near().unwrap()))
        .stderr(Stdio::from(near().unwrap()));
    (prepare.spawn().unwrap(), far)
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn a_closed_terminal_does_not_stop_a_running_job() {
    let home = tempfile::tempdir().unwrap();
    let (mut prepare, terminal) = prepare_in_a_terminal(home.path());
    wait_until("it runs", || {
        state_of(home.path()).as_deref() == Some("running")
    });
    // Held still, so that the terminal surely closes in the middle.
    kill_process(pid(&prepare), Signal::STOP).unwrap();
    drop(terminal);
    kill_process(pid(&prepare), Signal::CONT).unwrap();
    let status = prepare.wait().unwrap();
    assert!(status.success(), "{status}");
    let journal = std::fs::read(home.path().join("journals/BUSY.jrn")).unwrap();
    let closed = shared::journal::replay(&journal).unwrap().closed.unwrap();
    assert_eq!(closed.verdict, shared::job::Verdict::Verified);
}

#[test]
fn a_hangup_stops_neither_serve_nor_prepare() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), &[]);
    for _ in 0..3 {
        kill_process(pid(&serve.child), Signal::HUP).unwrap();
    }
    assert!(!serve.ends_within(std::time::Duration::from_millis(500)));
    assert_eq!(
        send(serve.port, &Ask::get("/api/jobs").text(serve.port)).status,
        401
    );
    drop(serve);
    let home = tempfile::tempdir().unwrap();
    let mut prepare = Command::new(binary());
    prepare
        .args(busy(home.path()))
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut prepare = prepare.spawn().unwrap();
    wait_until("it runs", || {
        state_of(home.path()).as_deref() == Some("running")
    });
    kill_process(pid(&prepare), Signal::HUP).unwrap();
    assert!(prepare.wait().unwrap().success());
}

#[test]
fn a_pipe_that_nobody_reads_any_more_does_not_stop_a_job() {
    let home = tempfile::tempdir().unwrap();
    let image = new_drive(home.path(), "PIPE", "80MB");
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("a"), noise(1, 1_000_000)).unwrap();
    let journals = home.path().join("journals");
    let mut prepare = super::support::command(
        home.path(),
        &[
            "prepare",
            "--session",
            "pipe",
            "--journal-dir",
            text(&journals),
            "--source",
            text(&source),
            "--to",
            "film/",
            "--drive",
            text(&image),
        ],
    );
    let mut prepare = prepare
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(prepare.stdout.take());
    drop(prepare.stderr.take());
    assert!(prepare.wait().unwrap().success());
}
