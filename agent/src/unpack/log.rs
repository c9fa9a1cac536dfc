//! What a copy log of the service proves.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use shared::copy_log::{BlobStatus, LogError, LoggedBlob, is_classic, read_classic, read_current};
use shared::manifest::{BlobKind, Part};

use super::found::Desk;

/// One file of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Logged {
    /// Its length.
    pub(super) bytes: u64,
    /// CRC-64/NVME of the whole.
    pub(super) crc64: Option<u64>,
    /// MD5 of its ranges.
    pub(super) ranges: Option<Vec<Part>>,
}

/// The files of a log, by their path on the drive: `\container\name`.
#[derive(Clone, Debug, Default)]
pub struct LogProofs {
    files: HashMap<String, Logged>,
    /// What the service itself says went wrong, by path.
    errored: Vec<(String, String)>,
    /// Files that were asked for.
    seen: RefCell<HashSet<String>>,
}

impl LogProofs {
    /// Reads a log: the classic one with a hash of every block, or today's copy log or verbose log
    /// with a checksum of every file.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn read(xml: &[u8]) -> Result<Self, LogError> {
        if is_classic(xml) {
            Self::of_classic(xml)
        } else {
            Self::of_current(xml)
        }
    }

    fn of_classic(xml: &[u8]) -> Result<Self, LogError> {
        let mut proofs = Self::default();
        for blob in read_classic(xml)?.blobs {
            if blob.status != BlobStatus::Completed {
                let what = format!("the log says of {}: {:?}", blob.blob, blob.status);
                proofs.errored.push((blob.file, what));
                continue;
            }
            let (bytes, ranges) = (blob.bytes, ranges_of(&blob));
            let logged = Logged {
                bytes,
                crc64: None,
                ranges,
            };
            proofs.files.insert(blob.file, logged);
        }
        Ok(proofs)
    }

    fn of_current(xml: &[u8]) -> Result<Self, LogError> {
        let mut proofs = Self::default();
        let log = read_current(xml)?;
        for file in log.succeeded {
            let logged = Logged {
                bytes: file.bytes,
                crc64: Some(file.crc64),
                ranges: None,
            };
            proofs.files.insert(drive_path(&file.blob), logged);
        }
        for file in log.errored {
            let (code, message) = (&file.code, &file.message);
            let category = file.category.code();
            let what = format!("the log says of it: {category}, {code}: {message}");
            proofs.errored.push((drive_path(&file.blob), what));
        }
        Ok(proofs)
    }

    /// Returns what the log says of a file: by its path on the drive, or else by its blob's.
    pub(super) fn of(&self, path: &str, blob: Option<&str>) -> Option<&Logged> {
        let mut keys = std::iter::once(path.to_owned()).chain(blob.map(drive_path));
        let key = keys.find(|key| self.files.contains_key(key))?;
        let logged = self.files.get(&key);
        self.seen.borrow_mut().insert(key);
        logged
    }

    /// Names what the log has and nobody asked for, and what it says went wrong.
    pub(super) fn name_missing(&self, desk: &Desk<'_>) {
        let seen = self.seen.borrow();
        let files = self.files.keys();
        let mut missing: Vec<&String> = files.filter(|path| !seen.contains(*path)).collect();
        missing.sort_unstable();
        for path in missing {
            let what = "it is in the log and not on the drive".to_owned();
            desk.find("missing-file", what, Some(path), None);
        }
        for (path, what) in &self.errored {
            desk.find("log", what.clone(), Some(path), None);
        }
    }
}

fn drive_path(blob: &str) -> String {
    format!("\\{}", blob.replace('/', "\\"))
}

/// Returns the ranges when each has a hash.
fn ranges_of(blob: &LoggedBlob) -> Option<Vec<Part>> {
    let parts = blob.parts.iter().filter(|part| part.bytes > 0);
    let ranges = parts.map(|part| {
        Some(Part {
            at: part.at,
            bytes: part.bytes,
            hash: part.hash?,
        })
    });
    let ranges: Vec<Part> = ranges.collect::<Option<_>>()?;
    // Page blobs leave out what is zeros; blocks that are not the whole file prove nothing, nor do
    // parts that overlap.
    let mut through = 0;
    for part in &ranges {
        let is_next = match blob.kind {
            BlobKind::Block | BlobKind::File => part.at == through,
            BlobKind::Page => part.at >= through,
        };
        through = part.at.checked_add(part.bytes).filter(|_| is_next)?;
    }
    let is_whole = match blob.kind {
        BlobKind::Block | BlobKind::File => through == blob.bytes,
        BlobKind::Page => through <= blob.bytes && through > 0,
    };
    is_whole.then_some(ranges)
}
