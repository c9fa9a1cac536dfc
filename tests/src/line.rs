//! A line to a server: a relay on this computer that counts what it carries, and may carry it late, as one of some length does.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Bytes carried at once.
const PIECE: usize = 64 << 10;
/// Pieces that are under way at most, each way of a connection that carries late: 64 MiB.
const PIECES_MAX: usize = 1024;

/// A relay; it lives as long as the process.
#[derive(Clone, Debug)]
pub struct Line {
    port: u16,
    carried: Arc<AtomicU64>,
}

/// A piece, and when it arrives.
type Late = (Instant, Vec<u8>);

impl Line {
    /// Begins to relay to `to`.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub fn to(to: u16) -> Result<Self> {
        Self::listen(to, carry)
    }

    /// Begins to relay to `to`, each way `delay` late and otherwise as fast as it can.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub fn late(to: u16, delay: Duration) -> Result<Self> {
        Self::listen(to, move |from, to, carried| {
            carry_late(from, to, carried, delay);
        })
    }

    fn listen<C>(to: u16, carry: C) -> Result<Self>
    where
        C: Fn(&TcpStream, &TcpStream, &AtomicU64) + Clone + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let line = Self {
            port: listener.local_addr()?.port(),
            carried: Arc::default(),
        };
        let carried = Arc::clone(&line.carried);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let (carried, carry) = (Arc::clone(&carried), carry.clone());
                let far = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to)));
                // Nobody there: the caller sees the connection end.
                let Ok(far) = far else { continue };
                std::thread::spawn(move || {
                    std::thread::scope(|scope| {
                        scope.spawn(|| carry(&near, &far, &AtomicU64::new(0)));
                        carry(&far, &near, &carried);
                    });
                });
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

fn carry(from: &TcpStream, mut to: &TcpStream, carried: &AtomicU64) {
    read(from, &mut |held| {
        let is_open = to.write_all(held).is_ok();
        if is_open {
            count(carried, held);
        }
        is_open
    });
    // One end is gone: the other must see it.
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}

fn carry_late(from: &TcpStream, to: &TcpStream, carried: &AtomicU64, delay: Duration) {
    let (sender, receiver): (SyncSender<Late>, Receiver<Late>) = sync_channel(PIECES_MAX);
    // A small packet is not held back for a larger one where that can be asked for.
    let _ = to.set_nodelay(true);
    std::thread::scope(|scope| {
        scope.spawn(move || hand_over(to, receiver, carried));
        read(from, &mut |held| {
            let due = Instant::now().checked_add(delay);
            due.is_some_and(|due| sender.send((due, held.to_vec())).is_ok())
        });
        drop(sender);
    });
}

/// Hands over what is due, until nothing comes any more, which the other end must see; what it says itself is still under way.
fn hand_over(mut to: &TcpStream, receiver: Receiver<Late>, carried: &AtomicU64) {
    for (due, piece) in receiver {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
        count(carried, &piece);
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn count(carried: &AtomicU64, piece: &[u8]) {
    carried.fetch_add(u64::try_from(piece.len()).unwrap_or(0), Ordering::AcqRel);
}

/// Reads until nothing comes any more, or `take` says that nothing more is wanted.
fn read(mut from: &TcpStream, take: &mut dyn FnMut(&[u8]) -> bool) {
    let mut piece = vec![0; PIECE];
    while let Ok(count) = from.read(&mut piece) {
        match piece.get(..count).filter(|held| !held.is_empty()) {
            Some(held) if take(held) => {}
            _ => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_on_a_late_line_arrives_whole_and_not_before_its_time() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let far = listener.local_addr().expect("it listens").port();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("somebody calls");
            let mut said = Vec::new();
            client.read_to_end(&mut said).expect("until it ends");
            said.reverse();
            client.write_all(&said).expect("somebody waits");
        });
        let delay = Duration::from_millis(30);
        let line = Line::late(far, delay).expect("a port");
        let began = Instant::now();
        let mut client = TcpStream::connect(("127.0.0.1", line.port())).expect("it listens");
        let said: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        client.write_all(&said).expect("it takes all");
        client.shutdown(Shutdown::Write).expect("it is open");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).expect("until it ends");
        heard.reverse();
        assert!(heard == said);
        assert!(began.elapsed() >= delay * 2);
        assert_eq!(line.carried(), 800_000);
    }
}
