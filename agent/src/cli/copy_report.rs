//! What `unpack` and `receive` say at their end, and the report file.

use std::path::Path;

use serde_json::{Value, json};
use shared::api::Pace;

use super::pace::pace_object;
use super::screen::Screen;
use super::size::{show_files, show_size};
use crate::jobs::JobError;
use crate::unpack::{LogProofs, ReportFile, UnpackReport};

/// Begins the report file when there is to be one.
///
/// # Errors
/// [`JobError`], exit code 4.
pub(super) fn begin_report(path: Option<&Path>) -> Result<Option<ReportFile>, JobError> {
    let Some(path) = path else { return Ok(None) };
    let created = ReportFile::create(path);
    created.map(Some).map_err(|error| {
        let what = format!("cannot write the report: {error}");
        JobError::io(what, path.display().to_string(), "Nothing was copied.")
    })
}

/// Ends it.
///
/// # Errors
/// [`JobError`], exit code 4.
pub(super) fn end_report(report: Option<ReportFile>, summary: &Value) -> Result<(), JobError> {
    let ended = report.map_or(Ok(()), |report| report.finish(summary));
    ended.map_err(|error| {
        let what = format!("cannot write the report: {error}");
        JobError::io(what, "", "The files were copied.")
    })
}

/// Reads a copy log.
///
/// # Errors
/// [`JobError`], exit code 2, when it cannot be read or is none.
pub(super) fn read_log(path: &Path) -> Result<LogProofs, JobError> {
    let place = path.display().to_string();
    let xml = std::fs::read(path)
        .map_err(|error| JobError::usage(format!("cannot read the log: {error}"), &place))?;
    LogProofs::read(&xml).map_err(|error| JobError::usage(error.to_string(), place))
}

/// Prints findings on standard error; `drive` stands before each unless it is empty.
pub(super) fn show_findings(report: &UnpackReport, drive: &str, screen: &Screen) {
    let drive = if drive.is_empty() {
        String::new()
    } else {
        format!("{drive}: ")
    };
    for finding in &report.findings {
        let file = finding.file.as_deref().unwrap_or("");
        screen.aside(&format!("argosy: {drive}{file}: {}", finding.message));
    }
    if report.findings_left_out > 0 {
        screen.aside(&format!(
            "argosy: {drive}and {} more",
            report.findings_left_out
        ));
    }
}

/// Returns what is home, or in a dry run would be, in words.
pub(super) fn home_words(files: u64, bytes: u64, dry_run: bool, to: &Path) -> String {
    let verb = if dry_run {
        "would be copied to"
    } else {
        "are in"
    };
    let (files, bytes) = (show_files(files), show_size(bytes));
    format!("{files}, {bytes} {verb} {}", to.display())
}

/// Returns what became of one drive, as JSON.
pub(super) fn object_of(report: &UnpackReport, pace: &Pace) -> Value {
    json!({
        "pace": pace_object(pace),
        "verdict": report.verdict,
        "files": report.files,
        "bytes": report.bytes,
        "unproven": report.unproven,
        "compared_with_manifest": report.has_manifest,
        "compared_with_log": report.has_log,
        "findings": report.findings,
        "findings_left_out": report.findings_left_out,
    })
}
