//! One blob of a store, under the version that was listed, in parts.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::{Mutex, Semaphore};

use super::pages::Pages;
use super::reach::Reach;
use crate::blobs::{BlobName, StoreError, StoreFault};
use crate::number::wide;

/// Bytes asked for at once: the most that the service hashes on the way.
pub(super) const RANGE: usize = 4 << 20;
/// Requests under way, of all blobs and drives together: 64 MiB at most. What came waits for its leg, which is 16 MiB a drive.
const AT_ONCE: usize = 16;
/// A range that came damaged is asked for again so often.
const DAMAGED_MOST: u32 = 3;

/// A store, and the requests to it that may be under way.
pub(super) struct Line {
    pub(super) reach: Reach,
    at_once: Semaphore,
}

impl Line {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            reach,
            at_once: Semaphore::new(AT_ONCE),
        }
    }
}

/// A blob. What changed since it was listed is an error, never other bytes.
pub(super) struct Blob {
    pub(super) line: Arc<Line>,
    pub(super) name: BlobName,
    pub(super) snapshot: Option<String>,
    pub(super) etag: String,
    /// Its length.
    pub(super) bytes: u64,
    /// Where a page blob holds something; none of any other.
    pub(super) pages: Option<Mutex<Pages>>,
}

/// A piece of a blob.
pub(super) struct Piece {
    /// Offset in the blob.
    pub(super) at: u64,
    pub(super) content: Bytes,
}

impl Blob {
    /// Returns a part, ascending, by ranges of which several are asked for at once; of a page blob what holds something: what
    /// lies between is zeros.
    pub(super) async fn part(&self, part: Range<u64>) -> Result<Vec<Piece>, StoreError> {
        let held = self.held(part).await?;
        let pieces = held.into_iter().flat_map(|held| {
            let starts = held.clone().step_by(RANGE);
            starts.map(move |start| start..held.end.min(start.saturating_add(wide(RANGE))))
        });
        let ranges = pieces.map(|range| self.range(range));
        futures::stream::iter(ranges)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Returns where in `part` there is something to be read.
    async fn held(&self, part: Range<u64>) -> Result<Vec<Range<u64>>, StoreError> {
        let Some(pages) = &self.pages else {
            return Ok(vec![part]);
        };
        let mut pages = pages.lock().await;
        let (mut held, mut at) = (Vec::new(), part.start);
        while at < part.end {
            if let Some(window) = pages.unknown(at, self.bytes) {
                let ranges = self.list(window.clone()).await?;
                pages.take(window, &ranges);
            }
            let end = part.end.min(pages.end());
            held.extend(pages.held(at..end));
            at = end;
        }
        Ok(held)
    }

    async fn list(&self, window: Range<u64>) -> Result<Vec<(u64, u64)>, StoreError> {
        // The semaphore is never closed.
        let _permit = self.line.at_once.acquire().await;
        let store = self.line.reach.store();
        let (snapshot, etag) = (self.snapshot.as_deref(), Some(self.etag.as_str()));
        let ranges = store.page_ranges(&self.name, snapshot, Some(window), etag);
        ranges.await
    }

    async fn range(&self, range: Range<u64>) -> Result<Piece, StoreError> {
        // The semaphore is never closed.
        let _permit = self.line.at_once.acquire().await;
        let store = self.line.reach.store();
        let (snapshot, etag) = (self.snapshot.as_deref(), Some(self.etag.as_str()));
        let at = range.start;
        let mut attempt = 1;
        loop {
            match store.read(&self.name, snapshot, range.clone(), etag).await {
                Err(error)
                    if matches!(error.fault, StoreFault::Content { .. })
                        && attempt < DAMAGED_MOST =>
                {
                    attempt = attempt.saturating_add(1);
                }
                answer => return answer.map(|content| Piece { at, content }),
            }
        }
    }
}
