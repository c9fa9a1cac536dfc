//! Why a plan cannot be made.

use thiserror::Error;

use crate::plan::{DriveTreeError, SpaceError};

/// A plan that cannot be made; nothing is written for it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FitError {
    /// There is no drive to plan onto.
    #[error("no drive is given")]
    NoDrives,
    /// A size to be taken as often as needed stands beside others.
    #[error("{found} drive sizes are given; only one can be taken as often as needed")]
    ManySizes {
        /// Sizes given.
        found: u64,
    },
    /// Two drives have one serial.
    #[error("two drives are both called {serial}; give one of them another serial")]
    SameSerial {
        /// The serial.
        serial: String,
    },
    /// One file is larger than what any of the drives holds.
    #[error(
        "{path} needs {needed_bytes} bytes on a drive; the largest here, {serial}, has room for {capacity_bytes}: {missing_bytes} bytes are missing"
    )]
    FileTooLarge {
        /// The file.
        path: String,
        /// What it takes on the drive.
        needed_bytes: u64,
        /// The largest drive.
        serial: String,
        /// What that drive holds.
        capacity_bytes: u64,
        /// The difference.
        missing_bytes: u64,
    },
    /// The drives together are too small.
    #[error("{what}: {missing_bytes} bytes are missing")]
    DoesNotFit {
        /// What does not fit into what, in words.
        what: String,
        /// How much more room is needed.
        missing_bytes: u64,
    },
    /// A drive that cannot be made at all.
    #[error("drive {serial}: {cause}")]
    Drive {
        /// The drive.
        serial: String,
        /// What is wrong with it.
        cause: SpaceError,
    },
    /// A volume that cannot be laid out for another reason than its size.
    #[error("drive {serial}: {cause}")]
    Layout {
        /// The drive.
        serial: String,
        /// What is wrong.
        cause: ntfs_image::LayoutError,
    },
    /// The files are no tree that NTFS can hold.
    #[error(transparent)]
    Tree(#[from] DriveTreeError),
}
