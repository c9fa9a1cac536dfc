//! Files for many tasks at once: one thread reads, the tasks ask.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use disk::ReadAt;
use ntfs_image::FileTime;
use ntfs_image::read::{File, Volume, VolumeError};
use shared::manifest::{ManifestFile, ManifestReader};
use tokio::sync::oneshot;

use crate::shares::ItemTimes;

/// Asks the thread that reads the drive. When the last clone is dropped, that thread is free again.
#[derive(Clone)]
pub(super) struct DriveFiles {
    asks: Sender<Ask>,
    gone: Gone,
}

/// What is asked of that thread.
pub(super) struct Asked {
    asks: Receiver<Ask>,
    gone: Gone,
}

/// The read that found the drive gone, in words, once there was one.
type Gone = Arc<OnceLock<String>>;

/// A file, found.
#[derive(Clone)]
pub(crate) struct DriveFile {
    bytes: u64,
    place: Place,
}

/// Where it is.
#[derive(Clone)]
pub(crate) enum Place {
    /// On the drive.
    Drive(Arc<File>),
    /// On this computer.
    Here(Arc<std::fs::File>),
    /// In memory.
    Memory(Bytes),
}

/// Where the files are that are sent: a drive with its manifest, or what a repair found.
pub(crate) trait Files {
    /// Returns the next blob and its number, which is the same in every run; `None` behind the last.
    fn next(&mut self) -> Result<Option<(u64, ManifestFile)>, DriveFailed>;
    /// Returns the file of a path on the drive; `None` when there is none.
    fn find(&mut self, path: &str) -> Result<Option<DriveFile>, DriveFailed>;
    /// Reads a part of a file.
    fn read(&mut self, file: &DriveFile, at: u64, into: &mut [u8]) -> Result<(), DriveFailed>;
    /// Returns, once something could not be read, whether nothing else can be read either.
    fn is_gone(&self) -> bool {
        false
    }
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DriveFailed(pub(crate) String);

pub(super) enum Ask {
    Next(Answer<Option<(u64, ManifestFile)>>),
    Find(String, Answer<Option<DriveFile>>),
    Read(DriveFile, u64, u64, Answer<Bytes>),
}

/// Longest part that is read at once, whatever a manifest says: the rule's longest blocks have 100 MiB.
const READ_BYTES_MAX: u64 = 128 << 20;

type Answer<T> = oneshot::Sender<Result<T, DriveFailed>>;

/// How often whoever waits is told how far it is.
const TICK: Duration = Duration::from_millis(200);

impl DriveFile {
    pub(crate) const fn new(bytes: u64, place: Place) -> Self {
        Self { bytes, place }
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the times that it has on the drive; only files of a drive go into shares.
    pub(super) fn times(&self) -> ItemTimes {
        match &self.place {
            Place::Drive(file) => ItemTimes {
                created: file.created(),
                modified: file.modified(),
            },
            Place::Here(_) | Place::Memory(_) => ItemTimes {
                created: FileTime(0),
                modified: FileTime(0),
            },
        }
    }
}

impl DriveFiles {
    /// Returns who asks, and what [`serve`] answers.
    pub(super) fn new() -> (Self, Asked) {
        let (sender, asks) = channel();
        let gone = Gone::default();
        let asked = Asked {
            asks,
            gone: Arc::clone(&gone),
        };
        (Self { asks: sender, gone }, asked)
    }

    /// Returns, once the drive is gone, the read that found it out, in words. Everything asked since fails with the same.
    pub(super) fn gone(&self) -> Option<&str> {
        self.gone.get().map(String::as_str)
    }

    /// Returns the next blob and its number; `None` behind the last.
    pub(super) async fn next(&self) -> Result<Option<(u64, ManifestFile)>, DriveFailed> {
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
        self.asks.send(ask(answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Answers until nobody asks any more. `tick` is called a few times a second.
pub(super) fn serve(files: &mut dyn Files, asked: &Asked, tick: &mut dyn FnMut()) {
    loop {
        tick();
        // Whoever does not wait for its answer any more was stopped: no fault.
        match asked.asks.recv_timeout(TICK) {
            Ok(Ask::Next(answer)) => {
                drop(answer.send(asked.answer(files, |files| files.next())));
            }
            Ok(Ask::Find(path, answer)) => {
                drop(answer.send(asked.answer(files, |files| files.find(&path))));
            }
            Ok(Ask::Read(file, at, bytes, answer)) => {
                let read = asked.answer(files, |files| read(files, &file, at, bytes));
                drop(answer.send(read));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Asked {
    /// Answers, unless the drive is gone: it is not asked again then, wherever it comes back.
    fn answer<T>(
        &self,
        files: &mut dyn Files,
        answer: impl FnOnce(&mut dyn Files) -> Result<T, DriveFailed>,
    ) -> Result<T, DriveFailed> {
        if let Some(why) = self.gone.get() {
            return Err(DriveFailed(why.clone()));
        }
        let answer = answer(files);
        if let Err(failed) = &answer
            && files.is_gone()
        {
            self.gone.get_or_init(|| failed.0.clone());
        }
        answer
    }
}

fn read(
    files: &mut dyn Files,
    file: &DriveFile,
    at: u64,
    bytes: u64,
) -> Result<Bytes, DriveFailed> {
    let length = usize::try_from(bytes.min(READ_BYTES_MAX)).unwrap_or(0);
    if u64::try_from(length).ok() != Some(bytes) {
        let what = format!("a block of {bytes} bytes is too long; {READ_BYTES_MAX} are the most");
        return Err(DriveFailed(what));
    }
    let mut content = vec![0; length];
    files.read(file, at, &mut content)?;
    Ok(Bytes::from(content))
}

/// A drive: what its manifest lists.
pub(super) struct OnDrive<'a, R, M> {
    pub(super) volume: &'a Volume<R>,
    pub(super) manifest: ManifestReader<M>,
    pub(super) number: u64,
    /// Looks whether anything of the drive can still be read.
    pub(super) is_there: &'a dyn Fn() -> bool,
}

impl<R: ReadAt, M: std::io::Read> Files for OnDrive<'_, R, M> {
    fn next(&mut self) -> Result<Option<(u64, ManifestFile)>, DriveFailed> {
        let next = self.manifest.next_file();
        let next = next.map_err(|error| DriveFailed(error.to_string()))?;
        let number = self.number;
        self.number = number.saturating_add(1);
        Ok(next.map(|file| (number, file)))
    }

    fn find(&mut self, path: &str) -> Result<Option<DriveFile>, DriveFailed> {
        let entry = self.volume.find(path).map_err(|error| failed(&error))?;
        let Some(entry) = entry.filter(|entry| !entry.is_folder && entry.reparse.is_none()) else {
            return Ok(None);
        };
        let file = self.volume.open_file(entry.id);
        let file = file.map_err(|error| failed(&error))?;
        Ok(Some(DriveFile::new(
            file.bytes(),
            Place::Drive(Arc::new(file)),
        )))
    }

    fn read(&mut self, file: &DriveFile, at: u64, into: &mut [u8]) -> Result<(), DriveFailed> {
        let Place::Drive(file) = file.place() else {
            return Err(DriveFailed("it is no file of the drive".to_owned()));
        };
        let read = self.volume.read(file, at, into);
        read.map_err(|error| failed(&error))
    }

    fn is_gone(&self) -> bool {
        !(self.is_there)()
    }
}

fn failed(error: &VolumeError) -> DriveFailed {
    DriveFailed(error.to_string())
}
