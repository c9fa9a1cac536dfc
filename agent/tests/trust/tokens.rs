//! S4, S5, S16: launch tokens and sessions.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use shared::api::paths;

use super::support::{
    Ask, Serve, Served, address, argosy, command, contains, files, open_session, text,
};

fn exchange(served: &Served, token: &str) -> (u16, String) {
    let reply = served.send(&Ask::post(paths::SESSION, &json!({"token": token})));
    let code = if reply.status == 200 {
        String::new()
    } else {
        reply.code()
    };
    (reply.status, code)
}

#[test]
fn s4_a_launch_token_cannot_be_replayed() {
    let served = Served::new();
    let token = served.launch();
    assert_eq!(exchange(&served, &token).0, 200);
    assert_eq!(exchange(&served, &token), (403, "bad-token".to_owned()));
}

#[test]
fn s4_a_launch_token_of_a_minute_ago_opens_nothing() {
    let served = Served::new();
    let before = Instant::now().checked_sub(Duration::from_secs(61)).unwrap();
    let token = served.agent.sessions.launch(before).unwrap();
    assert_eq!(
        exchange(&served, token.as_str()),
        (403, "bad-token".to_owned())
    );
}

#[test]
fn s4_a_token_in_path_query_or_header_opens_nothing() {
    let served = Served::new();
    let token = served.launch();
    for ask in [
        Ask::get(&format!("/api/jobs?token={token}")),
        Ask::get(&format!("/api/jobs/{token}")),
        Ask::get("/api/jobs").header("authorization", &format!("Bearer {token}")),
        Ask::get("/api/jobs").header(paths::SESSION_HEADER, &token),
        Ask::get(&format!("/api/session?token={token}")),
    ] {
        assert_eq!(served.send(&ask).status, 401, "{}", ask.text(0));
    }
    assert_eq!(
        exchange(&served, &token).0,
        200,
        "none of it spent the token"
    );
}

#[test]
fn s4_tokens_are_in_nothing_but_the_one_printed_address() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = command(home.path(), &["serve", "--no-open"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = String::new();
    let mut output = std::io::BufReader::new(serve.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut printed).unwrap();
    let (port, token) = address(&printed);
    let session = open_session(port, &token);
    let wrong = Ask::post(paths::SESSION, &json!({"token": "wrong"}));
    let replay = Ask::post(paths::SESSION, &json!({"token": token}));
    for ask in [
        wrong,
        replay,
        session.get("/api/jobs"),
        session.get("/nothing"),
    ] {
        let reply = super::support::send(port, &ask.text(port));
        assert!(!reply.body.contains(&token) && !reply.head.contains(&token));
    }
    let arguments = std::fs::read(format!("/proc/{}/cmdline", serve.id())).unwrap_or_default();
    assert!(!contains(&arguments, token.as_bytes()));
    serve.kill().unwrap();
    let rest = serve.wait_with_output().unwrap();
    let mut more = String::new();
    std::io::Read::read_to_string(&mut output, &mut more).unwrap();
    let (_, cookie) = session.cookie.split_once('=').unwrap();
    for secret in [token.as_str(), cookie, session.header.as_str()] {
        assert!(!more.contains(secret));
        assert!(!contains(&rest.stderr, secret.as_bytes()));
        for (path, content) in files(home.path()) {
            assert!(!contains(&content, secret.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn s4_a_new_address_voids_the_one_before_it() {
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    let link = argosy(home.path(), &["link"]);
    assert!(link.status.success(), "{link:?}");
    let (port, token) = address(&String::from_utf8(link.stdout).unwrap());
    assert_eq!(port, serve.port);
    let old = Ask::post(paths::SESSION, &json!({"token": serve.token}));
    assert_eq!(super::support::send(port, &old.text(port)).status, 403);
    open_session(port, &token);
}

#[test]
fn s5_a_cookie_alone_opens_nothing_and_neither_does_a_header() {
    let served = Served::new();
    let (one, two) = (served.session(), served.session());
    let get = || Ask::get("/api/jobs");
    for ask in [
        get(),
        get().header("cookie", &one.cookie),
        get().header(paths::SESSION_HEADER, &one.header),
        get()
            .header("cookie", &one.cookie)
            .header(paths::SESSION_HEADER, &two.header),
        get()
            .header("cookie", &one.cookie)
            .header(paths::SESSION_HEADER, one.cookie.split_once('=').unwrap().1),
        one.with(get()).also(paths::SESSION_HEADER, &one.header),
    ] {
        assert_eq!(served.send(&ask).status, 401, "{}", ask.text(0));
    }
    assert_eq!(served.send(&one.get("/api/jobs")).status, 200);
}

#[test]
fn s5_no_script_reads_the_cookie_and_no_other_site_sends_it() {
    let served = Served::new();
    let ask = Ask::post(paths::SESSION, &json!({"token": served.launch()}));
    let cookie = served.send(&ask).value("set-cookie").unwrap();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/api"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn s16_ten_wrong_launch_tokens_lock_out_even_the_right_one() {
    let served = Served::new();
    let open = served.session();
    for number in 0..10 {
        let (status, code) = exchange(&served, &format!("{number:064}"));
        assert_eq!((status, code.as_str()), (403, "bad-token"));
    }
    let right = served.launch();
    assert_eq!(exchange(&served, &right), (429, "locked-out".to_owned()));
    let known = served.send(&open.get("/api/jobs"));
    assert_eq!(known.status, 200, "who is in stays in");
}

#[test]
fn s16_guesses_at_a_session_are_cut_off() {
    let served = Served::new();
    let open = served.session();
    let guess = |header: &str| {
        let ask = Ask::get("/api/jobs")
            .header("cookie", &open.cookie)
            .header(paths::SESSION_HEADER, header);
        served.send(&ask).status
    };
    let answers: Vec<u16> = (0..12)
        .map(|number| guess(&format!("{number:064}")))
        .collect();
    assert_eq!(&answers[..10], [401; 10]);
    assert_eq!(&answers[10..], [429; 2]);
    assert_eq!(served.send(&open.get("/api/jobs")).status, 200);
}

#[test]
fn s4_link_without_a_page_says_so() {
    let home = tempfile::tempdir().unwrap();
    let link = argosy(home.path(), &["link"]);
    assert_eq!(link.status.code(), Some(2), "{link:?}");
    let other = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &["--state-dir", text(other.path())]);
    let link = argosy(
        home.path(),
        &["link", "--state-dir", text(other.path()), "--port", "9000"],
    );
    let (port, token) = address(&String::from_utf8(link.stdout).unwrap());
    assert_eq!(port, 9000, "the port that ssh forwards");
    open_session(serve.port, &token);
}
