//! `\DriveManifest.xml`: the last file, known once everything else is hashed.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "block numbers of our own layout; release builds stop at an overflow"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufReader, Write};

use disk::{ReadAt, ReadError};
use lanes::Md5State;
use ntfs_image::Node;
use ntfs_image::read::{FileReader, Volume};
use shared::drive::NodeSource;
use shared::manifest::{Attached, ManifestFile, ManifestWriter, WrittenManifest};
use shared::plan::MANIFEST_NAME;

use super::error::PipelineError;
use super::hash_index::{HashIndex, blocks, is_hashed};
use super::last_place::LastPlace;
use super::plain::Plain;
use super::side_file::SideReader;
use super::work::Work;
use crate::device::Device;

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

/// Writes the manifest of every file that is not `left_out` into its place on the drive, zeros
/// behind it, and flushes.
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
    let device = RefCell::new(device);
    let place = LastPlace::new(work, &device, work.layout.manifest());
    let session = work.mapping.session.as_str();
    let writer = match work.layout.onto() {
        None => ManifestWriter::new(place, &work.layout.spec().serial, session),
        Some(onto) => {
            let shared = Shared(&device);
            let plain = Plain::new(work, &shared);
            let volume = Volume::open(&plain).map_err(failed)?;
            let before = before(&volume, onto.manifest_bytes)?;
            ManifestWriter::behind(place, before, session)
        }
    };
    let writer = writer.map_err(failed)?;
    let (written, file_bytes) = write_manifest_into(work, writer, hashes, index_of, left_out)?;
    written.inner.finish()?;
    Ok(ManifestWritten {
        md5: written.md5,
        bytes: written.bytes,
        files: written.files,
        file_bytes,
    })
}

/// Writes the manifest of every file that is not `left_out` to wherever `writer` leads; returns it, and the files' bytes.
///
/// # Errors
/// [`PipelineError`] when `writer` or the side file fails.
pub fn write_manifest_into<W: Write>(
    work: &Work<'_>,
    mut writer: ManifestWriter<W>,
    hashes: &SideReader,
    index_of: &HashIndex,
    left_out: &dyn Fn(Node) -> bool,
) -> Result<(WrittenManifest<W>, u64), PipelineError> {
    let files = Files::new(work, hashes, index_of);
    let mut file_bytes = 0;
    for node in 1..work.layout.ntfs().tree().node_count() {
        let node = Node(node);
        let NodeSource::Entry(entry) = work.layout.source_of(node) else {
            continue;
        };
        if work.layout.ntfs().tree().is_folder(node) || left_out(node) {
            continue;
        }
        let file = files.file(node, entry)?;
        file_bytes += file.bytes;
        writer.file(&file).map_err(failed)?;
    }
    Ok((writer.finish().map_err(failed)?, file_bytes))
}

/// A drive that is written to in between.
struct Shared<'a, 'd>(&'a RefCell<&'d mut (dyn Device + 'd)>);

impl ReadAt for Shared<'_, '_> {
    fn bytes(&self) -> u64 {
        self.0.borrow().bytes()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.0.borrow().read_at(at, into)
    }
}

/// Returns the manifest that is on the drive, as a stream.
fn before<R: ReadAt>(
    volume: &Volume<R>,
    bytes: u64,
) -> Result<BufReader<FileReader<'_, R>>, PipelineError> {
    let entry = volume.find(MANIFEST_NAME).map_err(failed)?;
    let entry = entry.ok_or_else(|| failed("the one that was on the drive is gone"))?;
    let file = volume.open_file(entry.id).map_err(failed)?;
    if file.bytes() != bytes {
        return Err(failed("the one that is on the drive is another"));
    }
    let reader = FileReader::new(volume, file);
    Ok(BufReader::with_capacity(MANIFEST_STEP, reader))
}

/// Bytes of a manifest that are read at once.
const MANIFEST_STEP: usize = 1 << 20;

fn failed(error: impl std::fmt::Display) -> PipelineError {
    PipelineError::Manifest(error.to_string())
}

/// What the manifest says of each file.
struct Files<'a, 'w> {
    work: &'a Work<'w>,
    hashes: &'a SideReader,
    index_of: &'a HashIndex,
    /// Properties and metadata files by entry, and those by target.
    properties: HashMap<u32, Node>,
    metadata: HashMap<u32, Node>,
    target_metadata: HashMap<u32, Node>,
    target_properties: HashMap<u32, Node>,
}

impl<'a, 'w> Files<'a, 'w> {
    fn new(work: &'a Work<'w>, hashes: &'a SideReader, index_of: &'a HashIndex) -> Self {
        let (properties, metadata) = Default::default();
        let (target_metadata, target_properties) = Default::default();
        let mut files = Self {
            work,
            hashes,
            index_of,
            properties,
            metadata,
            target_metadata,
            target_properties,
        };
        for node in 1..work.layout.ntfs().tree().node_count() {
            let node = Node(node);
            match work.layout.source_of(node) {
                NodeSource::Properties(entry) | NodeSource::BlobProperties(entry) => {
                    files.properties.insert(entry, node)
                }
                NodeSource::BlobMetadata(entry) => files.metadata.insert(entry, node),
                NodeSource::TargetMetadata(target) => files.target_metadata.insert(target, node),
                NodeSource::TargetProperties(target) => {
                    files.target_properties.insert(target, node)
                }
                NodeSource::Entry(_)
                | NodeSource::Implied
                | NodeSource::HashList
                | NodeSource::HashListChain
                | NodeSource::Manifest => None,
            };
        }
        files
    }

    fn file(&self, node: Node, entry: u32) -> Result<ManifestFile, PipelineError> {
        let work = self.work;
        let naming = work.mapping.naming(work.listing, entry).map_err(failed)?;
        let target = work
            .mapping
            .target_number(work.listing, entry)
            .map_err(failed)?;
        let metadata = match self.metadata.get(&entry) {
            Some(own) => Some(own),
            None => self.target_metadata.get(&target),
        };
        let properties = match self.properties.get(&entry) {
            Some(own) => Some(own),
            None => self.target_properties.get(&target),
        };
        let bytes = work.layout.ntfs().tree().bytes(node);
        let mut file = ManifestFile::new(
            naming.path,
            naming.blob,
            bytes,
            naming.kind,
            self.hashes_of(node)?,
        );
        file.disposition = naming.disposition;
        file.snapshot = naming.snapshot;
        file.metadata = self.attached(naming.metadata, metadata)?;
        file.properties = self.attached(naming.properties, properties)?;
        Ok(file)
    }

    fn hashes_of(&self, node: Node) -> Result<Vec<[u8; 16]>, PipelineError> {
        if !is_hashed(self.work, node) {
            return Ok(Vec::new());
        }
        let first = self.index_of.first(node).ok_or(PipelineError::Stage)?;
        let numbers = first..first + blocks(self.work, node);
        numbers
            .map(|number| self.hashes.hash(number).map_err(PipelineError::from))
            .collect()
    }

    /// Returns the hash of an attached file, which is one block.
    fn attached(
        &self,
        path: Option<String>,
        node: Option<&Node>,
    ) -> Result<Option<Attached>, PipelineError> {
        let (Some(path), Some(node)) = (path, node) else {
            return Ok(None);
        };
        let hashes = self.hashes_of(*node)?;
        let hash = match hashes.as_slice() {
            [] => Md5State::new().finish(),
            [one] => *one,
            _ => return Err(failed(format!("{path} is longer than one block"))),
        };
        Ok(Some(Attached { path, hash }))
    }
}
