//! The launch token and the session.

use serde::{Deserialize, Serialize};

/// `POST /api/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The one-time token that the agent printed with its address.
    pub token: String,
}

/// The answer: from here on the session goes in [`SESSION_HEADER`](super::paths::SESSION_HEADER).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReply {
    /// The session. Kept in memory of the page only.
    pub session: String,
    /// The agent's version.
    pub version: String,
    /// The name of its computer: with the version, who its hash lists say made them, so that the page plans with their room.
    pub host: String,
    /// Six digits that the agent printed where it runs: the page shows them, so that a person can see that it is its page.
    #[serde(default)]
    pub code: String,
}

impl std::fmt::Debug for SessionRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionRequest { token: (hidden) }")
    }
}

impl std::fmt::Debug for SessionReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionReply { session: (hidden), .. }")
    }
}
