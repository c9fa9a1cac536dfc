//! Where a drive sits.

use std::path::Path;

use disk::ReadAt;

use crate::device::{Device, OpenError};
use crate::drives::Confirmed;
use crate::pipeline::{Stopwatch, reading_ahead_timed};

/// The place of one drive, from which it can be held and read: a device, or in a simulation what
/// stands for one.
pub trait Bay: Send {
    /// Takes hold of the drive for writing, for nobody else at the same time.
    ///
    /// # Errors
    /// [`BayError`]; nothing was written.
    fn hold(&mut self) -> Result<Box<dyn Device>, BayError>;

    /// Runs `act` with what is on the medium, read past every cache; `watch` measures it.
    ///
    /// # Errors
    /// [`BayError`] when it cannot be opened; `act` did not run.
    fn read_back(
        &mut self,
        watch: &Stopwatch,
        act: &mut dyn FnMut(&dyn ReadAt),
    ) -> Result<(), BayError>;
}

/// A drive that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BayError {
    /// Refused for safety.
    #[error("{0}")]
    Refused(String),
    /// The operating system said no.
    #[error("{0}")]
    Io(String),
}

impl From<OpenError> for BayError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Refused(refusal) => Self::Refused(refusal.to_string()),
            error => Self::Io(error.to_string()),
        }
    }
}

/// A drive of this machine that somebody confirmed.
#[derive(Debug)]
pub struct DriveBay(Confirmed);

impl DriveBay {
    /// Returns the place of a confirmed drive.
    #[must_use]
    pub const fn new(confirmed: Confirmed) -> Self {
        Self(confirmed)
    }

    /// Returns the drive's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Bay for DriveBay {
    fn hold(&mut self) -> Result<Box<dyn Device>, BayError> {
        let held = self.0.hold().ok_or_else(|| {
            BayError::Refused("a confirmation is good for one opening".to_owned())
        })?;
        Ok(held?)
    }

    fn read_back(
        &mut self,
        watch: &Stopwatch,
        act: &mut dyn FnMut(&dyn ReadAt),
    ) -> Result<(), BayError> {
        self.0
            .read_back(|reader| reading_ahead_timed(reader, watch, |ahead| act(ahead)))
            .map_err(|error| match error {
                // It was written to: what opening says of itself is not true here.
                OpenError::Io { path, cause } => BayError::Io(format!(
                    "the drive is gone: {} cannot be opened to be read back: {cause}",
                    path.display()
                )),
                error => error.into(),
            })?;
        Ok(())
    }
}
