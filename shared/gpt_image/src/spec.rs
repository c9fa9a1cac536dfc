//! The table that we write.

use std::ops::Range;

use disk::SectorSize;
use thiserror::Error;

/// A disk with one Microsoft basic data partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GptSpec {
    /// Length of the disk in bytes.
    pub disk_bytes: u64,
    /// Logical sector size.
    pub sector: SectorSize,
    /// The disk's GUID, bytes as stored.
    pub disk_guid: [u8; 16],
    /// The partition's own GUID, bytes as stored.
    pub partition_guid: [u8; 16],
    /// The partition's name: at most 36 UTF-16 units.
    pub name: String,
}

/// A disk that cannot hold the table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptError {
    /// Too short for both tables and 1 MiB of partition.
    #[error(
        "a disk of {disk_bytes} bytes; at least {least_bytes} are needed for a partition table and 1 MiB of partition"
    )]
    TooSmall {
        /// Length of the disk.
        disk_bytes: u64,
        /// Least length.
        least_bytes: u64,
    },
    /// Not a whole number of sectors.
    #[error("a disk of {disk_bytes} bytes is not a whole number of sectors of {sector_bytes}")]
    PartialSector {
        /// Length of the disk.
        disk_bytes: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// The name is too long.
    #[error("a partition name of {found} UTF-16 units; a partition table holds 36")]
    NameTooLong {
        /// Length found.
        found: usize,
    },
}

impl GptSpec {
    /// Returns the partition's bytes: from 1 MiB to the last 1 MiB border before the backup table.
    ///
    /// # Errors
    /// [`GptError`].
    pub fn partition(&self) -> Result<Range<u64>, GptError> {
        todo!()
    }

    /// Returns protective MBR, header and entries, to be written at 0.
    ///
    /// # Errors
    /// [`GptError`].
    pub fn primary(&self) -> Result<Vec<u8>, GptError> {
        todo!()
    }

    /// Returns the backup table (entries, then header) and the byte offset where it goes.
    ///
    /// # Errors
    /// [`GptError`].
    pub fn backup(&self) -> Result<(u64, Vec<u8>), GptError> {
        todo!()
    }
}
