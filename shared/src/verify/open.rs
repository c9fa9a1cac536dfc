//! From a disk to the volume on it.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use bitlocker_image::{CbcDecryptor, Credential, UnlockError, UnlockedVolume, is_bitlocker};
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

/// A disk that is borrowed or shared.
type Disk<'a> = Rc<dyn ReadAt + 'a>;

enum Opened<'a> {
    Locked(Box<UnlockedVolume<Window<Disk<'a>>>>),
    Plain(Window<Disk<'a>>),
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

const SECTOR: usize = 512;

/// Opens the first BitLocker volume of `disk`, or its first NTFS volume when none is encrypted.
///
/// # Errors
/// [`OpenDriveError`].
pub fn open_drive<'a>(
    disk: &'a dyn ReadAt,
    credential: &Credential,
) -> Result<OpenedDrive<'a>, OpenDriveError> {
    open_shared(Rc::new(disk), credential)
}

/// The same of a disk that lives as long as what is opened.
///
/// # Errors
/// [`OpenDriveError`].
pub fn open_shared<'a>(
    disk: Disk<'a>,
    credential: &Credential,
) -> Result<OpenedDrive<'a>, OpenDriveError> {
    let table = gpt_image::read(disk.as_ref())?;
    let mut plain = None;
    let mut unreadable = None;
    for partition in &table.partitions {
        let window = Window::new(Rc::clone(&disk), partition.at, partition.bytes)?;
        let mut first = [0; SECTOR];
        if let Err(error) = window.read_at(0, &mut first) {
            unreadable = unreadable.or(Some(error));
            continue;
        }
        if is_bitlocker(&first) {
            let volume = Opened::Locked(Box::new(UnlockedVolume::unlock(window, credential)?));
            let volume_at = partition.at;
            return Ok(OpenedDrive {
                table,
                volume_at,
                volume,
            });
        }
        if first.get(3..11) == Some(b"NTFS    ") && plain.is_none() {
            plain = Some((partition.at, window));
        }
    }
    let partitions = u64::try_from(table.partitions.len()).unwrap_or(u64::MAX);
    let none = || match unreadable {
        Some(error) => OpenDriveError::Read(error),
        None => OpenDriveError::NoVolume { partitions },
    };
    let (volume_at, window) = plain.ok_or_else(none)?;
    Ok(OpenedDrive {
        table,
        volume_at,
        volume: Opened::Plain(window),
    })
}

impl<'a> OpenedDrive<'a> {
    /// Returns the BitLocker volume; `None` when the drive is not encrypted.
    #[must_use]
    pub fn bitlocker(&self) -> Option<&UnlockedVolume<Window<Disk<'a>>>> {
        match &self.volume {
            Opened::Locked(volume) => Some(volume),
            Opened::Plain(_) => None,
        }
    }

    /// Has `helper` do the AES of long reads from here on.
    pub fn decrypt_by(&mut self, helper: Arc<dyn CbcDecryptor>) {
        if let Opened::Locked(volume) = &mut self.volume {
            volume.decrypt_by(helper);
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

impl fmt::Debug for OpenedDrive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedDrive")
            .field("table", &self.table)
            .field("volume_at", &self.volume_at)
            .finish_non_exhaustive()
    }
}
