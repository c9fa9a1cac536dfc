//! Partition table, BitLocker metadata and every NTFS invariant, without a manifest.

use bitlocker_image::{CopyState, Credential};
use disk::ReadAt;
use ntfs_image::check::CheckReport;
use serde::{Deserialize, Serialize};

use super::finding::FINDINGS_MAX;
use super::open::{OpenedDrive, open_drive};

/// What a check of a drive's structures found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveCheck {
    /// The end.
    pub verdict: DriveVerdict,
    /// What is wrong, at most [`FINDINGS_MAX`].
    pub findings: Vec<DriveFinding>,
    /// What is legal, but not usual or not tidy.
    pub notes: Vec<DriveFinding>,
    /// Findings and notes beyond those.
    pub left_out: u64,
    /// Files on the volume.
    pub files: u64,
    /// Folders on it, the root included.
    pub folders: u64,
}

/// The end of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriveVerdict {
    /// Every rule holds.
    Clean,
    /// Some rule is broken.
    Violations,
    /// There is no volume, or it does not open.
    Unreadable,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveFinding {
    /// The rule, as one word.
    pub kind: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, in words.
    pub message: String,
}

/// Checks the structures of a drive: both copies of the partition table, the three BitLocker information areas and every
/// NTFS invariant. What the files hold is not looked at.
#[must_use]
pub fn check_drive(disk: &dyn ReadAt, credential: &Credential) -> DriveCheck {
    let drive = match open_drive(disk, credential) {
        Ok(drive) => drive,
        Err(error) => return unreadable("unreadable", "the drive", &error.to_string()),
    };
    let mut findings = outer_findings(&drive);
    let report = match ntfs_image::check::check(&drive, FINDINGS_MAX) {
        Ok(report) => report,
        Err(error) => return unreadable("no-file-system", "the volume", &error.to_string()),
    };
    findings.extend(report.findings.iter().map(of_ntfs));
    let verdict = if findings.is_empty() {
        DriveVerdict::Clean
    } else {
        DriveVerdict::Violations
    };
    let CheckReport { files, folders, .. } = report;
    DriveCheck {
        verdict,
        findings,
        notes: report.notes.iter().map(of_ntfs).collect(),
        left_out: report.findings_omitted.saturating_add(report.notes_omitted),
        files,
        folders,
    }
}

/// Returns what is wrong outside the file system: in the partition table and in BitLocker's metadata.
pub(super) fn outer_findings(drive: &OpenedDrive<'_>) -> Vec<DriveFinding> {
    let table = drive.table.findings.iter().map(|finding| DriveFinding {
        kind: PARTITION_TABLE.to_owned(),
        place: "partition table".to_owned(),
        message: finding.to_string(),
    });
    let copies = drive
        .bitlocker()
        .into_iter()
        .flat_map(|volume| (1..).zip(volume.copies()));
    let copies = copies.filter_map(|(number, copy): (u32, _)| {
        let message = match copy {
            CopyState::Good => return None,
            CopyState::Differs => {
                "whole by its checksum, but different from the copy that opened the volume"
                    .to_owned()
            }
            CopyState::Fault(fault) => fault.to_string(),
        };
        Some(DriveFinding {
            kind: BITLOCKER_COPY.to_owned(),
            place: format!("BitLocker information area {number}"),
            message,
        })
    });
    table.chain(copies).collect()
}

pub(super) const PARTITION_TABLE: &str = "partition-table";
pub(super) const BITLOCKER_COPY: &str = "bitlocker-copy";

fn of_ntfs(finding: &ntfs_image::check::Finding) -> DriveFinding {
    DriveFinding {
        kind: format!("{:?}", finding.kind),
        place: finding.place.clone(),
        message: format!("expected {}, found {}", finding.expected, finding.found),
    }
}

fn unreadable(kind: &str, place: &str, message: &str) -> DriveCheck {
    DriveCheck {
        verdict: DriveVerdict::Unreadable,
        findings: vec![DriveFinding {
            kind: kind.to_owned(),
            place: place.to_owned(),
            message: message.to_owned(),
        }],
        notes: Vec::new(),
        left_out: 0,
        files: 0,
        folders: 0,
    }
}
