//! How a scan goes, and how it is watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Questions that a disk is asked at once: more than there are processors, since each thread waits for
/// the disk while nothing is in memory yet.
const THREADS: usize = 16;

/// How a scan goes.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Threads that ask the file system.
    pub threads: usize,
    /// Whether folders on which another file system is mounted are entered; otherwise they are named.
    pub other_file_systems: bool,
    /// Tells how far it is, and ends it.
    pub watch: ScanWatch,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            threads: THREADS,
            other_file_systems: false,
            watch: ScanWatch::default(),
        }
    }
}

/// How far a scan is, and the wish that it ends. Cloning gives another handle to the same.
#[derive(Clone, Debug, Default)]
pub struct ScanWatch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    files: AtomicU64,
    bytes: AtomicU64,
    folders: AtomicU64,
    folders_left: AtomicU64,
    cancelled: AtomicBool,
}

/// What a scan counted so far, over all of its sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanProgress {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders gone through, the sources themselves included.
    pub folders: u64,
    /// Folders seen and not gone through yet.
    pub folders_left: u64,
}

impl ScanWatch {
    /// Wishes that the scan ends.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
    }

    /// Returns whether somebody wished it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Returns how far it is; the numbers are of about the same moment.
    #[must_use]
    pub fn progress(&self) -> ScanProgress {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ScanProgress {
            files: of(&self.0.files),
            bytes: of(&self.0.bytes),
            folders: of(&self.0.folders),
            folders_left: of(&self.0.folders_left),
        }
    }

    /// A folder was seen.
    pub(super) fn folder_found(&self) {
        self.0.folders_left.fetch_add(1, Ordering::Relaxed);
    }

    /// A folder was gone through, with so many files and bytes directly in it.
    pub(super) fn folder_done(&self, files: u64, bytes: u64) {
        self.0.files.fetch_add(files, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.folders.fetch_add(1, Ordering::Relaxed);
        self.0.folders_left.fetch_sub(1, Ordering::Relaxed);
    }
}
