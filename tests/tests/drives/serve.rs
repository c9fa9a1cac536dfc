//! The agent as whoever starts and stops it sees it, without a browser.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::agent::Agent;

/// Sends one request and returns the connection, with nothing of the answer read.
fn request(host: &str, method: &str, path: &str, headers: &str, body: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    Ok(stream)
}

/// Opens a session with the address's token; returns the headers that prove it.
fn session(agent: &Agent, host: &str) -> Result<String> {
    let (_, token) = agent.address.rsplit_once('=').context("a token")?;
    let headers =
        format!("Origin: http://{host}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    let body = format!("{{\"token\":\"{token}\"}}");
    let mut answer = String::new();
    request(host, "POST", "/api/session", &headers, &body)?.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    let cookie = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .starts_with("set-cookie: ")
                .then(|| line.get(12..))?
        })
        .and_then(|line| line.split(';').next())
        .with_context(|| format!("a cookie in {head}"))?;
    let reply: Value = serde_json::from_str(body)?;
    let session = reply["session"].as_str().context("a session")?;
    Ok(format!(
        "Cookie: {cookie}\r\nx-argosy-session: {session}\r\n"
    ))
}

#[test]
fn ctrl_c_ends_the_agent_at_once_while_a_page_listens_and_another_connection_idles() -> Result<()> {
    let mut agent = Agent::start(&["WD-SERVE1"])?;
    let (_, rest) = agent.address.split_once("http://").context("an address")?;
    let host = rest.split('/').next().context("a host")?.to_owned();
    let headers = session(&agent, &host)?;
    let _idle = TcpStream::connect(&host)?;
    let mut events = request(&host, "GET", "/api/events", &headers, "")?;
    let mut head = [0; 15];
    events.read_exact(&mut head)?;
    ensure!(
        &head == b"HTTP/1.1 200 OK",
        "{}",
        String::from_utf8_lossy(&head)
    );
    let status = agent.interrupt(Duration::from_secs(10))?;
    ensure!(status.success(), "it ended with {status}");
    let mut rest = Vec::new();
    events.read_to_end(&mut rest)?;
    ensure!(TcpStream::connect(&host).is_err(), "somebody still listens");
    Ok(())
}
