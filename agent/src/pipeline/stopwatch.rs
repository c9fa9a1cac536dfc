//! How long each stage of a pass is at work, added up while it runs: a few clock readings for every buffer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::api::Pace;

/// A part of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Reading files of the source.
    Source,
    /// Drawing file system structures.
    Render,
    /// Hashing.
    Hash,
    /// Enciphering.
    Encrypt,
    /// The drive reads or writes.
    Drive,
    /// Journals and their side files are made durable.
    Journals,
    /// Files are written to where they go.
    Destination,
    /// Files get their names there, durably.
    Naming,
    /// Nothing: the only thread that computes waits for the drive, or for the destination.
    Idle,
}

/// How many there are.
const PARTS: usize = 9;

/// Adds up what the stages of one pass take; any thread may. Seconds on the clock, whatever else the machine does.
#[derive(Debug, Default)]
pub struct Stopwatch {
    begun: Mutex<Option<Instant>>,
    /// Microseconds of the whole pass, once it is over.
    took: AtomicU64,
    bytes: AtomicU64,
    files: AtomicU64,
    /// Microseconds of each stage.
    parts: [AtomicU64; PARTS],
    /// Whether one thread computes, whose time is the pass's own less what it waits.
    computes_alone: AtomicBool,
}

impl Stopwatch {
    /// Begins a pass whose computing is in stages of their own.
    pub fn begin(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get_or_insert_with(Instant::now);
    }

    /// Begins a pass of which one thread computes.
    pub fn begin_alone(&self) {
        self.computes_alone.store(true, Ordering::Relaxed);
        self.begin();
    }

    /// Ends the pass.
    pub fn end(&self) {
        let micros = self.since_begun();
        self.took.store(micros, Ordering::Relaxed);
    }

    /// Does something and counts the time as the stage's.
    pub fn during<T>(&self, part: Part, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let outcome = act();
        self.add(part, begun.elapsed());
        outcome
    }

    /// Counts time as a stage's.
    pub fn add(&self, part: Part, time: Duration) {
        if let Some(sum) = self.parts.get(place(part)) {
            sum.fetch_add(micros(time), Ordering::Relaxed);
        }
    }

    /// Counts bytes that went onto the drive or came off it.
    pub fn moved(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts files that were opened in the source.
    pub fn opened(&self, files: usize) {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        self.files.fetch_add(files, Ordering::Relaxed);
    }

    /// Returns what the pass took so far, or in all.
    #[must_use]
    pub fn pace(&self) -> Pace {
        let took = match self.took.load(Ordering::Relaxed) {
            0 => self.since_begun(),
            micros => micros,
        };
        let of = |part: Part| {
            let sum = self.parts.get(place(part));
            sum.map_or(0, |sum| sum.load(Ordering::Relaxed))
        };
        let stages = of(Part::Render).max(of(Part::Hash)).max(of(Part::Encrypt));
        let computer = if self.computes_alone.load(Ordering::Relaxed) {
            took.saturating_sub(of(Part::Idle))
        } else {
            stages
        };
        let millis = |micros: u64| micros / 1000;
        Pace {
            bytes: self.bytes.load(Ordering::Relaxed),
            files: self.files.load(Ordering::Relaxed),
            millis: millis(took),
            source_millis: millis(of(Part::Source)),
            computer_millis: millis(computer),
            drive_millis: millis(of(Part::Drive)),
            journals_millis: millis(of(Part::Journals)),
            destination_millis: millis(of(Part::Destination).max(of(Part::Naming))),
        }
    }

    fn since_begun(&self) -> u64 {
        let begun = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.map_or(0, |begun| micros(begun.elapsed()))
    }
}

const fn place(part: Part) -> usize {
    match part {
        Part::Source => 0,
        Part::Render => 1,
        Part::Hash => 2,
        Part::Encrypt => 3,
        Part::Drive => 4,
        Part::Journals => 5,
        Part::Destination => 6,
        Part::Naming => 7,
        Part::Idle => 8,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use shared::api::Limit;

    use super::*;

    #[test]
    fn stages_that_compute_beside_each_other_count_as_their_slowest() {
        let watch = Stopwatch::default();
        watch.begin();
        for (part, millis) in [
            (Part::Source, 400),
            (Part::Render, 100),
            (Part::Hash, 700),
            (Part::Encrypt, 300),
            (Part::Drive, 600),
            (Part::Drive, 50),
        ] {
            watch.add(part, Duration::from_millis(millis));
        }
        watch.moved(10);
        let pace = watch.pace();
        assert_eq!((pace.computer_millis, pace.drive_millis), (700, 650));
        assert_eq!(pace.limit(), Some(Limit::Computer));
    }

    #[test]
    fn a_thread_that_computes_alone_is_at_work_while_it_does_not_wait() {
        let watch = Stopwatch::default();
        watch.begin_alone();
        watch.during(Part::Idle, || std::thread::sleep(Duration::from_millis(40)));
        watch.end();
        let ended = watch.pace();
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(watch.pace(), ended, "it goes on after its end");
        assert!(ended.millis >= 40, "{ended:?}");
        assert!(
            ended.computer_millis <= ended.millis.saturating_sub(40),
            "{ended:?}"
        );
    }
}
