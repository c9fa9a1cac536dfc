//! What can be wrong with a volume.

use disk::ReadError;
use thiserror::Error;

use super::attribute_list::ListProblem;
use super::file_record::RecordProblem;
use super::index_node::IndexProblem;
use super::stream::StreamProblem;
use super::{FileId, ReparseTag};
use crate::boot_sector::BootSectorError;

/// Why a disk is not taken for an NTFS volume.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Sector 0 is not the boot sector of an NTFS volume.
    #[error(transparent)]
    BootSector(#[from] BootSectorError),
    /// The volume is longer than the disk.
    #[error("the volume has {volume_bytes} bytes, the disk that holds it {disk_bytes}")]
    CutOff {
        /// Bytes of the volume, by its boot sector.
        volume_bytes: u64,
        /// Bytes of the disk.
        disk_bytes: u64,
    },
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
    /// The number of an MFT record that is not there.
    #[error("there is no MFT record {record}: $MFT has {records}")]
    NoSuchRecord {
        /// What was asked for.
        record: u64,
        /// Records of $MFT.
        records: u64,
    },
    /// $MFT claims to be longer than the volume.
    #[error("$MFT has {bytes} bytes on a volume of {volume_bytes}")]
    MftLength {
        /// Bytes of $MFT.
        bytes: u64,
        /// Bytes of the volume.
        volume_bytes: u64,
    },
    /// A FILE record contradicts itself.
    #[error("MFT record {record}: {problem}")]
    Record {
        /// Which.
        record: u64,
        /// How.
        problem: RecordProblem,
    },
    /// An attribute's clusters or sizes contradict each other.
    #[error("MFT record {record}, attribute {kind:#x} {name:?}: {problem}")]
    Stream {
        /// The file.
        record: u64,
        /// Type of the attribute.
        kind: u32,
        /// Name of the attribute.
        name: String,
        /// How.
        problem: StreamProblem,
    },
    /// An attribute list contradicts itself.
    #[error("MFT record {record}: {problem}")]
    List {
        /// The file.
        record: u64,
        /// How.
        problem: ListProblem,
    },
    /// An attribute list longer than Windows makes them.
    #[error(
        "MFT record {record}: the attribute list has {bytes} bytes; Windows makes none above {bytes_max}"
    )]
    ListTooLong {
        /// The file.
        record: u64,
        /// As stored.
        bytes: u64,
        /// The longest.
        bytes_max: u64,
    },
    /// More records than any file has.
    #[error("{id} has more than {bytes_max} bytes of records")]
    TooManyRecords {
        /// The file.
        id: FileId,
        /// The bound.
        bytes_max: u64,
    },
    /// A record that an attribute list names belongs to nobody, or to another file.
    #[error("the attribute list of {id} names MFT record {record}, which is {found}")]
    Extension {
        /// The file.
        id: FileId,
        /// The record.
        record: u64,
        /// What the record is.
        found: String,
    },
    /// An index contradicts itself.
    #[error("folder {folder}: {problem}")]
    Index {
        /// The folder.
        folder: FileId,
        /// How.
        problem: IndexProblem,
    },
    /// A folder is in two places, or inside itself.
    #[error("{path:?} is {id}, which the walk has been through already")]
    FolderTwice {
        /// The second path.
        path: String,
        /// The folder.
        id: FileId,
    },
    /// A path longer than NTFS has, or folders whose indexes take more memory than any honest path's.
    #[error("{id} lies deeper than paths of 32767 units reach")]
    TooDeep {
        /// The folder.
        id: FileId,
    },
    /// Folders share their index blocks.
    #[error("the folders have more index blocks than fit on the volume")]
    TooManyBlocks,
    /// $UpCase, without which no name can be looked up, is not a table of 65,536 units.
    #[error("$UpCase has {bytes} bytes, not 131072")]
    UpCase {
        /// Bytes of its data.
        bytes: u64,
    },
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
    /// A file was asked for: this is a folder, or has no unnamed data.
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

impl VolumeError {
    pub(crate) const fn record(record: u64, problem: RecordProblem) -> Self {
        Self::Record { record, problem }
    }
    pub(crate) fn stream(record: u64, kind: u32, name: &str, problem: StreamProblem) -> Self {
        Self::Stream {
            record,
            kind,
            name: name.to_owned(),
            problem,
        }
    }
}
