//! Ranges of a blob into a file at home.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use lanes::Md5State;
use shared::manifest::{ManifestFile, Part};

use super::export::{Trouble, name_of};
use super::read_at::{read_at, write_at};
use crate::blobs::{BlobName, StoreError};
use crate::export::Reach;

/// A blob, as it is now.
pub(super) struct Blob {
    name: BlobName,
    snapshot: Option<String>,
    etag: String,
    pub(super) bytes: u64,
    md5: Option<[u8; 16]>,
}

/// How the mending of a file ended.
pub(super) enum Mended {
    /// Every range has its hash.
    Whole,
    /// The blob's bytes from here on are others.
    Changed(u64),
}

/// Bytes of one request.
const STEP: u64 = 4 << 20;
/// The longest part that is taken, whatever a manifest or log says: the rule's longest blocks have 100 MiB.
const PART_BYTES_MAX: u64 = 128 << 20;
/// Requests on their way at once.
const REQUESTS: usize = 8;

impl Blob {
    /// Asks for a blob; `None` when it is gone.
    pub(super) fn find(
        reach: &Reach,
        path: &str,
        snapshot: Option<&str>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(name) = name_of(path) else {
            return Ok(None);
        };
        let facts = reach.wait(reach.store().facts(&name, snapshot))?;
        Ok(facts.map(|facts| Self {
            name,
            snapshot: snapshot.map(str::to_owned),
            etag: facts.etag,
            bytes: facts.bytes,
            md5: facts.headers.content_md5,
        }))
    }
}

/// Returns the parts of a file that do not have their hashes in its copy.
///
/// # Errors
/// When the copy cannot be read.
pub(super) fn differing(path: &Path, file: &ManifestFile) -> io::Result<Vec<Part>> {
    let copy = File::open(path)?;
    let bytes = copy.metadata()?.len();
    let mut buffer = vec![0; usize::try_from(STEP).unwrap_or(0)];
    let mut wrong = Vec::new();
    for part in file.parts() {
        if part.at.saturating_add(part.bytes) > bytes
            || hash(&copy, part, &mut buffer)? != part.hash
        {
            wrong.push(part);
        }
    }
    Ok(wrong)
}

fn hash(copy: &File, part: Part, buffer: &mut [u8]) -> io::Result<[u8; 16]> {
    let mut state = Md5State::new();
    for range in steps(part.at, part.bytes) {
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
        let piece = buffer.get_mut(..length).unwrap_or_default();
        read_at(copy, range.start, piece)?;
        state.update(piece);
    }
    Ok(state.finish())
}

/// Reads parts of a blob and writes them, each after it was compared with its hash. In memory: one part.
///
/// # Errors
/// [`Trouble`].
pub(super) fn mend(
    reach: &Reach,
    blob: &Blob,
    out: &File,
    parts: &[Part],
) -> Result<Mended, Trouble> {
    for part in parts {
        if part.bytes > PART_BYTES_MAX {
            let what = format!(
                "a block of {} bytes is too long; {PART_BYTES_MAX} are the most",
                part.bytes
            );
            return Err(Trouble::Other("block", what));
        }
        let (mut state, mut pieces) = (Md5State::new(), Vec::new());
        read(reach, blob, part.at, part.bytes, &mut |at, bytes| {
            state.update(&bytes);
            pieces.push((at, bytes));
            Ok(())
        })?;
        if state.finish() != part.hash {
            return Ok(Mended::Changed(part.at));
        }
        for (at, bytes) in pieces {
            write_at(out, at, &bytes).map_err(Trouble::home)?;
        }
    }
    Ok(Mended::Whole)
}

/// Reads a whole blob; returns whether its own MD5 agrees, where it has one.
///
/// # Errors
/// [`Trouble`].
pub(super) fn whole(reach: &Reach, blob: &Blob, out: &File) -> Result<Option<bool>, Trouble> {
    let mut state = Md5State::new();
    read(reach, blob, 0, blob.bytes, &mut |at, bytes| {
        state.update(&bytes);
        write_at(out, at, &bytes)
    })?;
    let found = state.finish();
    Ok(blob.md5.map(|md5| md5 == found))
}

/// Reads a stretch of a blob, several requests at once, and hands on its pieces in order.
fn read(
    reach: &Reach,
    blob: &Blob,
    at: u64,
    bytes: u64,
    each: &mut dyn FnMut(u64, Bytes) -> io::Result<()>,
) -> Result<(), Trouble> {
    reach.wait(async {
        let reads = futures::stream::iter(steps(at, bytes).map(|range| async move {
            let start = range.start;
            let snapshot = blob.snapshot.as_deref();
            let read = reach
                .store()
                .read(&blob.name, snapshot, range, Some(&blob.etag));
            Ok::<_, StoreError>((start, read.await?))
        }));
        let mut reads = std::pin::pin!(reads.buffered(REQUESTS));
        while let Some((at, piece)) = reads.try_next().await.map_err(Trouble::Store)? {
            each(at, piece).map_err(Trouble::home)?;
        }
        Ok(())
    })
}

/// Returns the requests that a stretch takes.
fn steps(at: u64, bytes: u64) -> impl Iterator<Item = Range<u64>> {
    (0..bytes.div_ceil(STEP)).map(move |step| {
        let from = step.saturating_mul(STEP);
        let until = from.saturating_add(STEP).min(bytes);
        at.saturating_add(from)..at.saturating_add(until)
    })
}
