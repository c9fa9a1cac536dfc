//! A file of a share that is being written.

use ntfs_image::FileTime;
use smb2::pack::FileTime as WireTime;
use smb2::{FileTimes, FileWriter};

use super::error::{ShareError, ShareFault};

/// A file that is open for writing. Dropped, it is closed as it is.
pub struct Writing {
    writer: FileWriter,
    /// What it is called in errors.
    subject: String,
}

/// The times that a file is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemTimes {
    /// When it was made.
    pub created: FileTime,
    /// When it was changed last.
    pub modified: FileTime,
}

impl Writing {
    pub(super) const fn new(writer: FileWriter, subject: String) -> Self {
        Self { writer, subject }
    }

    /// Writes the next bytes. They may wait, or be on their way, when this returns.
    ///
    /// # Errors
    /// [`ShareError`]; after one, the file is of no use any more.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ShareError> {
        let written = self.writer.write_chunk(bytes).await;
        written.map_err(|error| self.failed(error))
    }

    /// Waits until all that was written is durable on the server.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn checkpoint(&mut self) -> Result<(), ShareError> {
        let kept = self.writer.flush_checkpoint().await;
        kept.map(drop).map_err(|error| self.failed(error))
    }

    /// Sets its times, makes all of it durable and closes it.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn finish(mut self, times: ItemTimes) -> Result<(), ShareError> {
        let times = FileTimes::new()
            .set_created(WireTime(times.created.0))
            .set_modified(WireTime(times.modified.0));
        let set = self.writer.set_times(times).await;
        set.map_err(|error| self.failed(error))?;
        let Self { writer, subject } = self;
        let finished = writer.finish().await;
        finished
            .map(drop)
            .map_err(|error| ShareError::new(subject, ShareFault::Smb(error)))
    }

    /// Closes it as it is.
    pub async fn abandon(self) {
        // The file is given up: whatever the server says to that changes nothing.
        drop(self.writer.abort().await);
    }

    fn failed(&self, error: smb2::Error) -> ShareError {
        ShareError::new(self.subject.as_str(), ShareFault::Smb(error))
    }
}
