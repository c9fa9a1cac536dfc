//! A line to a server that is far away: a relay on this computer that hands over every byte later.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Bytes carried at once.
const PIECE: usize = 64 << 10;
/// Pieces that may be on their way: more than any line of a delay like this holds.
const PIECES_MAX: usize = 1024;

type Late = (Instant, Vec<u8>);

/// Relays to `to` on this computer, each way `delay` late and otherwise as fast as it can, as long as the process lives;
/// returns the port to call.
///
/// # Errors
/// When no port can be listened on.
pub fn far_line(to: u16, delay: Duration) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            // Nobody there: the caller sees the connection end.
            let far = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to)));
            let Ok(far) = far else { continue };
            std::thread::spawn(move || {
                std::thread::scope(|scope| {
                    scope.spawn(|| one_way(&near, &far, delay));
                    one_way(&far, &near, delay);
                });
            });
        }
    });
    Ok(port)
}

fn one_way(from: &TcpStream, to: &TcpStream, delay: Duration) {
    let (sender, receiver) = sync_channel(PIECES_MAX);
    // A small packet is not held back for a larger one, and there is no more to it where that cannot be asked for.
    let _ = to.set_nodelay(true);
    std::thread::scope(|scope| {
        scope.spawn(move || hand_over(to, receiver));
        take(from, &sender, delay);
        drop(sender);
    });
}

/// Takes what comes, until one end is gone.
fn take(mut from: &TcpStream, sender: &SyncSender<Late>, delay: Duration) {
    let mut piece = vec![0; PIECE];
    while let Ok(count) = from.read(&mut piece) {
        let Some(held) = piece.get(..count).filter(|held| !held.is_empty()) else {
            break;
        };
        let Some(due) = Instant::now().checked_add(delay) else {
            break;
        };
        if sender.send((due, held.to_vec())).is_err() {
            break;
        }
    }
}

/// Hands over what is due; what comes no more has to be seen at the other end.
fn hand_over(mut to: &TcpStream, receiver: Receiver<Late>) {
    for (due, piece) in receiver {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives_whole_and_not_before_its_time() {
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
        let port = far_line(far, delay).expect("a port");
        let began = Instant::now();
        let mut client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let said: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        client.write_all(&said).expect("it takes all");
        client.shutdown(Shutdown::Write).expect("it is open");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).expect("until it ends");
        heard.reverse();
        assert!(heard == said);
        assert!(began.elapsed() >= delay * 2);
    }
}
