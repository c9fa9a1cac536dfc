//! Reads the drive in order, compares with what proves the files, and hands the bytes to the
//! writers.

use std::fs::File as HomeCopy;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use disk::ReadAt;
use ntfs_image::read::{Volume, VolumeError};
use shared::copy_log::Crc64;

use super::arrive::{Arrivals, candidates};
use super::found::Standing;
use super::home::{HomeError, InTheWay, io_failed};
use super::names::short_hash;
use super::out::Out;
use super::plan::{Item, volume_error};
use super::range_hasher::{RangeHasher, Span, take_all};
use super::side::is_as_brought;
use super::state::Known;
use crate::device::AlignedBuffer;
use crate::number::{narrow, wide};
use crate::pipeline::{Cancel, Part};

/// File data of a batch: what is hashed side by side, sixteen blocks of 4 MiB. Two go round, 128 MiB
/// for a drive.
pub(super) const BATCH_BYTES: usize = 64 << 20;
/// Batches in memory.
pub(super) const BATCHES: usize = 2;
/// What is compared at once with a file that is home.
const COMPARED_BYTES: usize = 32 << 20;
/// Files begin on such a border in a batch, so that they can be written past the page cache.
const ALIGN: usize = 4096;
/// What a writer writes at once.
const WRITE_BYTES: usize = 4 << 20;
/// Pieces that a writer is handed at once: to hand over each small file by itself takes more system calls than to write it.
const BUNDLE_PIECES: usize = 128;
/// Files of a batch; bounds what is hashed at once.
const BATCH_FILES: usize = 4096;

/// What a writer is handed at once: [`WRITE_BYTES`] or many small files.
pub(super) struct Bundle<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) batch: Arc<Batch>,
}

/// A piece of a file, and where its bytes are in the batch.
pub(super) struct Piece<'a> {
    pub(super) out: Arc<Out<'a>>,
    pub(super) at: u64,
    pub(super) range: Range<usize>,
}

/// Bytes that several bundles share; the last one gives the buffer back.
pub(super) struct Batch {
    buffer: Option<AlignedBuffer>,
    spare: Sender<AlignedBuffer>,
}

impl Batch {
    /// Returns a piece's bytes.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        let buffer = self.buffer.as_ref();
        buffer
            .and_then(|buffer| buffer.get(range))
            .unwrap_or_default()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            // Nobody reads any more when nobody takes it.
            let _ = self.spare.send(buffer);
        }
    }
}

/// What a file is compared with as its bytes come.
struct Prover {
    ranges: Option<RangeHasher>,
    crc64: Option<(Crc64, u64)>,
}

/// A file in the batch.
struct Loaded<'a> {
    out: Arc<Out<'a>>,
    prover: Prover,
    at: u64,
    range: Range<usize>,
    ends: bool,
}

/// The thread that reads.
pub(super) struct Loader<'a, R> {
    pub(super) volume: &'a Volume<R>,
    pub(super) arrivals: &'a Arrivals<'a>,
    pub(super) cancel: &'a Cancel,
    pub(super) bundles: Sender<Bundle<'a>>,
    pub(super) spare: (Sender<AlignedBuffer>, Receiver<AlignedBuffer>),
    buffer: Option<AlignedBuffer>,
    used: usize,
    loaded: Vec<Loaded<'a>>,
}

/// What becomes of a file.
enum Decision {
    /// Nothing to do.
    Done,
    /// It is copied from this byte on, to this place.
    Copy(u64, PathBuf),
}

impl<'a, R: ReadAt> Loader<'a, R> {
    pub(super) fn new(
        volume: &'a Volume<R>,
        arrivals: &'a Arrivals<'a>,
        cancel: &'a Cancel,
        bundles: Sender<Bundle<'a>>,
    ) -> Self {
        let spare = crossbeam_channel::unbounded();
        for _ in 0..BATCHES {
            // The receiver is right here.
            let _ = spare.0.send(AlignedBuffer::zeroed(BATCH_BYTES));
        }
        Self {
            volume,
            arrivals,
            cancel,
            bundles,
            spare,
            buffer: None,
            used: 0,
            loaded: Vec::new(),
        }
    }

    /// Takes every file, in order, and whether its folder is new.
    pub(super) fn run(&mut self, items: impl Iterator<Item = (&'a Item, bool)>) {
        for (item, is_new) in items {
            if self.stops() {
                break;
            }
            match self.decide(item, is_new) {
                Ok(Decision::Done) => {}
                Ok(Decision::Copy(from, place)) => self.pour(item, from, place),
                Err(Fault::Home(error)) => self.arrivals.home_error(&error, &item.path),
                Err(Fault::Volume(error)) => {
                    volume_error(self.arrivals.desk, &error, Some(&item.path));
                }
                Err(Fault::Stopped) => break,
            }
        }
        self.flush();
    }

    fn stops(&self) -> bool {
        self.cancel.is_cancelled() || self.arrivals.is_full()
    }

    /// Looks what is home already.
    fn decide(&self, item: &'a Item, is_new: bool) -> Result<Decision, Fault> {
        let key = item.key();
        let modified = item.file.modified().0;
        let mut from = 0;
        match self.arrivals.side.known(&key) {
            Some(Known::Home {
                place,
                bytes,
                modified: when,
                proven,
            }) if (*bytes, *when) == (item.file.bytes(), modified)
                && (*proven || !item.proof.is_some()) =>
            {
                let there = self.arrivals.home.existing(place).ok().flatten();
                if there.is_some_and(|there| is_as_brought(&there, *bytes, item.file.modified())) {
                    if *place != item.place {
                        self.arrivals.is_taken(item, &item.place, place);
                    }
                    let standing = if *proven {
                        Standing::Proven
                    } else {
                        Standing::Unproven
                    };
                    self.arrivals.is_here(item, place, standing);
                    return Ok(Decision::Done);
                }
            }
            Some(Known::Part {
                modified: when,
                through,
                proven,
            }) if *when == modified
                && *through <= item.file.bytes()
                && *proven == item.proof.is_some() =>
            {
                let part = self.arrivals.side.part(&short_hash(&key), true).ok();
                let length = part.and_then(|part| Some(part.metadata().ok()?.len()));
                if length == Some(item.file.bytes()) {
                    from = *through;
                }
            }
            _ => {}
        }
        // Should somebody else put something into a new folder by then, it is found when the file gets its name.
        let place = if is_new {
            Some(item.place.clone())
        } else {
            self.free_place(item)?
        };
        Ok(place.map_or(Decision::Done, |place| Decision::Copy(from, place)))
    }

    /// Returns a place that is free; `None` when the file is home already, or has no place.
    fn free_place(&self, item: &'a Item) -> Result<Option<PathBuf>, Fault> {
        let beside = self.arrivals.beside;
        let in_the_way = match beside {
            Some(_) => InTheWay::GoBeside,
            None => InTheWay::Refuse,
        };
        let parent = item.place.parent().unwrap_or(Path::new(""));
        let parent = self.arrivals.home.settle(parent, in_the_way, false)?;
        let settled = parent.join(item.place.file_name().unwrap_or_default());
        let mut refused = None;
        for place in candidates(&settled, beside) {
            match self.arrivals.home.existing(&place) {
                Ok(None) => {
                    if refused.is_some() {
                        self.arrivals.is_taken(item, &settled, &place);
                    }
                    return Ok(Some(place));
                }
                Ok(Some(there)) => {
                    if let Some(standing) = self.compare(item, &place, &there)? {
                        if refused.is_some() {
                            self.arrivals.is_taken(item, &settled, &place);
                        }
                        self.arrivals.is_here(item, &place, standing);
                        return Ok(None);
                    }
                    refused = refused.or(Some(HomeError::Exists { path: place }));
                }
                Err(error @ HomeError::Exists { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error.into()),
            }
        }
        refused.map_or(Ok(None), |error| Err(error.into()))
    }

    /// Compares a file with one that is there; `None` when they differ.
    fn compare(
        &self,
        item: &'a Item,
        place: &Path,
        there: &HomeCopy,
    ) -> Result<Option<Standing>, Fault> {
        let failed = |cause| io_failed(place, cause);
        let bytes = item.file.bytes();
        if there.metadata().map_err(failed)?.len() != bytes {
            return Ok(None);
        }
        let mut prover = Prover::new(item);
        let mut wrong = Vec::new();
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        let mut at = 0;
        while at < bytes {
            if self.stops() {
                return Err(Fault::Stopped);
            }
            let count = bytes.saturating_sub(at).min(wide(COMPARED_BYTES));
            ours.resize(narrow(count), 0);
            theirs.resize(narrow(count), 0);
            self.volume.read(&item.file, at, &mut ours)?;
            there.read_exact_at(&mut theirs, at).map_err(failed)?;
            if ours != theirs {
                return Ok(None);
            }
            wrong.extend(prover.take(at, &ours));
            at = at.saturating_add(count);
        }
        for at in &wrong {
            self.arrivals.is_wrong(item, *at);
        }
        let agrees = self.ends_well(item, &mut prover, wrong.is_empty());
        Ok(Some(item.standing(agrees)))
    }

    /// Says when a file's CRC differs; returns whether all agreed.
    fn ends_well(&self, item: &Item, prover: &mut Prover, ranges_agree: bool) -> bool {
        let Some((found, said)) = prover.crc64_found() else {
            return ranges_agree && !item.proof.is_refuted;
        };
        if found != said {
            let what = format!("its CRC-64 is {found}; the log says {said}");
            let desk = self.arrivals.desk;
            desk.find("content", what, Some(&item.path), None);
        }
        found == said && ranges_agree && !item.proof.is_refuted
    }

    /// Reads a file from `through` on, batch by batch.
    fn pour(&mut self, item: &'a Item, through: u64, place: PathBuf) {
        let mut prover = Prover::new(item);
        let from = match prover.go_on(item, through, self.arrivals.side) {
            Ok(from) => from,
            Err(error) => return self.arrivals.home_error(&error, &item.path),
        };
        let out = Arc::new(Out::new(item, place, from));
        if let Err(error) = self.arrivals.begins(&out) {
            return self.arrivals.home_error(&error, &item.path);
        }
        let bytes = item.file.bytes();
        let mut at = from;
        let mut prover = Some(prover);
        loop {
            let Some(given) = prover.take().or_else(|| self.flush()) else {
                return;
            };
            let count = match self.read(item, at) {
                Ok(count) => count,
                Err(error) => {
                    volume_error(self.arrivals.desk, &error, Some(&item.path));
                    out.lose();
                    self.arrivals.gives_up(&out);
                    return;
                }
            };
            let end = at.saturating_add(wide(count));
            let range = self.used..self.used.saturating_add(count);
            self.used = range.end.next_multiple_of(ALIGN).min(BATCH_BYTES);
            self.loaded.push(Loaded {
                out: Arc::clone(&out),
                prover: given,
                at,
                range,
                ends: end >= bytes,
            });
            at = end;
            if at >= bytes {
                break;
            }
            if self.stops() {
                return;
            }
        }
        if self.used >= BATCH_BYTES || self.loaded.len() >= BATCH_FILES {
            self.flush();
        }
    }

    /// Reads as much as the batch has room for; returns how much that was.
    fn read(&mut self, item: &Item, at: u64) -> Result<usize, VolumeError> {
        if self.buffer.is_none() {
            let watch = &self.arrivals.progress.watch;
            self.buffer = watch.during(Part::Idle, || self.spare.1.recv().ok());
        }
        let left = narrow(item.file.bytes().saturating_sub(at));
        let count = left.min(BATCH_BYTES.saturating_sub(self.used));
        let buffer = self.buffer.as_mut();
        let into = buffer.and_then(|buffer| {
            let end = self.used.saturating_add(count);
            buffer.get_mut(self.used..end)
        });
        self.volume.read(&item.file, at, into.unwrap_or_default())?;
        Ok(count)
    }

    /// Hashes the batch, says what is wrong, and hands it to the writers. Returns what the last file
    /// is compared with, when that file goes on.
    fn flush(&mut self) -> Option<Prover> {
        let buffer = self.buffer.take()?;
        self.used = 0;
        let mut loaded = std::mem::take(&mut self.loaded);
        hash(&mut loaded, &buffer, |file, at| {
            file.out.taint();
            self.arrivals.is_wrong(file.out.item, at);
        });
        for file in loaded.iter_mut().filter(|file| file.ends) {
            let ranges_agree = !file.out.is_tainted();
            if !self.ends_well(file.out.item, &mut file.prover, ranges_agree) {
                file.out.taint();
            }
        }
        let batch = Arc::new(Batch {
            buffer: Some(buffer),
            spare: self.spare.0.clone(),
        });
        let mut pieces = Vec::new();
        let mut bytes = 0_usize;
        for piece in loaded.iter().flat_map(Loaded::pieces) {
            bytes = bytes.saturating_add(piece.range.len());
            pieces.push(piece);
            if bytes >= WRITE_BYTES || pieces.len() >= BUNDLE_PIECES {
                self.hand_over(std::mem::take(&mut pieces), &batch);
                bytes = 0;
            }
        }
        if !pieces.is_empty() {
            self.hand_over(pieces, &batch);
        }
        let last = loaded.pop().filter(|file| !file.ends)?;
        Some(last.prover)
    }

    fn hand_over(&self, pieces: Vec<Piece<'a>>, batch: &Arc<Batch>) {
        let batch = Arc::clone(batch);
        let watch = &self.arrivals.progress.watch;
        // Writers end only after this does.
        let _ = watch.during(Part::Idle, || self.bundles.send(Bundle { pieces, batch }));
    }
}

impl<'a> Loaded<'a> {
    /// Cuts what was loaded into pieces; a file without bytes is one of none.
    fn pieces(&self) -> impl Iterator<Item = Piece<'a>> {
        let count = self.range.len().div_ceil(WRITE_BYTES).max(1);
        (0..count).map(|number| {
            let skipped = number.saturating_mul(WRITE_BYTES);
            let from = self.range.start.saturating_add(skipped);
            let to = from.saturating_add(WRITE_BYTES).min(self.range.end);
            Piece {
                out: Arc::clone(&self.out),
                at: self.at.saturating_add(wide(skipped)),
                range: from..to,
            }
        })
    }
}

/// Hashes every file of a batch, their ranges side by side.
fn hash<'a>(loaded: &mut [Loaded<'a>], buffer: &[u8], mut wrong: impl FnMut(&Loaded<'a>, u64)) {
    let mut spans = Vec::new();
    let mut whose = Vec::new();
    for (number, file) in loaded.iter_mut().enumerate() {
        let bytes = buffer.get(file.range.clone()).unwrap_or_default();
        if let Some((crc, _)) = &mut file.prover.crc64 {
            crc.update(bytes);
        }
        if let Some(hasher) = &mut file.prover.ranges {
            let at = file.at;
            spans.push(Span { hasher, at, bytes });
            whose.push(number);
        }
    }
    let found = take_all(spans);
    for (number, offsets) in whose.into_iter().zip(found) {
        for at in offsets {
            if let Some(file) = loaded.get(number) {
                wrong(file, at);
            }
        }
    }
}

impl Prover {
    fn new(item: &Item) -> Self {
        let ranges = item.proof.ranges.clone().map(RangeHasher::new);
        let crc64 = item.proof.crc64.map(|said| (Crc64::new(), said));
        Self { ranges, crc64 }
    }

    /// Takes the next bytes of one file; returns where it differs.
    fn take(&mut self, at: u64, bytes: &[u8]) -> Vec<u64> {
        if let Some((crc, _)) = &mut self.crc64 {
            crc.update(bytes);
        }
        let ranges = self.ranges.as_mut();
        ranges.map_or_else(Vec::new, |ranges| ranges.take(at, bytes))
    }

    /// Goes on where an earlier run left a part; returns at which byte that is.
    fn go_on(
        &mut self,
        item: &Item,
        through: u64,
        side: &super::side::Side,
    ) -> Result<u64, HomeError> {
        let ranges = self.ranges.as_mut();
        let from = ranges.map_or(through, |ranges| ranges.skip_to(through));
        let Some((crc, _)) = &mut self.crc64 else {
            return Ok(from);
        };
        if from == 0 {
            return Ok(0);
        }
        // What is home of it is read again: the CRC is one of the whole.
        let part = side.part(&short_hash(&item.key()), true)?;
        let mut buffer = vec![0; WRITE_BYTES];
        let mut at = 0;
        while at < from {
            let count = narrow(from.saturating_sub(at)).min(WRITE_BYTES);
            let piece = buffer.get_mut(..count).unwrap_or_default();
            part.read_exact_at(piece, at)
                .map_err(|cause| io_failed(&item.place, cause))?;
            crc.update(piece);
            at = at.saturating_add(wide(count));
        }
        Ok(from)
    }

    /// Returns the CRC of all that came and the one that it must be.
    fn crc64_found(&mut self) -> Option<(u64, u64)> {
        let (crc, said) = self.crc64.take()?;
        Some((crc.finish(), said))
    }
}

/// Why one file was not copied.
enum Fault {
    Volume(VolumeError),
    Home(HomeError),
    /// Nothing is copied any more.
    Stopped,
}

impl From<VolumeError> for Fault {
    fn from(error: VolumeError) -> Self {
        Self::Volume(error)
    }
}

impl From<HomeError> for Fault {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}
