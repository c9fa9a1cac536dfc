//! What can go wrong between us and a store.

use std::fmt;

use azure_core::error::ErrorKind;
use thiserror::Error;

use super::transport::UNANSWERED;

/// A request that failed: what, about which blob, why, whether data is safe, and what now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// What was to be done: `put a block`.
    pub doing: &'static str,
    /// Container, or container and blob.
    pub subject: String,
    /// Why it was not.
    pub fault: StoreFault,
    /// Whether an earlier attempt of the same request got no answer, or a fault of the service's own, so that it may have
    /// been carried out.
    pub unanswered: bool,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreFault {
    /// The service said no.
    #[error("the service answered {status} {code}")]
    Answered {
        /// The HTTP status.
        status: u16,
        /// The service's own word: `BlobAlreadyExists`.
        code: String,
    },
    /// No answer at all, after all patience.
    #[error("no answer: {what}")]
    NoAnswer {
        /// The last attempt's words.
        what: String,
    },
    /// The person stopped it.
    #[error("stopped by the person")]
    Stopped,
    /// An answer that is none.
    #[error("an answer that cannot be understood: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// The content that came is not what the service says it is.
    #[error("{what}")]
    Content {
        /// What differs.
        what: String,
    },
    /// HTTPS cannot be spoken.
    #[error("https cannot be used here: {what}")]
    NoTls {
        /// The operating system's or the library's words.
        what: String,
    },
    /// A token over HTTP.
    #[error("a token is only sent over https")]
    TokenInTheOpen,
}

impl StoreError {
    pub(super) fn new(doing: &'static str, subject: impl fmt::Display, fault: StoreFault) -> Self {
        Self {
            doing,
            subject: subject.to_string(),
            fault,
            unanswered: false,
        }
    }

    /// Returns what the official client's error means.
    pub(super) fn of(
        doing: &'static str,
        subject: impl fmt::Display,
        error: &azure_core::Error,
    ) -> Self {
        let mut unanswered = false;
        let fault = match error.kind() {
            ErrorKind::HttpResponse {
                status,
                error_code,
                raw_response,
            } => {
                let headers = raw_response.as_ref().map(|response| response.headers());
                unanswered =
                    headers.is_some_and(|headers| headers.get_optional_str(&UNANSWERED).is_some());
                StoreFault::Answered {
                    status: u16::from(*status),
                    code: error_code.clone().unwrap_or_default(),
                }
            }
            ErrorKind::DataConversion => StoreFault::Malformed {
                what: error.to_string(),
            },
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(fault) => StoreFault::clone(fault),
                None => StoreFault::NoAnswer {
                    what: error.to_string(),
                },
            },
        };
        Self {
            unanswered,
            ..Self::new(doing, subject, fault)
        }
    }

    /// Returns the HTTP status, where there was an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match &self.fault {
            StoreFault::Answered { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Returns the service's own word for it, empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.fault {
            StoreFault::Answered { code, .. } => code,
            _ => "",
        }
    }

    /// Returns whether blob or container are not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// Returns whether the blob is there already, or is not the one that the condition named.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let exists = matches!(
            self.code(),
            "BlobAlreadyExists" | "UnauthorizedBlobOverwrite"
        );
        self.status() == Some(412) && !self.is_leased() || exists
    }

    /// Returns whether we may not do that: signature, token, or firewall.
    #[must_use]
    pub const fn is_forbidden(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// Returns whether what came is not what the service sent.
    pub(super) const fn is_damaged(&self) -> bool {
        matches!(self.fault, StoreFault::Content { .. })
    }

    /// Returns whether somebody else holds a lease.
    #[must_use]
    pub fn is_leased(&self) -> bool {
        self.code().starts_with("Lease")
    }

    /// Returns whether the person stopped it.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self.fault, StoreFault::Stopped)
    }

    /// Returns whether every other request would most likely fail the same way.
    #[must_use]
    pub const fn is_general(&self) -> bool {
        matches!(
            self.fault,
            StoreFault::NoAnswer { .. }
                | StoreFault::Stopped
                | StoreFault::NoTls { .. }
                | StoreFault::TokenInTheOpen
        )
    }

    /// Returns what to do now.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match &self.fault {
            StoreFault::Answered { status, code } => next_after(*status, code),
            StoreFault::NoAnswer { .. } => {
                "See that the address is right and the line is up, then run the same again."
            }
            StoreFault::Stopped => "Run the same again to go on.",
            StoreFault::Malformed { .. } => {
                "See that the address is that of a Blob storage account."
            }
            StoreFault::Content { .. } => "Run the same again.",
            StoreFault::NoTls { .. } => {
                "See that this system has and trusts the CA that signed the account's certificate (Debian: ca-certificates; or SSL_CERT_FILE)."
            }
            StoreFault::TokenInTheOpen => "Use the account's https address.",
        }
    }
}

fn next_after(status: u16, code: &str) -> &'static str {
    match (status, code) {
        (401 | 403, _) => {
            "See that the signature or token is for this account, allows this, and has not expired; and that the account's firewall lets this computer in."
        }
        (404, _) => "See that account and container are there.",
        (409 | 412, code) if code.starts_with("Lease") => {
            "Somebody holds a lease on it: end the lease, then run the same again."
        }
        (409 | 412, _) => "Something else changed it meanwhile: run the same again.",
        (413, _) => "The account does not take blobs of this size.",
        (status, _) if super::patience::is_passing(status) => {
            "The service is busy or out of order: run the same again later."
        }
        _ => "Look the service's word up in its documentation (Blob service error codes).",
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.doing, self.subject, self.fault)
    }
}

impl std::error::Error for StoreError {}
