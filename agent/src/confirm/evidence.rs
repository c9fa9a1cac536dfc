//! What the service's own logs prove of files.

use std::collections::HashMap;

use lanes::Md5State;
use sha2::{Digest, Sha256};
use shared::copy_log::{
    BlobStatus, DispositionStatus, LogError, PartStatus, is_classic, read_classic, read_current,
};
use shared::manifest::{ManifestFile, Part};

use crate::device::tidy_serial;

/// A name, short: the first half of its SHA-256.
pub(super) type Key = [u8; 16];

/// What logs say of files.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// By drive and path on it: classic logs.
    by_file: HashMap<Key, OfFile>,
    /// By blob: today's.
    by_blob: HashMap<Key, OfBlob>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OfFile {
    /// The name that the blob has, where it is not the manifest's.
    renamed: Option<String>,
    /// What became of the blob.
    status: BlobStatus,
    /// Whether it was left out because its name was taken.
    is_skipped: bool,
    /// Place and hash of every part, in one; none where a part is not there, or has no hash.
    parts: Option<[u8; 16]>,
}

/// What today's logs say of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfBlob {
    /// It arrived: length and CRC-64.
    Arrived(u64, u64),
    /// It did not: why.
    Failed(String),
}

/// What a log proves of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// Every block has the manifest's hash.
    Right,
    /// It went wrong, or is another file.
    Wrong(String),
    /// It arrived with this CRC-64.
    Crc64(u64),
}

impl Evidence {
    /// Takes a log, classic or today's.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn add(&mut self, xml: &[u8]) -> Result<(), LogError> {
        if is_classic(xml) {
            self.add_classic(xml)
        } else {
            self.add_current(xml)
        }
    }

    fn add_classic(&mut self, xml: &[u8]) -> Result<(), LogError> {
        let log = read_classic(xml)?;
        for blob in log.blobs {
            let is_there = |status| matches!(status, PartStatus::Committed | PartStatus::Completed);
            let parts = blob.parts.iter().map(|part| {
                let hash = part.hash.filter(|_| is_there(part.status))?;
                let (at, bytes) = (part.at, part.bytes);
                Some(Part { at, bytes, hash })
            });
            let parts: Option<Vec<Part>> = parts.collect();
            let is_renamed = blob.disposition.1 == DispositionStatus::Renamed;
            let said = OfFile {
                renamed: is_renamed.then(|| blob.blob.clone()),
                status: blob.status,
                is_skipped: blob.disposition.1 == DispositionStatus::Skipped,
                parts: parts.map(|parts| digest(parts.into_iter())),
            };
            self.by_file
                .insert(file_key(&log.drive_id, &blob.file), said);
        }
        Ok(())
    }

    fn add_current(&mut self, xml: &[u8]) -> Result<(), LogError> {
        let log = read_current(xml)?;
        for blob in log.succeeded {
            let said = OfBlob::Arrived(blob.bytes, blob.crc64);
            self.by_blob.insert(key(&blob.blob), said);
        }
        for blob in log.errored {
            let (category, code, message) = (blob.category, blob.code, blob.message);
            let said = OfBlob::Failed(format!("{category}, {code}: {message}"));
            self.by_blob
                .insert(key(&blob.blob.replacen('\\', "/", 1)), said);
        }
        Ok(())
    }

    /// Returns the name of the blob that a file became, where a log says that it got another one.
    pub(super) fn renamed(&self, drive: &str, path: &str) -> Option<&str> {
        let said = self.by_file.get(&file_key(drive, path))?;
        said.renamed.as_deref()
    }

    /// Returns what the logs prove of a file.
    pub(super) fn of(&self, drive: &str, file: &ManifestFile, blob: &str) -> Said {
        if let Some(said) = self.by_file.get(&file_key(drive, &file.path)) {
            if said.is_skipped {
                let what = "the log says that its name was taken, and that it was left out";
                return Said::Wrong(what.to_owned());
            }
            if said.status != BlobStatus::Completed {
                return Said::Wrong(format!("the log says: {}", said.status));
            }
            match said.parts {
                Some(parts) if parts == digest(file.parts()) => return Said::Right,
                Some(_) => {
                    let what = "the log's blocks are not those of the drive's manifest";
                    return Said::Wrong(what.to_owned());
                }
                None => {}
            }
        }
        match self.by_blob.get(&key(blob)) {
            Some(OfBlob::Arrived(bytes, crc64)) if *bytes == file.bytes => Said::Crc64(*crc64),
            Some(OfBlob::Arrived(bytes, _)) => Said::Wrong(format!(
                "the log says {bytes} bytes; the drive had {}",
                file.bytes
            )),
            Some(OfBlob::Failed(why)) => Said::Wrong(format!("the log says: {why}")),
            None => Said::Nothing,
        }
    }
}

/// Returns the short form of a name.
pub(super) fn key(name: &str) -> Key {
    let sum: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    sum.first_chunk().copied().unwrap_or_default()
}

fn file_key(drive: &str, path: &str) -> Key {
    key(&format!("{}\0{path}", tidy_serial(drive)))
}

fn digest(parts: impl Iterator<Item = Part>) -> [u8; 16] {
    let mut state = Md5State::new();
    for part in parts {
        state.update(&part.at.to_le_bytes());
        state.update(&part.bytes.to_le_bytes());
        state.update(&part.hash);
    }
    state.finish()
}
