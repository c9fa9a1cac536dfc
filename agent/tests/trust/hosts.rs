//! S2: `Host` is this machine's loopback, said once, in the form that browsers use.

use super::support::{Ask, Served};

const FOREIGN: &[&str] = &[
    "evil.com",
    "rebound.evil.com:PORT",
    "127.evil.com",
    "127.evil.com:PORT",
    "127.0.0.1.evil.com",
    "localhost.evil.com",
    "localhost.localdomain",
    "evil.com#localhost",
    "localhost.",
    "localhost.:PORT",
    "127.0.0.1.",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "127.0.0.2:PORT",
    "0.0.0.0:PORT",
    "0",
    "[::]",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%lo]",
    "::1",
    "[::1]evil.com",
    "user@127.0.0.1:PORT",
    "user:word@localhost",
    "localhost@evil.com",
    "localhost:PORT@evil.com",
    "localhost:",
    "localhost:99999",
    "localhost:0x50",
    "localhost/",
    "localhost, evil.com",
    "localhost evil.com",
    "",
];

#[test]
fn s2_a_rebinding_host_is_refused() {
    let served = Served::new();
    let session = served.session();
    for host in FOREIGN {
        let host = host.replace("PORT", &served.port.to_string());
        // Not even a page that has everything else right is let in.
        let ask = session.get("/api/jobs").without("host").also("host", &host);
        let text = ask.text(served.port).replace(
            &format!("host: 127.0.0.1:{}", served.port),
            &format!("host: {host}"),
        );
        let reply = served.raw(&text);
        assert!(
            matches!(reply.status, 400 | 403),
            "{host:?} was answered {reply:?}"
        );
        assert!(!reply.body.contains("\"jobs\""), "{host:?}");
    }
}

#[test]
fn s2_each_name_of_loopback_is_served_with_any_port() {
    let served = Served::new();
    for host in [
        "localhost",
        "LOCALHOST:9000",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:65535",
    ] {
        let reply = served.send(&Ask::get("/api/jobs").header("host", host));
        assert_eq!((reply.status, reply.code().as_str()), (401, "no-session"));
    }
}

#[test]
fn s2_a_request_without_a_host_is_refused() {
    let served = Served::new();
    let reply = served.send(&Ask::get("/").without("host"));
    assert_eq!(reply.status, 403, "{reply:?}");
}

#[test]
fn s2_a_host_said_twice_is_refused() {
    let served = Served::new();
    let own = format!("127.0.0.1:{}", served.port);
    for second in [own.as_str(), "evil.com"] {
        for ask in [
            Ask::get("/").also("host", second),
            Ask::get("/").header("host", second).also("Host", &own),
        ] {
            let reply = served.send(&ask);
            assert_eq!(reply.status, 403, "{second} {reply:?}");
        }
    }
}

#[test]
fn s2_http_1_0_is_refused_even_with_a_host() {
    let served = Served::new();
    for line in ["GET / HTTP/1.0", "GET /api/jobs HTTP/1.0"] {
        let reply = served.send(&served.session().with(Ask::get("/").line(line)));
        assert_eq!(reply.status, 403, "{line} {reply:?}");
    }
    let reply = served.raw("GET /\r\n\r\n");
    assert!(matches!(reply.status, 0 | 400), "{reply:?}");
}

#[test]
fn s2_what_one_says_to_a_proxy_is_refused() {
    let served = Served::new();
    let own = format!("127.0.0.1:{}", served.port);
    for target in [
        format!("GET http://{own}/api/jobs HTTP/1.1"),
        "GET http://evil.com/api/jobs HTTP/1.1".to_owned(),
        format!("GET http://user@{own}/api/jobs HTTP/1.1"),
        format!("GET http://evil.com@{own}/ HTTP/1.1"),
        format!("GET //{own}/api/jobs HTTP/1.1"),
        format!("CONNECT {own} HTTP/1.1"),
        "CONNECT evil.com:443 HTTP/1.1".to_owned(),
        "OPTIONS * HTTP/1.1".to_owned(),
    ] {
        let ask = served.session().with(Ask::get("/").line(&target));
        let reply = served.send(&ask);
        assert!(
            matches!(reply.status, 400 | 403 | 404),
            "{target} {reply:?}"
        );
        assert!(!reply.body.contains("\"jobs\""), "{target}");
    }
}
