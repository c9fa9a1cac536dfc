//! What is wrong with a drive.

use serde::{Deserialize, Serialize};

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule it breaks.
    pub code: FindingCode,
    /// What is wrong, in words.
    pub message: String,
    /// The file it is about, as the drive has it: `\a\b`.
    pub file: Option<String>,
    /// Where in the file, in bytes: the block's first.
    pub offset: Option<u64>,
}

/// The rule that a finding breaks. Serialised in kebab-case; codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingCode {
    /// The partition table, or one copy of it, is damaged.
    PartitionTable,
    /// There is no volume, or it does not open.
    Unlock,
    /// The copies of the BitLocker information area differ.
    BitlockerCopy,
    /// A rule of NTFS is broken.
    FileSystem,
    /// There is no manifest, or it cannot be read to its end.
    Manifest,
    /// The manifest is not the one of the journal.
    ManifestHash,
    /// The manifest is of another drive or session.
    OtherDrive,
    /// A file of the manifest is not on the drive.
    MissingFile,
    /// A file has another length than the manifest says.
    Length,
    /// The manifest's blocks do not cover the file once, from start to end.
    Coverage,
    /// The bytes of a block do not have the manifest's hash.
    Content,
    /// A file could not be read.
    Unreadable,
    /// A file, or a further stream of a file, that the manifest does not name.
    UnexpectedFile,
    /// The person stopped the verification.
    Cancelled,
}

/// Most findings that a report holds.
pub const FINDINGS_MAX: usize = 1000;

impl Finding {
    /// Returns a finding about the drive as a whole.
    pub(super) fn of_drive(code: FindingCode, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
            file: None,
            offset: None,
        }
    }

    /// Returns a finding about a file.
    pub(super) fn of_file(
        code: FindingCode,
        file: &str,
        offset: Option<u64>,
        message: impl ToString,
    ) -> Self {
        Self {
            code,
            message: message.to_string(),
            file: Some(file.to_owned()),
            offset,
        }
    }
}

/// The first findings, and how many more there were.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) first: Vec<Finding>,
    pub(super) left_out: u64,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        if self.first.len() < FINDINGS_MAX {
            self.first.push(finding);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    pub(super) fn count(&self) -> u64 {
        let first = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        first.saturating_add(self.left_out)
    }
}
