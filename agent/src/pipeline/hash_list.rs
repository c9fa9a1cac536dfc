//! The ASC MHL of a drive: written when the pass is over, from the hashes that it made.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "block numbers and lengths of our own layout; release builds stop at an overflow"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lanes::Md5State;
use ntfs_image::Node;
use shared::drive::{NodeSource, What};
use shared::hash::md5;
use shared::job::Moment;
use shared::mhl;
use shared::plan::PROPERTIES_BYTES;

use super::batch::index;
use super::error::PipelineError;
use super::hash_index::{HashIndex, blocks};
use super::last_place::LastPlace;
use super::long_blobs::{Past, long_blobs};
use super::side_file::SideReader;
use super::work::Work;
use crate::device::{AlignedBuffer, Device};

/// Writes the ASC MHL of every file that is not `left_out`, and its chain, into their places on the drive, blanks
/// behind them, and flushes. Does nothing where none is wanted. Doing it again changes nothing.
///
/// The hash of a file of one block is the block's; that of another is read back from its properties file, which the
/// pass wrote and hashed: no byte is read or hashed a second time for it, and a resumed drive gets the same list. Blobs
/// of an export have no such file: what the store says of them counts as far as `past` lets it, or they are read back.
///
/// # Errors
/// [`PipelineError`] when the drive or the side file fails, or the person stopped it.
pub fn write_hash_list(
    work: &Work<'_>,
    device: &mut dyn Device,
    hashes: &SideReader,
    index_of: &HashIndex,
    left_out: &dyn Fn(Node) -> bool,
    past: &Past<'_>,
) -> Result<(), PipelineError> {
    let started = Moment::of_file_time(work.layout.spec().started).unwrap_or(Moment(0));
    let head = work.mapping.hash_list_head(started);
    let (Some(nodes), Some(head)) = (work.layout.hash_list(), head) else {
        return Ok(());
    };
    let long = if work.mapping.export.is_some() {
        long_blobs(work, device, (hashes, index_of), left_out, past)?
    } else {
        long_files(work, device, hashes, index_of, left_out)?
    };
    let whole = Whole {
        work,
        hashes,
        index_of,
        long,
    };
    let device = RefCell::new(device);
    let mut text = Text {
        place: LastPlace::new(work, &device, nodes.list),
        c4: mhl::C4::default(),
        bytes: 0,
    };
    text.put(&head)?;
    let all = || (1..work.layout.ntfs().tree().node_count()).map(Node);
    if work.mapping.export.is_some() {
        for node in all() {
            if let Some(file) = listed(work, node, left_out)?
                && let Some(line) = work.mapping.kept_in_hash_list(&file.path)
            {
                text.put(&line)?;
            }
        }
    }
    text.put(mhl::MIDDLE)?;
    for node in all() {
        if let Some(file) = listed(work, node, left_out)? {
            let bytes = work.layout.ntfs().tree().bytes(node);
            let hash = whole.md5(node, file.entry)?;
            text.put(&mhl::hash_lines(&file.path, bytes, &hash))?;
        }
    }
    text.put(mhl::TAIL)?;
    let planned = work.layout.ntfs().tree().bytes(nodes.list);
    let c4 = text.finish(planned)?;
    let mut chain = LastPlace::new(work, &device, nodes.chain);
    let content = mhl::chain(&nodes.name, &c4);
    chain.write_all(content.as_bytes()).map_err(failed)?;
    chain.finish()
}

/// A file that the list names.
struct Listed {
    entry: u32,
    /// Its place on the drive.
    path: String,
}

/// Returns what the list names a file; `None` for what is in no list.
fn listed(
    work: &Work<'_>,
    node: Node,
    left_out: &dyn Fn(Node) -> bool,
) -> Result<Option<Listed>, PipelineError> {
    let NodeSource::Entry(entry) = work.layout.source_of(node) else {
        return Ok(None);
    };
    if work.layout.ntfs().tree().is_folder(node) || left_out(node) {
        return Ok(None);
    }
    let path = work
        .mapping
        .naming(work.listing, entry)
        .map_err(failed)?
        .path;
    let is_listed = work.mapping.is_in_hash_list(&path);
    Ok(is_listed.then_some(Listed { entry, path }))
}

/// What the MD5 of each whole file is.
struct Whole<'a, 'w> {
    work: &'a Work<'w>,
    hashes: &'a SideReader,
    index_of: &'a HashIndex,
    /// Those of more than one block, by entry.
    long: HashMap<u32, [u8; 16]>,
}

impl Whole<'_, '_> {
    fn md5(&self, node: Node, entry: u32) -> Result<[u8; 16], PipelineError> {
        let Some(first) = self.index_of.first(node) else {
            return Ok(Md5State::new().finish());
        };
        if blocks(self.work, node) == 1 {
            return Ok(self.hashes.hash(first)?);
        }
        let known = self.long.get(&entry).copied();
        known.ok_or(PipelineError::Stage)
    }
}

/// Reads the MD5 of every file of more than one block from its properties file, in the order in which they lie on the
/// drive.
fn long_files(
    work: &Work<'_>,
    device: &dyn Device,
    hashes: &SideReader,
    index_of: &HashIndex,
    left_out: &dyn Fn(Node) -> bool,
) -> Result<HashMap<u32, [u8; 16]>, PipelineError> {
    let mut found = HashMap::new();
    let mut buffer = AlignedBuffer::zeroed(index(PROPERTIES_BYTES));
    for segment in work.layout.segments() {
        let What::FileData { file, from: 0 } = segment.what else {
            continue;
        };
        let NodeSource::Properties(entry) = work.layout.source_of(file) else {
            continue;
        };
        let is_wanted = |node: Node| blocks(work, node) > 1 && !left_out(node);
        if !work.layout.node_of(entry).is_some_and(is_wanted) {
            continue;
        }
        device.read_at(segment.at, &mut buffer)?;
        work.decrypt(segment.at, &mut buffer);
        let number = index_of.first(file).ok_or(PipelineError::Stage)?;
        let forgot = PipelineError::Forgot { at: segment.at };
        if hashes.hash(number)? != md5(&buffer) {
            return Err(forgot);
        }
        let hash = content_md5(&buffer).ok_or(forgot)?;
        found.insert(entry, hash);
    }
    Ok(found)
}

/// Returns the hash that a properties file of our own tells.
fn content_md5(file: &[u8]) -> Option<[u8; 16]> {
    let text = std::str::from_utf8(file).ok()?;
    let (_, rest) = text.split_once("<Content-MD5>")?;
    let (hash, _) = rest.split_once('<')?;
    BASE64.decode(hash).ok()?.try_into().ok()
}

/// The text of a list on its way onto the drive.
struct Text<'a, 'd, 'w> {
    place: LastPlace<'a, 'd, 'w>,
    c4: mhl::C4,
    bytes: u64,
}

impl Text<'_, '_, '_> {
    fn put(&mut self, text: &str) -> Result<(), PipelineError> {
        self.c4.update(text.as_bytes());
        self.bytes += u64::try_from(text.len()).unwrap_or(0);
        self.place.write_all(text.as_bytes()).map_err(failed)
    }

    /// Fills up to the planned length with blanks, where files were left out, and returns the list's C4.
    fn finish(mut self, planned: u64) -> Result<String, PipelineError> {
        const BLANKS: &str = "                                                               \n";
        while self.bytes < planned {
            let left = index((planned - self.bytes).min(64));
            self.put(&BLANKS[64 - left..])?;
        }
        self.place.finish()?;
        Ok(self.c4.finish())
    }
}

fn failed(error: impl std::fmt::Display) -> PipelineError {
    PipelineError::Manifest(format!("of the ASC MHL: {error}"))
}
