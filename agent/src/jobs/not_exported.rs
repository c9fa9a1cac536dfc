//! `<session>.not-exported.xml`: the blobs of an export that are on no drive, as the list of the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;
use shared::journal::journal_file_name;
use shared::manifest::{BlobList, WantedBlobs};

use super::room::wanted;
use super::session_plans::plans;
use crate::attempt::read_left_out;
use crate::job_error::JobError;
use crate::shelf::sync_folder;

/// Blobs of an export that are on no drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotExported {
    /// The list, in the first journal folder; `None` when everything is on a drive.
    pub file: Option<PathBuf>,
    /// How many there are.
    pub count: u64,
}

/// Writes the list of a session's blobs that are on no drive beside its journals: what its plan had no
/// place for, and what was left out while it was copied. A list of an earlier attempt is replaced.
/// `Ok(None)` for a session that exports nothing.
///
/// # Errors
/// [`JobError`] when plan or list cannot be read or written; the drives are as they are.
pub fn not_exported(folders: &[PathBuf], session: &str) -> Result<Option<NotExported>, JobError> {
    let mut found = BTreeSet::new();
    for (plan, _) in plans(folders, session)? {
        let Some(export) = &plan.gathered.mapping.export else {
            return Ok(None);
        };
        found.extend(export.left.iter().cloned());
        let serials = plan.head.drives.iter().map(|drive| &drive.identity.serial);
        let left_out: BTreeSet<String> = serials
            .filter_map(|serial| left_out_of(folders, serial))
            .flatten()
            .collect();
        for (number, entry) in plan.gathered.listing.iter() {
            if left_out.contains(entry.path) {
                let blob = export.blob(number);
                found.extend(blob.and_then(|blob| wanted(blob, entry.path)));
            }
        }
    }
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let name = format!("{}.not-exported.xml", file_name(session));
    for folder in folders {
        let written = write(&folder.join(&name), &found).and_then(|()| sync_folder(folder));
        written.map_err(|error| {
            let place = folder.join(&name).display().to_string();
            let what = format!("cannot write the list of blobs that are on no drive: {error}");
            JobError::io(what, place, "The drives are as their journals say.")
        })?;
    }
    let first = folders.first().filter(|_| count > 0);
    Ok(Some(NotExported {
        file: first.map(|folder| folder.join(&name)),
        count,
    }))
}

/// Returns the paths that the list beside a drive's journal names; `None` where there is no such list.
fn left_out_of(folders: &[PathBuf], serial: &str) -> Option<Vec<String>> {
    let journal = journal_file_name(serial);
    let mut lists = folders
        .iter()
        .map(|folder| folder.join(&journal).with_extension("left-out.csv"));
    let files = lists.find_map(|path| read_left_out(&path))?;
    Some(files.into_iter().map(|file| file.path).collect())
}

/// Writes a list, or takes an earlier one away when it would be empty.
fn write(path: &Path, found: &BTreeSet<WantedBlobs>) -> std::io::Result<()> {
    if found.is_empty() {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let list = BlobList {
        wanted: found.iter().cloned().collect(),
        duplicates: 0,
    };
    let beside = path.with_extension("xml.new");
    std::fs::write(&beside, list.to_xml())?;
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, path)
}
