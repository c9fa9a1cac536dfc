//! What the service has to know of one drive.

use bitlocker_image::RecoveryPassword;
use thiserror::Error;

use super::proven::proven;
use crate::job::{SerialSource, Verdict};

/// Where the manifest lies on every drive.
pub(super) const MANIFEST_FILE: &str = r"\DriveManifest.xml";

/// The three things that open and prove a drive at the service, keyed by its serial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedDrive {
    /// The drive's serial, without spaces: the service's `driveId`.
    pub serial: String,
    /// Where that serial comes from. The data centre compares it with the drive's own.
    pub serial_source: SerialSource,
    /// The 48 digits.
    pub recovery_password: RecoveryPassword,
    /// MD5 of the manifest, upper-case Base16.
    pub manifest_hash: String,
    /// How the drive ended: verified, or incomplete (what is on it is proven).
    pub verdict: Verdict,
    /// Files on it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl HandedDrive {
    /// Returns what the person has to know before this drive ships, as sentences without a full stop.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let serial = &self.serial;
        let mut cautions = Vec::new();
        if self.verdict == Verdict::Incomplete {
            cautions.push(format!(
                "drive {serial}: files that were planned are not on it; see the list beside its journal"
            ));
        }
        if self.serial_source != SerialSource::Drive {
            cautions.push(format!(
                "drive {serial}: this serial was not read from the drive itself; compare it with the label before you \
                 ship, the data centre does"
            ));
        }
        cautions
    }
}

/// Why a drive cannot be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotHanded {
    /// The journal is damaged, not finished, or its key does not open the drive.
    #[error("{0}")]
    Journal(String),
    /// The key was taken out of this copy.
    #[error(
        "drive {serial}: the key was taken out of this copy of the journal; use the journal itself"
    )]
    Redacted {
        /// The drive.
        serial: String,
    },
    /// The drive was filled from a store: there is nothing to import from it.
    #[error(
        "drive {serial} was filled by an export; it is to be unpacked where the data is wanted, not handed to an import"
    )]
    Exported {
        /// The drive.
        serial: String,
    },
    /// The drive is not proven.
    #[error("drive {serial} is {verdict}, so it must not be shipped: {next}")]
    NotProven {
        /// The drive.
        serial: String,
        /// How it ended.
        verdict: Verdict,
        /// What to do about it.
        next: &'static str,
    },
}

/// Returns what is handed over of the drive that `journal` is about. Opens the key's block once: a tenth of a
/// second or more.
///
/// # Errors
/// [`NotHanded`] when the journal is not right, the drive not proven, or nothing is to be imported from it.
pub fn handed(journal: &[u8]) -> Result<HandedDrive, NotHanded> {
    let drive = proven(journal)?;
    if drive.exported {
        let serial = drive.serial;
        return Err(NotHanded::Exported { serial });
    }
    let Some(recovery_password) = drive.recovery_password else {
        let serial = drive.serial;
        return Err(NotHanded::Redacted { serial });
    };
    Ok(HandedDrive {
        serial: drive.serial,
        serial_source: drive.serial_source,
        recovery_password,
        manifest_hash: drive.manifest_hash,
        verdict: drive.verdict,
        files: drive.files,
        bytes: drive.bytes,
    })
}
