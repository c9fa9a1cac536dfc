//! The drive's files for many tasks at once: one thread reads, the tasks ask.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use bytes::Bytes;
use disk::ReadAt;
use ntfs_image::read::{File, Volume, VolumeError};
use shared::manifest::{ManifestFile, ManifestReader};
use tokio::sync::oneshot;

use crate::shares::ItemTimes;

/// Asks the thread that reads the drive. When the last clone is dropped, that thread is free again.
#[derive(Clone)]
pub(super) struct DriveFiles(Sender<Ask>);

/// A file of the drive, found.
#[derive(Clone)]
pub(super) struct DriveFile(Arc<File>);

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DriveFailed(pub(super) String);

pub(super) enum Ask {
    Next(Answer<Option<ManifestFile>>),
    Find(String, Answer<Option<DriveFile>>),
    Read(DriveFile, u64, u64, Answer<Bytes>),
}

/// Longest part that is read at once, whatever a manifest says: the rule's longest blocks have 100 MiB.
const READ_BYTES_MAX: u64 = 128 << 20;

type Answer<T> = oneshot::Sender<Result<T, DriveFailed>>;

/// How often whoever waits is told how far it is.
const TICK: Duration = Duration::from_millis(200);

impl DriveFile {
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    pub(super) fn times(&self) -> ItemTimes {
        ItemTimes {
            created: self.0.created(),
            modified: self.0.modified(),
        }
    }
}

impl DriveFiles {
    /// Returns who asks, and what [`serve`] answers.
    pub(super) fn new() -> (Self, Receiver<Ask>) {
        let (asks, asked) = channel();
        (Self(asks), asked)
    }

    /// Returns the manifest's next blob; `None` behind its last.
    pub(super) async fn next(&self) -> Result<Option<ManifestFile>, DriveFailed> {
        self.ask(Ask::Next).await
    }

    /// Returns the file at a path of the drive; `None` when there is none.
    pub(super) async fn find(&self, path: &str) -> Result<Option<DriveFile>, DriveFailed> {
        self.ask(|answer| Ask::Find(path.to_owned(), answer)).await
    }

    /// Reads a part of a file.
    pub(super) async fn read(
        &self,
        file: &DriveFile,
        at: u64,
        bytes: u64,
    ) -> Result<Bytes, DriveFailed> {
        self.ask(|answer| Ask::Read(file.clone(), at, bytes, answer))
            .await
    }

    async fn ask<T>(&self, ask: impl FnOnce(Answer<T>) -> Ask) -> Result<T, DriveFailed> {
        let gone = || DriveFailed("nobody reads the drive any more".to_owned());
        let (answer, answered) = oneshot::channel();
        self.0.send(ask(answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Answers until nobody asks any more. `tick` is called a few times a second.
pub(super) fn serve<R: ReadAt, M: std::io::Read>(
    volume: &Volume<R>,
    manifest: &mut ManifestReader<M>,
    asked: &Receiver<Ask>,
    tick: &mut dyn FnMut(),
) {
    loop {
        tick();
        // Whoever does not wait for its answer any more was stopped: no fault.
        match asked.recv_timeout(TICK) {
            Ok(Ask::Next(answer)) => drop(answer.send(next(manifest))),
            Ok(Ask::Find(path, answer)) => drop(answer.send(find(volume, &path))),
            Ok(Ask::Read(file, at, bytes, answer)) => {
                drop(answer.send(read(volume, &file.0, at, bytes)));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn next<M: std::io::Read>(
    manifest: &mut ManifestReader<M>,
) -> Result<Option<ManifestFile>, DriveFailed> {
    let next = manifest.next_file();
    next.map_err(|error| DriveFailed(error.to_string()))
}

fn find<R: ReadAt>(volume: &Volume<R>, path: &str) -> Result<Option<DriveFile>, DriveFailed> {
    let entry = volume.find(path).map_err(|error| failed(&error))?;
    let Some(entry) = entry.filter(|entry| !entry.is_folder && entry.reparse.is_none()) else {
        return Ok(None);
    };
    let file = volume.open_file(entry.id).map_err(|error| failed(&error))?;
    Ok(Some(DriveFile(Arc::new(file))))
}

fn read<R: ReadAt>(
    volume: &Volume<R>,
    file: &File,
    at: u64,
    bytes: u64,
) -> Result<Bytes, DriveFailed> {
    let length = usize::try_from(bytes.min(READ_BYTES_MAX)).unwrap_or(0);
    if u64::try_from(length).ok() != Some(bytes) {
        let what = format!("a block of {bytes} bytes is too long; {READ_BYTES_MAX} are the most");
        return Err(DriveFailed(what));
    }
    let mut content = vec![0; length];
    volume
        .read(file, at, &mut content)
        .map_err(|error| failed(&error))?;
    Ok(Bytes::from(content))
}

fn failed(error: &VolumeError) -> DriveFailed {
    DriveFailed(error.to_string())
}
