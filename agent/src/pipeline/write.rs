//! The write stage, and the pass as a whole.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use ntfs_image::Node;
use shared::job::LeftOutReason;
use shared::journal::Marks as Spacing;

use super::batch::{Batch, index};
use super::cancel::Cancel;
use super::course::Course;
use super::error::PipelineError;
use super::hash::Hasher;
use super::read::Reader;
use super::start::Start;
use super::stopwatch::{Part, Stopwatch};
use super::work::Work;
use crate::device::{AlignedBuffer, Device};

/// Batches that are hashed side by side: 64 MiB, whose sixteen blocks of 4 MiB fill the lanes of a
/// processor that has the most.
const HASHED_AT_ONCE: usize = 4;
/// Pieces that fill all lanes well, whatever their lengths: then no more batches are waited for.
const PIECES_AT_ONCE: usize = 128;
/// Buffers in rotation: those, one being filled, one being written.
const BUFFERS: usize = HASHED_AT_ONCE + 2;

/// Where the facts of a pass go that must survive a power cut.
pub trait Marks {
    /// Takes files that were left out, before any byte that shows it is on the drive.
    ///
    /// # Errors
    /// [`PipelineError`] when they could not be recorded.
    fn left_out(&mut self, files: &[(Node, LeftOutReason)]) -> Result<(), PipelineError>;

    /// Takes the hashes of the blocks that ended since the last mark; every byte of the drive
    /// before `through` is durable.
    ///
    /// # Errors
    /// [`PipelineError`] when they could not be recorded.
    fn durable(&mut self, through: u64, hashes: &[[u8; 16]]) -> Result<(), PipelineError>;
}

/// Counts what went through, for whoever shows it.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: AtomicU64,
    watch: Stopwatch,
}

impl Meter {
    /// Adds bytes that are done.
    pub fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Sets the bytes that are done.
    pub fn set(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Returns what measures how long each part of the pass is at work.
    #[must_use]
    pub const fn watch(&self) -> &Stopwatch {
        &self.watch
    }

    /// Returns the bytes that are done.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// What a pass leaves behind.
#[derive(Debug)]
pub struct Filled {
    /// Files that are not on the drive, with the reason.
    pub left_out: BTreeMap<Node, LeftOutReason>,
}

/// Returns the bytes that [`fill`] will write.
#[must_use]
pub fn total_bytes(work: &Work<'_>) -> u64 {
    Course::bytes_before(work, u64::MAX)
}

/// Writes everything but the manifest and what Seal writes, in one ascending pass, from `start` on.
///
/// # Errors
/// [`PipelineError`]: the drive, the marks, or a wish to stop. Sources are never an error.
pub fn fill(
    work: &Work<'_>,
    device: &mut dyn Device,
    threads: &rayon::ThreadPool,
    marks: &mut dyn Marks,
    start: Start,
    meter: &Meter,
    cancel: &Cancel,
) -> Result<Filled, PipelineError> {
    let (from, spacing) = (start.through, start.spacing);
    let (hasher, gone) = start.hasher(work, device)?;
    let known = start.left_out;
    meter.set(Course::bytes_before(work, from));
    let watch = meter.watch();
    watch.begin();
    let (empty_to, empty) = bounded(BUFFERS);
    for _ in 0..BUFFERS {
        // The queue has room for every buffer there is.
        drop(empty_to.send(AlignedBuffer::zeroed(index(work.leg_bytes))));
    }
    let (filled_to, filled) = bounded(1);
    let (hashed_to, hashed) = bounded(1);
    let (ready_to, ready) = bounded(1);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read_all(
                (work, from),
                Reader::new(work, threads, known, gone, watch),
                &empty,
                &filled_to,
                cancel,
            )
        });
        scope.spawn(move || hash_all(hasher, &filled, &hashed_to, watch));
        scope.spawn(move || encrypt_all(work, &hashed, &ready_to, watch));
        let progress = (meter, cancel);
        let written = write_all(device, &ready, &empty_to, marks, spacing, progress);
        // Both ends of the loop of buffers go, so that a reader that waits for one wakes up.
        drop((ready, empty_to));
        watch.end();
        let left_out = reader.join().map_err(|_| PipelineError::Stage)?;
        written?;
        if cancel.is_cancelled() {
            return Err(PipelineError::Cancelled);
        }
        Ok(Filled {
            left_out: left_out?,
        })
    })
}

fn read_all(
    (work, from): (&Work<'_>, u64),
    mut reader: Reader<'_>,
    empty: &Receiver<AlignedBuffer>,
    filled: &Sender<Batch>,
    cancel: &Cancel,
) -> Result<BTreeMap<Node, LeftOutReason>, PipelineError> {
    let mut legs = Course::new(work, from..u64::MAX).peekable();
    while let Some(leg) = legs.next() {
        if cancel.is_cancelled() {
            break;
        }
        // A closed queue means that the writer stopped; it says why.
        let Ok(buffer) = empty.recv() else {
            return Err(PipelineError::Stage);
        };
        if let Some(next) = legs.peek() {
            reader.ask(next);
        }
        if filled.send(reader.fill(&leg, buffer)).is_err() {
            return Err(PipelineError::Stage);
        }
    }
    Ok(reader.into_left_out())
}

fn hash_all(
    mut hasher: Hasher,
    filled: &Receiver<Batch>,
    hashed: &Sender<Batch>,
    watch: &Stopwatch,
) {
    // Few at first, so that the drive need not wait for all of them to be read.
    let mut at_once = 1;
    loop {
        let mut batches: Vec<Batch> = Vec::new();
        let mut pieces: usize = 0;
        while batches.len() < at_once && pieces < PIECES_AT_ONCE {
            let Ok(batch) = filled.recv() else { break };
            pieces = pieces.saturating_add(batch.pieces.len());
            batches.push(batch);
        }
        if batches.is_empty() {
            return;
        }
        at_once = HASHED_AT_ONCE.min(at_once.saturating_mul(2));
        watch.during(Part::Hash, || hasher.hash(&mut batches));
        for batch in batches {
            if hashed.send(batch).is_err() {
                return;
            }
        }
    }
}

fn encrypt_all(
    work: &Work<'_>,
    hashed: &Receiver<Batch>,
    ready: &Sender<Batch>,
    watch: &Stopwatch,
) {
    for mut batch in hashed {
        watch.during(Part::Encrypt, || work.encrypt(batch.at, &mut batch.buffer));
        if ready.send(batch).is_err() {
            return;
        }
    }
}

fn write_all(
    device: &mut dyn Device,
    ready: &Receiver<Batch>,
    empty: &Sender<AlignedBuffer>,
    marks: &mut dyn Marks,
    mut spacing: Spacing,
    (meter, cancel): (&Meter, &Cancel),
) -> Result<(), PipelineError> {
    let mut hashes: Vec<[u8; 16]> = Vec::new();
    let mut through = 0;
    let mut marked = 0;
    let watch = meter.watch();
    for batch in ready {
        if cancel.is_cancelled() {
            break;
        }
        if !batch.left_out.is_empty() {
            watch.during(Part::Journals, || marks.left_out(&batch.left_out))?;
        }
        watch.during(Part::Drive, || device.write_at(batch.at, &batch.buffer))?;
        through = batch.end();
        let bytes = u64::try_from(batch.buffer.len()).unwrap_or(u64::MAX);
        meter.add(bytes);
        watch.moved(bytes);
        hashes.extend_from_slice(&batch.hashes);
        // Nobody may be left to take it: the reader has read everything.
        drop(empty.send(batch.buffer));
        if spacing.is_due(through) {
            watch.during(Part::Drive, || device.flush())?;
            watch.during(Part::Journals, || marks.durable(through, &hashes))?;
            hashes.clear();
            spacing.set(through);
            marked = through;
        }
    }
    if through > marked {
        watch.during(Part::Drive, || device.flush())?;
        watch.during(Part::Journals, || marks.durable(through, &hashes))?;
    }
    Ok(())
}
