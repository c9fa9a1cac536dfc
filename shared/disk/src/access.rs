//! Reading and writing at an offset.

use thiserror::Error;

/// Something with a length that can be read at any byte offset: a block device, a file, memory, a dropped file.
pub trait ReadAt {
    /// Returns the length in bytes.
    fn bytes(&self) -> u64;

    /// Fills `into` with the bytes that start at offset `at`.
    ///
    /// # Errors
    /// [`ReadError`] when the range leaves the disk or the medium cannot be read. What `into` then holds is unspecified.
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError>;
}

/// Something that can be written at any byte offset.
pub trait WriteAt {
    /// Writes all of `bytes` at offset `at`.
    ///
    /// # Errors
    /// [`WriteError`] when the range leaves the disk or the medium refuses. How much was written is then unknown.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError>;

    /// Returns once everything written so far would survive a power cut.
    ///
    /// # Errors
    /// [`WriteError`]: all that was written since the last successful flush must be taken as lost; never retried.
    fn flush(&mut self) -> Result<(), WriteError>;
}

/// A read that did not give all its bytes.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("cannot read {bytes} bytes at offset {at:#x}: {cause}")]
pub struct ReadError {
    /// Byte offset of the first byte asked for.
    pub at: u64,
    /// Bytes asked for.
    pub bytes: u64,
    /// What the operating system or the bounds check said.
    pub cause: String,
}

impl ReadError {
    /// Returns the error of a range that leaves a disk of `disk_bytes`.
    #[must_use]
    pub fn out_of_bounds(at: u64, bytes: u64, disk_bytes: u64) -> Self {
        Self {
            at,
            bytes,
            cause: format!("the disk ends at {disk_bytes:#x}"),
        }
    }
}

/// A write that did not take all its bytes, or a flush that failed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("cannot write {bytes} bytes at offset {at:#x}: {cause}")]
pub struct WriteError {
    /// Byte offset of the first byte to be written (0 for a flush).
    pub at: u64,
    /// Bytes to be written (0 for a flush).
    pub bytes: u64,
    /// What the operating system or the bounds check said.
    pub cause: String,
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Box<T> {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for std::rc::Rc<T> {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for std::sync::Arc<T> {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
}

impl ReadAt for [u8] {
    fn bytes(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let outside = || {
            ReadError::out_of_bounds(
                at,
                u64::try_from(into.len()).unwrap_or(u64::MAX),
                self.bytes(),
            )
        };
        let start = usize::try_from(at).map_err(|_| outside())?;
        let end = start.checked_add(into.len()).ok_or_else(outside)?;
        into.copy_from_slice(self.get(start..end).ok_or_else(outside)?);
        Ok(())
    }
}

impl ReadAt for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.as_slice().bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.as_slice().read_at(at, into)
    }
}
