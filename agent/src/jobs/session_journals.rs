//! Which journals of a folder are those of a session's drives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use shared::journal::{journal_file_name, replay};

use super::old_journals::journals;
use super::session_plans::plans;
use crate::job_error::JobError;

/// A journal has less than 2 MB; anything this long is none.
const BYTES_MAX: u64 = 64 << 20;

/// Returns the journals of a session's drives in a folder, by serial. Those of drives that died and had another take their
/// place are not among them. A file that is no journal, or cannot be believed, is no drive's: who compares what the others
/// say with their plan sees which is missing.
///
/// # Errors
/// [`JobError`] when the folder cannot be listed, or has no journal of the session.
pub fn session_journals(folder: &Path, session: &str) -> Result<Vec<PathBuf>, JobError> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut unbelieved = 0_u64;
    for path in journals(folder)? {
        let Some(journal) = read(&path).ok().and_then(|bytes| replay(&bytes).ok()) else {
            unbelieved = unbelieved.saturating_add(1);
            continue;
        };
        if journal.session.session.as_str() != session {
            continue;
        }
        let serial = journal.session.drive.serial;
        let is_own = path.file_name().and_then(|name| name.to_str())
            == Some(journal_file_name(&serial).as_str());
        if is_own || !found.contains_key(&serial) {
            found.insert(serial, path);
        }
    }
    // A drive that was filled by hand has no plan, and no spare.
    let plans = plans(&[folder.to_owned()], session).unwrap_or_default();
    let replaced: BTreeSet<String> = plans.into_iter().filter_map(|(_, other)| other).collect();
    found.retain(|serial, _| !replaced.contains(serial));
    if found.is_empty() {
        return Err(none(folder, session, unbelieved));
    }
    Ok(found.into_values().collect())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn none(folder: &Path, session: &str, unbelieved: u64) -> JobError {
    let mut what = format!("there is no journal of session {session} in this folder");
    if unbelieved > 0 {
        what += &format!("; {unbelieved} of the journals in it cannot be read or believed");
    }
    let mut error = JobError::usage(what, folder.display().to_string());
    "Name the folder that has the session's journals, with the plan and the side files beside them."
        .clone_into(&mut error.error.next);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The journal of a verified drive, kept since the first released version.
    const GOLDEN: &[u8] = include_bytes!("../../../shared/tests/golden/drive-1.jrn");

    #[test]
    fn a_folder_s_journals_of_other_sessions_and_of_nobody_are_not_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let golden = replay(GOLDEN).expect("whole");
        let session = golden.session.session.as_str();
        let own = folder
            .path()
            .join(journal_file_name(&golden.session.drive.serial));
        std::fs::write(&own, GOLDEN).expect("written");
        std::fs::write(folder.path().join("older.jrn"), GOLDEN).expect("written");
        std::fs::write(folder.path().join("torn.jrn"), b"no journal").expect("written");
        let found = session_journals(folder.path(), session).expect("one");
        assert_eq!(found, [own]);
        let error = session_journals(folder.path(), "another").expect_err("none");
        let said = error.to_string();
        assert!(said.contains("another") && said.contains("1 of"), "{said}");
    }
}
