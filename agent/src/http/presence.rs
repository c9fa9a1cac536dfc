//! Whether anybody is there.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections held at once. A page needs a handful; the limit keeps a program that went mad from taking every
/// descriptor of ours.
const CONNECTIONS_MAX: usize = 64;
/// Strangers that are told why they are turned away at once; one more is only closed on.
const STRANGERS_MAX: usize = 8;
/// How long a stranger may take to hear it.
const STRANGER_PATIENCE: Duration = Duration::from_millis(500);
/// What they are told.
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\n\
    content-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n\
    This Argosy serves another user of this machine.\n";

/// Counts the connections. An open page holds one for its events as long as it is open. Cloning gives another handle to
/// the same count.
#[derive(Clone, Debug)]
pub struct Presence {
    free: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            strangers: Arc::new(Semaphore::new(STRANGERS_MAX)),
        }
    }
}

impl Presence {
    /// Returns whether any connection is open.
    #[must_use]
    pub fn anybody(&self) -> bool {
        self.free.available_permits() < CONNECTIONS_MAX
    }

    /// Counts one more, as long as the value lives; `None` when there are too many.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Tells a stranger why they are turned away. They count for nothing: whoever knocks all day keeps nobody out, and
    /// keeps the agent from nothing.
    pub(super) async fn turn_away(&self, mut stream: TcpStream) {
        let Ok(_told) = self.strangers.try_acquire() else {
            return;
        };
        let telling = async {
            stream.write_all(REFUSAL).await?;
            stream.shutdown().await?;
            // Closed with something unheard, the connection is reset, and takes our answer along.
            copy(&mut stream, &mut sink()).await
        };
        // They may be gone already.
        drop(tokio::time::timeout(STRANGER_PATIENCE, telling).await);
    }

    /// Waits until nobody is there.
    pub(super) async fn empty(&self) {
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        drop(self.free.acquire_many(all).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_there_until_the_last_connection_ends() {
        let presence = Presence::default();
        assert!(!presence.anybody());
        let (one, two) = (presence.enter(), presence.enter());
        drop(one);
        assert!(presence.anybody());
        drop(two);
        assert!(!presence.anybody());
    }

    #[test]
    fn one_connection_too_many_is_not_taken() {
        let presence = Presence::default();
        let held: Vec<_> = (0..CONNECTIONS_MAX).map(|_| presence.enter()).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(presence.enter().is_none());
    }
}
