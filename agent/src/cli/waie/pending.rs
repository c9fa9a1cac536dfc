//! A session that did not fit onto its drives, until more are named.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shared::blob_name::file_name;

use crate::jobs::JobError;

/// What was asked for. It holds no key.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The dataset.csv.
    pub(super) data_set: PathBuf,
    /// The files of drives so far.
    pub(super) drive_sets: Vec<PathBuf>,
    /// Whether each blob gets its Content-MD5.
    pub(super) content_md5: bool,
}

impl Pending {
    /// Keeps it beside the journals.
    ///
    /// # Errors
    /// [`JobError`] when the folder cannot be written.
    pub(super) fn write(&self, journals: &Path, session: &str) -> Result<(), JobError> {
        let file = file(journals, session);
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let written = std::fs::create_dir_all(journals).and_then(|()| std::fs::write(&file, text));
        written.map_err(|error| {
            JobError::io(
                format!("cannot keep what was asked for: {error}"),
                file.display().to_string(),
                "No drive was touched.",
            )
        })
    }

    /// Returns what waits for drives.
    ///
    /// # Errors
    /// [`JobError`], usage, when nothing does.
    pub(super) fn read(journals: &Path, session: &str) -> Result<Self, JobError> {
        let file = file(journals, session);
        let mut error = match std::fs::read(&file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(kept) => return Ok(kept),
                Err(why) => JobError::usage(
                    format!("what session {session} waits for cannot be understood: {why}"),
                    file.display().to_string(),
                ),
            },
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => JobError::usage(
                format!("no session {session} waits for more drives there"),
                journals.display().to_string(),
            ),
            Err(why) => JobError::usage(
                format!("cannot read what session {session} waits for: {why}"),
                file.display().to_string(),
            ),
        };
        error.error.next = "A session is planned onto all of its drives before it begins: name them with /DataSet and \
                            /InitialDriveSet. For a drive that died: argosy resume --replace SERIAL=PATH."
            .to_owned();
        Err(error)
    }

    /// Forgets it; one that stays does no harm.
    pub(super) fn forget(journals: &Path, session: &str) {
        drop(std::fs::remove_file(file(journals, session)));
    }
}

fn file(journals: &Path, session: &str) -> PathBuf {
    journals.join(format!("{}.waits.json", file_name(session)))
}
