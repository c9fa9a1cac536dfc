//! What a drive of a given size has room for.

use std::ops::Range;

use bitlocker_image::Regions;
use disk::SectorSize;
use ntfs_image::FileTime;
use thiserror::Error;

/// Places on a drive that follow from its size alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The whole disk, in bytes.
    pub disk_bytes: u64,
    /// Logical sectors.
    pub sector: SectorSize,
    /// Where the one partition lies, in bytes.
    pub partition: Range<u64>,
    /// BitLocker's own places in the partition.
    pub regions: Regions,
    /// Bytes left free for Windows: min(256 MiB, volume/2048).
    pub headroom: u64,
}

/// The smallest drive: 64 MiB.
pub const DISK_BYTES_MIN: u64 = 64 << 20;

/// A disk that cannot be made into a drive.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpaceError {
    /// Too small for the file system and BitLocker's places.
    #[error("{found} bytes; the smallest drive has {least}")]
    TooSmall {
        /// Bytes of the disk.
        found: u64,
        /// Bytes needed.
        least: u64,
    },
    /// Not whole sectors.
    #[error("{found} bytes are no whole number of sectors of {sector_bytes} bytes")]
    PartSector {
        /// Bytes of the disk.
        found: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// The partition table cannot describe it.
    #[error("{0}")]
    Partition(String),
    /// BitLocker's places do not fit.
    #[error("{0}")]
    Regions(String),
}

impl Space {
    /// Returns the places of a disk of `disk_bytes`.
    ///
    /// # Errors
    /// [`SpaceError`] when it is too small or not whole sectors.
    pub fn new(disk_bytes: u64, sector: SectorSize) -> Result<Self, SpaceError> {
        todo!("{disk_bytes} {sector:?}")
    }

    /// Returns the bytes of the volume inside the partition.
    #[must_use]
    pub const fn volume_bytes(&self) -> u64 {
        self.partition.end - self.partition.start
    }

    /// Returns what the NTFS layout is asked for: the volume, with BitLocker's places owned by its control files.
    #[must_use]
    pub fn volume_spec(
        &self,
        serial: u64,
        label: &str,
        created: FileTime,
    ) -> ntfs_image::VolumeSpec {
        todo!("{serial} {label} {created:?}")
    }
}
