//! S3: what changes something comes from our own page; no other page may even read.

use serde_json::json;
use shared::api::paths;

use super::support::{Ask, Served};

/// Every path that changes something, or takes a body.
fn mutations() -> [String; 14] {
    [
        paths::FOLDERS.to_owned(),
        paths::SCAN.to_owned(),
        paths::JOBS.to_owned(),
        paths::LEDGER.to_owned(),
        paths::LEDGER_IMPORT.to_owned(),
        paths::STORAGE.to_owned(),
        paths::RECEIVE.to_owned(),
        paths::RECEIVE_CANCEL.to_owned(),
        paths::question("a"),
        paths::confirm("a"),
        paths::cancel("a"),
        paths::resume("a"),
        paths::replace("a"),
        paths::key("a", "b"),
    ]
}

fn foreign(port: u16) -> Vec<String> {
    let other = port.wrapping_add(1);
    vec![
        "null".to_owned(),
        "http://evil.com".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{other}"),
        "http://127.0.0.1".to_owned(),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}.evil.com"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://evil.com@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port} http://evil.com"),
        "file://".to_owned(),
    ]
}

#[test]
fn s3_no_mutation_without_our_own_origin() {
    let served = Served::new();
    let session = served.session();
    for path in mutations() {
        let own = session.post(&path, &json!({}));
        let reply = served.send(&own);
        assert_ne!(
            reply.code(),
            "foreign-request",
            "the page itself is let in: {path}"
        );
        let mut asks = vec![own.clone().without("origin")];
        let mine = format!("http://127.0.0.1:{}", served.port);
        asks.push(own.clone().also("origin", &mine));
        for origin in foreign(served.port) {
            asks.push(own.clone().header("origin", &origin));
        }
        for ask in asks {
            let reply = served.send(&ask);
            let found = (reply.status, reply.code());
            assert_eq!(
                found,
                (403, "foreign-request".to_owned()),
                "{path} {}",
                ask.text(0)
            );
        }
    }
}

#[test]
fn s3_a_launch_token_in_a_foreign_page_opens_nothing_and_stays_whole() {
    let served = Served::new();
    let token = served.launch();
    let ask = Ask::post(paths::SESSION, &json!({"token": token}));
    for origin in foreign(served.port) {
        let reply = served.send(&ask.clone().header("origin", &origin));
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (403, "foreign-request")
        );
    }
    assert_eq!(served.send(&ask).status, 200);
}

#[test]
fn s3_event_streams_refuse_a_foreign_origin_and_need_the_session() {
    let served = Served::new();
    let session = served.session();
    for origin in foreign(served.port) {
        let reply = served.send(&session.get(paths::EVENTS).header("origin", &origin));
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (403, "foreign-request"),
            "{origin}"
        );
    }
    for ask in [
        Ask::get(paths::EVENTS),
        Ask::get(paths::EVENTS).header("cookie", &session.cookie),
        Ask::get(paths::EVENTS).header(paths::SESSION_HEADER, &session.header),
    ] {
        assert_eq!(served.send(&ask).status, 401);
    }
    // Browsers send no Origin on a page's own GET.
    let reply = served.send(&session.get(paths::EVENTS));
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[test]
fn s3_another_site_is_refused_when_the_browser_says_so() {
    let served = Served::new();
    let session = served.session();
    for site in ["cross-site", "same-site", "none", "Same-Origin", ""] {
        for ask in [
            session.get("/api/jobs"),
            session.get(paths::EVENTS),
            session.post(&paths::cancel("a"), &json!(null)),
        ] {
            let reply = served.send(&ask.header("sec-fetch-site", site));
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (403, "foreign-request"),
                "{site}"
            );
        }
    }
    let own = session
        .get("/api/jobs")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(served.send(&own).status, 200);
}

#[test]
fn s3_no_other_origin_is_ever_allowed() {
    let served = Served::new();
    let session = served.session();
    let preflight = Ask::get("/")
        .line("OPTIONS /api/jobs HTTP/1.1")
        .header("origin", "http://evil.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-private-network", "true");
    for ask in [
        preflight.clone(),
        preflight.header("origin", ""),
        session.get("/api/jobs"),
        Ask::get("/").header("origin", "http://evil.com"),
    ] {
        let reply = served.send(&ask);
        assert!(
            !reply.head.to_lowercase().contains("access-control-"),
            "{}",
            reply.head
        );
    }
}
