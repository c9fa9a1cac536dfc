//! The BitLocker volume of a drive whose keys stay.

use std::collections::HashSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitlocker_image::{Credential, RecoveryPassword, Regions, open_information_area};
use disk::SectorSize;
use ntfs_image::Ground;
use serde::{Deserialize, Serialize};
use shared::drive::{FoundVolume, Kept, KeptError};
use shared::hash::{from_hex, lower_hex};
use shared::plan::{KeptVolume, Onto};

use crate::drives::Drives;
use crate::job_error::JobError;

/// The volume as it was found, and the key that opened it.
#[derive(Clone, Debug)]
pub struct KeptTarget {
    /// What stays of it.
    pub kept: Kept,
    /// Its information area.
    pub information_area: Vec<u8>,
    /// Opens it.
    pub key: RecoveryPassword,
    /// Blobs that are on it already, when files come beside what is there.
    pub blobs: HashSet<String>,
}

impl KeptTarget {
    /// Opens the BitLocker volume of the drive at `path`, whose logical sectors are `sector`.
    ///
    /// # Errors
    /// [`JobError`], refused, when there is none, the key does not open it, or it cannot be kept.
    /// Nothing was written.
    pub fn read(
        drives: &Drives,
        path: &Path,
        sector: SectorSize,
        key: &RecoveryPassword,
    ) -> Result<Self, JobError> {
        let place = path.display().to_string();
        let reader = drives
            .open_read(path, false)
            .map_err(|error| JobError::io(error.to_string(), place.as_str(), UNTOUCHED))?;
        let credential = Credential::RecoveryPassword(key.clone());
        let found = FoundVolume::read(&reader, sector, &credential);
        let found = found.map_err(|error| match error {
            KeptError::Read(error) => JobError::io(error.to_string(), place.as_str(), UNTOUCHED),
            error => JobError::refused(
                format!("the volume that is there cannot be kept: {error}"),
                place.as_str(),
                "Write Format,...,Encrypt to give the drive new keys.",
            ),
        })?;
        Ok(Self {
            kept: found.kept,
            information_area: found.information_area,
            key: key.clone(),
            blobs: HashSet::new(),
        })
    }
}

/// A kept volume as the frozen plan holds it: durable before anything is written to the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadKept {
    /// First byte of the partition, and the byte behind its last.
    pub partition: (u64, u64),
    /// The partition's first 8192 bytes, base64.
    pub boot: String,
    /// Partition tables and information areas: disk offset and bytes, base64.
    pub stays: Vec<(u64, String)>,
    /// What is on it and gets company; `None` for a new file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onto: Option<HeadOnto>,
}

/// What is on a volume and gets company, as the frozen plan holds it: with it the same layout is made again, whatever was
/// written since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadOnto {
    /// Runs of free clusters: the first, and the one behind the last.
    pub free: Vec<(u64, u64)>,
    /// The first record number that no record has.
    pub first_record: u32,
    /// Bytes of all entries in the index of the root.
    pub root_bytes: u64,
    /// SHA-256 over NTFS's own files, in hex.
    pub digest: String,
    /// MD5 of the manifest, in hex.
    pub manifest_md5: String,
    /// Its length.
    pub manifest_bytes: u64,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl HeadOnto {
    fn new(onto: &Onto) -> Self {
        let runs = onto.ground.free.iter();
        Self {
            free: runs.map(|run| (run.start, run.end)).collect(),
            first_record: onto.ground.first_record,
            root_bytes: onto.ground.root_bytes,
            digest: lower_hex(&onto.digest),
            manifest_md5: lower_hex(&onto.manifest_md5),
            manifest_bytes: onto.manifest_bytes,
            files: onto.files,
            bytes: onto.bytes,
        }
    }

    fn onto(&self) -> Result<Onto, String> {
        let wrong = || "the plan's hashes of what is on the volume are none".to_owned();
        let runs = self.free.iter();
        Ok(Onto {
            ground: Ground {
                free: runs.map(|(first, end)| *first..*end).collect(),
                first_record: self.first_record,
                root_bytes: self.root_bytes,
            },
            digest: from_hex(&self.digest).ok_or_else(wrong)?,
            manifest_md5: from_hex(&self.manifest_md5).ok_or_else(wrong)?,
            manifest_bytes: self.manifest_bytes,
            files: self.files,
            bytes: self.bytes,
        })
    }
}

impl HeadKept {
    /// Returns a volume as a plan holds it.
    #[must_use]
    pub fn new(kept: &Kept) -> Self {
        let partition = &kept.volume.partition;
        let stays = kept.stays.iter();
        Self {
            partition: (partition.start, partition.end),
            boot: BASE64.encode(&kept.boot),
            stays: stays
                .map(|(at, bytes)| (*at, BASE64.encode(bytes)))
                .collect(),
            onto: kept.volume.onto.as_ref().map(HeadOnto::new),
        }
    }

    /// Returns the volume again; `area` is its information area and `credential` opens it.
    ///
    /// # Errors
    /// A sentence that says what of the plan does not belong to it.
    pub fn kept(&self, area: &[u8], credential: &Credential) -> Result<Kept, String> {
        let opened = open_information_area(area, credential).map_err(|error| error.to_string())?;
        let facts = opened.facts();
        let decode = |text: &str| BASE64.decode(text).map_err(|error| error.to_string());
        let stays = self.stays.iter();
        let stays: Result<Vec<_>, String> =
            stays.map(|(at, text)| Ok((*at, decode(text)?))).collect();
        Ok(Kept {
            volume: KeptVolume {
                partition: self.partition.0..self.partition.1,
                regions: Regions {
                    information: facts.information,
                    header: facts.header,
                    spare: facts.spare,
                },
                cipher: facts.cipher,
                onto: self.onto.as_ref().map(HeadOnto::onto).transpose()?,
            },
            boot: decode(&self.boot)?,
            stays: stays?,
        })
    }
}

const UNTOUCHED: &str = "No drive was touched.";
