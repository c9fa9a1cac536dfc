//! A drive held exclusively and open for writing.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use disk::{ReadAt, ReadError, SectorSize, WriteAt, WriteError};

use super::aligned_buffer::AlignedBuffer;
use super::medium::Medium;
use crate::number::wide;

/// Bytes of zeros that are written at once.
const ZEROS_BYTES: usize = 1 << 20;

/// What is said of a drive that was pulled.
const GONE: &str = "the drive is gone: it was unplugged, or what it is attached by failed";

/// What the pipeline writes to: a drive, or in tests anything like one.
pub trait Device: ReadAt + WriteAt + Send + Sync {
    /// Returns the logical sector size.
    fn sector(&self) -> SectorSize;

    /// Makes `[at, at + bytes)` read as zeros: by a hole in an image file where that works, by
    /// writing zeros otherwise.
    ///
    /// # Errors
    /// [`WriteError`] as for [`WriteAt::write_at`].
    fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError>;

    /// Frees `[at, at + bytes)` on the medium when it can; returns whether it then certainly reads
    /// as zeros.
    ///
    /// # Errors
    /// [`WriteError`] when the medium fails; that it cannot discard is not an error.
    fn discard(&mut self, at: u64, bytes: u64) -> Result<bool, WriteError>;

    /// Drops the kernel's idea of old partitions, so that nothing mounts them; the medium is not
    /// touched.
    ///
    /// # Errors
    /// [`WriteError`] when one of them is in use.
    fn forget_partitions(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}

/// A drive held exclusively and open for writing; given back when it is dropped.
///
/// Fastest when offset, length and memory are aligned to 4096 bytes (see [`super::AlignedBuffer`]):
/// then the page cache is left out. Anything else works.
pub struct DriveWriter {
    medium: Medium,
    sector: SectorSize,
    is_image: bool,
    /// A flush failed: nothing that was written since the one before can be trusted, and nothing
    /// more is written.
    is_lost: AtomicBool,
}

impl DriveWriter {
    pub(super) const fn new(medium: Medium, sector: SectorSize, is_image: bool) -> Self {
        Self {
            medium,
            sector,
            is_image,
            is_lost: AtomicBool::new(false),
        }
    }

    /// Takes over a drive that another process confirmed, opened and holds: its
    /// [`DriveWriter::descriptors`].
    ///
    /// # Errors
    /// The operating system's word.
    pub fn of_descriptors(
        (buffered, direct): (File, Option<File>),
        sector: SectorSize,
        is_image: bool,
    ) -> std::io::Result<Self> {
        let medium = Medium::of_descriptors(buffered, direct)?;
        Ok(Self::new(medium, sector, is_image))
    }

    /// Returns the descriptors of the drive once more, buffered and unbuffered. They are the same
    /// open files: the drive is held until the last of them is closed.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn descriptors(&self) -> std::io::Result<(File, Option<File>)> {
        self.medium.descriptors()
    }

    /// Writes all of `bytes` at offset `at`, from any thread. What other threads write must not
    /// overlap it.
    ///
    /// # Errors
    /// [`WriteError`] as for [`WriteAt::write_at`]; always after a flush failed.
    pub fn write_shared(&self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        let length = wide(bytes.len());
        self.check(at, length)?;
        self.medium
            .write(at, bytes)
            .map_err(|why| match self.is_gone() {
                true => WriteError {
                    at,
                    bytes: length,
                    cause: GONE.to_owned(),
                },
                false => failed(at, length, &why),
            })
    }

    /// Returns whether the drive was pulled: Linux then calls every place of it one behind its end,
    /// which reads as if it were full.
    fn is_gone(&self) -> bool {
        let mut file = self.medium.file();
        !self.is_image && matches!(file.seek(SeekFrom::End(0)), Ok(0))
    }

    /// Flushes from any thread, as [`WriteAt::flush`] does.
    ///
    /// # Errors
    /// [`WriteError`]: all that was written since the last successful flush must be taken as lost;
    /// nothing more is written.
    pub fn flush_shared(&self) -> Result<(), WriteError> {
        self.check(0, 0)?;
        self.medium.flush().map_err(|why| {
            self.is_lost.store(true, Ordering::SeqCst);
            failed(0, 0, &why)
        })
    }

    /// Refuses what would leave the drive (an image file would grow) and everything after a flush
    /// failed.
    fn check(&self, at: u64, bytes: u64) -> Result<(), WriteError> {
        let disk_bytes = self.medium.bytes();
        let cause = if self.is_lost.load(Ordering::SeqCst) {
            "a flush failed before, so nothing more is written".to_owned()
        } else if at.checked_add(bytes).is_none_or(|end| end > disk_bytes) {
            format!("the disk ends at {disk_bytes:#x}")
        } else {
            return Ok(());
        };
        Err(WriteError { at, bytes, cause })
    }

    /// Makes a hole; `false` where the file system or the drive has none.
    fn punch(&self, at: u64, bytes: u64) -> Result<bool, WriteError> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            use rustix::io::Errno;
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            match fallocate(self.medium.file(), flags, at, bytes) {
                Ok(()) => Ok(true),
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
                Err(why) => Err(failed(at, bytes, &why.into())),
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (at, bytes);
            Ok(false)
        }
    }

    fn write_zeros(&self, at: u64, bytes: u64) -> Result<(), WriteError> {
        let mut zeros = AlignedBuffer::zeroed(ZEROS_BYTES);
        let (mut at, mut left) = (at, bytes);
        while left > 0 {
            let length = left.min(wide(ZEROS_BYTES));
            zeros.set_length(usize::try_from(length).unwrap_or(0));
            self.write_shared(at, &zeros)?;
            at = at.saturating_add(length);
            left = left.saturating_sub(length);
        }
        Ok(())
    }
}

fn failed(at: u64, bytes: u64, why: &std::io::Error) -> WriteError {
    WriteError {
        at,
        bytes,
        cause: why.to_string(),
    }
}

impl ReadAt for DriveWriter {
    fn bytes(&self) -> u64 {
        self.medium.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = wide(into.len());
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes()) {
            return Err(ReadError::out_of_bounds(at, bytes, self.bytes()));
        }
        self.medium.read(at, into).map_err(|why| ReadError {
            at,
            bytes,
            cause: why.to_string(),
        })
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
        self.sector
    }

    fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError> {
        self.check(at, bytes)?;
        if bytes == 0 || (self.is_image && self.punch(at, bytes)?) {
            return Ok(());
        }
        self.write_zeros(at, bytes)
    }

    fn discard(&mut self, at: u64, bytes: u64) -> Result<bool, WriteError> {
        self.check(at, bytes)?;
        if bytes == 0 {
            Ok(true)
        } else {
            self.punch(at, bytes)
        }
    }

    fn forget_partitions(&mut self) -> Result<(), WriteError> {
        #[cfg(target_os = "linux")]
        if !self.is_image {
            let machine = super::linux::Machine::this();
            let done = super::linux::forget_partitions(&machine, self.medium.file());
            done.map_err(|why| failed(0, 0, &why))?;
        }
        Ok(())
    }
}
