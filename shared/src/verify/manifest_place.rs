//! Where a drive keeps its manifest.

use disk::ReadAt;
use ntfs_image::read::{Volume, VolumeError};

use crate::plan::MANIFEST_NAME;

/// Returns the name of the manifest in the root of the drive: `DriveManifest.xml`, which import drives have, or the
/// only `*.manifest`, which the service leaves on export drives. `None` when there is none, or when several could be it.
///
/// # Errors
/// [`VolumeError`] when the root cannot be read.
pub fn manifest_name<R: ReadAt>(volume: &Volume<R>) -> Result<Option<String>, VolumeError> {
    if let Some(entry) = volume.find(MANIFEST_NAME)?
        && !entry.is_folder
    {
        return Ok(Some(MANIFEST_NAME.to_owned()));
    }
    let mut others = volume
        .entries(volume.root()?)?
        .into_iter()
        .filter(|entry| !entry.is_folder && is_export_manifest(&entry.name));
    let only = others.next().filter(|_| others.next().is_none());
    Ok(only.map(|entry| entry.name))
}

fn is_export_manifest(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    !stem.is_empty() && extension.eq_ignore_ascii_case("manifest")
}
