//! The manifest of a drive that is to be unpacked.

use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use disk::ReadAt;
use ntfs_image::read::{File, Volume};
use shared::manifest::{ManifestFile, ManifestReader};

/// What a drive's manifest says, by path.
#[derive(Debug, Default)]
pub struct DriveManifest {
    /// Serial of the drive that it was written for.
    pub drive_id: String,
    /// Its files, by path on the drive (`\a\b`).
    pub files: HashMap<String, ManifestFile>,
}

/// Reads `\DriveManifest.xml`; `Ok(None)` when the drive has none.
///
/// # Errors
/// A sentence when there is one that cannot be read to its end; nothing of it may be believed then.
pub fn manifest_of<R: ReadAt>(volume: &Volume<R>) -> Result<Option<DriveManifest>, String> {
    let entry = volume
        .find("\\DriveManifest.xml")
        .map_err(|error| error.to_string())?;
    let Some(entry) = entry.filter(|entry| !entry.is_folder) else {
        return Ok(None);
    };
    let file = volume
        .open_file(entry.id)
        .map_err(|error| error.to_string())?;
    let stream = BufReader::with_capacity(
        1 << 20,
        FileStream {
            volume,
            file: &file,
            at: 0,
        },
    );
    let mut reader = ManifestReader::new(stream).map_err(|error| error.to_string())?;
    let mut manifest = DriveManifest {
        drive_id: reader.drive_id().to_owned(),
        files: HashMap::new(),
    };
    while let Some(file) = reader.next_file().map_err(|error| error.to_string())? {
        manifest.files.insert(file.path.clone(), file);
    }
    Ok(Some(manifest))
}

/// A file of a volume as a stream.
struct FileStream<'a, R> {
    volume: &'a Volume<R>,
    file: &'a File,
    at: u64,
}

impl<R: ReadAt> Read for FileStream<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.file.bytes().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = into.len().min(left);
        let Some(into) = into.get_mut(..count) else {
            return Ok(0);
        };
        self.volume
            .read(self.file, self.at, into)
            .map_err(io::Error::other)?;
        self.at = self
            .at
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
