//! What can go wrong between the two parts.

use thiserror::Error;

/// The other part did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootPartError {
    /// Refused for safety. Nothing was written to the drive.
    #[error("{0}")]
    Refused(String),
    /// A device failed, or could not be read.
    #[error("{0}")]
    Device(String),
    /// The other part is gone.
    #[error("the part of Argosy that has the drives ended; nothing more is written to them")]
    Gone,
    /// The other part said what is not understood.
    #[error("the two parts of Argosy do not understand each other: {0}")]
    Nonsense(String),
    /// Rights could not be given up, so nothing was begun.
    #[error("the rights of root cannot be given up: {0}; nothing was begun")]
    Rights(String),
    /// The operating system's word.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl From<rustix::io::Errno> for RootPartError {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}
