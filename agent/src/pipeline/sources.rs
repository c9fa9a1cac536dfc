//! Where the files of a listing are.

use std::io;

use crate::scan::{OpenSourceError, SourceFile, SourceRoot, SourceState};

/// Where the bytes of a listing come from: the file system, or what stands for it when faults are
/// simulated.
pub trait SourceFiles: Sync {
    /// Returns whether an answer is so long in coming that files are to be opened and asked for a leg before they are read.
    fn is_far(&self) -> bool {
        false
    }

    /// Opens the file that the listing calls `path`.
    ///
    /// # Errors
    /// [`OpenSourceError`].
    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError>;

    /// Returns the metadata file of target `number` of the mapping, whole.
    fn metadata(&self, number: u32) -> Option<&[u8]>;

    /// Returns the properties file of target `number` of the mapping, whole.
    fn properties(&self, number: u32) -> Option<&[u8]>;
}

/// One source file, open.
pub trait SourceRead: Send {
    /// Returns its length and time as they are now.
    ///
    /// # Errors
    /// What the operating system says.
    fn state(&self) -> io::Result<SourceState>;

    /// Reads up to `into.len()` bytes at `at`; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the operating system says.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Asks for `bytes` bytes at `at`, which one call will read soon, and does not wait for them. What goes wrong is said
    /// to that call.
    fn ask(&self, at: u64, bytes: u64) {
        let _ = (at, bytes);
    }
}

impl SourceRead for SourceFile {
    fn state(&self) -> io::Result<SourceState> {
        self.state()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.read_at(at, into)
    }
}

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
    fn target(&self, number: u32) -> Option<&SourceTarget> {
        self.targets.get(usize::try_from(number).ok()?)
    }
}

impl SourceFiles for Sources {
    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError> {
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
        let file = target.ok_or_else(gone)?.root.open_file(below)?;
        Ok(Box::new(file))
    }

    fn metadata(&self, number: u32) -> Option<&[u8]> {
        self.target(number)?.metadata.as_deref()
    }

    fn properties(&self, number: u32) -> Option<&[u8]> {
        self.target(number)?.properties.as_deref()
    }
}
