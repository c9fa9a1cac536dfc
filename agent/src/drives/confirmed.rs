//! A drive that may be written.

use std::path::Path;

use disk::ReadAt;
use thiserror::Error;

#[cfg(target_os = "linux")]
use super::kept_drive::KeptDrive;
use crate::device::{self, ConfirmedTarget, Device, OpenError, Refusal};

/// A drive that somebody confirmed, or that a journal knows again: good for one job.
#[derive(Debug)]
pub struct Confirmed(Way);

#[derive(Debug)]
enum Way {
    /// It is opened when it is written.
    Own(Box<ConfirmedTarget>),
    /// It is at its work, or has done it.
    Taken(std::path::PathBuf),
    /// The root part holds it already.
    #[cfg(target_os = "linux")]
    Kept(KeptDrive),
}

/// A drive that must not be written, or cannot be looked at. Nothing was written to it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotConfirmed {
    /// Refused for safety.
    #[error("{0}")]
    Refused(String),
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

impl From<Refusal> for NotConfirmed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreadable { .. } => Self::Unreadable(refusal.to_string()),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<ConfirmedTarget> for Confirmed {
    fn from(target: ConfirmedTarget) -> Self {
        Self(Way::Own(Box::new(target)))
    }
}

#[cfg(target_os = "linux")]
impl From<KeptDrive> for Confirmed {
    fn from(drive: KeptDrive) -> Self {
        Self(Way::Kept(drive))
    }
}

impl Confirmed {
    /// Returns the drive's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.0 {
            Way::Own(target) => &target.info().path,
            Way::Taken(path) => path,
            #[cfg(target_os = "linux")]
            Way::Kept(drive) => drive.path(),
        }
    }

    /// Runs `act` with what is on the drive now, through the kernel's cache.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be opened; `act` did not run.
    pub fn look<T>(&self, act: impl FnOnce(&dyn ReadAt) -> T) -> Result<T, OpenError> {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Way::Kept(drive) => Ok(act(&drive.reader()?)),
            _ => Ok(act(&device::open_read(self.path(), false)?)),
        }
    }

    /// Takes hold of the drive for writing, once.
    ///
    /// # Errors
    /// [`OpenError`]; `None` when it was taken before.
    pub fn hold(&mut self) -> Option<Result<Box<dyn Device>, OpenError>> {
        #[cfg(target_os = "linux")]
        if let Way::Kept(drive) = &mut self.0 {
            return drive.hold().map(|held| held.map(boxed));
        }
        let taken = Way::Taken(self.path().to_owned());
        let Way::Own(target) = std::mem::replace(&mut self.0, taken) else {
            return None;
        };
        Some(device::open(*target).map(boxed))
    }

    /// Runs `act` with what is on the medium, read past every cache.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be opened; `act` did not run.
    pub fn read_back<T>(
        &self,
        act: impl FnOnce(&device::DriveReader) -> T,
    ) -> Result<T, OpenError> {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Way::Kept(drive) => {
                drive.forget_cache();
                Ok(act(&drive.reader()?))
            }
            _ => Ok(act(&device::open_read(self.path(), true)?)),
        }
    }
}

fn boxed(device: impl Device + 'static) -> Box<dyn Device> {
    Box::new(device)
}
