//! What is on a volume, and what of it cannot become a blob.

use disk::ReadAt;
use ntfs_image::read::{Entry, FileId, Volume};
use shared::blob_name::Destination;
use shared::plan::MANIFEST_NAME;
use shared::verify::is_windows_own;

use crate::job_error::JobError;

/// A file that travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Path on the drive: `\a\b`.
    pub path: String,
    /// Blob path, container included.
    pub blob: String,
    /// Which file of the volume it is.
    pub id: FileId,
}

/// Something on the drive that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// Path on the drive.
    pub path: String,
    /// Why it cannot go, in words.
    pub why: String,
}

/// Everything on a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Files that travel, in the order of the folders' indexes.
    pub files: Vec<Found>,
    /// What cannot travel and stands in the way.
    pub hindrances: Vec<Hindrance>,
}

impl Survey {
    /// Walks `volume`. Left aside are the manifest's own place and what Windows keeps for itself.
    ///
    /// # Errors
    /// [`JobError`] when a folder cannot be read: nothing is known of what is in it.
    pub(super) fn of<R: ReadAt>(
        volume: &Volume<R>,
        destination: &Destination,
        place: &str,
    ) -> Result<Self, JobError> {
        let mut survey = Self::default();
        for found in volume.walk() {
            let (path, entry) = found
                .map_err(|error| JobError::io(error.to_string(), place, "Nothing was written."))?;
            if !is_windows_own(&path) && path.strip_prefix('\\') != Some(MANIFEST_NAME) {
                survey.take(path, &entry, destination);
            }
        }
        Ok(survey)
    }

    fn take(&mut self, path: String, entry: &Entry, destination: &Destination) {
        if let Some(tag) = entry.reparse {
            let why = format!("a {}, which leads elsewhere", tag.words());
            self.hindrances.push(Hindrance { path, why });
            return;
        }
        if entry.is_folder {
            return;
        }
        let relative = path.trim_start_matches('\\').replace('\\', "/");
        match destination.blob(&relative) {
            Ok(blob) => self.files.push(Found {
                path,
                blob,
                id: entry.id,
            }),
            Err(problem) => {
                let why = format!("its name cannot be a blob's: {problem}");
                self.hindrances.push(Hindrance { path, why });
            }
        }
    }
}
