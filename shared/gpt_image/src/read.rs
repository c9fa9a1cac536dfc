//! Partition tables of drives that others made: hostile bytes.

use disk::{ReadAt, ReadError, SectorSize};
use thiserror::Error;

/// How a disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A GUID partition table.
    Gpt {
        /// The sector size at which it was found.
        sector: SectorSize,
        /// Whether the backup table at the end is there and says the same.
        backup_intact: bool,
    },
    /// A master boot record.
    Mbr {
        /// The sector size at which its partitions make sense.
        sector: SectorSize,
    },
    /// No table: a BitLocker or NTFS volume from byte 0.
    Bare,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Byte offset of its first byte.
    pub at: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the table says it is.
    pub kind: PartitionKind,
    /// Its name; empty when it has none.
    pub name: String,
}

/// What a table says a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// GPT: the type's GUID, bytes as stored.
    Gpt([u8; 16]),
    /// MBR: the type's byte; 0 for the pseudo-partition of a bare volume.
    Mbr(u8),
}

/// A disk's partitions, and what is wrong with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionTable {
    /// How the disk is divided.
    pub scheme: Scheme,
    /// Its partitions in the table's order; one that covers all when there is no table.
    pub partitions: Vec<Partition>,
    /// Violations that did not hinder reading.
    pub findings: Vec<GptFinding>,
}

/// One thing wrong with a table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptFinding {
    /// The primary table cannot be used.
    #[error("primary partition table at sector 1: {why}")]
    Primary {
        /// What is wrong.
        why: String,
    },
}

/// A disk without a readable table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptReadError {
    /// The disk could not be read.
    #[error("cannot read the partition table: {0}")]
    Read(#[from] ReadError),
    /// There is nothing that could be read.
    #[error(
        "no partition table, BitLocker or NTFS volume: the first sector holds none of their signatures"
    )]
    Nothing,
}

/// Returns how `disk` is divided.
///
/// # Errors
/// [`GptReadError`].
pub fn read(_disk: &dyn ReadAt) -> Result<PartitionTable, GptReadError> {
    todo!()
}
