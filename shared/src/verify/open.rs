//! From a disk to the volume on it.

use bitlocker_image::{Credential, UnlockError, UnlockedVolume};
use disk::{ReadAt, ReadError, Window};
use gpt_image::PartitionTable;
use thiserror::Error;

/// The volume of a drive, opened; reads like the plain NTFS volume.
pub struct OpenedDrive<'a> {
    /// How the disk is divided.
    pub table: PartitionTable,
    /// Byte offset of the volume on the disk.
    pub volume_at: u64,
    volume: Opened<'a>,
}

enum Opened<'a> {
    Locked(UnlockedVolume<Window<&'a dyn ReadAt>>),
    Plain(Window<&'a dyn ReadAt>),
}

/// A disk whose volume cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenDriveError {
    /// The disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no readable partition table.
    #[error(transparent)]
    Table(#[from] gpt_image::GptReadError),
    /// None of the partitions holds BitLocker or NTFS.
    #[error("none of the {partitions} partitions holds a BitLocker or NTFS volume")]
    NoVolume {
        /// Partitions looked at.
        partitions: u64,
    },
    /// The volume does not open with this key.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
}

/// Opens the first BitLocker volume of `disk`, or its first NTFS volume when none is encrypted.
///
/// # Errors
/// [`OpenDriveError`].
pub fn open_drive<'a>(
    disk: &'a dyn ReadAt,
    credential: &Credential,
) -> Result<OpenedDrive<'a>, OpenDriveError> {
    todo!("{} {credential:?}", disk.bytes())
}

impl<'a> OpenedDrive<'a> {
    /// Returns the BitLocker volume; `None` when the drive is not encrypted.
    #[must_use]
    pub const fn bitlocker(&self) -> Option<&UnlockedVolume<Window<&'a dyn ReadAt>>> {
        match &self.volume {
            Opened::Locked(volume) => Some(volume),
            Opened::Plain(_) => None,
        }
    }
}

impl ReadAt for OpenedDrive<'_> {
    fn bytes(&self) -> u64 {
        match &self.volume {
            Opened::Locked(volume) => volume.bytes(),
            Opened::Plain(volume) => volume.bytes(),
        }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        match &self.volume {
            Opened::Locked(volume) => volume.read_at(at, into),
            Opened::Plain(volume) => volume.read_at(at, into),
        }
    }
}
