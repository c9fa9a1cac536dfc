//! A drive in memory with a write cache, which fails and lies when told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent::attempt::{Bay, BayError};
use agent::device::Device;
use agent::pipeline::Stopwatch;
use disk::{MemDisk, ReadAt, ReadError, SectorSize, WriteAt, WriteError};

use crate::mutation::Mutation;
use crate::rng::Rng;
use crate::schedule::FaultKind;
use crate::world::{Act, World};

/// What a power cut tears writes at.
const SECTOR: usize = 512;
/// What the cache of a drive holds at most: less than lies between two marks, as with real drives.
const CACHE_BYTES: usize = 384 << 10;

/// A drive in memory. Clones are the same drive.
#[derive(Clone, Debug)]
pub(crate) struct MemDrive {
    state: Arc<Mutex<State>>,
    sector: SectorSize,
    bytes: u64,
    world: World,
}

#[derive(Clone, Debug)]
struct State {
    /// What survives a power cut.
    medium: MemDisk,
    /// What reads give.
    now: MemDisk,
    /// What was written and is in the cache only, oldest first.
    cached: VecDeque<(u64, Vec<u8>)>,
    cached_bytes: usize,
    /// What the computer believes to have written; kept for the mutation that reads it.
    believed: Option<MemDisk>,
    /// A flush that the mutation puts off.
    owed_flush: bool,
    /// Where something was written, for bits that rot.
    places: Vec<(u64, u64)>,
    /// A failed flush makes it refuse all writes until it is opened again.
    is_lost: bool,
}

impl MemDrive {
    /// Returns a drive that holds `content` and seems `bytes` long; shorter content wraps around.
    pub(crate) fn new(content: MemDisk, bytes: u64, sector: SectorSize, world: &World) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                now: content.clone(),
                medium: content,
                cached: VecDeque::new(),
                cached_bytes: 0,
                believed: None,
                owed_flush: false,
                places: Vec::new(),
                is_lost: false,
            })),
            sector,
            bytes,
            world: world.clone(),
        }
    }

    /// The power went: every sector in the cache is lost or not, as the draw has it.
    pub(crate) fn crash(&self, rng: &mut Rng) {
        let mut state = self.lock();
        let state = &mut *state;
        // A process that was killed loses nothing; a cache loses all, or some.
        let mode = rng.below(3);
        for (at, bytes) in state.cached.drain(..) {
            for (number, sector) in (0_u64..).zip(bytes.chunks(SECTOR)) {
                if mode == 0 || mode == 1 && rng.once_in(2) {
                    let at = at.saturating_add(number.saturating_mul(512));
                    put(&mut state.medium, at, sector);
                }
            }
        }
        state.cached_bytes = 0;
        state.owed_flush = false;
        state.now = state.medium.clone();
    }

    /// Returns what is on it now.
    pub(crate) fn content(&self) -> MemDisk {
        self.lock().now.clone()
    }

    /// Returns its place.
    pub(crate) fn bay(&self, mutation: Mutation) -> MemBay {
        MemBay {
            drive: self.clone(),
            mutation,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rot(&self) {
        let mut state = self.lock();
        if state.places.is_empty() {
            return;
        }
        let count = u64::try_from(state.places.len()).unwrap_or(1);
        let (place, within, bit) = self
            .world
            .draw(|rng| (rng.below(count), rng.bits(), rng.below(8)));
        let (at, bytes) = state.places[usize::try_from(place).unwrap_or(0)];
        let at = at.saturating_add(within.checked_rem(bytes).unwrap_or(0));
        let flip = |disk: &mut MemDisk| {
            let mut byte = [0];
            if disk.read_at(at, &mut byte).is_ok() {
                byte[0] ^= 1_u8 << bit;
                put(disk, at, &byte);
            }
        };
        let state = &mut *state;
        flip(&mut state.medium);
        flip(&mut state.now);
    }

    /// Takes a write into the cache; the oldest of what is too much goes to the medium.
    fn cache(&self, at: u64, bytes: &[u8]) {
        let mut state = self.lock();
        put(&mut state.now, at, bytes);
        state
            .places
            .push((at, u64::try_from(bytes.len()).unwrap_or(0)));
        state.cached_bytes = state.cached_bytes.saturating_add(bytes.len());
        state.cached.push_back((at, bytes.to_vec()));
        let excess = state.cached_bytes.saturating_sub(CACHE_BYTES);
        state.destage(excess);
    }

    fn flush_now(&self) {
        let mut state = self.lock();
        let state = &mut *state;
        for (at, bytes) in state.cached.drain(..) {
            put(&mut state.medium, at, &bytes);
        }
        state.cached_bytes = 0;
    }
}

impl State {
    /// Brings the oldest `bytes` bytes, or a little more, from the cache to the medium.
    fn destage(&mut self, bytes: usize) {
        let mut left = bytes;
        while left > 0 {
            let Some((at, bytes)) = self.cached.pop_front() else {
                return;
            };
            self.cached_bytes = self.cached_bytes.saturating_sub(bytes.len());
            left = left.saturating_sub(bytes.len());
            put(&mut self.medium, at, &bytes);
        }
    }
}

/// Writes to a disk that wraps around at its end.
fn put(disk: &mut MemDisk, at: u64, bytes: &[u8]) {
    let whole = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if at.saturating_add(whole) <= disk.bytes() {
        drop(disk.write_at(at, bytes));
        return;
    }
    let mut at = at;
    for piece in bytes.chunks(SECTOR) {
        let place = at.checked_rem(disk.bytes()).unwrap_or(0);
        // Pieces of a sector never cross the end: it is a multiple of that.
        drop(disk.write_at(place, piece));
        at = at.saturating_add(512);
    }
}

fn get(disk: &MemDisk, at: u64, into: &mut [u8]) {
    let mut at = at;
    let whole = u64::try_from(into.len()).unwrap_or(u64::MAX);
    if at.saturating_add(whole) <= disk.bytes() {
        drop(disk.read_at(at, into));
        return;
    }
    for piece in into.chunks_mut(SECTOR) {
        let place = at.checked_rem(disk.bytes()).unwrap_or(0);
        drop(disk.read_at(place, piece));
        at = at.saturating_add(512);
    }
}

/// The place of a drive in memory.
pub(crate) struct MemBay {
    drive: MemDrive,
    mutation: Mutation,
}

impl Bay for MemBay {
    fn hold(&mut self) -> Result<Box<dyn Device>, BayError> {
        let mut state = self.drive.lock();
        state.is_lost = false;
        if self.mutation == Mutation::VerifyFromCache {
            state.believed = Some(state.now.clone());
        }
        drop(state);
        Ok(Box::new(Held {
            drive: self.drive.clone(),
            mutation: self.mutation,
        }))
    }

    fn read_back(
        &mut self,
        _watch: &Stopwatch,
        act: &mut dyn FnMut(&dyn ReadAt),
    ) -> Result<(), BayError> {
        let believed = self.drive.lock().believed.clone();
        match believed {
            Some(believed) => act(&believed),
            None => act(&Held {
                drive: self.drive.clone(),
                mutation: self.mutation,
            }),
        }
        Ok(())
    }
}

/// A drive that is held.
struct Held {
    drive: MemDrive,
    mutation: Mutation,
}

impl Held {
    fn failed(&self, at: u64, length: usize, cause: &str) -> WriteError {
        WriteError {
            at,
            bytes: u64::try_from(length).unwrap_or(u64::MAX),
            cause: cause.to_owned(),
        }
    }

    fn pay_flush(&self) {
        if std::mem::take(&mut self.drive.lock().owed_flush) {
            self.drive.flush_now();
        }
    }

    fn in_bounds(&self, at: u64, length: usize) -> bool {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        at.checked_add(length)
            .is_some_and(|end| end <= self.drive.bytes)
    }
}

impl ReadAt for Held {
    fn bytes(&self) -> u64 {
        self.drive.bytes
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = u64::try_from(into.len()).unwrap_or(u64::MAX);
        if !self.in_bounds(at, into.len()) {
            return Err(ReadError::out_of_bounds(at, bytes, self.drive.bytes));
        }
        let cause = match self.drive.world.act(Act::Read) {
            Some(FaultKind::Crash) => "the power is gone",
            Some(FaultKind::ReadFails) => "input/output error",
            _ => {
                let mut state = self.drive.lock();
                get(&state.now, at, into);
                // What is read takes the place of what was written.
                state.destage(into.len());
                return Ok(());
            }
        };
        Err(ReadError {
            at,
            bytes,
            cause: cause.to_owned(),
        })
    }
}

impl WriteAt for Held {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        if !self.in_bounds(at, bytes.len()) || self.drive.lock().is_lost {
            return Err(self.failed(
                at,
                bytes.len(),
                "outside the drive, or after a failed flush",
            ));
        }
        self.pay_flush();
        let world = self.drive.world.clone();
        let fault = world.act(Act::Write);
        if let Some(believed) = &mut self.drive.lock().believed {
            put(believed, at, bytes);
        }
        match fault {
            Some(FaultKind::Crash | FaultKind::WriteFails) => {
                let sectors = u64::try_from(bytes.len() / SECTOR).unwrap_or(0);
                let taken = world.draw(|rng| rng.below(sectors.saturating_add(1)));
                let taken = usize::try_from(taken.saturating_mul(512)).unwrap_or(0);
                self.drive.cache(at, &bytes[..taken.min(bytes.len())]);
                return Err(self.failed(at, bytes.len(), "input/output error"));
            }
            Some(FaultKind::DropsWrite) => return Ok(()),
            Some(FaultKind::Misdirects) => {
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let room = self.drive.bytes.saturating_sub(length) / 4096;
                let other = world.draw(|rng| rng.below(room)).saturating_mul(4096);
                self.drive.cache(other, bytes);
                return Ok(());
            }
            Some(FaultKind::Rots) => self.drive.rot(),
            _ => {}
        }
        self.drive.cache(at, bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let fault = self.drive.world.act(Act::Flush);
        match (fault, self.mutation) {
            (Some(FaultKind::Crash), _) => return Err(self.failed(0, 0, "the power is gone")),
            (Some(FaultKind::FlushFails), _) => {
                // What a failed flush leaves is unknown: some of it is gone at once.
                let mut rng = self.drive.world.draw(Rng::fork);
                self.drive.crash(&mut rng);
                self.drive.lock().is_lost = true;
                return Err(self.failed(0, 0, "input/output error"));
            }
            (Some(FaultKind::LosesFlushes), _) | (_, Mutation::NoFlush) => return Ok(()),
            (Some(FaultKind::Rots), _) => self.drive.rot(),
            _ => {}
        }
        if self.mutation == Mutation::RecordBeforeFlush {
            self.drive.lock().owed_flush = true;
        } else {
            self.drive.flush_now();
        }
        Ok(())
    }
}

impl Device for Held {
    fn sector(&self) -> SectorSize {
        self.drive.sector
    }

    fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError> {
        let (mut at, mut left) = (at, bytes);
        while left > 0 {
            let length = left.min(256 << 10);
            self.write_at(at, &vec![0; usize::try_from(length).unwrap_or(0)])?;
            at = at.saturating_add(length);
            left = left.saturating_sub(length);
        }
        Ok(())
    }

    fn discard(&mut self, _at: u64, _bytes: u64) -> Result<bool, WriteError> {
        Ok(false)
    }
}
