//! The user part's way to the drives.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use super::channel::Channel;
use super::error::RootPartError;
use super::words::{Answer, Ask, DriveNumber, ListedDrive, Said};

/// The root part, as the user part sees it. From any thread; one question is asked at a time.
#[derive(Debug)]
pub struct RootPart {
    channel: Mutex<Channel>,
}

impl RootPart {
    /// Returns the root part at the other end.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self {
            channel: Mutex::new(channel),
        }
    }

    /// Returns every drive, numbered.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn list(&self) -> Result<Vec<ListedDrive>, RootPartError> {
        match self.ask(&Ask::List)? {
            (Answer::Drives { drives }, _) => Ok(drives),
            other => Err(unexpected(other)),
        }
    }

    /// Has the person's words matched with a drive; returns its fingerprint.
    ///
    /// # Errors
    /// [`RootPartError::Refused`] as `device::confirm` refuses.
    pub fn confirm(&self, drive: DriveNumber, said: Said) -> Result<[u8; 32], RootPartError> {
        match self.ask(&Ask::Confirm { drive, said })? {
            (Answer::Confirmed { fingerprint }, _) => Ok(fingerprint),
            other => Err(unexpected(other)),
        }
    }

    /// Takes a drive that was confirmed; the root part holds it until it is closed.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn open(&self, drive: DriveNumber) -> Result<File, RootPartError> {
        match self.ask(&Ask::Open { drive })? {
            (Answer::Opened, Some(descriptor)) => Ok(descriptor.into()),
            other => Err(unexpected(other)),
        }
    }

    /// Has everything that was written brought onto the medium.
    ///
    /// # Errors
    /// [`RootPartError`]: what was written since the last time must be taken as lost.
    pub fn flush(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.done(&Ask::Flush { drive })
    }

    /// Has the kernel forget a drive's old partitions.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn forget_partitions(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.done(&Ask::ForgetPartitions { drive })
    }

    /// Lets a drive go.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn close(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.done(&Ask::Close { drive })
    }

    fn done(&self, ask: &Ask) -> Result<(), RootPartError> {
        match self.ask(ask)? {
            (Answer::Done, _) => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn ask(&self, ask: &Ask) -> Result<(Answer, Option<std::os::fd::OwnedFd>), RootPartError> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        channel.send(ask, None)?;
        channel.receive()
    }
}

fn unexpected((answer, _): (Answer, Option<std::os::fd::OwnedFd>)) -> RootPartError {
    match answer {
        Answer::Refused { why } => RootPartError::Refused(why),
        Answer::Failed { why } => RootPartError::Device(why),
        other => RootPartError::Nonsense(format!("{other:?}")),
    }
}
