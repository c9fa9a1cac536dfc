//! `<session>.not-exported.xml`: the blobs of an export that are on no drive, as the list of the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;
use shared::manifest::BlobList;

use super::left_on_the_way::left_on_the_way;
use super::room::wanted;
use super::session_plans::plans;
use crate::job_error::JobError;
use crate::shelf::{replace_file, sync_folder};

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
    let plans = plans(folders, session)?;
    // What a drive that died left out, its spare tried again.
    let is_replaced = |serial: &str| {
        plans
            .iter()
            .any(|(_, replaced)| replaced.as_deref() == Some(serial))
    };
    let mut found = BTreeSet::new();
    for (plan, _) in &plans {
        let Some(export) = &plan.gathered.mapping.export else {
            return Ok(None);
        };
        found.extend(export.left.iter().cloned());
        for (drive, entries) in plan.head.drives.iter().zip(&plan.entries) {
            let serial = drive.identity.serial.as_str();
            if is_replaced(serial) {
                continue;
            }
            let left_out = left_on_the_way(folders, serial)?;
            for number in entries {
                let place = plan.gathered.listing.entry(*number).path.to_string();
                if left_out.contains_key(&place) {
                    let blob = export.blob(*number);
                    found.extend(blob.and_then(|blob| wanted(blob, &place)));
                }
            }
        }
    }
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let name = format!("{}.not-exported.xml", file_name(session));
    let list = BlobList {
        wanted: found.into_iter().collect(),
        duplicates: 0,
    };
    for folder in folders {
        let path = folder.join(&name);
        write(folder, &path, &list).map_err(|error| {
            let what = format!("cannot write the list of blobs that are on no drive: {error}");
            let place = path.display().to_string();
            JobError::io(what, place, "The drives are as their journals say.")
        })?;
    }
    let first = folders.first().filter(|_| count > 0);
    Ok(Some(NotExported {
        file: first.map(|folder| folder.join(&name)),
        count,
    }))
}

/// Writes a list, or takes an earlier one away when it would be empty.
fn write(folder: &Path, path: &Path, list: &BlobList) -> std::io::Result<()> {
    if !list.wanted.is_empty() {
        return replace_file(path, &list.to_xml()?);
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(folder),
    }
}
