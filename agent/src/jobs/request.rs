//! What a person asks for.

use std::path::PathBuf;

use bitlocker_image::Cipher;
use disk::SectorSize;
use zeroize::Zeroizing;

use crate::device::Said;

/// Names a job for as long as the agent runs: `<session>` made unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub String);

impl std::fmt::Display for JobId {
    fn fmt(&self, into: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        into.write_str(&self.0)
    }
}

/// A job to be started: fill drives from sources.
#[derive(Clone, Debug)]
pub struct JobRequest {
    /// Session id: 3-30 of letters, digits, `_ - #`; the folder on the drive.
    pub session: String,
    /// Where the files come from and where they go to.
    pub source: SourceRequest,
    /// Drives that may be filled; those that the plan does not need are not touched.
    pub drives: Vec<TargetRequest>,
    /// Where journals, side files and plans go; the first is read, all are written.
    pub journal_dirs: Vec<PathBuf>,
    /// How the drives are encrypted.
    pub cipher: Cipher,
    /// Folder that gets an external key file (`.BEK`) per drive, when wanted.
    pub external_key_dir: Option<PathBuf>,
    /// A passphrase that opens the drives besides the recovery password, when wanted.
    pub passphrase: Option<Zeroizing<String>>,
    /// What happens to space that no file takes.
    pub free_space: FreeSpace,
    /// Sector size to build for, when it is not the drive's own word.
    pub sector: Option<SectorSize>,
    /// Drives written at the same time; `None` is all.
    pub parallel: Option<usize>,
    /// Whether each drive is read back after it was written.
    pub verify: bool,
}

/// Where files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceRequest {
    /// A folder, whose content goes to `destination` (`CONTAINER/` or `CONTAINER/PREFIX/`).
    Folder {
        /// The folder.
        path: PathBuf,
        /// Container and prefix.
        destination: String,
    },
    /// A dataset.csv, with drive letters of its paths mapped (`E:\` to `/mnt/e`).
    DataSet {
        /// The file.
        path: PathBuf,
        /// Windows prefix and the folder that stands for it here.
        map: Vec<(String, PathBuf)>,
    },
}

/// A drive that may be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRequest {
    /// Block device or image file.
    pub path: PathBuf,
    /// The serial on its label, when the hardware's cannot be read.
    pub serial: Option<String>,
}

/// What happens to space that no file takes, on a drive that held something before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FreeSpace {
    /// Nothing was said: enough for blank drives, refused for others.
    #[default]
    Unsaid,
    /// Overwritten with ciphertext.
    Wipe,
    /// Left as it is; old data there stays readable, and the journal says so.
    Keep,
}

/// What the person said about one drive of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Serial number of the drive, whole, as the plan names it.
    pub serial: String,
    /// The words.
    pub said: Said,
}
