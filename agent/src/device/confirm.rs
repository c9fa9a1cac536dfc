//! The one way to a drive that may be erased: identity and the person's own words matched.

use std::path::PathBuf;

use thiserror::Error;

use super::drive_info::DriveInfo;

/// What the person said about the drive that is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The whole serial number, as `--erase SERIAL` gives it.
    Erase(String),
    /// The last four characters of the serial number, typed by hand; the whole serial when it is shorter.
    LastFour(String),
    /// Nothing: allowed only for an image file whose every byte is zero.
    BlankImage,
}

/// A drive that somebody confirmed and that still is what it was then. Only [`confirm`] makes one; [`super::open`] takes it.
#[derive(Debug)]
pub struct ConfirmedTarget {
    info: DriveInfo,
    fingerprint: [u8; 32],
}

impl ConfirmedTarget {
    /// Returns what was known of the drive when it was confirmed.
    #[must_use]
    pub const fn info(&self) -> &DriveInfo {
        &self.info
    }

    /// Returns the SHA-256 of the drive's first and last MiB when it was confirmed.
    #[must_use]
    pub const fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }
}

/// A drive that must not be written. Exit code 3. Nothing was written to it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A block device that is not a loop device.
    #[error(
        "{path}: real drives are not enabled yet; nothing was written to it. Use an image file or a loop device"
    )]
    RealDrive {
        /// The path given.
        path: PathBuf,
    },
}

/// Returns the drive as a target when it may be erased and what was said names it.
///
/// Reads the identity again: `target` only says what the person saw.
///
/// # Errors
/// [`Refusal`]: the drive is not touched.
pub fn confirm(_target: &DriveInfo, _said: &Said) -> Result<ConfirmedTarget, Refusal> {
    todo!()
}
