//! Which file of a drive is its manifest.

use disk::ReadAt;
use ntfs_image::read::{Entry, Volume, VolumeError};
use thiserror::Error;

use crate::plan::MANIFEST_NAME;

/// What the manifest of a drive that was filled from a store is called behind the serial.
const EXPORT_SUFFIX: &str = ".manifest";

/// Why it cannot be said which file is the manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FindManifestError {
    /// The root cannot be read.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// Any of several files could be it.
    #[error(
        "there are {count} files *.manifest in the root of the drive, and no DriveManifest.xml"
    )]
    Several {
        /// How many.
        count: usize,
    },
}

/// Returns the manifest in the root of a volume: the file `DriveManifest.xml`, or else the only
/// `<serial>.manifest` that there is, which drives that were filled from a store have; `None` when
/// there is neither.
///
/// # Errors
/// [`FindManifestError`].
pub fn find_manifest<R: ReadAt>(volume: &Volume<R>) -> Result<Option<Entry>, FindManifestError> {
    let import = volume.find(MANIFEST_NAME)?;
    if let Some(entry) = import.filter(|entry| !entry.is_folder) {
        return Ok(Some(entry));
    }
    let mut found = volume.entries(volume.root()?)?;
    found.retain(|entry| {
        let is_named = entry.name.to_ascii_lowercase().ends_with(EXPORT_SUFFIX);
        is_named && !entry.is_folder && entry.reparse.is_none() && !entry.id.is_system()
    });
    match found.len() {
        0 | 1 => Ok(found.pop()),
        count => Err(FindManifestError::Several { count }),
    }
}
