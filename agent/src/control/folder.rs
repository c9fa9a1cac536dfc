//! Folders that belong to one person.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::ControlError;

/// Returns where this system keeps what programs remember for one person.
#[must_use]
pub fn default_state_dir() -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    if cfg!(target_os = "macos") {
        return Some(home.join("Library/Application Support/Argosy"));
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|state| state.is_absolute());
    Some(
        state
            .unwrap_or_else(|| home.join(".local/state"))
            .join("argosy"),
    )
}

/// Makes a folder that only its owner can look into: journals hold the keys of drives.
///
/// # Errors
/// [`ControlError`] when it cannot be made.
pub fn private_folder(folder: &Path) -> Result<(), ControlError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(folder)
        .map_err(|cause| ControlError::io(folder, cause))
}

/// Makes, where it is not there, the folder of the sockets, and returns its path.
///
/// It is not in `XDG_RUNTIME_DIR`: that goes when the person logs out, and the job does not.
///
/// # Errors
/// [`ControlError`] when it cannot be made, or is a link, no folder, or another user's. One of ours that others can
/// look into is closed to them first.
pub fn run_folder(state_dir: &Path) -> Result<PathBuf, ControlError> {
    let folder = state_dir.join("run");
    private_folder(&folder)?;
    let io = |cause| ControlError::io(&folder, cause);
    let found = std::fs::symlink_metadata(&folder).map_err(io)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_dir() || !ours {
        return Err(ControlError::Foreign { path: folder });
    }
    if found.permissions().mode() & 0o077 != 0 {
        let closed = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&folder, closed).map_err(io)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_closed_to_others_even_when_it_was_open() {
        let temporary = tempfile::tempdir().expect("a folder");
        let run = temporary.path().join("run");
        std::fs::create_dir(&run).expect("a folder");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&run, open).expect("ours");
        let found = run_folder(temporary.path()).expect("ours");
        let mode = std::fs::metadata(found)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_refused() {
        let temporary = tempfile::tempdir().expect("a folder");
        let elsewhere = temporary.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).expect("a folder");
        std::os::unix::fs::symlink(&elsewhere, temporary.path().join("run")).expect("a link");
        let refused = run_folder(temporary.path());
        assert!(matches!(refused, Err(ControlError::Foreign { .. })));
    }
}
