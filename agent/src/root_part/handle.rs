//! The user part's way to the drives.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use super::channel::Channel;
use super::descriptor::Descriptors;
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
        match self.ask(&Ask::List {})? {
            (Answer::Drives { drives }, _) => Ok(drives),
            other => Err(unexpected(other)),
        }
    }

    /// Returns what a drive is now; it may be another one in the same place, which the caller has to see.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn identify(&self, drive: DriveNumber) -> Result<ListedDrive, RootPartError> {
        let (answer, _) = self.ask(&Ask::Identify { drive })?;
        match answer {
            Answer::Drives { mut drives } if drives.len() == 1 => Ok(drives.remove(0)),
            other => Err(unexpected((other, Vec::new()))),
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
    pub fn open(&self, drive: DriveNumber) -> Result<Descriptors, RootPartError> {
        let (answer, descriptors) = self.ask(&Ask::Open { drive })?;
        let mut descriptors = descriptors.into_iter();
        match (answer, descriptors.next()) {
            (Answer::Opened, Some(buffered)) => Ok(Descriptors {
                buffered: buffered.into(),
                direct: descriptors.next().map(Into::into),
            }),
            (answer, _) => Err(unexpected((answer, Vec::new()))),
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

    fn ask(&self, ask: &Ask) -> Result<(Answer, Vec<OwnedFd>), RootPartError> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        channel.send(ask, &[])?;
        channel.receive()
    }
}

fn unexpected((answer, _): (Answer, Vec<OwnedFd>)) -> RootPartError {
    match answer {
        Answer::Refused { why } => RootPartError::Refused(why),
        Answer::Failed { why } => RootPartError::Device(why),
        other => RootPartError::Nonsense(format!("{other:?}")),
    }
}
