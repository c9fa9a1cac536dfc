//! S1: loopback and nothing else, and a port that is ours alone.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, listen as listen_on, socket, sockopt};
use serde_json::json;
use shared::api::paths;

use super::support::{Ask, Serve, Served, argosy, command, send, wait_until};

fn listen(port: u16) -> std::io::Result<u16> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(agent::http::listen(port))
        .map(|listener| listener.port())
}

#[test]
fn s1_no_option_leads_to_another_address() {
    let home = tempfile::tempdir().unwrap();
    for more in [
        &["--host", "0.0.0.0"][..],
        &["--host", "127.0.0.1"],
        &["--bind", "0.0.0.0"],
        &["--listen", "::"],
        &["--address", "0.0.0.0"],
        &["--port", "0.0.0.0:80"],
        &["0.0.0.0"],
    ] {
        let mut arguments = vec!["serve", "--no-open"];
        arguments.extend(more);
        let output = argosy(home.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{more:?} {output:?}");
    }
}

#[test]
fn s1_only_127_0_0_1_and_ipv6_loopback_answer() {
    let served = Served::new();
    let at = |address: IpAddr| TcpStream::connect(SocketAddr::new(address, served.port));
    assert!(at(Ipv4Addr::LOCALHOST.into()).is_ok());
    // Whoever listens on every address answers here too.
    let other = at(Ipv4Addr::new(127, 0, 0, 2).into());
    assert_eq!(other.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(at(Ipv6Addr::LOCALHOST.into()).is_ok(), ipv6);
}

/// Takes a port as somebody does who wants to share it with us.
fn squat(address: IpAddr, port: u16) -> Result<OwnedFd, rustix::io::Errno> {
    let family = match address {
        IpAddr::V4(_) => AddressFamily::INET,
        IpAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket(family, SocketType::STREAM, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    sockopt::set_socket_reuseport(&socket, true)?;
    bind(&socket, &SocketAddr::new(address, port))?;
    listen_on(&socket, 8)?;
    Ok(socket)
}

const EVERYWHERE: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
];

#[test]
fn s1_a_port_that_somebody_squats_is_not_shared_with_them() {
    for address in EVERYWHERE {
        let Ok(squatter) = squat(address, 0) else {
            println!("skipped: {address} is not to be had here");
            continue;
        };
        let port = rustix::net::getsockname(&squatter).unwrap();
        let port = SocketAddr::try_from(port).unwrap().port();
        let refused = listen(port).map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::AddrInUse), "{address}");
    }
}

#[test]
fn s1_nobody_can_squat_the_port_that_we_have() {
    let served = Served::new();
    for address in EVERYWHERE {
        assert!(squat(address, served.port).is_err(), "{address}");
    }
}

#[test]
fn s1_the_page_gets_the_code_that_the_agent_printed_and_nobody_without_a_session_does() {
    let home = tempfile::tempdir().unwrap();
    let said = home.path().join("said");
    let serve = Serve::with_errors(command(home.path(), &["serve", "--no-open"]), &said);
    let opened = send(
        serve.port,
        &Ask::post(paths::SESSION, &json!({"token": serve.token})).text(serve.port),
    );
    let code = opened.json()["code"].as_str().unwrap().to_owned();
    assert!(
        code.len() == 6 && code.bytes().all(|letter| letter.is_ascii_digit()),
        "{code}"
    );
    let words = format!("the code {code} ");
    wait_until("it is printed", || {
        std::fs::read_to_string(&said).unwrap().contains(&words)
    });
    for path in ["/", paths::JOBS, paths::DRIVES] {
        let answer = send(serve.port, &Ask::get(path).text(serve.port));
        assert!(!answer.body.contains(&code), "{path} {answer:?}");
    }
    // It opens nothing.
    let token = Ask::post(paths::SESSION, &json!({"token": code})).text(serve.port);
    assert_eq!(send(serve.port, &token).status, 403);
}
