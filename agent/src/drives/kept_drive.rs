//! A drive that the root part holds, and this process reads and writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::{ReadAt, ReadError, SectorSize, WriteAt, WriteError};

use crate::device::{Device, DriveInfo, DriveKind, DriveReader, DriveWriter, OpenError};
use crate::root_part::{Descriptors, DriveNumber, RootPart};

/// A drive that the root part holds; let go when this and what came of it are dropped.
#[derive(Debug)]
pub(super) struct KeptDrive {
    hold: Arc<Hold>,
    is_taken: bool,
}

#[derive(Debug)]
struct Hold {
    root_part: Arc<RootPart>,
    drive: DriveNumber,
    path: PathBuf,
    sector: SectorSize,
    is_image: bool,
    /// None only while it is dropped.
    files: Option<(File, Option<File>)>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Ours first, so that the drive is free once the root part says so.
        self.files = None;
        // Whether it is there to hear it or not: it is let go either way.
        drop(self.root_part.close(self.drive));
    }
}

impl Hold {
    fn files(&self) -> std::io::Result<(File, Option<File>)> {
        let closed = || std::io::Error::other("the drive was let go");
        let (buffered, direct) = self.files.as_ref().ok_or_else(closed)?;
        let direct = direct.as_ref().map(File::try_clone).transpose()?;
        Ok((buffered.try_clone()?, direct))
    }

    fn io(&self, why: &std::io::Error) -> OpenError {
        OpenError::Io {
            path: self.path.clone(),
            cause: why.to_string(),
        }
    }
}

impl KeptDrive {
    /// Returns a drive that `root_part` opened.
    pub(super) fn new(
        root_part: Arc<RootPart>,
        info: &DriveInfo,
        (drive, descriptors): (DriveNumber, Descriptors),
    ) -> Self {
        let hold = Hold {
            root_part,
            drive,
            path: info.path.clone(),
            sector: info.sector,
            is_image: info.kind == DriveKind::ImageFile,
            files: Some((descriptors.buffered, descriptors.direct)),
        };
        Self {
            hold: Arc::new(hold),
            is_taken: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.hold.path
    }

    /// Returns the drive for reading, past the caches of this machine.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub(super) fn reader(&self) -> Result<DriveReader, OpenError> {
        let files = self.hold.files();
        let reader = files.and_then(|files| DriveReader::of_descriptors(files, self.hold.sector));
        reader.map_err(|why| self.hold.io(&why))
    }

    /// Has the caches forget the drive. It is advice: nothing fails.
    pub(super) fn forget_cache(&self) {
        drop(self.hold.root_part.forget_cache(self.hold.drive));
    }

    /// Returns the drive for writing; `None` the second time.
    ///
    /// # Errors
    /// [`OpenError::Io`].
    pub(super) fn hold(&mut self) -> Option<Result<HeldDrive, OpenError>> {
        if std::mem::replace(&mut self.is_taken, true) {
            return None;
        }
        let hold = Arc::clone(&self.hold);
        let files = hold.files();
        let writer =
            files.and_then(|files| DriveWriter::of_descriptors(files, hold.sector, hold.is_image));
        let writer = writer.map_err(|why| hold.io(&why));
        Some(writer.map(|writer| HeldDrive { writer, hold }))
    }
}

/// Such a drive, being written: as long as the root part is there, and not a byte longer.
pub(super) struct HeldDrive {
    writer: DriveWriter,
    hold: Arc<Hold>,
}

impl HeldDrive {
    /// Refuses to write when nobody keeps the drive any more.
    fn check(&self, at: u64, bytes: u64) -> Result<(), WriteError> {
        if self.hold.root_part.is_gone() {
            return Err(failed(at, bytes, &crate::root_part::RootPartError::Gone));
        }
        Ok(())
    }
}

fn failed(at: u64, bytes: u64, why: &dyn std::fmt::Display) -> WriteError {
    WriteError {
        at,
        bytes,
        cause: why.to_string(),
    }
}

impl ReadAt for HeldDrive {
    fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.writer.read_at(at, into)
    }
}

impl WriteAt for HeldDrive {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        self.check(at, u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        self.writer.write_at(at, bytes)
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.check(0, 0)?;
        self.writer.flush()
    }
}

impl Device for HeldDrive {
    fn sector(&self) -> SectorSize {
        self.writer.sector()
    }

    fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError> {
        self.check(at, bytes)?;
        self.writer.zero(at, bytes)
    }

    fn discard(&mut self, at: u64, bytes: u64) -> Result<bool, WriteError> {
        self.check(at, bytes)?;
        self.writer.discard(at, bytes)
    }

    fn forget_partitions(&mut self) -> Result<(), WriteError> {
        let done = self.hold.root_part.forget_partitions(self.hold.drive);
        done.map_err(|why| failed(0, 0, &why))
    }
}
