//! The one shape of an error.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What every answer other than 2xx holds, and what the page shows: what happened, where, whether
/// the data is safe, and what to do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("{message}")]
pub struct ApiError {
    /// A stable word in kebab case; the agent's own are in [`code`].
    pub code: String,
    /// What happened, one sentence.
    pub message: String,
    /// Where: a path, a drive's serial, a line; empty when there is no place.
    #[serde(rename = "where", default)]
    pub place: String,
    /// Whether the person's data is safe, one sentence.
    #[serde(default)]
    pub safe: String,
    /// What to do now, one sentence.
    #[serde(default)]
    pub next: String,
}

impl ApiError {
    /// Returns an error without place or advice.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            place: String::new(),
            safe: String::new(),
            next: String::new(),
        }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Puts a file before the place, which is one in it.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        self.place = if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{name}: {}", self.place)
        };
        self
    }

    /// Adds whether the data is safe.
    #[must_use]
    pub fn safe(mut self, safe: impl Into<String>) -> Self {
        self.safe = safe.into();
        self
    }

    /// Adds what to do now.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

/// Codes of the agent's own errors. Refusals of drives carry the device layer's codes.
pub mod code {
    /// No session, or a wrong one.
    pub const NO_SESSION: &str = "no-session";
    /// The launch token is wrong or was used.
    pub const BAD_TOKEN: &str = "bad-token";
    /// Host or Origin is not this agent's.
    pub const FOREIGN: &str = "foreign-request";
    /// The body is not what the path takes.
    pub const BAD_REQUEST: &str = "bad-request";
    /// The body or the headers are too large.
    pub const TOO_LARGE: &str = "too-large";
    /// There is no such path, job, drive or folder.
    pub const NOT_FOUND: &str = "not-found";
    /// The path takes another method.
    pub const WRONG_METHOD: &str = "wrong-method";
    /// The job is not in a state for that, or the shipment not in the one that the page shows.
    pub const WRONG_STATE: &str = "wrong-state";
    /// The confirmation answers no question that stands: too old, asked elsewhere, or answered before.
    pub const QUESTION_VOID: &str = "question-void";
    /// The plan does not fit, or cannot be made.
    pub const PLAN: &str = "plan";
    /// The listing moved since the page planned.
    pub const PLAN_DIFFERS: &str = "plan-differs";
    /// Refused to keep data safe.
    pub const REFUSED: &str = "refused";
    /// A device or file failed.
    pub const IO: &str = "io";
    /// The person stopped it.
    pub const STOPPED: &str = "stopped";
    /// A fault of our own.
    pub const INTERNAL: &str = "internal";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_five_words_of_the_design() {
        let error = ApiError::new(code::REFUSED, "it is mounted")
            .at("WD1")
            .safe("Nothing was touched.")
            .next("Unmount it.");
        let json = serde_json::to_value(&error).expect("plain strings");
        assert_eq!(
            json,
            serde_json::json!({"code": "refused", "message": "it is mounted", "where": "WD1",
                "safe": "Nothing was touched.", "next": "Unmount it."})
        );
        assert_eq!(
            serde_json::from_value::<ApiError>(json).expect("just written"),
            error
        );
    }
}
