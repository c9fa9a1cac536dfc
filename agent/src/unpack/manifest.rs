//! The manifest of a drive that is to be unpacked.

use std::collections::HashMap;
use std::io::BufReader;

use disk::ReadAt;
use ntfs_image::read::{Entry, FileReader, Volume};
use shared::manifest::{ManifestFile, ManifestReader};

/// Where import drives have theirs.
const IMPORT: &str = "\\DriveManifest.xml";
/// What the name of an export drive's ends with: `\9WM35C3U.manifest`.
const EXPORT: &str = ".manifest";

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

/// Reads the manifest: `\DriveManifest.xml`, or an export drive's `\<serial>.manifest`; `Ok(None)`
/// when the drive has neither.
///
/// # Errors
/// A sentence when there is one that cannot be read to its end (nothing of it may be believed then),
/// or several.
pub fn manifest_of<R: ReadAt>(volume: &Volume<R>) -> Result<Option<DriveManifest>, String> {
    let Some((path, entry)) = place_of(volume)? else {
        return Ok(None);
    };
    let file = volume
        .open_file(entry.id)
        .map_err(|error| error.to_string())?;
    let stream = BufReader::with_capacity(1 << 20, FileReader::new(volume, file));
    let mut reader = ManifestReader::new(stream).map_err(|error| error.to_string())?;
    let mut manifest = DriveManifest {
        path,
        drive_id: reader.drive_id().to_owned(),
        files: HashMap::new(),
    };
    while let Some(file) = reader.next_file().map_err(|error| error.to_string())? {
        let same = manifest.files.entry(file.path.clone()).or_default();
        same.push(file);
    }
    Ok(Some(manifest))
}

/// Returns where the manifest is.
fn place_of<R: ReadAt>(volume: &Volume<R>) -> Result<Option<(String, Entry)>, String> {
    let told = |error: ntfs_image::read::VolumeError| error.to_string();
    let import = volume.find(IMPORT).map_err(told)?;
    if let Some(entry) = import.filter(|entry| !entry.is_folder) {
        return Ok(Some((IMPORT.to_owned(), entry)));
    }
    let root = volume.root().map_err(told)?;
    let mut found = volume.entries(root).map_err(told)?;
    found.retain(|entry| {
        let is_named = entry.name.to_ascii_lowercase().ends_with(EXPORT);
        is_named && !entry.is_folder && entry.reparse.is_none() && !entry.id.is_system()
    });
    match found.len() {
        0 => Ok(None),
        1 => Ok(found
            .pop()
            .map(|entry| (format!("\\{}", entry.name), entry))),
        several => Err(format!("there are {several} of them in the root")),
    }
}
