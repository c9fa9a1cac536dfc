//! What a check found.

use serde::{Deserialize, Serialize};

/// One thing that is not as it should be, as the page shows it and `--json` prints it. Checks have
/// richer types of their own and turn into this one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// A stable word in kebab case.
    pub code: String,
    /// What was found, in words.
    pub message: String,
    /// Where: a file, a line, a byte offset; empty when there is no place.
    #[serde(rename = "where", default)]
    pub place: String,
}
