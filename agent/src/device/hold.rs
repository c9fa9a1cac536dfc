//! The lock that says "a drive is being filled": whoever lists drives sees it, and udev, which honours
//! it on block devices, neither probes the drive nor announces its new partitions to a desktop.
//!
//! Source: systemd, "Locking Block Device Access". What keeps mounts out is the exclusive open.

use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::confirm::Refusal;
use super::medium::{Medium, open_file};
use super::open::OpenError;

/// udev, or somebody who lists drives, has the lock for moments: that is waited for.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);

/// Takes the lock, for as long as the medium is open.
///
/// # Errors
/// [`Refusal::InUse`] when another has it for more than a moment; otherwise the operating system's
/// word.
pub(super) fn hold(path: &Path, medium: &Medium) -> Result<(), OpenError> {
    let mut tried = 0_u32;
    loop {
        match flock(medium.file(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) if tried < TRIES => std::thread::sleep(BETWEEN),
            Err(Errno::WOULDBLOCK) => {
                return Err(OpenError::Refused(Refusal::InUse {
                    path: path.to_owned(),
                }));
            }
            Err(why) => {
                return Err(OpenError::Io {
                    path: path.to_owned(),
                    cause: why.to_string(),
                });
            }
        }
        tried = tried.saturating_add(1);
    }
}

/// Returns whether somebody has the lock. Disturbs nobody who mounts or opens the drive.
pub(super) fn is_held(path: &Path) -> bool {
    open_file(path, OFlags::RDONLY).is_ok_and(|file| {
        flock(file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
    })
}
