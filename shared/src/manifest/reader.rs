//! Reads a manifest.

use super::file::ManifestFile;
use std::io::BufRead;
use thiserror::Error;

/// Reads a manifest file by file, in memory of one file.
pub struct ManifestReader<R> {
    _inner: R,
}

/// What a whole manifest was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSummary {
    /// MD5 of every byte of it.
    pub md5: [u8; 16],
    /// Its length.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
}

/// A manifest that cannot be believed, and the line where that shows.
#[derive(Debug, Error)]
#[error("manifest, line {line}: {what}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: ManifestFault,
}

/// What is wrong with a manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// The reader failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl<R: BufRead> ManifestReader<R> {
    /// Reads up to the first blob list.
    ///
    /// # Errors
    /// [`ManifestError`] when it is no manifest.
    pub fn new(_inner: R) -> Result<Self, ManifestError> {
        todo!()
    }

    /// Returns the drive's serial.
    #[must_use]
    pub fn drive_id(&self) -> &str {
        todo!()
    }

    /// Returns the next file; `None` when the manifest is at its end, and whole.
    ///
    /// # Errors
    /// [`ManifestError`]; nothing can be read after one.
    pub fn next_file(&mut self) -> Result<Option<ManifestFile>, ManifestError> {
        todo!()
    }

    /// Reads what is left and returns what the whole was.
    ///
    /// # Errors
    /// [`ManifestError`] as [`next_file`](Self::next_file).
    pub fn finish(self) -> Result<ManifestSummary, ManifestError> {
        todo!()
    }
}

impl<R: BufRead> Iterator for ManifestReader<R> {
    type Item = Result<ManifestFile, ManifestError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_file().transpose()
    }
}
