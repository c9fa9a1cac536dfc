//! The BitLocker volume of a drive whose keys stay.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitlocker_image::{Credential, RecoveryPassword, Regions, open_information_area};
use disk::SectorSize;
use serde::{Deserialize, Serialize};
use shared::drive::{FoundVolume, Kept, KeptError};
use shared::plan::KeptVolume;

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
            },
            boot: decode(&self.boot)?,
            stays: stays?,
        })
    }
}

const UNTOUCHED: &str = "No drive was touched.";
