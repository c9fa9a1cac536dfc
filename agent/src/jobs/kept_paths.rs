//! What a job reads from and keeps things in: no drive that any of it lies on may be erased.

use std::path::{Path, PathBuf};

use super::prepared::Prepared;
use super::request::Origin;

/// Returns the sources, the file that lists or plans them, the folders of journals and key files,
/// and the state folder.
pub(super) fn kept_paths(prepared: &Prepared, state_dir: Option<&Path>) -> Vec<PathBuf> {
    let request = &prepared.request;
    let origin = match &request.origin {
        Origin::Folder { path, .. }
        | Origin::DataSet { path, .. }
        | Origin::Listing { path, .. }
        | Origin::Plan { path } => Some(path),
        // Its folder is among the roots; a store lies on no drive of this computer.
        Origin::Row { .. } | Origin::Store => None,
    };
    // A drive's files that go onto a spare come from no named place.
    let named = origin.cloned().filter(|path| !path.as_os_str().is_empty());
    let mut kept: Vec<PathBuf> = named.into_iter().collect();
    kept.extend(prepared.gathered.roots.iter().cloned());
    kept.extend(request.journal_dirs.iter().cloned());
    kept.extend(request.external_key_dir.clone());
    kept.extend(state_dir.map(Path::to_owned));
    kept
}
