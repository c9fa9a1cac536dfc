//! What an ingest did.

use std::path::PathBuf;

use serde::Serialize;
use shared::copy_log::DriveStatus;

/// Findings kept; the rest is counted.
const FINDINGS_MAX: usize = 1000;

/// What an ingest did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestReport {
    /// The service's word for the whole drive.
    pub status: DriveStatus,
    /// Blobs that are in the store now, and were put there by this ingest, or an earlier run of it.
    pub blobs: u64,
    /// Files that are in their shares now, likewise.
    pub files: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// Blobs that an earlier run had finished.
    pub finished_before: u64,
    /// Blobs whose name was taken, and that were left out for it.
    pub skipped: u64,
    /// Blobs that got another name.
    pub renamed: u64,
    /// Blobs that took another's place.
    pub overwritten: u64,
    /// Whether the drive itself, or the way to the store, failed.
    pub has_failed: bool,
    /// Whether the person stopped it.
    pub is_stopped: bool,
    /// What is wrong, and what was done about names that were taken.
    pub findings: Vec<IngestFinding>,
    /// Findings beyond those.
    pub findings_left_out: u64,
    /// Logs that were written.
    pub logs: Vec<PathBuf>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IngestFinding {
    /// The service's word.
    pub code: String,
    /// What it is, in words.
    pub message: String,
    /// The blob, container included.
    pub blob: Option<String>,
    /// The file on the drive: `\a\b`.
    pub file: Option<String>,
    /// Where in the file.
    pub offset: Option<u64>,
    /// Whether something is wrong: a name that was taken is none of that.
    pub is_error: bool,
}

impl Default for IngestReport {
    fn default() -> Self {
        Self {
            status: DriveStatus::Completed,
            blobs: 0,
            files: 0,
            bytes: 0,
            finished_before: 0,
            skipped: 0,
            renamed: 0,
            overwritten: 0,
            has_failed: false,
            is_stopped: false,
            findings: Vec::new(),
            findings_left_out: 0,
            logs: Vec::new(),
        }
    }
}

impl IngestReport {
    pub(crate) fn find(&mut self, finding: IngestFinding) {
        self.status = match (self.status, finding.is_error) {
            (DriveStatus::Completed, false) => DriveStatus::CompletedWithWarnings,
            (DriveStatus::Completed | DriveStatus::CompletedWithWarnings, true) => {
                DriveStatus::CompletedWithErrors
            }
            (status, _) => status,
        };
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.findings_left_out = self.findings_left_out.saturating_add(1);
        }
    }

    /// Returns whether every blob arrived, or was left out by its own rule.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(
            self.status,
            DriveStatus::Completed | DriveStatus::CompletedWithWarnings
        )
    }
}
