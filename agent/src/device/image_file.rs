//! A file that stands for a drive, with `PATH.drive.json` beside it saying which one.

use std::path::{Path, PathBuf};

use disk::SectorSize;
use thiserror::Error;

/// An image file that could not be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewDriveError {
    /// Something of that name is there.
    #[error("{path} is there already; it was left as it is. Choose another name")]
    Exists {
        /// The path given, or that of its `.drive.json`.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot make {path}: {cause}")]
    Io {
        /// The path given, or that of its `.drive.json`.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

/// Makes a sparse image file of `bytes` (rounded down to whole sectors) that stands for an empty drive.
///
/// # Errors
/// [`NewDriveError`]; an existing file is never overwritten.
pub fn new_drive(
    _path: &Path,
    _bytes: u64,
    _serial: &str,
    _sector: SectorSize,
) -> Result<(), NewDriveError> {
    todo!()
}
