//! S12, and what no path or name may lead to.

use serde_json::json;
use shared::api::paths;

use super::support::{Ask, Reply, SERIAL, Served};

fn is_policed(reply: &Reply) {
    let value = |name: &str| reply.value(name).unwrap_or_default();
    let policy = value("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ] {
        let has = policy.split(';').any(|found| found.trim() == part);
        assert!(has, "{part} in {policy:?} of {reply:?}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    assert!(!policy.contains("http:") && !policy.contains('*'));
    for (name, wanted) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(value(name), wanted, "{name} of {reply:?}");
    }
    assert!(value("permissions-policy").contains("loopback-network=()"));
    assert_eq!(value("access-control-allow-origin"), "");
}

#[test]
fn s12_every_answer_carries_the_policy_refusals_too() {
    let served = Served::new();
    let session = served.session();
    for ask in [
        Ask::get("/"),
        Ask::get("/nothing"),
        Ask::get("/api/jobs"),
        Ask::get("/").header("host", "evil.com"),
        Ask::get("/").without("host"),
        Ask::get("/").line("GET / HTTP/1.0"),
        Ask::get("/").line("BREW / HTTP/1.1"),
        Ask::post(paths::JOBS, &json!(null)).without("origin"),
        session.get("/api/jobs"),
        session.get(paths::EVENTS),
        session.get("/api/jobs/%zz"),
        session.post(paths::JOBS, &json!({})),
    ] {
        is_policed(&served.send(&ask));
    }
}

#[test]
fn no_path_leads_out_of_the_page() {
    let served = Served::new();
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/%252e%252e/etc/passwd",
        "/..\\..\\etc\\passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/./../etc/passwd",
        "/index.html/../../etc/passwd",
        "/index.html%00.css",
        "/proc/self/environ",
        "/file:///etc/passwd",
        "/api/../../etc/passwd",
    ] {
        let reply = served.send(&Ask::get(path));
        assert!(
            matches!(reply.status, 400 | 401 | 404),
            "{path} {:?}",
            reply.head
        );
        assert!(!reply.body.contains("root:"), "{path}");
    }
}

#[test]
fn no_serial_or_job_leads_to_another_file() {
    let served = Served::new();
    let session = served.session();
    let (job, _) = served.planned(&session, "traversal");
    let journals = served.folder.path().join("state/journals");
    std::fs::write(journals.join("secret.jrn"), "secret").unwrap();
    for serial in [
        "secret",
        "..%2fjobs.jsonl",
        "..%2f..%2fstate%2fjobs.jsonl",
        "%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "WD-TEST4411%00",
        "WD-TEST4411%2f..%2fsecret",
    ] {
        for path in [
            format!("/api/jobs/{job}/journal/{serial}"),
            format!("/api/jobs/{job}%2f..%2f{job}/journal/{serial}"),
            format!("/api/jobs/../{job}/journal/{serial}"),
        ] {
            let reply = served.send(&session.get(&path));
            assert_eq!(reply.status, 404, "{path} {reply:?}");
        }
    }
}

#[test]
fn no_name_ends_a_header_and_begins_another() {
    let served = Served::new();
    let session = served.session();
    let (job, _) = served.planned(&session, "injection");
    for serial in [
        "x%0d%0aset-cookie:%20evil=1",
        "x%0aset-cookie:%20evil=1",
        "x%22;%20filename=evil.html",
        "x%00y",
    ] {
        for path in [
            paths::journal(&job, "").trim_end_matches('/').to_owned() + "/" + serial,
            format!("/{serial}"),
        ] {
            let reply = served.send(&session.get(&path));
            assert_eq!(reply.value("set-cookie"), None, "{path} {}", reply.head);
            assert!(!reply.head.contains("evil"), "{path} {}", reply.head);
        }
    }
    let split = format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{}\nx: y\rz\r\n\r\n", 1);
    assert!(matches!(served.raw(&split).status, 0 | 400));
}

#[test]
fn s8_the_page_cannot_name_a_drive_that_the_agent_did_not_list() {
    let served = Served::new();
    let session = served.session();
    let stray = served.folder.path().join("stray.img");
    std::fs::write(&stray, vec![0; 1 << 20]).unwrap();
    for (path, serial) in [
        (stray.to_str().unwrap(), "stray"),
        ("/dev/sda", "x"),
        ("/dev/../dev/vda", "x"),
        ("/etc/passwd", "passwd"),
        ("", SERIAL),
    ] {
        let request = json!({
            "session": "stray", "source": served.folder.path().join("source"), "destination": "film/",
            "drives": [{"path": path, "serial": serial}],
        });
        let reply = served.send(&session.post(paths::JOBS, &request));
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
}
