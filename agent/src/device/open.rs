//! Opening a confirmed drive for writing, and any drive for reading.

use std::path::{Path, PathBuf};

use disk::{ReadAt, ReadError, SectorSize, WriteAt, WriteError};
use thiserror::Error;

use super::confirm::{ConfirmedTarget, Refusal};
use super::contents::{Emptiness, Thoroughness};

/// A drive that could not be opened. Nothing was written to it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Refused for safety (exit code 3).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The operating system said no (exit code 4).
    #[error("cannot open {path}: {cause}; nothing was written to it")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

/// What the pipeline writes to: a drive, or in tests anything like one.
pub trait Device: ReadAt + WriteAt + Send {
    /// Returns the logical sector size.
    fn sector(&self) -> SectorSize;

    /// Makes `[at, at + bytes)` read as zeros, by a hole or a deallocation where that works, by writing zeros otherwise.
    ///
    /// # Errors
    /// [`WriteError`] as for [`WriteAt::write_at`].
    fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError>;

    /// Frees `[at, at + bytes)` on the medium when it can; returns whether it then certainly reads as zeros.
    ///
    /// # Errors
    /// [`WriteError`] when the medium fails; that it cannot discard is not an error.
    fn discard(&mut self, at: u64, bytes: u64) -> Result<bool, WriteError>;
}

/// A drive held exclusively and open for writing.
pub struct DriveWriter {
    _private: (),
}

impl DriveWriter {
    /// Writes all of `bytes` at offset `at`, from any thread. What other threads write must not overlap it.
    ///
    /// Fastest when `at`, the length and the memory are aligned to 4096 bytes (see [`super::AlignedBuffer`]).
    ///
    /// # Errors
    /// [`WriteError`] as for [`WriteAt::write_at`].
    pub fn write_shared(&self, _at: u64, _bytes: &[u8]) -> Result<(), WriteError> {
        todo!()
    }

    /// Flushes from any thread, as [`WriteAt::flush`] does.
    ///
    /// # Errors
    /// [`WriteError`]: all that was written since the last successful flush must be taken as lost.
    pub fn flush_shared(&self) -> Result<(), WriteError> {
        todo!()
    }
}

impl ReadAt for DriveWriter {
    fn bytes(&self) -> u64 {
        todo!()
    }
    fn read_at(&self, _at: u64, _into: &mut [u8]) -> Result<(), ReadError> {
        todo!()
    }
}

impl WriteAt for DriveWriter {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        self.write_shared(at, bytes)
    }
    fn flush(&mut self) -> Result<(), WriteError> {
        self.flush_shared()
    }
}

impl Device for DriveWriter {
    fn sector(&self) -> SectorSize {
        todo!()
    }
    fn zero(&mut self, _at: u64, _bytes: u64) -> Result<(), WriteError> {
        todo!()
    }
    fn discard(&mut self, _at: u64, _bytes: u64) -> Result<bool, WriteError> {
        todo!()
    }
}

/// Opens a confirmed drive for writing, for nobody else at the same time.
///
/// # Errors
/// [`OpenError`]: refused (in use, changed since it was confirmed, a real drive) or the operating system's word.
pub fn open(_target: ConfirmedTarget) -> Result<DriveWriter, OpenError> {
    todo!()
}

/// A drive open for reading, at any offset, from many threads.
pub struct DriveReader {
    _private: (),
}

impl DriveReader {
    /// Returns the logical sector size.
    #[must_use]
    pub fn sector(&self) -> SectorSize {
        todo!()
    }

    /// Returns whether the drive reads as zeros; holes of an image file are not read.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn blank(&self, _thoroughness: Thoroughness) -> Result<Emptiness, ReadError> {
        todo!()
    }
}

impl ReadAt for DriveReader {
    fn bytes(&self) -> u64 {
        todo!()
    }
    fn read_at(&self, _at: u64, _into: &mut [u8]) -> Result<(), ReadError> {
        todo!()
    }
}

/// Opens the drive or image at `path` for reading; with `past_cache`, what is read comes from the medium, not from memory.
///
/// # Errors
/// [`OpenError::Io`] when it is not there or may not be read.
pub fn open_read(_path: &Path, _past_cache: bool) -> Result<DriveReader, OpenError> {
    todo!()
}
