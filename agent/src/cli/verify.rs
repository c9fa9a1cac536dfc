//! `argosy verify`: reads a drive back and compares it with its manifest.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bitlocker_image::Credential;
use clap::Args;
use serde_json::json;
use shared::journal::{Replay, replay};
use shared::verify::{Expected, FindingCode, VerifyReport, VerifyVerdict, verify};

use super::bar::Bar;
use super::key::KeyArguments;
use super::opened::open_reader;
use super::screen::{Ended, Screen};
use super::size::{show_files, show_size};
use crate::drives::Drives;
use crate::jobs::{JobError, Kind, place};
use crate::pipeline::reading_ahead;

/// Reads a drive back and compares every file with the drive's manifest
#[derive(Args)]
#[command(group(clap::ArgGroup::new("with").required(true).multiple(true).args(["journal", "key_file", "key"])))]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume
    #[arg(long, value_name = "PATH")]
    pub(super) drive: PathBuf,
    /// The drive's journal: it has the key, and says which manifest must be on the drive
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArguments,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let journal = arguments.journal.as_deref().map(read_journal).transpose()?;
    let (expected, credential) = what_and_how(arguments, journal.as_ref(), screen)?;
    let reader = open_reader(drives, &arguments.drive, true)?;
    let mut bar = Bar::new(screen);
    let report = reading_ahead(&reader, |disk| {
        verify(disk, &credential, &expected, &mut |progress| {
            bar.tell("verified", progress.bytes, progress.bytes_total);
            ControlFlow::Continue(())
        })
    });
    bar.end();
    show(&report, screen);
    Ok(Ended(kind(&report)))
}

/// Returns what is known of the drive beforehand, and what opens it.
fn what_and_how(
    arguments: &Arguments,
    journal: Option<&Replay>,
    screen: &Screen,
) -> Result<(Expected, Credential), JobError> {
    let expected = journal.map_or_else(Expected::default, |journal| Expected {
        manifest_hash: journal.manifest.map(|(hash, _)| hash),
        serial: Some(journal.session.drive.serial.clone()),
        session: session_of(journal),
        in_place: journal.in_place,
        ..Expected::default()
    });
    if let Some(credential) = arguments.key.credential(screen)? {
        return Ok((expected, credential));
    }
    let password = journal.and_then(|journal| journal.recovery_password.clone());
    let password = password.ok_or_else(|| {
        let place = arguments
            .journal
            .as_deref()
            .map_or_else(String::new, |path| path.display().to_string());
        JobError::usage(
            "the journal does not hold the key (it was redacted); give --key-file too",
            place,
        )
    })?;
    Ok((expected, Credential::RecoveryPassword(password)))
}

/// Returns the folder that holds every file; `None` where somebody else filled the drive, several
/// sessions did, or its files come out of a store.
fn session_of(journal: &Replay) -> Option<String> {
    let session = &journal.session.session;
    let has_folder = !journal.in_place && !journal.session.exported;
    let is_alone = has_folder && journal.added_to.is_none();
    is_alone.then(|| session.as_str().to_owned())
}

/// Reads a journal.
///
/// # Errors
/// [`JobError`] when it cannot be read or believed.
pub(super) fn read_journal(path: &Path) -> Result<Replay, JobError> {
    let place = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        JobError::io(
            format!("cannot read it: {error}"),
            place.as_str(),
            "Nothing was touched.",
        )
    })?;
    replay(&bytes).map_err(|damage| {
        let mut error = JobError::io(damage.to_string(), place, "Nothing was touched.");
        error.kind = Kind::Incomplete;
        error
    })
}

fn kind(report: &VerifyReport) -> Option<Kind> {
    let locked = report
        .findings
        .iter()
        .any(|finding| finding.code == FindingCode::Unlock);
    match report.verdict {
        VerifyVerdict::Verified => None,
        VerifyVerdict::Failed if !locked => Some(Kind::Io),
        VerifyVerdict::Mismatch | VerifyVerdict::Failed => Some(Kind::Incomplete),
    }
}

fn show(report: &VerifyReport, screen: &Screen) {
    for finding in &report.findings {
        screen.aside(&format!("argosy: {} {}", place(finding), finding.message));
    }
    if report.findings_left_out > 0 {
        screen.aside(&format!("argosy: and {} more", report.findings_left_out));
    }
    let read = format!("{}, {}", show_files(report.files), show_size(report.bytes));
    screen.line(&match report.verdict {
        VerifyVerdict::Verified => format!("Verified: {read} read back, and all matches."),
        VerifyVerdict::Mismatch => format!("Mismatch: {read} read; not all is as it must be."),
        VerifyVerdict::Failed => format!("Failed: {read} read."),
    });
    screen.object(&json!({
        "verdict": report.verdict,
        "files": report.files,
        "bytes": report.bytes,
        "findings": report.findings,
        "findings_left_out": report.findings_left_out,
    }));
}
