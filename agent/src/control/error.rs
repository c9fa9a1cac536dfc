//! What can go wrong at the side door. No job is touched by any of it.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The side door could not be opened or asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The folder or socket cannot be used.
    #[error("{path}: {cause}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The folder is another user's, or no folder.
    #[error("{path} is not a folder of this user alone")]
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// The process does not speak as we do.
    #[error("the answer cannot be understood: {0}; it may be of another version")]
    Answer(String),
}

impl ControlError {
    /// Returns an error of the operating system at `path`.
    pub(super) fn io(path: &Path, cause: std::io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, cause }
    }
}
