//! The side door as commands use it: opened by those that work, knocked at by those that ask.

use std::path::{Path, PathBuf};

use super::screen::Screen;
use crate::control::{
    Connection, ControlError, ControlSocket, Page, default_state_dir, processes, run_folder,
};
use crate::jobs::{JobError, Jobs};

/// Returns the state folder that was named, or else the person's own.
///
/// # Errors
/// [`JobError`] when there is neither.
pub(super) fn state_dir(named: Option<&PathBuf>) -> Result<PathBuf, JobError> {
    named.cloned().or_else(default_state_dir).ok_or_else(|| {
        JobError::usage(
            "there is no home folder to keep journals in; name one with --state-dir",
            "",
        )
    })
}

/// Opens the side door of this process. Without one the work goes on; the person is told.
pub(super) fn open(
    state_dir: Option<&Path>,
    command: &'static str,
    jobs: &Jobs,
    page: Option<Page>,
    screen: &Screen,
) -> Option<ControlSocket> {
    let own = default_state_dir();
    let Some(state_dir) = state_dir.or(own.as_deref()) else {
        screen.aside("argosy status will not see this run: there is no home folder");
        return None;
    };
    let opened = run_folder(state_dir)
        .and_then(|folder| ControlSocket::open(&folder, command, jobs.clone(), page));
    match opened {
        Ok(socket) => Some(socket),
        Err(error) => {
            screen.aside(&format!("argosy status will not see this run: {error}"));
            None
        }
    }
}

/// Returns the processes of this user that work in `state_dir`, by their numbers' order of no meaning.
///
/// # Errors
/// [`JobError`] when the folder cannot be used.
pub(super) fn knock(state_dir: &Path) -> Result<Vec<Connection>, JobError> {
    // Who never worked here has no folder, and nothing that runs.
    if !state_dir.join("run").exists() {
        return Ok(Vec::new());
    }
    run_folder(state_dir)
        .and_then(|folder| processes(&folder))
        .map_err(|error| failed(&error))
}

/// Returns a failure at the side door in a job's words.
pub(super) fn failed(error: &ControlError) -> JobError {
    JobError::io(
        error.to_string(),
        "",
        "Jobs at work go on; this only asked about them.",
    )
}
