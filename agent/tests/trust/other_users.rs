//! S6: another user of this machine, with everything right but who they are.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::support::{
    NOBODY, Serve, Served, Session, argosy, command, is_root, open_session, text,
};

/// Has a shell of the user `uid` send a request from its own socket; returns what came back.
fn ask_as(uid: u32, host: &str, port: u16, request: &str) -> String {
    let script =
        format!("exec 3<>/dev/tcp/{host}/{port} && printf '%s' \"$REQUEST\" >&3 && cat <&3");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("REQUEST", request)
        .uid(uid)
        .gid(uid)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn request(port: u16, session: &Session) -> String {
    session
        .get("/api/jobs")
        .header("connection", "close")
        .text(port)
}

#[cfg(target_os = "linux")]
#[test]
fn s6_a_second_local_user_is_refused_even_with_a_stolen_session() {
    if !is_root() {
        return;
    }
    let served = Served::new();
    let stolen = request(served.port, &served.session());
    for host in ["127.0.0.1", "::1"] {
        if host == "::1" && std::net::TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let theirs = ask_as(NOBODY, host, served.port, &stolen);
        assert!(theirs.starts_with("HTTP/1.1 403"), "{host} {theirs:?}");
        assert!(theirs.contains("another user"), "{theirs}");
        assert!(!theirs.contains("\"jobs\""), "{theirs}");
        let ours = ask_as(0, host, served.port, &stolen);
        assert!(ours.starts_with("HTTP/1.1 200"), "{host} {ours:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn s6_whoever_became_root_to_start_it_is_served_and_others_are_not() {
    if !is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let state = home.path().join("state");
    let arguments = ["serve", "--no-open", "--state-dir", text(&state)];
    let mut start = command(home.path(), &arguments);
    start.env("SUDO_UID", NOBODY.to_string());
    let serve = Serve::of(start);
    let theirs = request(serve.port, &open_session(serve.port, &serve.token));
    let person = ask_as(NOBODY, "127.0.0.1", serve.port, &theirs);
    assert!(person.starts_with("HTTP/1.1 200"), "{person:?}");
    let other = ask_as(NOBODY - 1, "127.0.0.1", serve.port, &theirs);
    assert!(other.starts_with("HTTP/1.1 403"), "{other:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn s6_a_connection_that_its_user_closed_is_nobodys() {
    if !is_root() {
        return;
    }
    // The kernel of some versions shows it as root's from then on: what was said on it must not count.
    let served = Served::new();
    let session = served.session();
    let (job, _) = served.planned(&session, "closed");
    let cancel = session
        .post(&shared::api::paths::cancel(&job), &serde_json::json!(null))
        .text(served.port);
    for _ in 0..20 {
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{} && printf '%s' \"$REQUEST\" >&3",
            served.port
        );
        let status = Command::new("bash")
            .args(["-c", &script])
            .env("REQUEST", &cancel)
            .uid(NOBODY)
            .gid(NOBODY)
            .status()
            .unwrap();
        assert!(status.success());
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    let state = served.agent.jobs.snapshot(&job).unwrap().state;
    assert_eq!(state, shared::api::JobState::WaitsForConfirmation);
}

#[test]
fn s6_another_user_finds_no_side_door() {
    if !is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // Even where the folders above it are open to everybody.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(home.path(), open).unwrap();
    let state = home.path().join("state");
    let serve = Serve::start(home.path(), &["--state-dir", text(&state)]);
    let socket = state.join(format!("run/{}.sock", serve.child.id()));
    assert!(socket.exists());
    let theirs = Command::new("bash")
        .args(["-c", "cat \"$0\"/* 2>&1; ls \"$0\" 2>&1; echo >\"$1\""])
        .args([text(&state.join("run")), text(&socket)])
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    assert!(!theirs.status.success(), "{theirs:?}");
    assert!(!String::from_utf8_lossy(&theirs.stdout).contains("sock\n"));
    let ours = argosy(home.path(), &["link", "--state-dir", text(&state)]);
    assert!(ours.status.success(), "{ours:?}");
}

#[test]
fn s6_the_side_door_and_its_folder_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    let run = home.path().join(".local/state/argosy/run");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&run) & 0o777, 0o700);
    let socket = run.join(format!("{}.sock", serve.child.id()));
    assert_eq!(mode(&socket) & 0o777, 0o600);
    assert_eq!(
        mode(&home.path().join(".local/state/argosy/journals")) & 0o777,
        0o700
    );
}
