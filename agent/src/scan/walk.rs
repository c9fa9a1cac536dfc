//! The parallel walk.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::report::ScanReport;

/// A source that could not be scanned at all.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// It is not there or may not be read.
    #[error("cannot read the source {path}: {cause}")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// It is neither a folder nor a file.
    #[error("the source {path} is neither a folder nor a file")]
    NotAFolder {
        /// The path given.
        path: PathBuf,
    },
}

/// Returns everything below `root` with `threads` threads; the same tree gives the same report.
///
/// A `root` that is a file gives a report with one file, whose root is the folder that holds it.
///
/// # Errors
/// [`ScanError`] when `root` itself cannot be read; anything below it that cannot is in [`ScanReport::skipped`].
pub fn scan(_root: &Path, _threads: usize) -> Result<ScanReport, ScanError> {
    todo!()
}
