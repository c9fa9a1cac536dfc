//! Which file of a drive is its manifest.

use disk::ReadAt;
use ntfs_image::read::{Entry, Volume, VolumeError};

use crate::plan::MANIFEST_NAME;

/// What the manifest of a drive that was filled from a store is called behind the serial.
const EXPORT_SUFFIX: &str = ".manifest";

/// Returns the manifest in the root of a volume: `DriveManifest.xml`, or else the only
/// `<serial>.manifest` that there is, which drives that were filled from a store have; `None` when
/// there is neither, or more than one of the second kind.
///
/// # Errors
/// [`VolumeError`] when the root cannot be read.
pub fn find_manifest<R: ReadAt>(volume: &Volume<R>) -> Result<Option<Entry>, VolumeError> {
    if let Some(entry) = volume.find(MANIFEST_NAME)? {
        return Ok(Some(entry));
    }
    let mut found = None;
    for entry in volume.entries(volume.root()?)? {
        let is_one = !entry.is_folder && entry.name.to_lowercase().ends_with(EXPORT_SUFFIX);
        if is_one && found.replace(entry).is_some() {
            return Ok(None);
        }
    }
    Ok(found)
}
