//! What can be wrong with a volume.

use disk::ReadError;
use thiserror::Error;

use super::{FileId, ReparseTag};

/// Why a disk is not taken for an NTFS volume.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// $MFT cannot be read.
    #[error("the master file table cannot be read: {0}")]
    Mft(#[source] VolumeError),
}

/// Why something on a volume cannot be had.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VolumeError {
    /// The disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The reference names a record that is free now, or used by another file.
    #[error("{id} is gone: its record is now {found}")]
    Stale {
        /// What was asked for.
        id: FileId,
        /// What the record is now.
        found: String,
    },
    /// A folder was asked for.
    #[error("{id} is not a folder")]
    NotAFolder {
        /// What was asked for.
        id: FileId,
    },
    /// A file was asked for.
    #[error("{id} is not a file")]
    NotAFile {
        /// What was asked for.
        id: FileId,
    },
    /// The file is compressed by NTFS.
    #[error("{id} is compressed by NTFS; its content cannot be read here")]
    Compressed {
        /// The file.
        id: FileId,
    },
    /// The file is encrypted by EFS.
    #[error("{id} is encrypted by EFS; its content cannot be read here")]
    Encrypted {
        /// The file.
        id: FileId,
    },
    /// The file's content depends on a filter driver.
    #[error("{id} is a {} (reparse tag {:#010x}); its content is not in the file", tag.words(), tag.0)]
    Reparse {
        /// The file.
        id: FileId,
        /// The kind.
        tag: ReparseTag,
    },
    /// The range leaves the file.
    #[error("{bytes} bytes at {at:#x} were asked of {id}, which ends at {end:#x}")]
    BeyondEnd {
        /// The file.
        id: FileId,
        /// First byte asked for.
        at: u64,
        /// Bytes asked for.
        bytes: u64,
        /// The file's length.
        end: u64,
    },
}
