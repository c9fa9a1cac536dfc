//! Reading ahead, so that the drive is never idle while what it gave is decrypted and hashed.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "window numbers and offsets within a disk; release builds stop at an overflow"
)]

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use disk::{ReadAt, ReadError};

use super::stopwatch::{Part, Stopwatch};
use crate::device::AlignedBuffer;

/// Bytes of a window: what is read from the drive at once.
const WINDOW: u64 = 4 << 20;
/// Windows held, the one that is being read and those read ahead together: 32 MiB.
const WINDOWS: usize = 8;
/// Windows read ahead of the last one that was asked for, once reading goes straight on.
const AHEAD: u64 = 4;

/// Runs `act` with a reader over `disk` that reads ahead in a thread of its own, by whole windows,
/// so that many small reads are one large one.
pub fn reading_ahead<T>(disk: &(dyn ReadAt + Sync), act: impl FnOnce(&ReadAhead<'_>) -> T) -> T {
    reading_ahead_timed(disk, &Stopwatch::default(), act)
}

/// The same, and `watch` measures it: how long the drive reads, how long `act` waits for it, and the whole.
pub fn reading_ahead_timed<T>(
    disk: &(dyn ReadAt + Sync),
    watch: &Stopwatch,
    act: impl FnOnce(&ReadAhead<'_>) -> T,
) -> T {
    let ahead = ReadAhead::new(disk, watch);
    watch.begin_alone();
    std::thread::scope(|scope| {
        scope.spawn(|| ahead.run());
        // The thread ends also when `act` panics; the scope would wait for it for ever.
        let _ends = End(&ahead);
        act(&ahead)
    })
}

struct End<'a, 'd>(&'a ReadAhead<'d>);

impl Drop for End<'_, '_> {
    fn drop(&mut self) {
        self.0.watch.end();
        self.0.lock().ended = true;
        self.0.wanted.notify_all();
    }
}

/// A disk that reads ahead; see [`reading_ahead`].
pub struct ReadAhead<'a> {
    disk: &'a (dyn ReadAt + Sync),
    watch: &'a Stopwatch,
    shared: Mutex<Shared>,
    wanted: Condvar,
    arrived: Condvar,
}

struct Shared {
    held: VecDeque<(u64, Arrival)>,
    spare: Vec<AlignedBuffer>,
    queue: VecDeque<u64>,
    /// Window of the last read.
    last: u64,
    ended: bool,
}

enum Arrival {
    Coming,
    Here(AlignedBuffer),
    Failed(ReadError),
}

impl<'a> ReadAhead<'a> {
    fn new(disk: &'a (dyn ReadAt + Sync), watch: &'a Stopwatch) -> Self {
        let shared = Shared {
            held: VecDeque::new(),
            spare: Vec::new(),
            queue: VecDeque::new(),
            last: 0,
            ended: false,
        };
        Self {
            disk,
            watch,
            shared: Mutex::new(shared),
            wanted: Condvar::new(),
            arrived: Condvar::new(),
        }
    }

    fn run(&self) {
        let mut shared = self.lock();
        loop {
            if shared.ended {
                return;
            }
            let Some(window) = shared.queue.pop_front() else {
                shared = self
                    .wanted
                    .wait(shared)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let buffer = shared.spare.pop();
            drop(shared);
            let arrival = self.load(window, buffer);
            shared = self.lock();
            if let Some(slot) = shared.held.iter_mut().find(|(number, _)| *number == window) {
                slot.1 = arrival;
            }
            self.arrived.notify_all();
        }
    }

    /// Reads one window from the disk.
    fn load(&self, window: u64, buffer: Option<AlignedBuffer>) -> Arrival {
        let at = window * WINDOW;
        let bytes = WINDOW.min(self.disk.bytes().saturating_sub(at));
        let mut buffer =
            buffer.unwrap_or_else(|| AlignedBuffer::zeroed(usize::try_from(WINDOW).unwrap_or(0)));
        buffer.set_length(usize::try_from(bytes).unwrap_or(0));
        let read = self
            .watch
            .during(Part::Drive, || self.disk.read_at(at, &mut buffer));
        match read {
            Ok(()) => {
                self.watch.moved(bytes);
                Arrival::Here(buffer)
            }
            Err(error) => Arrival::Failed(error),
        }
    }

    /// Copies from one window; `Err` is the disk's word about the whole window.
    fn copy(&self, window: u64, within: usize, into: &mut [u8]) -> Result<(), ReadError> {
        let mut shared = self.lock();
        self.ask(&mut shared, window);
        loop {
            match shared.held.iter().find(|(number, _)| *number == window) {
                Some((_, Arrival::Here(buffer))) => {
                    into.copy_from_slice(&buffer[within..within + into.len()]);
                    return Ok(());
                }
                Some((_, Arrival::Failed(error))) => return Err(error.clone()),
                Some((_, Arrival::Coming)) => {
                    let coming = || self.arrived.wait(shared);
                    shared = self
                        .watch
                        .during(Part::Idle, coming)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                None => self.ask(&mut shared, window),
            }
        }
    }

    /// Makes sure that `window` is held or coming, and those behind it when reading goes straight
    /// on.
    fn ask(&self, shared: &mut Shared, window: u64) {
        let straight = window == shared.last || window == shared.last + 1;
        let last_window = self.disk.bytes().saturating_sub(1) / WINDOW;
        let until = if straight {
            last_window.min(window + AHEAD)
        } else {
            window
        };
        shared.last = window;
        let waiting = shared.queue.len();
        for number in window..=until {
            if shared.held.iter().any(|(held, _)| *held == number) {
                continue;
            }
            while shared.held.len() >= WINDOWS {
                // The oldest that is not still being read; at most AHEAD + 1 are.
                let Some(old) = shared.held.iter().position(|(held, arrival)| {
                    !matches!(arrival, Arrival::Coming) && !(window..=until).contains(held)
                }) else {
                    break;
                };
                if let Some((_, Arrival::Here(buffer))) = shared.held.remove(old) {
                    shared.spare.push(buffer);
                }
            }
            shared.held.push_back((number, Arrival::Coming));
            if number == window {
                shared.queue.push_front(number);
            } else {
                shared.queue.push_back(number);
            }
        }
        // Most reads are within what is held, or coming: they wake nobody.
        if shared.queue.len() > waiting {
            self.wanted.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadAt for ReadAhead<'_> {
    fn bytes(&self) -> u64 {
        self.disk.bytes()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let asked = u64::try_from(into.len()).unwrap_or(u64::MAX);
        if at.checked_add(asked).is_none_or(|end| end > self.bytes()) {
            return Err(ReadError::out_of_bounds(at, asked, self.bytes()));
        }
        let mut place = at;
        let mut rest = into;
        while !rest.is_empty() {
            let within = usize::try_from(place % WINDOW).unwrap_or(0);
            let count = rest
                .len()
                .min(usize::try_from(WINDOW).unwrap_or(0) - within);
            let (piece, after) = rest.split_at_mut(count);
            if self.copy(place / WINDOW, within, piece).is_err() {
                // One bad sector must not hide the rest of its window: ask for exactly what was
                // wanted.
                let again = || self.disk.read_at(place, piece);
                let waited = || self.watch.during(Part::Drive, again);
                self.watch.during(Part::Idle, waited)?;
            }
            place += u64::try_from(count).unwrap_or(0);
            rest = after;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use disk::{MemDisk, WriteAt};
    use shared::api::Limit;

    use super::*;

    /// A disk of five windows and a bit, every eighth byte known, with one sector that cannot be
    /// read.
    struct Worn {
        disk: MemDisk,
        bad: u64,
    }

    impl ReadAt for Worn {
        fn bytes(&self) -> u64 {
            self.disk.bytes()
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            let bytes = u64::try_from(into.len()).expect("short");
            if at < self.bad + 512 && self.bad < at + bytes {
                let cause = "worn out".to_owned();
                return Err(ReadError { at, bytes, cause });
            }
            self.disk.read_at(at, into)
        }
    }

    fn worn(bad: u64) -> Worn {
        let mut disk = MemDisk::new(5 * WINDOW + 12_345);
        for number in 0..disk.bytes() / 8192 {
            disk.write_at(number * 8192, &number.to_le_bytes())
                .expect("in bounds");
        }
        Worn { disk, bad }
    }

    #[test]
    fn what_is_read_ahead_is_what_the_disk_holds() {
        let disk = worn(u64::MAX - 512);
        reading_ahead(&disk, |ahead| {
            let ranges = [
                (0, 10),
                (0, 3 * WINDOW),
                (3 * WINDOW, 2 * WINDOW + 12_345),
                (WINDOW - 1, 2),
                (5 * WINDOW, 12_345),
                (7, WINDOW),
            ];
            for (at, bytes) in ranges {
                let mut expected = vec![0; usize::try_from(bytes).expect("short")];
                let mut found = expected.clone();
                disk.read_at(at, &mut expected).expect("in bounds");
                ahead.read_at(at, &mut found).expect("in bounds");
                assert!(expected == found, "{at} {bytes}");
            }
            assert!(ahead.read_at(disk.bytes() - 1, &mut [0; 2]).is_err());
        });
    }

    /// A disk whose every read takes its time.
    struct Slow(Worn);

    impl ReadAt for Slow {
        fn bytes(&self) -> u64 {
            self.0.bytes()
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            std::thread::sleep(Duration::from_millis(10));
            self.0.read_at(at, into)
        }
    }

    #[test]
    fn the_time_of_a_drive_that_reads_again_and_again_is_not_the_computers() {
        let disk = Slow(worn(8192));
        let watch = Stopwatch::default();
        reading_ahead_timed(&disk, &watch, |ahead| {
            ahead.read_at(WINDOW, &mut [0; 512]).expect("a good window");
            for number in 0..30 {
                // Of the window that cannot be read whole.
                let _ = ahead.read_at(number * 512, &mut [0; 512]);
            }
        });
        let pace = watch.pace();
        assert_eq!(pace.limit(), Some(Limit::Drive), "{pace:?}");
        assert!(pace.computer_millis < 150, "{pace:?}");
    }

    #[test]
    fn a_bad_sector_hides_nothing_but_itself() {
        let disk = worn(WINDOW + 8192);
        reading_ahead(&disk, |ahead| {
            let mut sector = [0; 512];
            assert!(ahead.read_at(WINDOW + 8192, &mut sector).is_err());
            assert_eq!(ahead.read_at(WINDOW + 8192 + 512, &mut sector), Ok(()));
            assert_eq!(ahead.read_at(WINDOW, &mut sector), Ok(()));
            assert_eq!(sector[..8], (WINDOW / 8192).to_le_bytes());
        });
    }
}
