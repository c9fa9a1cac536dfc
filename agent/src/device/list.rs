//! Every drive, and one drive by its path.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::drive_info::DriveInfo;

/// A path that could not be looked at as a drive. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescribeError {
    /// The operating system said no.
    #[error("cannot look at {path}: {cause}; nothing was written to it")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

/// Returns every drive of this machine and those at `extra` (image files), those that may not be erased with the reasons why.
#[must_use]
pub fn list(_extra: &[PathBuf]) -> Vec<DriveInfo> {
    todo!()
}

/// Returns what is known of the drive at `path`; `serial_override` is the serial printed on its label.
///
/// # Errors
/// [`DescribeError`] when `path` is not there, is neither a file nor a block device, or cannot be read.
pub fn describe(_path: &Path, _serial_override: Option<&str>) -> Result<DriveInfo, DescribeError> {
    todo!()
}
