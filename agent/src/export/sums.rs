//! Checksums of blobs that came whole, for the verbose log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// CRC-64/NVME of blobs, by entry of the listing.
#[derive(Debug, Default)]
pub struct Sums(Mutex<HashMap<u32, u64>>);

impl Sums {
    /// Remembers a blob's.
    pub(super) fn set(&self, entry: u32, crc64: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(entry, crc64);
    }

    /// Returns a blob's, when it came whole in this run.
    #[must_use]
    pub fn of(&self, entry: u32) -> Option<u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&entry).copied()
    }
}
