//! A line between us and a store that answers wrongly, not at all, or spoils what it carries, as the test says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store does nothing and says that it failed: 500.
    Failed,
    /// The store does it and says that it failed: 500.
    DoneButFailed,
    /// The store has too much to do: 503.
    Busy,
    /// The store does nothing and says that the request took too long to come: 408.
    TimedOut,
    /// The line breaks before the store hears of it.
    Broken,
    /// The store does it, and no answer ever comes.
    Silent,
    /// One bit of the request's body changes on the way.
    SpoiledBody,
    /// One bit of the answer's body changes on the way back.
    SpoiledAnswer,
}

/// How long nothing is said before the line is given up: longer than anybody waits.
const SILENCE: Duration = Duration::from_secs(400);

/// A relay that plays faults; it lives as long as the process. Each request has a connection of its own.
#[derive(Debug)]
pub struct FaultyLine {
    port: u16,
    played: Arc<AtomicUsize>,
}

impl FaultyLine {
    /// Listens on a free port for the store at `server`. `fault` is given the number of each request, from 0, its first
    /// line, and the length of its body.
    ///
    /// # Errors
    /// When no port is free.
    pub fn between(
        server: u16,
        fault: impl Fn(usize, &str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let line = Self {
            port: listener.local_addr()?.port(),
            played: Arc::default(),
        };
        let played = Arc::clone(&line.played);
        let number = Arc::new(AtomicUsize::new(0));
        let fault = Arc::new(fault);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (played, number) = (Arc::clone(&played), Arc::clone(&number));
                let fault = Arc::clone(&fault);
                std::thread::spawn(move || {
                    let next = |line: &str, body: usize| {
                        fault(number.fetch_add(1, Ordering::AcqRel), line, body)
                    };
                    // A connection that breaks is what this is for.
                    drop(carry(&client, server, &next, &played));
                    drop(client.shutdown(Shutdown::Both));
                });
            }
        });
        Ok(line)
    }

    /// Returns the port to talk to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many faults were played.
    #[must_use]
    pub fn played(&self) -> usize {
        self.played.load(Ordering::Acquire)
    }
}

/// A request as it came.
struct Request {
    head: String,
    body: Vec<u8>,
}

/// Carries one request and its answer.
fn carry(
    mut client: &TcpStream,
    server: u16,
    next: &dyn Fn(&str, usize) -> Option<Fault>,
    played: &AtomicUsize,
) -> Result<()> {
    let Some(mut request) = read(client)? else {
        return Ok(());
    };
    let first = request.head.lines().next().unwrap_or_default().to_owned();
    let fault = next(&first, request.body.len());
    if fault.is_some() {
        played.fetch_add(1, Ordering::AcqRel);
    }
    match fault {
        Some(Fault::Broken) => return Ok(()),
        Some(Fault::Failed) => return Ok(client.write_all(FAILED.as_bytes())?),
        Some(Fault::TimedOut) => return Ok(client.write_all(TIMED_OUT.as_bytes())?),
        Some(Fault::Busy) => return Ok(client.write_all(BUSY.as_bytes())?),
        Some(Fault::SpoiledBody) => spoil(&mut request.body),
        _ => {}
    }
    let mut answer = exchange(server, &request)?;
    match fault {
        Some(Fault::DoneButFailed) => client.write_all(FAILED.as_bytes())?,
        Some(Fault::Silent) => std::thread::sleep(SILENCE),
        Some(Fault::SpoiledAnswer) => {
            spoil(&mut answer);
            client.write_all(&answer)?;
        }
        _ => client.write_all(&answer)?,
    }
    Ok(())
}

const FAILED: &str = "HTTP/1.1 500 Internal Server Error\r\nx-ms-error-code: InternalError\r\n\
     Content-Length: 0\r\nConnection: close\r\n\r\n";
const TIMED_OUT: &str =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nx-ms-error-code: ServerBusy\r\n\
     Content-Length: 0\r\nConnection: close\r\n\r\n";

/// Changes the last bit.
fn spoil(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}

/// Reads a request whose body has a length; none when the other side ended.
fn read(mut client: &TcpStream) -> Result<Option<Request>> {
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    let mut whole = None;
    loop {
        if whole.is_none() {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end.map(|end| end.saturating_add(4)) {
                let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
                whole = Some((
                    head.clone().into_owned(),
                    end,
                    end.saturating_add(body_bytes(&head)),
                ));
            }
        }
        if let Some((head, from, end)) = &whole
            && bytes.len() >= *end
        {
            let body = bytes.get(*from..*end).context("a body")?.to_vec();
            let head = head.clone();
            return Ok(Some(Request { head, body }));
        }
        let count = client.read(&mut piece)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

fn body_bytes(head: &str) -> usize {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then_some(value.trim())
    });
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// Passes a request on and returns the whole answer.
fn exchange(server: u16, request: &Request) -> Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(("127.0.0.1", server))?;
    let (first, rest) = request.head.split_once("\r\n").context("a head")?;
    let head = format!("{first}\r\nConnection: close\r\n{rest}");
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(&request.body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}
