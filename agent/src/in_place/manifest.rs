//! The manifest of files that are where they are.

use std::io::{self, Write};

use disk::ReadAt;
use lanes::Md5State;
use ntfs_image::read::{File, Volume};
use shared::blob_name::SessionId;
use shared::manifest::{BlobKind, ManifestFile, ManifestWriter, choose_kind, parts};

use super::survey::{Found, Hindrance};
use crate::job_error::JobError;
use crate::journal_file::AppendFile;
use crate::pipeline::Cancel;

/// Bytes that are read and hashed at once.
const STEP: u64 = 4 << 20;

/// What a manifest came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// MD5 of the whole of it.
    pub md5: [u8; 16],
    /// Its length.
    pub bytes: u64,
    /// Bytes of the files in it.
    pub file_bytes: u64,
    /// Files with further streams, which do not travel.
    pub with_streams: u64,
    /// Disk images whose length is no multiple of 512: they go as block blobs.
    pub odd_images: u64,
    /// Files that could not be read: without them the manifest is good for nothing.
    pub unreadable: Vec<Hindrance>,
}

/// Reads every one of `files` and writes what they are into `out`, durable when it returns. `progress`
/// is told the bytes so far.
///
/// # Errors
/// [`JobError`] when `out` fails or the person stopped it.
pub(super) fn make<R: ReadAt>(
    volume: &Volume<R>,
    files: &[Found],
    (serial, session): (&str, &SessionId),
    mut out: AppendFile,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64),
) -> Result<Made, JobError> {
    let place = out.path().display().to_string();
    let failed =
        |error: String| JobError::io(error, place.as_str(), "Nothing was written to the drive.");
    let mut made = Made {
        md5: [0; 16],
        bytes: 0,
        file_bytes: 0,
        with_streams: 0,
        odd_images: 0,
        unreadable: Vec::new(),
    };
    let mut sink = Sink(&mut out);
    let writer = ManifestWriter::new(&mut sink, serial, session.as_str());
    let mut writer = writer.map_err(|error| failed(error.to_string()))?;
    let mut buffer = vec![0; usize::try_from(STEP).unwrap_or(0)];
    for found in files {
        let mut told = |bytes| {
            progress(bytes);
            !cancel.is_cancelled()
        };
        match hashed(volume, found, &mut made, &mut buffer, &mut told) {
            Ok(file) => writer
                .file(&file)
                .map_err(|error| failed(error.to_string()))?,
            Err(_) if cancel.is_cancelled() => return Err(stopped()),
            Err(why) => made.unreadable.push(Hindrance {
                path: found.path.clone(),
                why,
            }),
        }
    }
    let written = writer.finish().map_err(|error| failed(error.to_string()))?;
    (made.md5, made.bytes) = (written.md5, written.bytes);
    out.sync().map_err(|error| failed(error.to_string()))?;
    Ok(made)
}

/// Reads and hashes one file.
fn hashed<R: ReadAt>(
    volume: &Volume<R>,
    found: &Found,
    made: &mut Made,
    buffer: &mut [u8],
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<ManifestFile, String> {
    let file = volume
        .open_file(found.id)
        .map_err(|error| error.to_string())?;
    if !file.streams().is_empty() {
        made.with_streams = made.with_streams.saturating_add(1);
    }
    let choice = choose_kind(&found.path, file.bytes(), None).map_err(|error| error.to_string())?;
    made.odd_images = made
        .odd_images
        .saturating_add(u64::from(choice.odd_disk_image));
    let hashes = hashes(volume, &file, choice.kind, buffer, &mut |bytes| {
        made.file_bytes = made.file_bytes.saturating_add(bytes);
        told(made.file_bytes)
    })?;
    let (path, blob) = (found.path.clone(), found.blob.clone());
    Ok(ManifestFile::new(
        path,
        blob,
        file.bytes(),
        choice.kind,
        hashes,
    ))
}

fn hashes<R: ReadAt>(
    volume: &Volume<R>,
    file: &File,
    kind: BlobKind,
    buffer: &mut [u8],
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<[u8; 16]>, String> {
    let mut hashes = Vec::new();
    for (at, bytes) in parts(file.bytes(), kind) {
        let mut state = Md5State::new();
        let mut done = 0;
        while done < bytes {
            let step = STEP.min(bytes.saturating_sub(done));
            let piece = usize::try_from(step)
                .ok()
                .and_then(|step| buffer.get_mut(..step))
                .unwrap_or_default();
            volume
                .read(file, at.saturating_add(done), piece)
                .map_err(|error| error.to_string())?;
            state.update(piece);
            done = done.saturating_add(step);
            if !told(step) {
                return Err("stopped".to_owned());
            }
        }
        hashes.push(state.finish());
    }
    Ok(hashes)
}

fn stopped() -> JobError {
    JobError::plan(
        "stopped before the end",
        "Start it again: the drive is as it was.",
    )
}

/// A file beside the journal, as a manifest writes into it.
struct Sink<'a>(&'a mut AppendFile);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
