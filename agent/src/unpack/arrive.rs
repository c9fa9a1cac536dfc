//! Brings files to their places once they are whole and durable.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::found::{Desk, HomeFile, Standing};
use super::home::{Home, HomeError, InTheWay};
use super::load::Bundle;
use super::names::beside_file;
use super::out::Out;
use super::plan::Item;
use super::side::Side;
use super::state::{Known, Record};
use crate::pipeline::{Part, Stopwatch};

/// Durable at least so often: what a kill or a power cut costs at most.
const EVERY: Duration = Duration::from_secs(5);
/// And sooner after so many bytes or files.
const BYTES: u64 = 64 << 20;
const FILES: usize = 1024;
/// But never so soon that it takes more than a fifth of the time, nor within this.
const NOT_WITHIN: Duration = Duration::from_millis(100);
const REST: u32 = 4;
/// Other names that are tried when a file's own is taken.
const BESIDE_MAX: u32 = 100;
/// Files shorter than this are not gone on with in the middle.
const PART_BYTES_MIN: u64 = 64 << 20;
const COMPARED_BYTES: usize = 1 << 20;

/// How far a drive is; read by whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes that are home or being written.
    pub bytes: AtomicU64,
    /// Bytes of all files; 0 until they are known.
    pub total: AtomicU64,
    /// How long each part is at work; what reads the drive measures with it too.
    pub watch: Stopwatch,
}

impl Progress {
    /// Returns the bytes that are home, and those of all files.
    #[must_use]
    pub fn far(&self) -> (u64, u64) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        (bytes, self.total.load(Ordering::Relaxed))
    }
}

/// Where files arrive.
pub(super) struct Arrivals<'a> {
    pub(super) home: &'a Home,
    pub(super) side: &'a Side,
    pub(super) desk: &'a Desk<'a>,
    /// What a file is told apart by whose name another one has; `None` where it is left out then.
    pub(super) beside: Option<&'a str>,
    pub(super) progress: &'a Progress,
    /// The destination takes no more: trying every other file would only say so again.
    is_full: AtomicBool,
    /// Long files being written.
    running: Mutex<Vec<Arc<Out<'a>>>>,
}

impl<'a> Arrivals<'a> {
    pub(super) const fn new(
        home: &'a Home,
        side: &'a Side,
        desk: &'a Desk<'a>,
        beside: Option<&'a str>,
        progress: &'a Progress,
    ) -> Self {
        Self {
            home,
            side,
            desk,
            beside,
            progress,
            is_full: AtomicBool::new(false),
            running: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    /// Knows of a file that is written from now on.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(super) fn begins(&self, out: &Arc<Out<'a>>) -> Result<(), HomeError> {
        let from = out.through();
        if let Some(Known::Part { through, .. }) = self.side.known(&out.key)
            && *through > from
        {
            // What an earlier run noted behind that is about to go: should this one be killed, the
            // next must not take it for there.
            self.side.append(&[part_record(out, from)])?;
        }
        self.progress.bytes.fetch_add(from, Ordering::Relaxed);
        if out.item.file.bytes() >= PART_BYTES_MIN {
            self.running_now().push(Arc::clone(out));
        }
        Ok(())
    }

    /// Forgets a file that is lost; a later run goes on with what was noted of a long one.
    pub(super) fn gives_up(&self, out: &Arc<Out<'a>>) {
        self.running_now().retain(|other| !Arc::ptr_eq(other, out));
        if out.item.file.bytes() < PART_BYTES_MIN {
            self.side.discard(&out.part);
        }
    }

    /// Counts a file that was home already.
    pub(super) fn is_here(&self, item: &Item, place: &Path, standing: Standing) {
        let bytes = item.file.bytes();
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.is_home(item, place, standing);
    }

    /// Counts a file that is home.
    fn is_home(&self, item: &Item, place: &Path, standing: Standing) {
        self.desk.home(&HomeFile {
            path: &item.path,
            blob: &item.blob,
            place: &place.to_string_lossy(),
            bytes: item.file.bytes(),
            status: standing.word(),
            counts: item.counts,
        });
    }

    /// Says that a file could not have its name.
    pub(super) fn is_taken(&self, item: &Item, wanted: &Path, place: &Path) {
        let what = format!(
            "{} is something else already and was left as it is; this file is beside it: {}",
            wanted.display(),
            place.display()
        );
        self.desk.find("name-taken", what, Some(&item.path), None);
    }

    /// Says that a range has another hash.
    pub(super) fn is_wrong(&self, item: &Item, at: u64) {
        let what =
            format!("the block at byte {at} does not have the hash that manifest or log say");
        self.desk.find("content", what, Some(&item.path), Some(at));
    }

    /// Says what the destination said.
    pub(super) fn home_error(&self, error: &HomeError, path: &str) {
        let text = error.to_string();
        match error {
            HomeError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::StorageFull => {
                if !self.is_full.swap(true, Ordering::AcqRel) {
                    self.desk.fail("destination-full", text, Some(path));
                }
            }
            HomeError::Io { .. } | HomeError::InUse { .. } => {
                self.desk.fail("destination", text, Some(path));
            }
            HomeError::Exists { .. } => self.desk.find("exists", text, Some(path), None),
            HomeError::Name { .. } => self.desk.find("unsafe-name", text, Some(path), None),
        }
    }

    /// Writes pieces until there are no more.
    pub(super) fn write(
        &self,
        bundles: &Receiver<Bundle<'a>>,
        whole: &Sender<Vec<Arc<Out<'a>>>>,
        writers: u32,
    ) {
        for bundle in bundles {
            let begun = Instant::now();
            let written = self.write_bundle(&bundle);
            // They work side by side: together they are at work all the time when each of them is.
            let share = begun.elapsed().checked_div(writers).unwrap_or_default();
            self.progress.watch.add(Part::Destination, share);
            // The keeper ends before the writers only when it brings nothing any more.
            let _ = whole.send(written);
        }
    }

    /// Writes pieces; returns the files that are whole now.
    fn write_bundle(&self, bundle: &Bundle<'a>) -> Vec<Arc<Out<'a>>> {
        let mut whole = Vec::new();
        for piece in &bundle.pieces {
            let out = &piece.out;
            if out.is_lost() || self.is_full() {
                continue;
            }
            let bytes = bundle.batch.bytes(piece.range.clone());
            match out.write(self.side, piece.at, bytes) {
                Ok(is_whole) => {
                    let count = u64::try_from(bytes.len()).unwrap_or(0);
                    self.progress.bytes.fetch_add(count, Ordering::Relaxed);
                    if is_whole {
                        whole.push(Arc::clone(out));
                    }
                }
                Err(error) => {
                    if out.lose() {
                        self.home_error(&error, &out.item.path);
                        self.gives_up(out);
                    }
                }
            }
        }
        whole
    }

    /// Brings files home until there are no more.
    pub(super) fn keep(&self, whole: &Receiver<Vec<Arc<Out<'a>>>>) {
        let mut waiting: Vec<Arc<Out<'a>>> = Vec::new();
        let mut before = 0;
        let mut last = Instant::now();
        let mut rest = NOT_WITHIN;
        loop {
            match whole.recv_timeout(NOT_WITHIN) {
                Ok(written) => waiting.extend(written),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.bring_all(&mut waiting);
                    return;
                }
            }
            let bytes = self.progress.bytes.load(Ordering::Relaxed);
            let is_much = bytes.saturating_sub(before) >= BYTES || waiting.len() >= FILES;
            let since = last.elapsed();
            if since >= EVERY.max(rest) || (is_much && since >= rest) {
                let begun = Instant::now();
                if !self.bring_all(&mut waiting) {
                    return;
                }
                rest = begun.elapsed().saturating_mul(REST).max(NOT_WITHIN);
                before = bytes;
                last = Instant::now();
            }
        }
    }

    /// Makes what was written durable, gives whole files their names, and notes both. Returns whether
    /// what is written may still be believed.
    fn bring_all(&self, waiting: &mut Vec<Arc<Out<'a>>>) -> bool {
        self.progress
            .watch
            .during(Part::Naming, || self.bring_now(waiting))
    }

    fn bring_now(&self, waiting: &mut Vec<Arc<Out<'a>>>) -> bool {
        let mut going: Vec<(Arc<Out<'a>>, u64)> = Vec::new();
        {
            let mut running = self.running_now();
            running.retain(|out| !waiting.iter().any(|whole| Arc::ptr_eq(whole, out)));
            let sound = running.iter().filter(|out| !out.is_tainted());
            going.extend(sound.map(|out| (Arc::clone(out), out.through())));
        }
        if waiting.is_empty() && going.is_empty() {
            return true;
        }
        if let Err(error) = self.home.sync() {
            // Nothing that was written since the last time may be believed, also when the next call
            // succeeds: the system tells each fault once.
            self.is_full.store(true, Ordering::Release);
            self.desk.fail("destination", error.to_string(), None);
            return false;
        }
        let brought = waiting.drain(..).filter_map(|out| {
            let place = self.bring(&out)?;
            Some((out, place.to_string_lossy().into_owned()))
        });
        let brought: Vec<_> = brought.collect();
        let homes = brought.iter().filter(|(out, _)| !out.is_tainted());
        let homes = homes.map(|(out, place)| Record::Home {
            key: out.key.as_str().into(),
            place: place.into(),
            bytes: out.item.file.bytes(),
            modified: out.item.file.modified().0,
            proven: out.item.proof.is_some(),
        });
        let parts = going
            .iter()
            .map(|(out, through)| part_record(out, *through));
        let records: Vec<_> = homes.chain(parts).collect();
        if let Err(error) = self.side.append(&records) {
            self.home_error(&error, "");
        }
        true
    }

    /// Brings one file to its place; returns where that is.
    fn bring(&self, out: &Out<'a>) -> Option<PathBuf> {
        match self.bring_to_free(out) {
            Ok(place) => {
                let standing = out.item.standing(!out.is_tainted());
                self.is_home(out.item, &place, standing);
                Some(place)
            }
            Err(error) => {
                self.home_error(&error, &out.item.path);
                self.side.discard(&out.part);
                None
            }
        }
    }

    fn bring_to_free(&self, out: &Out<'a>) -> Result<PathBuf, HomeError> {
        let in_the_way = match self.beside {
            Some(_) => InTheWay::GoBeside,
            None => InTheWay::Refuse,
        };
        let parent = out.place.parent().unwrap_or(Path::new(""));
        let parent = self.home.settle(parent, in_the_way, true)?;
        let settled = parent.join(out.place.file_name().unwrap_or_default());
        let mut refused = None;
        for place in candidates(&settled, self.beside) {
            match self.home.bring(self.side.parts(), &out.part, &place) {
                Ok(()) => {}
                Err(error @ HomeError::Exists { .. }) => {
                    if !self.is_same(out, &place)? {
                        refused = refused.or(Some(error));
                        continue;
                    }
                    self.side.discard(&out.part);
                }
                Err(error) => return Err(error),
            }
            if refused.is_some() {
                self.is_taken(out.item, &settled, &place);
            }
            return Ok(place);
        }
        Err(refused.unwrap_or(HomeError::Exists { path: settled }))
    }

    /// Returns whether what has a file's name by now has its content too.
    fn is_same(&self, out: &Out<'a>, place: &Path) -> Result<bool, HomeError> {
        let there = match self.home.existing(place) {
            Ok(Some(there)) => there,
            Ok(None) | Err(HomeError::Exists { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let part = self.side.part(&out.part, true)?;
        have_same_bytes(&part, &there).map_err(|cause| super::home::io_failed(place, cause))
    }

    fn running_now(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Out<'a>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what to note of a long file of which the bytes before `through` are durable.
fn part_record<'b>(out: &'b Out<'_>, through: u64) -> Record<'b> {
    Record::Part {
        key: out.key.as_str().into(),
        modified: out.item.file.modified().0,
        through,
        proven: out.item.proof.is_some(),
    }
}

/// Returns the names that a file may have: its own and, where it may be called otherwise, others.
pub(super) fn candidates(place: &Path, beside: Option<&str>) -> impl Iterator<Item = PathBuf> {
    let others = beside.into_iter().flat_map(move |label| {
        (1..=BESIDE_MAX).map(move |number| beside_file(place, label, number))
    });
    std::iter::once(place.to_owned()).chain(others)
}

fn have_same_bytes(one: &File, other: &File) -> std::io::Result<bool> {
    let bytes = one.metadata()?.len();
    if other.metadata()?.len() != bytes {
        return Ok(false);
    }
    let (mut ours, mut theirs) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
    let mut at = 0;
    while at < bytes {
        let left = usize::try_from(bytes.saturating_sub(at)).unwrap_or(COMPARED_BYTES);
        let count = left.min(COMPARED_BYTES);
        let (ours, theirs) = (ours.split_at_mut(count).0, theirs.split_at_mut(count).0);
        one.read_exact_at(ours, at)?;
        other.read_exact_at(theirs, at)?;
        if ours != theirs {
            return Ok(false);
        }
        at = at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(true)
}
