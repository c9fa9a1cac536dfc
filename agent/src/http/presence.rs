//! Whether anybody is there.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections held at once. A page needs a handful; the limit keeps a program that went mad from taking every
/// descriptor of ours.
pub(super) const CONNECTIONS_MAX: usize = 64;

/// Counts the connections. An open page holds one for its events as long as it is open. Cloning gives another handle to
/// the same count.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Semaphore>);

impl Default for Presence {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONNECTIONS_MAX)))
    }
}

impl Presence {
    /// Returns whether any connection is open.
    #[must_use]
    pub fn anybody(&self) -> bool {
        self.0.available_permits() < CONNECTIONS_MAX
    }

    /// Counts one more, as long as the value lives; `None` when there are too many.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// Waits until nobody is there.
    pub(super) async fn empty(&self) {
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        drop(self.0.acquire_many(all).await);
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
