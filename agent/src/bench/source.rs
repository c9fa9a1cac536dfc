//! How fast a source gives its files, long ones and short ones apart.

use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

use super::budget::{Budget, Running, rate};
use crate::device::AlignedBuffer;
use crate::pipeline::LEG_BYTES;
use crate::scan::{OpenSourceError, SourceRoot};

/// Shorter files cost a disk more for being many than for being long.
const LONG_FROM: u64 = 1 << 20;
/// Files of either kind that are kept in mind to be read.
const SAMPLE_FILES: usize = 20_000;
/// Short files that are read between two looks at the clock.
const AT_ONCE: usize = 256;

/// A source that cannot be measured.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenSourceError),
    /// No threads can be started.
    #[error("cannot start threads: {0}")]
    Threads(String),
}

/// How fast files of one kind came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Files that were found.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were read.
    pub files_read: u64,
    /// Bytes a second.
    pub rate: u64,
    /// Files a second.
    pub files_a_second: u64,
}

/// How fast a source gives its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Files of 1 MiB and more, one after the other.
    pub long: Kind,
    /// Shorter ones, several at once.
    pub short: Kind,
    /// Whether all of it was looked through; otherwise the counts are of what was.
    pub is_whole: bool,
    /// Files that could not be read.
    pub failed: u64,
}

impl Source {
    /// Looks through a folder, then reads long and short files, for a third of the budget each.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn measure(folder: &Path, budget: &Budget) -> Result<Self, SourceError> {
        let root = SourceRoot::open(folder)?;
        let third = budget.part(33);
        let found = Found::look(folder, &third.begin());
        let mut source = Self {
            long: found.long.kind(),
            short: found.short.kind(),
            is_whole: found.is_whole,
            failed: 0,
        };
        let failed = AtomicU64::new(0);
        read_long(
            &root,
            &found.long,
            &mut source.long,
            &third.begin(),
            &failed,
        );
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.saturating_mul(2).max(4))
            .build()
            .map_err(|error| SourceError::Threads(error.to_string()))?;
        let running = third.begin();
        pool.install(|| read_short(&root, &found.short, &mut source.short, &running, &failed));
        source.failed = failed.into_inner();
        Ok(source)
    }

    /// Returns the bytes a second of the whole, each kind at its own speed; `None` when nothing was read.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let micros = |kind: &Kind| {
            let scaled = u128::from(kind.bytes).saturating_mul(1_000_000);
            scaled.checked_div(u128::from(kind.rate)).unwrap_or(0)
        };
        let read = |kind: &Kind| if kind.rate > 0 { kind.bytes } else { 0 };
        let bytes = u128::from(read(&self.long).saturating_add(read(&self.short)));
        let time = micros(&self.long).saturating_add(micros(&self.short));
        let rate = bytes.saturating_mul(1_000_000).checked_div(time)?;
        u64::try_from(rate).ok().filter(|rate| *rate > 0)
    }
}

/// Files that may be read.
#[derive(Default)]
struct Sample {
    /// Inode, path below the folder, length.
    files: Vec<(u64, String, u64)>,
    count: u64,
    bytes: u64,
}

impl Sample {
    fn add(&mut self, inode: u64, path: &Path, bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.files.len() < SAMPLE_FILES
            && let Some(path) = path.to_str()
        {
            self.files.push((inode, path.to_owned(), bytes));
        }
    }

    const fn kind(&self) -> Kind {
        Kind {
            files: self.count,
            bytes: self.bytes,
            files_read: 0,
            rate: 0,
            files_a_second: 0,
        }
    }
}

/// What is in a folder.
struct Found {
    long: Sample,
    short: Sample,
    is_whole: bool,
}

impl Found {
    /// Looks through a folder for as long as there is time; what cannot be read is passed over.
    fn look(folder: &Path, running: &Running) -> Self {
        let mut found = Self {
            long: Sample::default(),
            short: Sample::default(),
            is_whole: true,
        };
        let mut waiting = vec![PathBuf::new()];
        'all: while let Some(below) = waiting.pop() {
            if running.is_over() {
                found.is_whole = false;
                break;
            }
            let Ok(entries) = std::fs::read_dir(folder.join(&below)) else {
                continue;
            };
            for entry in entries.flatten() {
                // One folder alone may have millions.
                if running.is_over() {
                    found.is_whole = false;
                    break 'all;
                }
                // Of the entry itself: no link is followed.
                let Ok(facts) = entry.metadata() else {
                    continue;
                };
                let path = below.join(entry.file_name());
                if facts.is_dir() {
                    waiting.push(path);
                } else if facts.is_file() && facts.size() > 0 {
                    let kind = if facts.size() >= LONG_FROM {
                        &mut found.long
                    } else {
                        &mut found.short
                    };
                    kind.add(entry.ino(), &path, facts.size());
                }
            }
        }
        // As a job reads them: in the order in which they probably lie on the disk.
        found.long.files.sort_unstable();
        found.short.files.sort_unstable();
        found
    }
}

fn read_long(
    root: &SourceRoot,
    sample: &Sample,
    kind: &mut Kind,
    running: &Running,
    failed: &AtomicU64,
) {
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(LEG_BYTES).unwrap_or(1 << 20));
    let mut done: u64 = 0;
    for (_, path, _) in &sample.files {
        if running.is_over() {
            break;
        }
        let Ok(file) = root.open_file(path) else {
            failed.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        file.forget_cached();
        let mut at: u64 = 0;
        loop {
            match file.read_at(at, &mut buffer) {
                Ok(0) => break,
                Ok(read) => at = at.saturating_add(u64::try_from(read).unwrap_or(0)),
                Err(_) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    break;
                }
            }
            if running.is_over() {
                break;
            }
        }
        done = done.saturating_add(at);
        kind.files_read = kind.files_read.saturating_add(1);
    }
    kind.measured(done, running);
}

fn read_short(
    root: &SourceRoot,
    sample: &Sample,
    kind: &mut Kind,
    running: &Running,
    failed: &AtomicU64,
) {
    let mut done: u64 = 0;
    for files in sample.files.chunks(AT_ONCE) {
        if running.is_over() {
            break;
        }
        let read = |(_, path, bytes): &(u64, String, u64)| {
            let mut content = vec![0; usize::try_from(*bytes).unwrap_or(0)];
            let read = root.open_file(path).ok().and_then(|file| {
                file.forget_cached();
                file.state().ok()?;
                file.read_at(0, &mut content).ok()
            });
            if read.is_none() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            u64::try_from(read?).ok()
        };
        let read: Vec<u64> = files.par_iter().filter_map(read).collect();
        done = read.iter().copied().fold(done, u64::saturating_add);
        let count = u64::try_from(read.len()).unwrap_or(0);
        kind.files_read = kind.files_read.saturating_add(count);
    }
    kind.measured(done, running);
}

impl Kind {
    fn measured(&mut self, bytes: u64, running: &Running) {
        let time = running.elapsed();
        self.rate = rate(bytes, time);
        self.files_a_second = rate(self.files_read, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Cancel;

    #[test]
    fn a_file_that_is_gone_counts_as_failed_and_not_as_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = SourceRoot::open(folder.path()).expect("a source");
        let mut sample = Sample::default();
        sample.add(1, Path::new("gone"), 100);
        let (mut kind, failed) = (Kind::default(), AtomicU64::new(0));
        let budget = Budget {
            time: std::time::Duration::from_secs(30),
            cancel: Cancel::default(),
        };
        read_short(&root, &sample, &mut kind, &budget.begin(), &failed);
        assert_eq!((kind.files_read, failed.into_inner()), (0, 1));
    }

    #[test]
    fn long_and_short_files_are_counted_apart_and_both_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).expect("a folder");
        std::fs::write(below.join("long"), vec![1; 3 << 20]).expect("a file");
        for number in 0..5 {
            std::fs::write(below.join(format!("short {number}")), [2; 100]).expect("a file");
        }
        std::os::unix::fs::symlink("/", below.join("away")).expect("a link");
        let budget = Budget {
            time: std::time::Duration::from_secs(30),
            cancel: Cancel::default(),
        };
        let source = Source::measure(folder.path(), &budget).expect("a source");
        assert_eq!((source.long.files, source.long.bytes), (1, 3 << 20));
        assert_eq!((source.short.files, source.short.bytes), (5, 500));
        assert_eq!((source.long.files_read, source.short.files_read), (1, 5));
        assert!(source.is_whole && source.failed == 0, "{source:?}");
        let (low, high) = (source.short.rate, source.long.rate);
        let rate = source.rate().expect("it was read");
        assert!(rate >= low.min(high) && rate <= low.max(high), "{source:?}");
    }
}
