//! Opening a confirmed drive for writing.

use std::path::PathBuf;

use thiserror::Error;

use super::confirm::{ConfirmedTarget, Refusal};
use super::drive_info::DriveKind;
use super::drive_reader::DriveReader;
use super::drive_writer::DriveWriter;
use super::hold::hold;
use super::medium::{Access, Medium};

/// A drive that could not be opened. Nothing was written to it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Refused for safety (exit code 3).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The operating system said no (exit code 4).
    #[error("cannot open {path}: {cause}; nothing was written to it")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

/// Opens a confirmed drive for writing, for nobody else at the same time.
///
/// First takes hold of it (a block device exclusively, both with a lock that others see), then looks
/// again whether it is the drive that was confirmed.
///
/// # Errors
/// [`OpenError`]: refused (in use, changed since it was confirmed, locked by now) or the operating
/// system's word.
pub fn open(target: ConfirmedTarget) -> Result<DriveWriter, OpenError> {
    let info = target.info();
    let is_image = info.kind == DriveKind::ImageFile;
    let medium = Medium::open(&info.path, Access::Write)?;
    hold(&info.path, &medium)?;
    let reader = DriveReader::over(medium, info.sector);
    target.check_again(&reader)?;
    Ok(DriveWriter::new(
        reader.into_medium(),
        info.sector,
        is_image,
    ))
}
