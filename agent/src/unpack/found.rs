//! What unpacking says: findings, rows of the report file, and the verdict.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use shared::api::ReceiveVerdict;

use crate::amount::show_files;

/// Findings kept; the rest is counted. The report file has all of them.
const FINDINGS_MAX: usize = 1000;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpackFinding {
    /// A stable word in kebab case.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// The file on the drive: `\a\b`.
    pub file: Option<String>,
    /// Where in the file.
    pub offset: Option<u64>,
}

/// One line of the report file: a file that is home, or a finding.
#[derive(Clone, Debug, Serialize)]
pub struct Row<'a> {
    /// Serial of the drive.
    pub drive: &'a str,
    /// `verified`, `copied`, `planned`, `different`, or `finding`.
    pub status: &'static str,
    /// The file on the drive.
    pub file: &'a str,
    /// Its blob.
    pub blob: &'a str,
    /// Where it is below the destination.
    pub place: String,
    /// Its length.
    pub bytes: Option<u64>,
    /// The finding's code.
    pub code: &'a str,
    /// The finding's words.
    pub message: &'a str,
    /// Where in the file.
    pub offset: Option<u64>,
}

/// Whoever wants every row.
pub trait Rows: Sync {
    /// Takes a row.
    fn row(&self, row: &Row<'_>);
}

/// What several threads of one drive have to say.
pub(super) struct Desk<'a> {
    drive: &'a str,
    rows: Option<&'a dyn Rows>,
    said: Mutex<Said>,
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) findings: Vec<UnpackFinding>,
    pub(super) findings_left_out: u64,
    /// Findings of any kind.
    pub(super) is_amiss: bool,
    /// Drive or destination failed.
    pub(super) has_failed: bool,
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Files of those that nothing proves.
    pub(super) unproven: u64,
}

impl<'a> Desk<'a> {
    pub(super) fn new(drive: &'a str, rows: Option<&'a dyn Rows>) -> Self {
        let said = Mutex::default();
        Self { drive, rows, said }
    }

    /// Says that something is missing or different.
    pub(super) fn find(
        &self,
        code: &'static str,
        message: String,
        path: Option<&str>,
        offset: Option<u64>,
    ) {
        if let Some(rows) = self.rows {
            rows.row(&Row {
                drive: self.drive,
                status: "finding",
                file: path.unwrap_or(""),
                blob: "",
                place: String::new(),
                bytes: None,
                code,
                message: &message,
                offset,
            });
        }
        let mut said = self.lock();
        said.is_amiss = true;
        if said.findings.len() < FINDINGS_MAX {
            said.findings.push(UnpackFinding {
                code,
                message,
                file: path.map(str::to_owned),
                offset,
            });
        } else {
            said.findings_left_out = said.findings_left_out.saturating_add(1);
        }
    }

    /// Says that drive or destination failed.
    pub(super) fn fail(&self, code: &'static str, message: String, path: Option<&str>) {
        self.find(code, message, path, None);
        self.lock().has_failed = true;
    }

    /// Says that a file is home, or in a dry run would be; `counts` where it matters that nothing
    /// proves it.
    pub(super) fn home(&self, file: &HomeFile<'_>) {
        if let Some(rows) = self.rows {
            rows.row(&Row {
                drive: self.drive,
                status: file.status,
                file: file.path,
                blob: file.blob,
                place: file.place.to_owned(),
                bytes: Some(file.bytes),
                code: "",
                message: "",
                offset: None,
            });
        }
        let mut said = self.lock();
        said.files = said.files.saturating_add(1);
        said.bytes = said.bytes.saturating_add(file.bytes);
        if file.status == "copied" && file.counts {
            said.unproven = said.unproven.saturating_add(1);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_said(self) -> Said {
        self.said
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of the content of a file that is home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// What proves it agreed.
    Proven,
    /// Nothing proves it.
    Unproven,
    /// It is as on the drive, and not as manifest or log say.
    Refuted,
}

impl Standing {
    /// Returns the word in the report.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Proven => "verified",
            Self::Unproven => "copied",
            Self::Refuted => "different",
        }
    }
}

/// A file that is home.
pub(super) struct HomeFile<'a> {
    pub(super) path: &'a str,
    pub(super) blob: &'a str,
    pub(super) place: &'a str,
    pub(super) bytes: u64,
    pub(super) status: &'static str,
    /// Whether a file that nothing proves makes the drive one that is only `copied`.
    pub(super) counts: bool,
}

/// What unpacking did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackReport {
    /// The end.
    pub verdict: ReceiveVerdict,
    /// Files that are in the destination now.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files of those that nothing proves.
    pub unproven: u64,
    /// Whether the drive has a manifest to compare with.
    pub has_manifest: bool,
    /// Whether a copy log was compared with.
    pub has_log: bool,
    /// What is wrong.
    pub findings: Vec<UnpackFinding>,
    /// Findings beyond those.
    pub findings_left_out: u64,
}

impl UnpackReport {
    /// Returns what to say of files that nothing proves; `None` when there are none, or worse is to be said.
    #[must_use]
    pub fn unproven_words(&self) -> Option<String> {
        match self.verdict {
            ReceiveVerdict::Copied if !self.has_manifest && !self.has_log => Some(
                "The drive has no manifest, so there was nothing to compare the files with."
                    .to_owned(),
            ),
            ReceiveVerdict::Copied => Some(format!(
                "{} of them are in no manifest or log: copied as they are, compared with nothing.",
                show_files(self.unproven)
            )),
            _ => None,
        }
    }

    pub(super) fn of(said: Said, dry_run: bool, has_manifest: bool, has_log: bool) -> Self {
        let is_proven = said.unproven == 0 && (has_manifest || has_log);
        let verdict = match said {
            _ if said.has_failed => ReceiveVerdict::Failed,
            _ if said.is_amiss => ReceiveVerdict::Mismatch,
            _ if dry_run => ReceiveVerdict::Planned,
            _ if is_proven => ReceiveVerdict::Verified,
            _ => ReceiveVerdict::Copied,
        };
        Self {
            verdict,
            files: said.files,
            bytes: said.bytes,
            unproven: said.unproven,
            has_manifest,
            has_log,
            findings: said.findings,
            findings_left_out: said.findings_left_out,
        }
    }
}
