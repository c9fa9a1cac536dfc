//! What the end of a drive and of a job is called.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The end of a drive. Ordered from best to worst, so that a job's verdict is the greatest of its
/// drives'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that was planned is on it, and was read back.
    Verified,
    /// All that is on it was proven, but something planned was left out.
    Incomplete,
    /// Written, and not read back.
    Written,
    /// Not usable.
    Failed,
}

impl Verdict {
    /// Returns the worst verdict; `None` when there is none.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        verdicts.into_iter().max()
    }

    /// Returns the word as it stands in journals and `--json`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Incomplete => "incomplete",
            Self::Written => "written",
            Self::Failed => "failed",
        }
    }

    /// Returns the verdict of a word; `None` for any other word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::Verified,
            Self::Incomplete,
            Self::Written,
            Self::Failed,
        ]
        .into_iter()
        .find(|v| v.code() == code)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_as_bad_as_its_worst_drive() {
        use Verdict::{Failed, Incomplete, Verified, Written};
        assert_eq!(
            Verdict::worst([Verified, Incomplete, Verified]),
            Some(Incomplete)
        );
        assert_eq!(Verdict::worst([Written, Incomplete]), Some(Written));
        assert_eq!(Verdict::worst([Failed, Verified]), Some(Failed));
        assert_eq!(Verdict::worst([]), None);
    }

    #[test]
    fn the_word_of_a_verdict_is_the_one_on_the_wire() {
        for verdict in [
            Verdict::Verified,
            Verdict::Incomplete,
            Verdict::Written,
            Verdict::Failed,
        ] {
            assert_eq!(
                serde_json::to_string(&verdict).expect("a word"),
                format!("\"{verdict}\"")
            );
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        }
    }
}
