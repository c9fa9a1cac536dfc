//! Where the files of a listing are.

use crate::scan::{OpenSourceError, SourceFile, SourceRoot};

/// The source folders of a job. One, or one per row of a data set.
#[derive(Debug)]
pub struct Sources {
    /// The folders, in the order of the mapping's targets.
    pub targets: Vec<SourceTarget>,
    /// True for a data set: the first part of a listing path is the number of its target, from 1.
    pub numbered: bool,
}

/// One source folder.
#[derive(Debug)]
pub struct SourceTarget {
    /// The folder, held open.
    pub root: SourceRoot,
    /// The row's metadata file, whole.
    pub metadata: Option<Vec<u8>>,
    /// The row's properties file, whole.
    pub properties: Option<Vec<u8>>,
}

impl Sources {
    /// Opens the file that the listing calls `path`.
    ///
    /// # Errors
    /// [`OpenSourceError`].
    pub fn open(&self, path: &str) -> Result<SourceFile, OpenSourceError> {
        let gone = || OpenSourceError::Io {
            path: path.to_owned(),
            cause: "it is in none of the sources".to_owned(),
        };
        let (target, below) = if self.numbered {
            let (row, below) = path.split_once('/').ok_or_else(gone)?;
            let row: usize = row.parse().map_err(|_| gone())?;
            (
                row.checked_sub(1).and_then(|row| self.targets.get(row)),
                below,
            )
        } else {
            (self.targets.first(), path)
        };
        target.ok_or_else(gone)?.root.open_file(below)
    }
}
