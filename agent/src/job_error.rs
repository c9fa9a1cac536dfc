//! Why a job did not start, or ended without a verdict of its drives.

use shared::api::{ApiError, code};
use thiserror::Error;

/// A job that cannot go on, in the four parts that a person needs: what, where, is my data safe,
/// what now.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{error}")]
pub struct JobError {
    /// What sort of end it is; decides the exit code.
    pub kind: Kind,
    /// The words, as the page and the terminal show them.
    pub error: Box<ApiError>,
}

/// What sort of end, from the mildest to the one that matters most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Done, but something failed, was left out or is invalid (exit 1).
    Incomplete,
    /// The request contradicts itself or names something that is not there (exit 2).
    Usage,
    /// Refused for safety (exit 3).
    Refused,
    /// A device or file failed (exit 4).
    Io,
}

impl Kind {
    /// Returns the exit code that scripts rely on.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Incomplete => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Io => 4,
        }
    }
}

impl JobError {
    /// Returns a wrong request, found before anything was touched.
    #[must_use]
    pub fn usage(message: impl Into<String>, place: impl Into<String>) -> Self {
        let error = ApiError::new(code::BAD_REQUEST, message)
            .at(place)
            .safe("Nothing was touched.");
        Self {
            kind: Kind::Usage,
            error: Box::new(error),
        }
    }

    /// Returns a refusal for safety, before anything was written.
    #[must_use]
    pub fn refused(
        message: impl Into<String>,
        place: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let error = ApiError::new(code::REFUSED, message)
            .at(place)
            .safe("Nothing was written.")
            .next(next);
        Self {
            kind: Kind::Refused,
            error: Box::new(error),
        }
    }

    /// Returns a plan that cannot be made; nothing was written.
    #[must_use]
    pub fn plan(message: impl Into<String>, next: impl Into<String>) -> Self {
        let error = ApiError::new(code::PLAN, message)
            .safe("Nothing was written.")
            .next(next);
        Self {
            kind: Kind::Incomplete,
            error: Box::new(error),
        }
    }

    /// Returns the end of what the person stopped before anything was written.
    #[must_use]
    pub fn stopped(message: impl Into<String>, place: impl Into<String>) -> Self {
        let error = ApiError::new(code::STOPPED, message)
            .at(place)
            .safe("Nothing was written.");
        Self {
            kind: Kind::Incomplete,
            error: Box::new(error),
        }
    }

    /// Returns a file or device that failed; `safe` says what that means for the person's data.
    #[must_use]
    pub fn io(
        message: impl Into<String>,
        place: impl Into<String>,
        safe: impl Into<String>,
    ) -> Self {
        let error = ApiError::new(code::IO, message).at(place).safe(safe);
        Self {
            kind: Kind::Io,
            error: Box::new(error),
        }
    }

    /// Returns an answer to a request that the job's state does not allow.
    #[must_use]
    pub fn wrong_state(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            error: Box::new(ApiError::new(code::WRONG_STATE, message)),
        }
    }

    /// Returns the answer about a job that does not exist.
    #[must_use]
    pub fn no_such_job(job: &str) -> Self {
        Self {
            kind: Kind::Usage,
            error: Box::new(ApiError::new(code::NOT_FOUND, "there is no such job").at(job)),
        }
    }
}
