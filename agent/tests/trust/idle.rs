//! S17: nothing listens that nobody needs, and nothing ends that somebody needs.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use shared::api::paths;

use super::support::{SERIAL, Serve, answer, command, connect, new_drive, plan, send, text};

/// A little more than a second.
const SHORT: &[&str] = &["--idle-minutes", "0.02"];
const SOON: Duration = Duration::from_secs(10);

#[test]
fn s17_an_agent_that_nobody_needs_ends_and_its_port_is_free() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), SHORT);
    assert!(serve.ends_within(SOON));
    assert!(std::net::TcpStream::connect(("127.0.0.1", serve.port)).is_err());
    let run = home.path().join(".local/state/argosy/run");
    assert_eq!(std::fs::read_dir(run).unwrap().count(), 0);
}

#[test]
fn s17_zero_minutes_are_for_ever_and_nonsense_is_wrong_usage() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), &["--idle-minutes", "0"]);
    assert!(!serve.ends_within(Duration::from_secs(3)));
    let wrong = command(
        home.path(),
        &["serve", "--no-open", "--idle-minutes", "soon"],
    )
    .stderr(Stdio::null())
    .status();
    assert_eq!(wrong.unwrap().code(), Some(2));
}

#[test]
fn s17_an_open_page_keeps_the_agent() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), SHORT);
    let session = serve.session();
    let mut page = connect(serve.port);
    page.write_all(session.get(paths::EVENTS).text(serve.port).as_bytes())
        .unwrap();
    assert_eq!(answer(&mut page).status, 200);
    assert!(!serve.ends_within(Duration::from_secs(4)), "a page is open");
    drop(page);
    assert!(serve.ends_within(SOON + Duration::from_secs(10)));
}

#[test]
fn s17_a_job_that_waits_keeps_the_agent() {
    let home = tempfile::tempdir().unwrap();
    let image = new_drive(home.path(), SERIAL, "80MB");
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("a"), "a").unwrap();
    let mut more = SHORT.to_vec();
    more.extend(["--drive", text(&image)]);
    let mut serve = Serve::start(home.path(), &more);
    let session = serve.session();
    let request = json!({
        "session": "waits", "source": source, "destination": "film/",
        "drives": [{"path": image, "serial": SERIAL}],
    });
    let (job, _) = plan(serve.port, &session, &request);
    assert!(!serve.ends_within(Duration::from_secs(4)), "a job waits");
    let cancel = session.post(&paths::cancel(&job), &json!(null));
    assert_eq!(send(serve.port, &cancel.text(serve.port)).status, 200);
    assert!(serve.ends_within(SOON + Duration::from_secs(10)));
}

#[test]
fn an_end_that_was_asked_for_is_held_up_by_nobody() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(home.path(), &[]);
    let session = serve.session();
    let mut page = connect(serve.port);
    page.write_all(session.get(paths::EVENTS).text(serve.port).as_bytes())
        .unwrap();
    assert_eq!(answer(&mut page).status, 200);
    let mut stuck = connect(serve.port);
    stuck.write_all(b"GET / HTTP/1.1\r\nhost: ").unwrap();
    let serving = rustix::process::Pid::from_child(&serve.child);
    rustix::process::kill_process(serving, rustix::process::Signal::TERM).unwrap();
    assert!(serve.ends_within(SOON));
}
