//! A file on its way home: the loader fills it, several writers write it, the keeper brings it to its
//! place.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::home::{HomeError, io_failed, set_times};
use super::names::short_hash;
use super::plan::Item;
use super::side::Side;

/// Runs of zeros from this length on become holes.
const HOLE_BYTES: usize = 65_536;
/// What is shorter goes through the page cache, which gathers it.
const PAST_CACHE_MIN: u64 = 1 << 20;
/// Offset, length and place in memory of what goes past it.
const BLOCK: usize = 4096;

/// One file being written.
pub(super) struct Out<'a> {
    pub(super) item: &'a Item,
    pub(super) key: String,
    /// Where it goes when that is still free at the end.
    pub(super) place: PathBuf,
    /// Its name among the parts.
    pub(super) part: String,
    /// Where writing began: what is before that is there from an earlier run.
    from: u64,
    left: AtomicU64,
    written: Mutex<Written>,
    /// Whether a range of it had another hash, so that a later run must find that again.
    is_tainted: AtomicBool,
    /// Whether it was given up.
    is_lost: AtomicBool,
}

#[derive(Default)]
struct Written {
    part: Option<Arc<Part>>,
    /// Bytes from the start that are written.
    through: u64,
    /// Written ranges behind that.
    ahead: BTreeMap<u64, u64>,
}

/// A part that is open.
struct Part {
    file: File,
    /// The same past the page cache, which costs a tenth; `None` for short files and where the file
    /// system does not offer it.
    past_cache: Option<File>,
}

impl<'a> Out<'a> {
    /// Begins a file, or goes on with it at `from`.
    pub(super) fn new(item: &'a Item, place: PathBuf, from: u64) -> Self {
        let key = item.key();
        let part = short_hash(&key);
        Self {
            item,
            key,
            place,
            part,
            from,
            left: AtomicU64::new(item.file.bytes().saturating_sub(from)),
            written: Mutex::new(Written {
                through: from,
                ..Written::default()
            }),
            is_tainted: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
        }
    }

    pub(super) fn taint(&self) {
        self.is_tainted.store(true, Ordering::Release);
    }

    pub(super) fn is_tainted(&self) -> bool {
        self.is_tainted.load(Ordering::Acquire)
    }

    /// Gives the file up; returns whether it was not yet.
    pub(super) fn lose(&self) -> bool {
        !self.is_lost.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// Returns how many bytes from the start are written.
    pub(super) fn through(&self) -> u64 {
        self.lock().through
    }

    /// Writes `bytes` at `at`; longer runs of zeros are left as holes. Returns whether the file is
    /// whole now, with its length and time.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(super) fn write(&self, side: &Side, at: u64, bytes: &[u8]) -> Result<bool, HomeError> {
        let failed = |cause| io_failed(&self.place, cause);
        let runs = runs_of_data(bytes);
        let is_all = length(bytes) == self.item.file.bytes();
        let ends_in_zeros = matches!(runs.last(), Some(Run::Zeros(_)));
        let gets_length = is_all && !ends_in_zeros && length(bytes) < PAST_CACHE_MIN;
        let part = self.part(side, gets_length)?;
        let mut place = at;
        for run in runs {
            match run {
                Run::Zeros(zeros) => place = place.saturating_add(length(zeros)),
                Run::Data(data) => {
                    part.write(place, data).map_err(failed)?;
                    place = place.saturating_add(length(data));
                }
            }
        }
        self.lock().note(at, place);
        let count = length(bytes);
        let before = self.left.fetch_sub(count, Ordering::AcqRel);
        if before > count {
            return Ok(false);
        }
        self.lock().part = None;
        set_times(&part.file, self.item.file.modified()).map_err(|error| failed(error.into()))?;
        Ok(true)
    }

    /// Opens the part, or hands it out once more. It gets its length at once, unless writing gives it that.
    fn part(&self, side: &Side, gets_length: bool) -> Result<Arc<Part>, HomeError> {
        let mut written = self.lock();
        if let Some(part) = &written.part {
            return Ok(Arc::clone(part));
        }
        let file = side.part(&self.part, self.from > 0)?;
        let bytes = self.item.file.bytes();
        // What an earlier run wrote behind the durable part may be torn, and zeros are not written
        // over it: it goes first. A new file is not cut: ext4 would write each out when it is closed.
        let failed = |cause| io_failed(&self.place, cause);
        if self.from > 0 {
            file.set_len(self.from).map_err(failed)?;
        }
        if !gets_length {
            file.set_len(bytes).map_err(failed)?;
        }
        let past_cache = if bytes >= PAST_CACHE_MIN {
            side.part_past_cache(&self.part)
        } else {
            None
        };
        let part = Arc::new(Part { file, past_cache });
        written.part = Some(Arc::clone(&part));
        Ok(part)
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    fn note(&mut self, at: u64, end: u64) {
        self.ahead.insert(at, end);
        while let Some(entry) = self.ahead.first_entry() {
            if *entry.key() > self.through {
                break;
            }
            self.through = self.through.max(entry.remove());
        }
    }
}

impl Part {
    /// Writes all of `bytes` at `at`: whole blocks of long runs past the page cache.
    fn write(&self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        let whole = bytes.len().saturating_sub(bytes.len() % BLOCK);
        let is_aligned = at.is_multiple_of(4096) && bytes.as_ptr().addr().is_multiple_of(BLOCK);
        let Some(past_cache) = self
            .past_cache
            .as_ref()
            .filter(|_| is_aligned && length(bytes) >= PAST_CACHE_MIN)
        else {
            return self.file.write_all_at(bytes, at);
        };
        let (blocks, rest) = bytes.split_at(whole);
        match past_cache.write_all_at(blocks, at) {
            Ok(()) => {}
            // A file system that asks for more than 4096 bytes.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                return self.file.write_all_at(bytes, at);
            }
            Err(error) => return Err(error),
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.file
            .write_all_at(rest, at.saturating_add(length(blocks)))
    }
}

/// A stretch of bytes: nothing but zeros, or not.
#[derive(Debug, PartialEq, Eq)]
enum Run<'b> {
    Zeros(&'b [u8]),
    Data(&'b [u8]),
}

/// Cuts bytes, at multiples of [`HOLE_BYTES`], into stretches that alternate.
fn runs_of_data(bytes: &[u8]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let of_zeros = rest.chunks(HOLE_BYTES).next().is_some_and(is_zero);
        let same = rest
            .chunks(HOLE_BYTES)
            .take_while(|piece| is_zero(piece) == of_zeros);
        let count = same.fold(0_usize, |sum, piece| sum.saturating_add(piece.len()));
        let (run, after) = rest.split_at(count);
        runs.push(if of_zeros {
            Run::Zeros(run)
        } else {
            Run::Data(run)
        });
        rest = after;
    }
    runs
}

fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<32>();
    chunks.iter().all(|chunk| *chunk == [0; 32]) && rest.iter().all(|byte| *byte == 0)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_zeros_are_cut_out_and_nothing_else_is() {
        let mut bytes = vec![0; 10 * HOLE_BYTES + 7];
        for at in [0, 3 * HOLE_BYTES - 1, 10 * HOLE_BYTES + 6] {
            bytes[at] = 1;
        }
        let runs = runs_of_data(&bytes);
        let lengths: Vec<_> = runs
            .iter()
            .map(|run| match run {
                Run::Zeros(zeros) => (0, zeros.len()),
                Run::Data(data) => (1, data.len()),
            })
            .collect();
        let unit = HOLE_BYTES;
        assert_eq!(
            lengths,
            [(1, unit), (0, unit), (1, unit), (0, 7 * unit), (1, 7)]
        );
        assert_eq!(runs_of_data(&[]), []);
    }
}
