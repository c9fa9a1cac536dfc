//! Judges a journal, offline, by itself or with its manifest.

use crate::job::{DriveState, Finding, Verdict};
use serde::{Deserialize, Serialize};
use std::io::BufRead;

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalReport {
    /// The judgement.
    pub verdict: JournalVerdict,
    /// What is wrong; empty when valid.
    pub findings: Vec<Finding>,
    /// What the journal says; none when it cannot be read at all.
    pub facts: Option<JournalFacts>,
}

/// The judgement over a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalVerdict {
    /// Whole, in order, closed, and the key opens the sealed block.
    Valid,
    /// Right as far as it goes, but its end is missing.
    Unfinished,
    /// Damaged, or not what it says.
    Invalid,
}

/// What a journal says of its drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalFacts {
    /// The session id.
    pub session: String,
    /// The drive's serial.
    pub serial: String,
    /// Where the drive stands.
    pub state: DriveState,
    /// What the end is called; none before.
    pub verdict: Option<Verdict>,
    /// What is known of the recovery password.
    pub key: KeyProof,
    /// MD5 of the manifest, upper-case Base16; empty before there is one.
    pub manifest_hash: String,
    /// Whether a manifest was given and matches.
    pub manifest_matches: Option<bool>,
    /// Files planned.
    pub files: u64,
    /// Bytes planned.
    pub bytes: u64,
    /// How many files are not on the drive.
    pub left_out: u64,
    /// How many records there are.
    pub records: u64,
}

/// What is known of the recovery password in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyProof {
    /// It opens the sealed block in the journal.
    Opens,
    /// It does not.
    DoesNotOpen,
    /// It was taken out of this copy.
    Redacted,
    /// The journal ends before it.
    Absent,
}

/// Judges a journal, and the manifest that came with it.
pub fn check(_journal: &[u8], _manifest: Option<&mut dyn BufRead>) -> JournalReport {
    todo!()
}
