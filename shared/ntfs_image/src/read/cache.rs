//! The part of the disk that was read last.

use std::sync::{Mutex, PoisonError};

use disk::{ReadAt, ReadError};

use super::stored::{bytes_of, place};

/// Keeps the last windows of a disk that metadata was read from.
///
/// $MFT records and index blocks are small and lie beside each other: whoever walks them in order causes one read of
/// [`WINDOW_BYTES`] for each hundred or so. File data does not pass through here.
#[derive(Debug)]
pub(crate) struct DiskCache {
    windows: Mutex<Windows>,
}

impl DiskCache {
    pub(crate) const fn new() -> Self {
        Self {
            windows: Mutex::new(Windows {
                held: Vec::new(),
                clock: 0,
            }),
        }
    }

    /// Fills `into` with the bytes of `disk` that start at `at`. A reader asks the same disk every time.
    pub(crate) fn read<R: ReadAt + ?Sized>(
        &self,
        disk: &R,
        at: u64,
        into: &mut [u8],
    ) -> Result<(), ReadError> {
        // A thread that panicked while it held the lock left whole windows behind: they are replaced one at a time.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = at;
        let mut rest = into;
        while !rest.is_empty() {
            let taken = match windows.hold(disk, at) {
                Ok(bytes) => {
                    let taken = bytes.len().min(rest.len());
                    let (now, later) = rest.split_at_mut(taken);
                    now.copy_from_slice(bytes.get(..taken).unwrap_or_default());
                    rest = later;
                    taken
                }
                // One unreadable sector must not take its neighbours with it; past the end of the disk, this fails too.
                Err(_) => return disk.read_at(at, rest),
            };
            at = at.saturating_add(bytes_of(taken));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Windows {
    held: Vec<Window>,
    /// Counts the reads: the window with the smallest `used` is replaced.
    clock: u64,
}

#[derive(Debug)]
struct Window {
    at: u64,
    used: u64,
    bytes: Vec<u8>,
}

impl Windows {
    /// Returns the bytes from `at` to the end of its window, at least one.
    fn hold<R: ReadAt + ?Sized>(&mut self, disk: &R, at: u64) -> Result<&[u8], ReadError> {
        self.clock = self.clock.saturating_add(1);
        let start = at & !(WINDOW_BYTES - 1);
        let outside = || ReadError::out_of_bounds(at, 1, disk.bytes());
        let slot = match self.held.iter().position(|window| window.at == start) {
            Some(slot) => slot,
            None => self.load(disk, start)?,
        };
        let window = self.held.get_mut(slot).ok_or_else(outside)?;
        window.used = self.clock;
        window
            .bytes
            .get(place(at.saturating_sub(start))..)
            .filter(|bytes| !bytes.is_empty())
            .ok_or_else(outside)
    }

    fn load<R: ReadAt + ?Sized>(&mut self, disk: &R, start: u64) -> Result<usize, ReadError> {
        let length = disk.bytes().saturating_sub(start).min(WINDOW_BYTES);
        let slot = if self.held.len() < WINDOWS_MAX {
            self.held.push(Window {
                at: u64::MAX,
                used: 0,
                bytes: Vec::new(),
            });
            self.held.len().saturating_sub(1)
        } else {
            let oldest = self.held.iter().enumerate().min_by_key(|(_, w)| w.used);
            oldest.map_or(0, |(slot, _)| slot)
        };
        if let Some(window) = self.held.get_mut(slot) {
            // Not valid until the read succeeds.
            window.at = u64::MAX;
            window.bytes.resize(place(length), 0);
            disk.read_at(start, &mut window.bytes)?;
            window.at = start;
        }
        Ok(slot)
    }
}

/// Bytes of one window: 128 records. A seek costs a hard disk as much as reading 1 MiB, so this is nearly free.
const WINDOW_BYTES: u64 = 1 << 17;
/// Windows held: 8 MiB in all. Enough for $MFT, the index blocks of a path, and what a few threads ask for.
const WINDOWS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Counting {
        bytes: Vec<u8>,
        reads: Cell<u32>,
        bad: Option<u64>,
    }

    impl ReadAt for Counting {
        fn bytes(&self) -> u64 {
            self.bytes.bytes()
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            self.reads.set(self.reads.get().saturating_add(1));
            let end = at.saturating_add(bytes_of(into.len()));
            if self.bad.is_some_and(|bad| (at..end).contains(&bad)) {
                return Err(ReadError::out_of_bounds(at, end, 0));
            }
            self.bytes.read_at(at, into)
        }
    }

    fn counting(bytes: usize) -> Counting {
        Counting {
            bytes: (0..=250).cycle().take(bytes).collect(),
            reads: Cell::new(0),
            bad: None,
        }
    }

    #[test]
    fn neighbours_cost_one_read() {
        let disk = counting(1 << 18);
        let cache = DiskCache::new();
        let mut into = [0; 1024];
        for at in (0..1 << 17).step_by(1024) {
            cache.read(&disk, at, &mut into).expect("in bounds");
            assert_eq!(into, disk.bytes[place(at)..][..1024]);
        }
        assert_eq!(disk.reads.get(), 1);
    }

    #[test]
    fn a_range_across_windows_and_up_to_a_ragged_end_is_whole() {
        let disk = counting((1 << 18) + 77);
        let cache = DiskCache::new();
        let mut into = vec![0; (1 << 18) + 70];
        cache.read(&disk, 7, &mut into).expect("in bounds");
        assert_eq!(into, disk.bytes[7..]);
        assert!(cache.read(&disk, 8, &mut into).is_err());
        assert!(cache.read(&disk, u64::MAX, &mut into).is_err());
    }

    #[test]
    fn one_unreadable_byte_does_not_take_its_neighbours_with_it() {
        let mut disk = counting(1 << 18);
        disk.bad = Some(5000);
        let cache = DiskCache::new();
        let mut into = [0; 1024];
        cache.read(&disk, 0, &mut into).expect("not there");
        assert!(cache.read(&disk, 4500, &mut into).is_err());
    }
}
