//! Opening source files without leaving the source folder.

use std::path::Path;

use thiserror::Error;

/// A source file that could not be opened or read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenSourceError {
    /// A part of its path is a symbolic link now, or leads out of the source.
    #[error("{path}: its path leads through a symbolic link, which it did not when it was listed")]
    Escapes {
        /// Path below the root.
        path: String,
    },
    /// It is not a regular file any more.
    #[error("{path} is not a regular file any more")]
    NotAFile {
        /// Path below the root.
        path: String,
    },
    /// The operating system said no.
    #[error("cannot open {path}: {cause}")]
    Io {
        /// Path below the root.
        path: String,
        /// What the operating system said.
        cause: String,
    },
}

/// A source folder, held open: files are found from it, wherever its path leads later.
#[derive(Debug)]
pub struct SourceRoot {
    _private: (),
}

impl SourceRoot {
    /// Opens a source folder.
    ///
    /// # Errors
    /// [`OpenSourceError::Io`].
    pub fn open(_root: &Path) -> Result<Self, OpenSourceError> {
        todo!()
    }

    /// Opens the regular file at `path` (as in the listing), following no symbolic link.
    ///
    /// # Errors
    /// [`OpenSourceError`].
    pub fn open_file(&self, _path: &str) -> Result<SourceFile, OpenSourceError> {
        todo!()
    }
}

/// A source file, open for reading.
#[derive(Debug)]
pub struct SourceFile {
    _private: (),
}

/// What tells whether a source file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Length in bytes.
    pub bytes: u64,
    /// Last change, seconds since 1970.
    pub modified_seconds: i64,
    /// Last change, nanoseconds within the second.
    pub modified_nanoseconds: u32,
}

impl SourceFile {
    /// Returns its length and time as they are now; compare with the listing before the first and after the last read.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn state(&self) -> std::io::Result<SourceState> {
        todo!()
    }

    /// Reads up to `into.len()` bytes at `at`; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read_at(&self, _at: u64, _into: &mut [u8]) -> std::io::Result<usize> {
        todo!()
    }
}
