//! The manifest of a drive that is to be unpacked.

use std::collections::HashMap;
use std::io::BufReader;

use disk::ReadAt;
use ntfs_image::read::{FileReader, Volume};
use shared::manifest::{ManifestFile, ManifestReader};
use shared::verify::find_manifest;

/// What a drive's manifest says, by path.
#[derive(Debug, Default)]
pub struct DriveManifest {
    /// Its path on the drive.
    pub path: String,
    /// Serial of the drive that it was written for.
    pub drive_id: String,
    /// Its files, by path on the drive (`\a\b`); a file may become several blobs.
    pub files: HashMap<String, Vec<ManifestFile>>,
}

/// Reads the manifest ([`find_manifest`]); `Ok(None)` when the drive has none.
///
/// # Errors
/// A sentence when there is one that cannot be read to its end (nothing of it may be believed then),
/// or several.
pub fn manifest_of<R: ReadAt>(volume: &Volume<R>) -> Result<Option<DriveManifest>, String> {
    let entry = find_manifest(volume).map_err(|error| error.to_string())?;
    let Some(entry) = entry else {
        return Ok(None);
    };
    let file = volume
        .open_file(entry.id)
        .map_err(|error| error.to_string())?;
    let stream = BufReader::with_capacity(1 << 20, FileReader::new(volume, file));
    let mut reader = ManifestReader::new(stream).map_err(|error| error.to_string())?;
    let mut manifest = DriveManifest {
        path: format!("\\{}", entry.name),
        drive_id: reader.drive_id().to_owned(),
        files: HashMap::new(),
    };
    while let Some(file) = reader.next_file().map_err(|error| error.to_string())? {
        let same = manifest.files.entry(file.path.clone()).or_default();
        same.push(file);
    }
    Ok(Some(manifest))
}
