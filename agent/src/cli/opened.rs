//! Opening a drive for the commands that only read.

use std::path::Path;

use bitlocker_image::{Credential, UnlockError};
use shared::verify::{OpenDriveError, OpenedDrive, open_drive};

use crate::device::{DriveReader, OpenError};
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};

/// Opens the device or image at `path` for reading.
///
/// # Errors
/// [`JobError`], exit code 4.
pub(super) fn open_reader(
    drives: &Drives,
    path: &Path,
    past_cache: bool,
) -> Result<DriveReader, JobError> {
    let opened = drives.open_read(path, past_cache);
    opened.map_err(|error| not_opened(&error, path))
}

/// Returns why a device or image cannot be read: exit code 4.
pub(super) fn not_opened(error: &OpenError, path: &Path) -> JobError {
    JobError::io(
        error.to_string(),
        path.display().to_string(),
        "Nothing was written.",
    )
}

/// Opens the volume on `disk`.
///
/// # Errors
/// [`JobError`]: exit code 4 when it cannot be read, 1 when there is no volume or the key does not
/// open it.
pub(super) fn open_volume<'a>(
    disk: &'a dyn disk::ReadAt,
    credential: &Credential,
    path: &Path,
) -> Result<OpenedDrive<'a>, JobError> {
    open_drive(disk, credential).map_err(|error| {
        let unreadable = matches!(
            &error,
            OpenDriveError::Read(_) | OpenDriveError::Unlock(UnlockError::Read(_))
        );
        let mut failed = JobError::io(
            error.to_string(),
            path.display().to_string(),
            "Nothing was written.",
        );
        if !unreadable {
            failed.kind = Kind::Incomplete;
            failed.error.code = "unlock".to_owned();
            failed.error.next = "See that drive and key belong together.".to_owned();
        }
        failed
    })
}
