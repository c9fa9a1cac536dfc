//! How an attempt ends.

use shared::job::Verdict;

use super::bay::BayError;
use crate::job_error::Kind;
use crate::pipeline::{PipelineError, RecogniseError, SurfaceError};

/// How a drive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveEnd {
    /// What it is called.
    pub verdict: Verdict,
    /// What sort of end it is; none when nothing is amiss.
    pub kind: Option<Kind>,
}

impl DriveEnd {
    /// Returns the end of a drive that a verdict was reached for; `left_out` files are not on it.
    #[must_use]
    pub fn reached(verdict: Verdict, left_out: u64) -> Self {
        let amiss = verdict > Verdict::Verified && verdict != Verdict::Written || left_out > 0;
        Self {
            verdict,
            kind: amiss.then_some(Kind::Incomplete),
        }
    }
}

/// Why a drive stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The person wished it.
    Cancelled,
    /// It cannot go on.
    Failed {
        /// One sentence for the person at the drive.
        why: String,
        /// What sort of end it is.
        kind: Kind,
    },
}

impl Stop {
    /// Returns the fault of a device or file.
    pub(super) fn io(error: impl std::fmt::Display) -> Self {
        Self::Failed {
            why: error.to_string(),
            kind: Kind::Io,
        }
    }

    /// Returns a refusal for safety.
    pub(super) fn refused(error: impl std::fmt::Display) -> Self {
        Self::Failed {
            why: error.to_string(),
            kind: Kind::Refused,
        }
    }
}

impl From<PipelineError> for Stop {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Cancelled => Self::Cancelled,
            error => Self::io(error),
        }
    }
}

impl From<SurfaceError> for Stop {
    fn from(error: SurfaceError) -> Self {
        match error {
            SurfaceError::Pipeline(error) => Self::from(error),
            error => Self::io(error),
        }
    }
}

impl From<RecogniseError> for Stop {
    fn from(error: RecogniseError) -> Self {
        match error {
            RecogniseError::Pipeline(error) => Self::from(error),
            RecogniseError::AnotherDrive { .. } => {
                Self::refused(format!("{error}; nothing was written to it"))
            }
        }
    }
}

impl From<BayError> for Stop {
    fn from(error: BayError) -> Self {
        match error {
            BayError::Refused(why) => Self::refused(why),
            BayError::Io(why) => Self::io(why),
        }
    }
}
