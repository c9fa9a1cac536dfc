//! What the service looks at before the first blob: the manifest, and whose it is.

use std::collections::BTreeMap;
use std::io::BufReader;

use bitlocker_image::UnlockError;
use disk::ReadAt;
use ntfs_image::read::{FileReader, Volume};
use shared::copy_log::DriveStatus;
use shared::hash::upper_hex;
use shared::manifest::{BlobKind, ManifestFault, ManifestReader};
use shared::verify::OpenDriveError;

use crate::device::tidy_serial;
use crate::job_error::{JobError, Kind};

/// The manifest's path, as import jobs name it.
pub(super) const MANIFEST: &str = "\\DriveManifest.xml";

/// What is known of a drive beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// MD5 of its manifest, from its journal.
    pub manifest: Option<[u8; 16]>,
    /// Its serial by the hardware's own word, or its label's; none where nobody knows.
    pub serial: Option<String>,
}

/// What a manifest is as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFacts {
    /// The drive that it was written for.
    pub drive_id: String,
    /// MD5 of every byte of it.
    pub md5: [u8; 16],
    /// Its blobs.
    pub blobs: Amount,
    /// Its files of shares, by the share.
    pub shares: BTreeMap<String, Amount>,
}

/// How much something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why nothing of a drive is sent, with the service's word for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveFault {
    /// The service's word.
    pub status: DriveStatus,
    /// In words.
    pub message: String,
    /// What sort of end it is.
    pub kind: Kind,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl DriveFault {
    fn new(status: DriveStatus, message: impl Into<String>, kind: Kind) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
        }
    }

    /// Returns the drive whose volume is no NTFS volume.
    #[must_use]
    pub fn not_ntfs(message: impl Into<String>) -> Self {
        Self::new(DriveStatus::VolumeNotNtfs, message, Kind::Incomplete)
    }

    /// Returns what a person is told.
    #[must_use]
    pub fn into_error(self, place: &str) -> JobError {
        let message = format!("{}: {}", self.status, self.message);
        let mut error = JobError::io(message, place, "The drive was only read; nothing was sent.");
        error.kind = self.kind;
        error.error.code = self.status.to_string();
        self.next().clone_into(&mut error.error.next);
        error
    }

    const fn next(&self) -> &'static str {
        match self.status {
            DriveStatus::ManifestDriveIdMismatch => {
                "See that this is the drive; where it cannot tell its serial, give the label's: --drive PATH=SERIAL."
            }
            DriveStatus::ManifestCorrupted => {
                "See that drive and journal belong together; `argosy verify` tells what else is damaged."
            }
            DriveStatus::BitLockerKeyInvalid | DriveStatus::BitLockerProtectorNotFound => {
                "See that drive and key belong together."
            }
            _ => "",
        }
    }
}

/// Returns the service's word for a volume that does not open.
#[must_use]
pub fn unlock_status(error: &OpenDriveError) -> DriveFault {
    let (status, kind) = match error {
        OpenDriveError::Read(_) | OpenDriveError::Unlock(UnlockError::Read(_)) => {
            (DriveStatus::DiskOperationFailed, Kind::Io)
        }
        OpenDriveError::NoVolume { .. } | OpenDriveError::Unlock(UnlockError::NotBitLocker) => {
            (DriveStatus::BitLockerVolumeNotFound, Kind::Incomplete)
        }
        OpenDriveError::Unlock(UnlockError::NoSuchProtector { .. }) => {
            (DriveStatus::BitLockerProtectorNotFound, Kind::Incomplete)
        }
        OpenDriveError::Unlock(
            UnlockError::WrongCredential { .. }
            | UnlockError::KeyFile(_)
            | UnlockError::KeyFileOfOther { .. },
        ) => (DriveStatus::BitLockerKeyInvalid, Kind::Incomplete),
        OpenDriveError::Unlock(_) => (DriveStatus::BitLockerUnlockVolumeFailed, Kind::Incomplete),
        _ => (DriveStatus::DiskOperationFailed, Kind::Incomplete),
    };
    DriveFault::new(status, error.to_string(), kind)
}

/// Reads the whole manifest and compares it with what is known of the drive: its MD5 first, then whose it is.
///
/// # Errors
/// [`DriveFault`], with the word that the service has for it.
pub fn check_manifest<R: ReadAt>(
    volume: &Volume<R>,
    expected: &Expected,
) -> Result<ManifestFacts, DriveFault> {
    let unreadable = |error: ntfs_image::read::VolumeError| {
        DriveFault::new(DriveStatus::ReadManifestFailed, error.to_string(), Kind::Io)
    };
    let found = volume.find(MANIFEST).map_err(unreadable)?;
    let found = found.filter(|entry| !entry.is_folder).ok_or_else(|| {
        let what = format!("there is no {MANIFEST} on the drive");
        DriveFault::new(DriveStatus::ManifestNotFound, what, Kind::Incomplete)
    })?;
    let file = volume.open_file(found.id).map_err(unreadable)?;
    if let Some(wanted) = expected.manifest {
        let md5 = md5_of_file(volume, &file).map_err(unreadable)?;
        if md5 != wanted {
            let what = format!(
                "the manifest's MD5 is {}; the journal says {}",
                upper_hex(&md5),
                upper_hex(&wanted)
            );
            let status = DriveStatus::ManifestCorrupted;
            return Err(DriveFault::new(status, what, Kind::Incomplete));
        }
    }
    let facts = read_manifest(volume, file)?;
    match &expected.serial {
        Some(serial) if tidy_serial(serial) != tidy_serial(&facts.drive_id) => {
            let what = format!(
                "the manifest is that of drive {}; this is {serial}",
                facts.drive_id
            );
            let status = DriveStatus::ManifestDriveIdMismatch;
            Err(DriveFault::new(status, what, Kind::Refused))
        }
        _ => Ok(facts),
    }
}

fn read_manifest<R: ReadAt>(
    volume: &Volume<R>,
    file: ntfs_image::read::File,
) -> Result<ManifestFacts, DriveFault> {
    let invalid = |error: shared::manifest::ManifestError| {
        let (status, kind) = match error.fault {
            ManifestFault::Io(_) => (DriveStatus::ReadManifestFailed, Kind::Io),
            _ => (DriveStatus::ManifestFormatInvalid, Kind::Incomplete),
        };
        DriveFault::new(status, error.to_string(), kind)
    };
    let mut reader = ManifestReader::new(manifest_stream(volume, file)).map_err(invalid)?;
    let (mut blobs, mut shares) = (Amount::default(), BTreeMap::<String, Amount>::new());
    while let Some(file) = reader.next_file().map_err(invalid)? {
        if file.kind != BlobKind::File {
            blobs.add(file.bytes);
            continue;
        }
        let share = file.blob.split_once('/').map_or("", |(share, _)| share);
        match shares.get_mut(share) {
            Some(amount) => amount.add(file.bytes),
            None => {
                let mut amount = Amount::default();
                amount.add(file.bytes);
                shares.insert(share.to_owned(), amount);
            }
        }
    }
    let drive_id = reader.drive_id().to_owned();
    let summary = reader.finish().map_err(invalid)?;
    Ok(ManifestFacts {
        drive_id,
        md5: summary.md5,
        blobs,
        shares,
    })
}

/// The manifest as a stream.
pub(super) fn manifest_stream<R: ReadAt>(
    volume: &Volume<R>,
    file: ntfs_image::read::File,
) -> BufReader<FileReader<'_, R>> {
    BufReader::with_capacity(1 << 20, FileReader::new(volume, file))
}

fn md5_of_file<R: ReadAt>(
    volume: &Volume<R>,
    file: &ntfs_image::read::File,
) -> Result<[u8; 16], ntfs_image::read::VolumeError> {
    const STEP: u64 = 1 << 20;
    let mut state = lanes::Md5State::new();
    let mut buffer = Vec::new();
    let mut at = 0;
    while at < file.bytes() {
        let bytes = STEP.min(file.bytes().saturating_sub(at));
        buffer.resize(usize::try_from(bytes).unwrap_or(0), 0);
        volume.read(file, at, &mut buffer)?;
        state.update(&buffer);
        at = at.saturating_add(bytes);
    }
    Ok(state.finish())
}
