//! The blobs of an export as the source of a pass.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ntfs_image::FileTime;
use shared::plan::export::{Export, StoredKind};
use shared::plan::{ListedPath, Listing};
use tokio::task::JoinHandle;

use super::blob::{Blob, Line, Piece, RANGE};
use super::pages::Pages;
use super::reach::Reach;
use super::sums::Sums;
use super::whole_hash::WholeHash;
use crate::blobs::{BlobName, StoreError, StoreFault};
use crate::number::wide;
use crate::pipeline::{Cancel, SourceFiles, SourceRead};
use crate::scan::{OpenSourceError, SourceState};

/// The blobs of an export. Every read is of the version that was listed.
pub struct StoreSource<'a> {
    listing: &'a Listing,
    export: &'a Export,
    shared: Arc<Shared>,
}

/// What all blobs have in common.
struct Shared {
    line: Arc<Line>,
    cancel: Cancel,
    gave_up: Mutex<Option<StoreError>>,
    sums: Option<Arc<Sums>>,
}

/// Why an export stopped for its store, if it did.
#[derive(Clone)]
pub struct GaveUp(Arc<Shared>);

impl GaveUp {
    /// Returns the error that every further request would most likely have met too.
    #[must_use]
    pub fn why(&self) -> Option<StoreError> {
        let why = self.0.gave_up.lock();
        why.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a> StoreSource<'a> {
    /// Returns the blobs of `listing`, whose paths ascend. When the store cannot be reached any more,
    /// `cancel` stops the job: nothing else is wrong with the blobs that are left. `sums` gets the checksum of
    /// each blob that came whole, where somebody wants it.
    #[must_use]
    pub fn new(
        (listing, export): (&'a Listing, &'a Export),
        reach: Reach,
        sums: Option<Arc<Sums>>,
        cancel: Cancel,
    ) -> Self {
        Self {
            listing,
            export,
            shared: Arc::new(Shared {
                line: Arc::new(Line::new(reach)),
                cancel,
                gave_up: Mutex::new(None),
                sums,
            }),
        }
    }

    /// Returns what says later whether the store stopped the job.
    #[must_use]
    pub fn gave_up(&self) -> GaveUp {
        GaveUp(Arc::clone(&self.shared))
    }

    /// Returns the entry of a path.
    fn entry(&self, path: &str) -> Option<u32> {
        let path = ListedPath::of(path);
        let (mut low, mut high) = (0, self.listing.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.listing.entry(middle).path.cmp(&path) {
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

impl SourceFiles for StoreSource<'_> {
    fn is_far(&self) -> bool {
        true
    }

    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError> {
        let failed = |cause: String| OpenSourceError::Io {
            path: path.to_owned(),
            cause,
        };
        let found = self.entry(path);
        let found = found.and_then(|number| Some((number, self.export.blob(number)?)));
        let (number, blob) = found.ok_or_else(|| failed("it is not in the list".to_owned()))?;
        let entry = self.listing.entry(number);
        let name = BlobName::parse(blob.path.as_deref().unwrap_or(path));
        let content_md5 = blob.properties.content_md5.as_deref();
        let content_md5 = content_md5.and_then(|text| BASE64.decode(text).ok());
        let hash = WholeHash::new(content_md5.is_some(), self.shared.sums.is_some());
        Ok(Box::new(StoreRead {
            number,
            shared: Arc::clone(&self.shared),
            blob: Arc::new(Blob {
                line: Arc::clone(&self.shared.line),
                name: name.map_err(|error| failed(error.to_string()))?,
                snapshot: blob.snapshot.as_deref().map(str::to_owned),
                etag: blob.etag.to_string(),
                bytes: entry.bytes,
                pages: (blob.kind == StoredKind::Page).then(|| Pages::default().into()),
            }),
            modified: entry.modified,
            content_md5,
            asked: Mutex::default(),
            hash: Mutex::new(Progress { hash, through: 0 }),
        }))
    }

    fn metadata(&self, _: u32) -> Option<&[u8]> {
        None
    }

    fn properties(&self, _: u32) -> Option<&[u8]> {
        None
    }
}

/// One blob.
struct StoreRead {
    /// Its entry in the listing.
    number: u32,
    shared: Arc<Shared>,
    blob: Arc<Blob>,
    modified: FileTime,
    content_md5: Option<Vec<u8>>,
    /// What was asked for and not read yet, in the order in which it will be.
    asked: Mutex<VecDeque<Asked>>,
    hash: Mutex<Progress>,
}

struct Progress {
    hash: WholeHash,
    /// Offset behind the last byte that was read.
    through: u64,
}

/// A part that is on its way.
struct Asked {
    part: Range<u64>,
    answer: JoinHandle<Result<Vec<Piece>, StoreError>>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        // What nobody will read need not come.
        self.answer.abort();
    }
}

impl SourceRead for StoreRead {
    /// Returns what was listed: every read is of that version, or fails. Once the last byte was read,
    /// all of them are compared with the blob's own Content-MD5.
    fn state(&self) -> io::Result<SourceState> {
        self.is_right()?;
        let (modified_seconds, modified_nanoseconds) = self.modified.to_unix();
        Ok(SourceState {
            bytes: self.blob.bytes,
            modified_seconds,
            modified_nanoseconds,
        })
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.blob.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = left.min(into.len());
        let into = into.get_mut(..wanted).unwrap_or_default();
        self.fill(at, into)?;
        let mut progress = self.hash.lock().unwrap_or_else(PoisonError::into_inner);
        progress.hash.take(at, into);
        progress.through = at.saturating_add(wide(wanted));
        Ok(wanted)
    }

    fn ask(&self, at: u64, bytes: u64) {
        let part = at..at.saturating_add(bytes);
        let (blob, wanted) = (Arc::clone(&self.blob), part.clone());
        let answer = async move { blob.part(wanted).await };
        let answer = self.shared.line.reach.begin(answer);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push_back(Asked { part, answer });
    }
}

impl StoreRead {
    /// Reads a part, which may be on its way.
    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let part = at..at.saturating_add(wide(into.len()));
        let reach = &self.shared.line.reach;
        let pieces = match self.take_asked(&part) {
            Some(mut asked) => reach.wait(&mut asked.answer).map_err(io::Error::other)?,
            None => reach.wait(self.blob.part(part)),
        };
        let (mut rest, mut from) = (into, at);
        for piece in pieces.map_err(|error| self.failed(error))? {
            let (hole, behind) = split(rest, piece.at.saturating_sub(from));
            hole.fill(0);
            let bytes = wide(piece.content.len());
            let (place, behind) = split(behind, bytes);
            place.copy_from_slice(&piece.content);
            (rest, from) = (behind, piece.at.saturating_add(bytes));
        }
        rest.fill(0);
        Ok(())
    }

    /// Takes out what was asked for as this part.
    fn take_asked(&self, part: &Range<u64>) -> Option<Asked> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let number = asked.iter().position(|asked| asked.part == *part)?;
        asked.remove(number)
    }

    /// Returns what a failed read means for the blob, and stops the job when it means nothing for it.
    fn failed(&self, error: StoreError) -> io::Error {
        let is_damaged = matches!(error.fault, StoreFault::Content { .. });
        let kind = if is_damaged {
            // It came so again and again, or the service compared with what the blob's owner said.
            io::ErrorKind::InvalidData
        } else if error.is_missing() {
            io::ErrorKind::NotFound
        } else if error.is_conflict() {
            io::ErrorKind::StaleNetworkFileHandle
        } else {
            io::ErrorKind::Other
        };
        let is_busy = error
            .status()
            .is_some_and(|status| status >= 500 || matches!(status, 408 | 429));
        let text = error.to_string();
        if error.is_general() || error.is_forbidden() || is_busy {
            // That the person stopped it is nothing to tell of the store.
            if !error.is_stopped() {
                let why = self.shared.gave_up.lock();
                let mut why = why.unwrap_or_else(PoisonError::into_inner);
                why.get_or_insert(error);
            }
            self.shared.cancel.cancel();
        }
        io::Error::new(kind, text)
    }

    /// Compares all bytes, once they were read, with the blob's own hash.
    fn is_right(&self) -> io::Result<()> {
        let bytes = self.blob.bytes;
        let known = {
            let mut progress = self.hash.lock().unwrap_or_else(PoisonError::into_inner);
            if progress.through < bytes || bytes == 0 {
                return Ok(());
            }
            let crc64 = progress.hash.crc64_of_all(bytes);
            if let (Some(sums), Some(crc64)) = (&self.shared.sums, crc64) {
                sums.set(self.number, crc64);
            }
            progress.hash.md5_of_all(bytes)
        };
        let Some(expected) = &self.content_md5 else {
            return Ok(());
        };
        let found = match known {
            Some(found) => found,
            None => self.hash_again()?,
        };
        if found.as_slice() == expected.as_slice() {
            return Ok(());
        }
        let what = format!("{} is not what its Content-MD5 says", self.blob.name);
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }

    /// Hashes the whole blob for itself: an earlier attempt read its beginning.
    fn hash_again(&self) -> io::Result<[u8; 16]> {
        let mut hash = WholeHash::new(true, false);
        let mut buffer = vec![0; RANGE.saturating_mul(2)];
        let mut at = 0;
        while at < self.blob.bytes {
            let left = usize::try_from(self.blob.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
            let length = left.min(buffer.len());
            let piece = buffer.get_mut(..length).unwrap_or_default();
            self.fill(at, piece)?;
            hash.take(at, piece);
            at = at.saturating_add(wide(length));
        }
        hash.md5_of_all(self.blob.bytes)
            .ok_or_else(|| io::Error::other("it ended early"))
    }
}

fn split(bytes: &mut [u8], at: u64) -> (&mut [u8], &mut [u8]) {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.split_at_mut(at)
}
