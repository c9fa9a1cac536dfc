//! A drive open for reading.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use disk::{ReadAt, ReadError, SectorSize};

use super::blank::blank_in;
use super::contents::{Emptiness, Thoroughness};
use super::holes::{data_ranges, map_of};
use super::image_file::identity;
use super::medium::{Access, Medium};
use super::open::OpenError;
use super::recent::Recent;
use crate::number::wide;

/// Bytes that are read to see whether a drive answers at all.
const PROBE_BYTES: u64 = 4096;

/// A drive open for reading, at any offset and of any length, from many threads.
pub struct DriveReader {
    medium: Medium,
    sector: SectorSize,
    /// Windows read past the cache; `None` where the kernel's cache serves small reads.
    recent: Option<Recent>,
}

/// Opens the drive or image at `path` for reading; with `past_cache`, what is read comes from the
/// medium, not from memory.
///
/// # Errors
/// [`OpenError::Io`] when it is not there or may not be read.
pub fn open_read(path: &Path, past_cache: bool) -> Result<DriveReader, OpenError> {
    if past_cache {
        DriveReader::past_cache(path)
    } else {
        DriveReader::look(path)
    }
}

impl DriveReader {
    /// Opens a drive to be looked at, through the kernel's cache.
    pub(super) fn look(path: &Path) -> Result<Self, OpenError> {
        let medium = Medium::open(path, Access::Look)?;
        let sector = sector_of(path, medium.file());
        Ok(Self {
            medium,
            sector,
            recent: None,
        })
    }

    /// Opens a drive to be read from the medium.
    pub(super) fn past_cache(path: &Path) -> Result<Self, OpenError> {
        let medium = Medium::open(path, Access::ReadPastCache)?;
        let sector = sector_of(path, medium.file());
        forget_backing(medium.file());
        Ok(Self {
            medium,
            sector,
            recent: Some(Recent::default()),
        })
    }

    /// Takes over a drive that another process opened: its [`DriveReader::descriptors`], or those
    /// of a writer. What is read comes from the medium.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn of_descriptors(
        (buffered, direct): (File, Option<File>),
        sector: SectorSize,
    ) -> std::io::Result<Self> {
        Ok(Self {
            medium: Medium::of_descriptors(buffered, direct)?,
            sector,
            recent: Some(Recent::default()),
        })
    }

    /// Returns the descriptors of the drive once more, buffered and unbuffered.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn descriptors(&self) -> std::io::Result<(File, Option<File>)> {
        self.medium.descriptors()
    }

    /// Has the kernel forget what it holds of an open drive, and of the file behind a loop device, so
    /// that what is read next comes from the medium. It is advice: nothing fails.
    pub fn forget_cache_of(drive: &File) {
        #[cfg(target_os = "linux")]
        super::medium::drop_whole_cache(drive);
        forget_backing(drive);
    }

    /// Takes over a medium that is open for something else.
    pub(super) const fn over(medium: Medium, sector: SectorSize) -> Self {
        Self {
            medium,
            sector,
            recent: None,
        }
    }

    /// Returns the facts of the file that is open.
    pub(super) fn facts(&self) -> std::io::Result<std::fs::Metadata> {
        self.medium.file().metadata()
    }

    /// Gives the medium back.
    pub(super) fn into_medium(self) -> Medium {
        self.medium
    }

    /// Returns whether anything of the drive can be read: one sector that cannot is no drive that is gone.
    #[must_use]
    pub fn answers(&self) -> bool {
        // Where the kernel's cache is passed by.
        let aligned = |at: u64| at.saturating_sub(at.checked_rem(PROBE_BYTES).unwrap_or(0));
        let last = self.bytes().saturating_sub(PROBE_BYTES);
        let mut places = [0, last.midpoint(0), last].into_iter().map(aligned);
        let mut probe = vec![0; usize::try_from(PROBE_BYTES.min(self.bytes())).unwrap_or(0)];
        !probe.is_empty() && places.any(|at| self.read_at(at, &mut probe).is_ok())
    }

    /// Returns the logical sector size: a block device's own, that of an image file's description,
    /// or else 512.
    #[must_use]
    pub const fn sector(&self) -> SectorSize {
        self.sector
    }

    /// Returns whether the drive reads as zeros; holes of an image file, or of the file behind a
    /// loop device, are not read.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn blank(&self, thoroughness: Thoroughness) -> Result<Emptiness, ReadError> {
        let file = self.medium.file();
        let data = match map_of(file) {
            Some(map) => data_ranges(&map, self.bytes()),
            None => std::iter::once(0..self.bytes()).collect(),
        };
        blank_in(self, &data, thoroughness)
    }
}

impl ReadAt for DriveReader {
    fn bytes(&self) -> u64 {
        self.medium.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = wide(into.len());
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes()) {
            return Err(ReadError::out_of_bounds(at, bytes, self.bytes()));
        }
        let done = match &self.recent {
            Some(recent) if Recent::serves(into.len()) => recent.read(&self.medium, at, into),
            _ => self.medium.read(at, into),
        };
        done.map_err(|why| ReadError {
            at,
            bytes,
            cause: why.to_string(),
        })
    }
}

/// Returns the sector size of an open block device or image file; 512 when nothing tells.
fn sector_of(path: &Path, file: &File) -> SectorSize {
    let is_block_device = file.metadata().is_ok_and(|facts| facts.rdev() != 0);
    if !is_block_device {
        return identity(path).map_or(SectorSize::B512, |identity| identity.sector);
    }
    #[cfg(target_os = "linux")]
    if let Ok(bytes) = rustix::fs::ioctl_blksszget(file) {
        return SectorSize::try_from(u64::from(bytes)).unwrap_or(SectorSize::B512);
    }
    SectorSize::B512
}

/// A loop device has a second cache, that of the file behind it: forgets it.
#[cfg(target_os = "linux")]
fn forget_backing(file: &File) {
    use super::linux::backing_of;
    use super::medium::{drop_whole_cache, open_file};
    if let Some(path) = backing_of(file)
        && let Ok(backing) = open_file(&path, rustix::fs::OFlags::RDONLY)
    {
        drop_whole_cache(&backing);
    }
}

/// There are no loop devices.
#[cfg(not(target_os = "linux"))]
const fn forget_backing(_file: &File) {}
