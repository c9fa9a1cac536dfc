//! A store, asked from threads that wait.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::blobs::Store;

/// Threads that carry requests; waiting for answers takes none.
const WORKERS: usize = 2;

/// A store, and what carries its requests. Cheap to clone. Two are equal when they are one account.
#[derive(Clone)]
pub struct Reach {
    store: Store,
    runtime: Arc<Runtime>,
}

impl Reach {
    /// Makes ready to ask `store`.
    ///
    /// # Errors
    /// When no threads can be started.
    pub fn new(store: Store) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(WORKERS).thread_name("store");
        let runtime = Arc::new(builder.enable_all().build()?);
        Ok(Self { store, runtime })
    }

    /// Returns the store.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the account's address, which has no secret in it.
    #[must_use]
    pub fn address(&self) -> String {
        self.store.endpoint().to_string()
    }

    /// Waits for an answer. Not for threads that carry requests themselves.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// Begins to ask, and does not wait for the answer.
    pub fn begin<T: Send + 'static>(
        &self,
        answer: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.spawn(answer)
    }
}

impl PartialEq for Reach {
    fn eq(&self, other: &Self) -> bool {
        self.store.endpoint() == other.store.endpoint()
    }
}

impl Eq for Reach {}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reach").field(self.store.endpoint()).finish()
    }
}
