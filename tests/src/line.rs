//! A line to a server that breaks when the test says so: a relay on this computer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

/// Bytes carried at once.
const PIECE: usize = 64 << 10;

/// A relay; it lives as long as the process.
#[derive(Clone, Debug)]
pub struct Line {
    port: u16,
    carried: Arc<AtomicU64>,
}

impl Line {
    /// Begins to relay to `to`.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub fn to(to: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let line = Self {
            port: listener.local_addr()?.port(),
            carried: Arc::default(),
        };
        let carried = Arc::clone(&line.carried);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let carried = Arc::clone(&carried);
                let far = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to)));
                // Nobody there: the caller sees the connection end.
                let Ok(far) = far else { continue };
                std::thread::spawn(move || both_ways(&near, &far, &carried));
            }
        });
        Ok(line)
    }

    /// Returns the port to call.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the bytes that came back from the server so far.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Acquire)
    }
}

fn both_ways(near: &TcpStream, far: &TcpStream, carried: &AtomicU64) {
    std::thread::scope(|scope| {
        scope.spawn(|| carry(near, far, &AtomicU64::new(0)));
        carry(far, near, carried);
    });
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, carried: &AtomicU64) {
    let mut piece = vec![0; PIECE];
    while let Ok(count) = from.read(&mut piece) {
        let Some(held) = piece.get(..count).filter(|held| !held.is_empty()) else {
            break;
        };
        if to.write_all(held).is_err() {
            break;
        }
        carried.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::AcqRel);
    }
    // One end is gone: the other must see it.
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
