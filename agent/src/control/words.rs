//! What is said at the side door: one line of JSON each way.

use serde::{Deserialize, Serialize};
use shared::api::{ApiError, JobSnapshot, Receiving};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Ask {
    /// How things stand.
    Status {},
    /// How things stand, and again whenever that changes, until the process ends.
    Follow {},
    /// Stop a job, or drives that come home.
    Cancel {
        /// Its id, or its session's; of drives that come home the order's id.
        job: String,
    },
    /// A fresh address of the page.
    Link {},
}

/// What the process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// How things stand.
    Status(Status),
    /// The job is being stopped.
    Cancelled {
        /// As it stands now.
        job: Box<JobSnapshot>,
    },
    /// The drives that come home are being stopped.
    Stopping {
        /// As it stands now.
        receiving: Box<Receiving>,
    },
    /// A fresh one-time address: to be shown to the person, and to nobody else.
    Link(Address),
    /// It was not done.
    Refused {
        /// Why.
        error: ApiError,
    },
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its number.
    pub pid: u32,
    /// What it was started as: `serve` or `prepare`.
    pub command: String,
    /// Its version.
    pub version: String,
    /// The port of its page.
    pub port: Option<u16>,
    /// Its jobs, newest first.
    pub jobs: Vec<JobSnapshot>,
    /// How it stands with drives that come home.
    #[serde(default)]
    pub receiving: Receiving,
}

/// An address that opens the page once. It cannot be printed by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The port.
    pub port: u16,
    /// The launch token.
    pub token: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address {{ port: {}, token: (hidden) }}", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_with_anything_more_in_it_is_not_understood() {
        let plain: Ask = serde_json::from_str(r#"{"ask":"cancel","job":"j"}"#).expect("known");
        assert_eq!(plain, Ask::Cancel { job: "j".into() });
        let more = r#"{"ask":"cancel","job":"j","path":"/etc"}"#;
        assert!(serde_json::from_str::<Ask>(more).is_err());
        assert!(serde_json::from_str::<Ask>(r#"{"ask":"link","port":1}"#).is_err());
        assert!(serde_json::from_str::<Ask>(r#"{"ask":"erase"}"#).is_err());
    }

    #[test]
    fn a_printed_answer_does_not_show_the_token() {
        let (port, token) = (1, "5e".repeat(32));
        let answer = Answer::Link(Address {
            port,
            token: token.clone(),
        });
        assert!(!format!("{answer:?}").contains(&token));
    }
}
