//! A line between us and a server that loses an answer: the request arrives, and nobody learns what came of it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Result;

/// Passes everything on, but the first answer to a request that holds certain words. Ends with the process.
#[derive(Debug)]
pub struct LostAnswer {
    port: u16,
    lost: Arc<AtomicUsize>,
}

impl LostAnswer {
    /// Listens on a free port for the server at `server`; answers to requests whose head holds `words` are lost, `times` of
    /// them.
    ///
    /// # Errors
    /// When no port is free.
    pub fn between(server: u16, words: &'static str, times: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lost);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    drop(pass(&client, server, words, (times, &counted)));
                });
            }
        });
        Ok(Self { port, lost })
    }

    /// Returns the port to talk to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many answers were lost.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::Acquire)
    }
}

/// One connection: a request, its answer, and so on, as HTTP/1.1 without pipelining has it.
fn pass(
    client: &TcpStream,
    server: u16,
    words: &str,
    (times, lost): (usize, &AtomicUsize),
) -> Result<()> {
    let upstream = TcpStream::connect(("127.0.0.1", server))?;
    let is_meant = Arc::new(AtomicBool::new(false));
    let mut from_client = client.try_clone()?;
    let mut to_server = upstream.try_clone()?;
    let words = words.to_owned();
    let meant = Arc::clone(&is_meant);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count) = from_client.read(&mut buffer) {
            let bytes = buffer.get(..count).unwrap_or_default();
            let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
            // Before it is passed on: the answer may be here first.
            if String::from_utf8_lossy(head).contains(&words) {
                meant.store(true, Ordering::Release);
            }
            if count == 0 || to_server.write_all(bytes).is_err() {
                break;
            }
        }
        drop(to_server.shutdown(Shutdown::Write));
    });
    let (mut from_server, mut to_client) = (upstream.try_clone()?, client.try_clone()?);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = from_server.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        if is_meant.load(Ordering::Acquire) && lost.load(Ordering::Acquire) < times {
            lost.fetch_add(1, Ordering::AcqRel);
            break;
        }
        to_client.write_all(buffer.get(..count).unwrap_or_default())?;
    }
    drop(client.shutdown(Shutdown::Both));
    drop(upstream.shutdown(Shutdown::Both));
    Ok(())
}
