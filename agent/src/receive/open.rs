//! Finding the key that opens a drive.

use bitlocker_image::UnlockError;
use disk::ReadAt;
use shared::verify::{OpenDriveError, OpenedDrive, open_drive};

use super::keys::{Key, KeyRing};
use crate::pipeline::Cancel;

/// A drive, opened, and with which key.
pub struct Opening<'k, 'd> {
    /// The volume.
    pub opened: OpenedDrive<'d>,
    /// The key; that of a drive that is not encrypted is whichever was tried.
    pub key: &'k Key,
}

/// Opens a drive with the first key that does: that of its serial, or else any. Wrong keys lock
/// nothing: nobody counts them. A key takes a third of a second, so a long listing is not tried to its end
/// once `cancel` is said.
///
/// # Errors
/// [`OpenDriveError`] of the first key when none opens it, or of whatever else is wrong; `None` when
/// there is no key at all, or none was tried.
pub fn open_with<'k, 'd>(
    disk: &'d dyn ReadAt,
    serial: &str,
    ring: &'k KeyRing,
    cancel: &Cancel,
) -> Result<Opening<'k, 'd>, Option<OpenDriveError>> {
    let mut refused = None;
    for key in ring.for_drive(serial) {
        if cancel.is_cancelled() {
            break;
        }
        match open_drive(disk, &key.credential) {
            Ok(opened) => return Ok(Opening { opened, key }),
            Err(error) if is_wrong_key(&error) => refused = refused.or(Some(error)),
            Err(error) => return Err(Some(error)),
        }
    }
    Err(refused)
}

const fn is_wrong_key(error: &OpenDriveError) -> bool {
    matches!(
        error,
        OpenDriveError::Unlock(
            UnlockError::WrongCredential { .. }
                | UnlockError::NoSuchProtector { .. }
                | UnlockError::KeyFileOfOther { .. }
                | UnlockError::KeyFile(_)
        )
    )
}
