//! `\DriveManifest.xml`: the last file, known once everything else is hashed.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of our own layout; release builds stop at an overflow"
)]

use std::io;

use ntfs_image::Node;
use shared::drive::{NodeSource, What};
use shared::manifest::{ManifestFile, ManifestWriter};

use super::batch::index;
use super::error::PipelineError;
use super::hash_index::{HashIndex, blocks, is_hashed};
use super::side_file::SideReader;
use super::work::Work;
use crate::device::{AlignedBuffer, Device};

/// Bytes written at once.
const STEP: u64 = 1 << 20;

/// What is known of a manifest once it is on the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestWritten {
    /// MD5 of the whole of it.
    pub md5: [u8; 16],
    /// Its length; at most what the layout planned.
    pub bytes: u64,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
}

/// Writes the manifest of every file that is not `left_out` into its place on the drive, zeros behind it, and flushes.
///
/// # Errors
/// [`PipelineError`] when the drive or the side file fails.
pub fn write_manifest(
    work: &Work<'_>,
    device: &mut dyn Device,
    hashes: &SideReader,
    index_of: &HashIndex,
    left_out: &dyn Fn(Node) -> bool,
) -> Result<ManifestWritten, PipelineError> {
    let place = ManifestPlace::new(work, device);
    let serial = &work.layout.spec().serial;
    let mut writer =
        ManifestWriter::new(place, serial, work.mapping.session.as_str()).map_err(failed)?;
    let mut file_bytes = 0;
    for node in 1..work.layout.ntfs().tree().node_count() {
        let node = Node(node);
        let NodeSource::Entry(entry) = work.layout.source_of(node) else {
            continue;
        };
        if work.layout.ntfs().tree().is_folder(node) || left_out(node) {
            continue;
        }
        let file = manifest_file(work, node, entry, hashes, index_of)?;
        file_bytes += file.bytes;
        writer.file(&file).map_err(failed)?;
    }
    let written = writer.finish().map_err(failed)?;
    written.inner.finish()?;
    Ok(ManifestWritten {
        md5: written.md5,
        bytes: written.bytes,
        files: written.files,
        file_bytes,
    })
}

fn manifest_file(
    work: &Work<'_>,
    node: Node,
    entry: u32,
    hashes: &SideReader,
    index_of: &HashIndex,
) -> Result<ManifestFile, PipelineError> {
    let mut found = Vec::new();
    if is_hashed(work, node) {
        let first = index_of.first(node).ok_or(PipelineError::Stage)?;
        for number in first..first + blocks(work, node) {
            found.push(hashes.hash(number)?);
        }
    }
    let naming = work.mapping.naming(work.listing, entry).map_err(failed)?;
    let bytes = work.layout.ntfs().tree().bytes(node);
    let mut file = ManifestFile::new(naming.path, naming.blob, bytes, naming.kind, found);
    file.disposition = naming.disposition;
    Ok(file)
}

fn failed(error: impl std::fmt::Display) -> PipelineError {
    PipelineError::Manifest(error.to_string())
}

/// The manifest's extents on the drive, written from their start, encrypted.
struct ManifestPlace<'a, 'w> {
    work: &'a Work<'w>,
    device: &'a mut dyn Device,
    extents: std::vec::IntoIter<(u64, u64)>,
    /// Disk offset of the buffer's first byte, and how much of its extent is left from there.
    at: u64,
    left: u64,
    buffer: AlignedBuffer,
    held: usize,
    failure: Option<PipelineError>,
}

impl<'a, 'w> ManifestPlace<'a, 'w> {
    fn new(work: &'a Work<'w>, device: &'a mut dyn Device) -> Self {
        let manifest = work.layout.manifest();
        let mut extents = Vec::new();
        for segment in work.layout.segments() {
            if matches!(segment.what, What::FileData { file, .. } if file == manifest) {
                extents.push((segment.at, segment.bytes));
            }
        }
        let buffer = AlignedBuffer::zeroed(index(STEP));
        let (at, left, held) = (0, 0, 0);
        Self {
            work,
            device,
            extents: extents.into_iter(),
            at,
            left,
            buffer,
            held,
            failure: None,
        }
    }

    /// Writes what the buffer holds, zeros up to the end of the buffer's share of the extent.
    fn put(&mut self) -> Result<(), PipelineError> {
        let bytes = self.left.min(STEP);
        self.buffer.set_length(index(bytes));
        self.buffer[self.held..].fill(0);
        self.work.encrypt(self.at, &mut self.buffer);
        self.device.write_at(self.at, &self.buffer)?;
        self.at += bytes;
        self.left -= bytes;
        self.held = 0;
        Ok(())
    }

    /// Goes on to the next extent when this one is full; false when there is none.
    fn has_room(&mut self) -> bool {
        if self.left == 0 {
            let Some((at, bytes)) = self.extents.next() else {
                return false;
            };
            (self.at, self.left) = (at, bytes);
        }
        true
    }

    /// Writes the rest, and zeros through the end of the last extent.
    fn finish(mut self) -> Result<(), PipelineError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        while self.has_room() {
            self.put()?;
        }
        self.device.flush()?;
        Ok(())
    }
}

impl io::Write for ManifestPlace<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_room() {
            return Err(io::Error::other("it is longer than planned"));
        }
        let room = index(self.left.min(STEP)) - self.held;
        let taken = room.min(bytes.len());
        self.buffer.set_length(index(STEP));
        self.buffer[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
        self.held += taken;
        if taken == room
            && let Err(error) = self.put()
        {
            let text = error.to_string();
            self.failure = Some(error);
            return Err(io::Error::other(text));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
