//! Requests that are too much or too slow: nothing of ours is bound to somebody who does not finish.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use shared::api::paths;

use super::support::{Ask, Served, answer};

/// Returns how long the server keeps a connection on which nothing more is said, and what it says then.
fn kept_open(stream: &mut TcpStream) -> (Duration, String) {
    let begun = Instant::now();
    let mut said = String::new();
    drop(stream.read_to_string(&mut said));
    (begun.elapsed(), said)
}

#[test]
fn a_head_that_never_ends_is_given_ten_seconds() {
    let served = Served::new();
    let mut stream = served.connect();
    write!(stream, "GET / HTTP/1.1\r\nhost: localhost\r\nx: ").unwrap();
    let begun = Instant::now();
    // One byte a second keeps many a server waiting for ever.
    while begun.elapsed() < Duration::from_secs(14) && stream.write_all(b"x").is_ok() {
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(14),
        "still listened to"
    );
    let (_, said) = kept_open(&mut stream);
    assert!(!said.contains("200"), "{said}");
}

#[test]
fn a_connection_that_says_nothing_is_given_ten_seconds() {
    let served = Served::new();
    let (waited, said) = kept_open(&mut served.connect());
    assert!(waited < Duration::from_secs(14), "{waited:?}");
    assert!(!said.contains("200"), "{said}");
}

#[test]
fn a_body_that_never_ends_is_given_ten_seconds() {
    let served = Served::new();
    let mut stream = served.connect();
    let whole = Ask::post(paths::SESSION, &json!({"token": "x"})).text(served.port);
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    let head = head.replace("content-length: 13", "content-length: 60000");
    write!(stream, "{head}\r\n\r\n{{").unwrap();
    let begun = Instant::now();
    let reply = answer(&mut stream);
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "bad-request"),
        "{reply:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(14));
}

#[test]
fn too_long_a_head_is_refused_before_it_is_whole() {
    let served = Served::new();
    let long = Ask::get("/").header("x", &"x".repeat(200_000));
    let reply = served.send(&long);
    assert!(matches!(reply.status, 0 | 431), "{reply:?}");
    let path = format!("/{}", "x".repeat(200_000));
    let reply = served.send(&Ask::get(&path));
    assert!(matches!(reply.status, 0 | 400 | 414 | 431), "{reply:?}");
    let mut many = Ask::get("/");
    for number in 0..200 {
        many = many.header(&format!("x-{number}"), "x");
    }
    let reply = served.send(&many);
    assert!(matches!(reply.status, 0 | 431), "{reply:?}");
    assert_eq!(
        served.send(&Ask::get("/api/jobs")).status,
        401,
        "others are still heard"
    );
}

#[test]
fn too_long_a_body_is_refused_whatever_length_it_claims() {
    let served = Served::new();
    let token = "x".repeat(100_000);
    let ask = Ask::post(paths::SESSION, &json!({"token": token}));
    let reply = served.send(&ask);
    assert_eq!((reply.status, reply.code().as_str()), (413, "too-large"));
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let whole = Ask::post(paths::SESSION, &json!(null))
        .header("transfer-encoding", "chunked")
        .text(served.port);
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    let head = head.replace("content-length: 4\r\n", "");
    let reply = served.raw(&format!("{head}\r\n\r\n{}", piece.repeat(8)));
    assert!(matches!(reply.status, 400 | 413), "{reply:?}");
}

#[test]
fn a_body_of_two_lengths_is_no_second_request() {
    let served = Served::new();
    let session = served.session();
    let smuggled = session.get("/api/jobs").text(served.port);
    let head = format!(
        "POST /api/session HTTP/1.1\r\nhost: 127.0.0.1:{0}\r\norigin: http://127.0.0.1:{0}\r\n\
         content-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        served.port
    );
    let mut stream = served.connect();
    drop(stream.write_all(format!("{head}{smuggled}").as_bytes()));
    let first = answer(&mut stream);
    assert!(matches!(first.status, 0 | 400), "{first:?}");
    let text = served
        .raw(&head.replace(
            "content-length: 5",
            "content-length: 5\r\ncontent-length: 6",
        ))
        .status;
    assert!(matches!(text, 0 | 400), "{text}");
}

#[test]
fn one_connection_too_many_is_closed_and_the_others_live() {
    let served = Served::new();
    let mut open: Vec<TcpStream> = (0..64).map(|_| served.connect()).collect();
    // Each is taken by a task of its own, in any order: the server has them all once each is answered.
    for stream in &mut open {
        write!(
            stream,
            "{}",
            Ask::get("/api/jobs").header("host", "localhost").text(0)
        )
        .unwrap();
        assert_eq!(answer(stream).status, 401);
    }
    let (waited, said) = kept_open(&mut served.connect());
    assert!(
        waited < Duration::from_secs(5) && said.is_empty(),
        "{waited:?} {said}"
    );
    drop(open);
    super::support::wait_until("others are let in again", || {
        served.send(&Ask::get("/api/jobs")).status == 401
    });
}
