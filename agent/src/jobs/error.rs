//! Why a job did not start, or ended early.

use thiserror::Error;

/// A job that could not be started. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// The request contradicts itself or names something that is not there (exit 2).
    #[error("{0}")]
    Usage(String),
    /// Refused for safety (exit 3).
    #[error("{0}")]
    Refused(String),
}

/// A confirmation that was not taken. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfirmError {
    /// There is no such job.
    #[error("there is no job {0}")]
    NoSuchJob(String),
    /// The job is not waiting for a confirmation.
    #[error("job {0} is not waiting to be confirmed")]
    NotWaiting(String),
    /// The words do not name the drive, or it may not be erased (exit 3).
    #[error("{0}")]
    Refused(String),
}

/// Why a job ended without a verdict of its drives.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// The request contradicts itself or names something that is not there (exit 2).
    #[error("{0}")]
    Usage(String),
    /// Refused for safety (exit 3).
    #[error("{0}")]
    Refused(String),
    /// The files do not fit or cannot be planned; nothing was written (exit 1).
    #[error("{0}")]
    Plan(String),
    /// A device or file failed (exit 4).
    #[error("{0}")]
    Io(String),
    /// The person cancelled before anything was written (exit 1).
    #[error("cancelled before anything was written")]
    Cancelled,
}
