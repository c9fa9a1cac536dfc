//! What a file share did not do.

use smb2::ErrorKind;
use thiserror::Error;

/// A request to a file share that failed: which, why, and what now.
#[derive(Debug, Error)]
#[error("{subject}: {fault}")]
pub struct ShareError {
    /// The server, the share, or the file.
    pub subject: String,
    /// Why.
    pub fault: ShareFault,
}

/// Why a request to a file share failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ShareFault {
    /// The server speaks nothing newer than this.
    #[error("the server speaks SMB {dialect} at most; only 3.1.1 is spoken here")]
    TooOld {
        /// The newest that it speaks.
        dialect: String,
    },
    /// Another computer's server that does not encrypt.
    #[error(
        "the server does not encrypt; password and data would be shown to everybody on the way"
    )]
    NotEncrypted,
    /// The user or the password is wrong, or the account may not sign in.
    #[error("the server does not know this user, or the password is wrong")]
    Login,
    /// There is no such share.
    #[error("there is no such share on the server")]
    NoShare,
    /// The person stopped it.
    #[error("stopped by the person")]
    Stopped,
    /// Whatever else the server, or the line to it, said.
    #[error("{0}")]
    Smb(#[source] smb2::Error),
}

impl ShareError {
    pub(super) fn new(subject: impl Into<String>, fault: ShareFault) -> Self {
        Self {
            subject: subject.into(),
            fault,
        }
    }

    fn kind(&self) -> Option<ErrorKind> {
        match &self.fault {
            ShareFault::Smb(error) => Some(error.kind()),
            _ => None,
        }
    }

    /// Returns whether the person stopped it.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self.fault, ShareFault::Stopped)
    }

    /// Returns whether nothing is there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind() == Some(ErrorKind::NotFound)
    }

    /// Returns whether the name is taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.kind() == Some(ErrorKind::AlreadyExists)
    }

    /// Returns whether the line broke, or the server went away: what is open there is lost, and another connection helps.
    #[must_use]
    pub fn is_broken_line(&self) -> bool {
        matches!(&self.fault, ShareFault::Smb(error) if breaks_line(error))
    }

    /// Returns whether the next file would most likely fail the same way.
    #[must_use]
    pub fn is_general(&self) -> bool {
        match &self.fault {
            ShareFault::Smb(error) => {
                breaks_line(error)
                    || matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::AuthRequired)
            }
            _ => true,
        }
    }

    /// Returns the word under which it is counted.
    #[must_use]
    pub fn code(&self) -> String {
        match &self.fault {
            ShareFault::TooOld { .. } => "TooOld".to_owned(),
            ShareFault::NotEncrypted => "NotEncrypted".to_owned(),
            ShareFault::Login => "LoginFailed".to_owned(),
            ShareFault::NoShare => "NoShare".to_owned(),
            ShareFault::Stopped => "Cancelled".to_owned(),
            ShareFault::Smb(error) => error.status().map_or_else(
                || format!("{:?}", error.kind()),
                |status| status.to_string(),
            ),
        }
    }

    /// Returns what to do now.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match (&self.fault, self.kind()) {
            (ShareFault::TooOld { .. } | ShareFault::NotEncrypted, _) => {
                "Let the server speak SMB 3.1.1 and encrypt, as Azure Files does."
            }
            (ShareFault::Login, _) => {
                "See that --share-user and --share-key-file belong to this server; of Azure Files it is the account's name and its key."
            }
            (ShareFault::NoShare, _) => "Make the share first; nothing can make it through SMB.",
            (ShareFault::Stopped, _) => "The same command goes on from here.",
            (_, Some(ErrorKind::DiskFull)) => {
                "Make room, or raise the share's quota; the same command goes on."
            }
            (_, Some(ErrorKind::AccessDenied)) => {
                "See that this user may write there, and that nobody marked the file read-only or has it open."
            }
            (_, Some(ErrorKind::SharingViolation)) => {
                "Somebody has the file open; the same command goes on when it is closed."
            }
            _ if self.is_broken_line() => {
                "See that the server runs and that port 445 is open on the way; the same command goes on."
            }
            _ => "",
        }
    }
}

/// Returns whether a connection is of no use any more after an error.
pub(super) fn breaks_line(error: &smb2::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionLost | ErrorKind::TimedOut | ErrorKind::SessionExpired | ErrorKind::Io
    ) || error.is_retryable()
}
