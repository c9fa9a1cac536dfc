//! Why a volume cannot be added to.

use disk::ReadError;
use thiserror::Error;

use crate::read::VolumeError;

/// A volume that cannot be added to. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmendError {
    /// It contradicts itself, or cannot be read.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The root has an entry of this name, give or take case.
    #[error("there is a {name:?} on the volume already")]
    NameTaken {
        /// The name as it is there.
        name: String,
    },
    /// What should be replaced is not there.
    #[error("there is no {name:?} on the volume")]
    NotThere {
        /// The name.
        name: String,
    },
    /// Something is not as Argosy makes it.
    #[error("it cannot be added to: {what}")]
    Unlike {
        /// What is not.
        what: &'static str,
    },
}
