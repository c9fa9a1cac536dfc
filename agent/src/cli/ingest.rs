//! `argosy ingest`: a drive into a store, as the Azure Import service does it.

use std::path::{Path, PathBuf};

use bitlocker_image::Credential;
use clap::{Args, ValueEnum};
use ntfs_image::read::Volume;
use serde_json::{Value, json};
use shared::api::FreeSpace;
use shared::blob_name::file_name;
use shared::copy_log::DriveStatus;
use shared::hash::upper_hex;
use shared::journal::Replay;
use shared::ledger::DriveStep;
use shared::manifest::Disposition;
use shared::verify::open_drive;

use super::bar::Bar;
use super::goals::GoalArguments;
use super::key::KeyArguments;
use super::opened::open_reader;
use super::screen::{Ended, Screen};
use super::shipment::{self, ShipmentArguments, named, tell_refused};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::parse_drive;
use super::verify::read_journal;
use crate::attempt::now;
use crate::device::DriveReader;
use crate::drives::Drives;
use crate::ingest::{
    DriveFault, Expected, Filled, Goals, IngestOptions, IngestReport, LogFiles, LogFormat,
    LogLevel, LogOptions, ManifestFacts, StateFile, StateOf, check_manifest, ingest, unlock_status,
};
use crate::jobs::{JobError, Kind};
use crate::pipeline::{Cancel, reading_ahead};
use crate::shipments::Following;

/// Sends what is on a drive into a storage account, as the Azure Import service does: blobs into --store, files into --share
#[derive(Args)]
#[command(group(clap::ArgGroup::new("with").required(true).multiple(true).args(["journal", "key_file", "key"])))]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume; PATH=SERIAL where it cannot tell its serial
    #[arg(long, value_name = "PATH")]
    pub(super) drive: String,
    /// The drive's journal: it has the key, and says which manifest must be on the drive
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    goals: GoalArguments,
    /// Where the copy logs go
    #[arg(long, value_name = "DIR", default_value = ".")]
    log_dir: PathBuf,
    /// What the logs tell: errors, or every blob
    #[arg(long, value_enum, default_value = "error")]
    log_level: Level,
    /// The form of the logs: the classic drive log (2014), the copy log of today (2021), or both
    #[arg(long, value_enum, default_value = "both")]
    log_format: Format,
    /// What was done is kept here, so that running it again sends nothing twice [default: LOG-DIR/SERIAL.ingest]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Blocks on their way at once, and files
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    /// What to do where a blob or file of that name exists, in place of what the manifest says
    #[arg(long, value_enum)]
    disposition: Option<Rule>,
    #[command(flatten)]
    shipment: ShipmentArguments,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    Error,
    Verbose,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    #[value(name = "2014")]
    Classic,
    #[value(name = "2021")]
    Current,
    Both,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    Rename,
    NoOverwrite,
    Overwrite,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let key = usize::from(arguments.key.is_standard_input());
    if key.saturating_add(arguments.goals.standard_inputs()) > 1 {
        let what = "of key, signature and password only one can come from standard input";
        return Err(JobError::usage(what, "--key-file"));
    }
    let following = arguments.shipment.follow()?;
    let cancel = Cancel::default();
    let goals = arguments.goals.open(screen, &cancel)?;
    let target = parse_drive(&arguments.drive, FreeSpace::Blank);
    let journal = arguments.journal.as_deref().map(read_journal).transpose()?;
    let credential = credential(arguments, journal.as_ref(), screen)?;
    let place = target.path.display().to_string();
    let described = drives.describe(&target.path, target.serial.as_deref());
    let described = described
        .map_err(|error| JobError::io(error.to_string(), place.as_str(), "Nothing was sent."))?;
    if described.serial.is_empty() {
        screen.aside("argosy: the drive does not tell its serial, so it is not compared with the manifest; --drive PATH=SERIAL gives the label's");
    }
    let expected = Expected {
        manifest: journal
            .as_ref()
            .and_then(|journal| journal.manifest)
            .map(|(hash, _)| hash),
        serial: Some(described.serial).filter(|serial| !serial.is_empty()),
    };
    let reader = open_reader(drives, &target.path, false)?;
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let job = Job {
        arguments,
        screen,
        drives,
        path: &target.path,
        place,
        cancel,
        following: following.as_ref(),
    };
    let report = match job.whole(&reader, &credential, &expected, goals) {
        Ok(report) => report,
        Err(error) => {
            if let Some(following) = &following {
                following.note(&format!("argosy ingest of drive {}: {error}", job.place));
                tell_refused(following, screen);
            }
            return Err(error);
        }
    };
    let mut object = show(&report, screen);
    let amiss = shipment::tell(following.as_ref(), &mut object, screen);
    screen.object(&object);
    Ok(Ended(kind(&report).max(amiss)))
}

struct Job<'a> {
    arguments: &'a Arguments,
    screen: &'a Screen,
    drives: &'a Drives,
    path: &'a Path,
    place: String,
    cancel: Cancel,
    following: Option<&'a Following>,
}

impl Job<'_> {
    fn whole(
        &self,
        reader: &DriveReader,
        credential: &Credential,
        expected: &Expected,
        goals: Goals,
    ) -> Result<IngestReport, JobError> {
        reading_ahead(reader, |disk| {
            let opened = open_drive(disk, credential);
            let opened = opened.map_err(|error| self.refused(unlock_status(&error), expected))?;
            let volume = Volume::open(&opened);
            let volume = volume
                .map_err(|error| self.refused(DriveFault::not_ntfs(error.to_string()), expected))?;
            let facts = check_manifest(&volume, expected);
            let facts = facts.map_err(|fault| self.refused(fault, expected))?;
            for missing in goals.missing(&facts) {
                self.screen.aside(&format!("argosy: {missing}"));
            }
            let of = state_of(&facts, &goals);
            let mut bar = Bar::new(self.screen);
            let options = IngestOptions {
                parallel: self.arguments.parallel,
                disposition: self.arguments.disposition.map(Disposition::from),
            };
            let serial: String = facts.drive_id.split_whitespace().collect();
            if let Some(following) = self.following {
                following.begins(&serial);
            }
            let filled = Filled {
                volume: &volume,
                facts: &facts,
                is_there: &|| {
                    let again = self.drives.open_read(self.path, true);
                    again.is_ok_and(|drive| drive.answers())
                },
            };
            let report = ingest(
                &filled,
                goals,
                || self.kept(&facts, &of),
                options,
                &self.cancel,
                &mut |done, all| {
                    bar.tell("sent", done, all);
                },
            );
            bar.end();
            let report = report?;
            if let Some(following) = self.following {
                ingested(following, &serial, &report);
            }
            Ok(report)
        })
    }

    /// Opens state and logs.
    fn kept(&self, facts: &ManifestFacts, of: &StateOf) -> Result<(StateFile, LogFiles), JobError> {
        let logs = self.logs(&facts.drive_id)?;
        let default = || {
            let name = format!("{}.ingest", file_name(&facts.drive_id));
            self.arguments.log_dir.join(name)
        };
        let path = self.arguments.state.clone().unwrap_or_else(default);
        let state = StateFile::open(&path, of).map_err(|error| {
            let place = path.display().to_string();
            let mut failed = JobError::io(error.to_string(), place, "Nothing was sent.");
            "Name another file with --state, or move this one away."
                .clone_into(&mut failed.error.next);
            failed
        })?;
        Ok((state, logs))
    }

    fn logs(&self, drive_id: &str) -> Result<LogFiles, JobError> {
        let arguments = self.arguments;
        let options = LogOptions {
            folder: arguments.log_dir.clone(),
            of: "ingest",
            level: match arguments.log_level {
                Level::Error => LogLevel::Error,
                Level::Verbose => LogLevel::Verbose,
            },
            format: match arguments.log_format {
                Format::Classic => LogFormat::Classic,
                Format::Current => LogFormat::Current,
                Format::Both => LogFormat::Both,
            },
        };
        let place = options.folder.display().to_string();
        LogFiles::begin(options, drive_id, now()).map_err(|error| {
            let what = format!("the log cannot be written: {error}");
            JobError::io(what, place, "Nothing was sent.")
        })
    }

    /// Ends a drive of which nothing is sent: the logs say why, in the service's word.
    fn refused(&self, fault: DriveFault, expected: &Expected) -> JobError {
        let drive = expected.serial.as_deref().unwrap_or("unknown");
        let logged = self.logs(drive).map(|logs| logs.finish(fault.status));
        let unwritten = match logged {
            Ok(written) => written.err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = unwritten {
            self.screen.aside(&format!("argosy: no log: {why}"));
        }
        fault.into_error(&self.place)
    }
}

fn state_of(facts: &ManifestFacts, goals: &Goals) -> StateOf {
    let store = goals.store.as_ref();
    let share = goals.share.as_ref();
    StateOf {
        drive: facts.drive_id.clone(),
        manifest: upper_hex(&facts.md5),
        store: store.map_or_else(String::new, |store| store.endpoint().to_string()),
        // All shares of a server together: what a later run sends into another of them is the same ingest.
        share: share.map_or_else(String::new, |share| share.address().server().to_string()),
    }
}

impl From<Rule> for Disposition {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Rename => Self::Rename,
            Rule::NoOverwrite => Self::NoOverwrite,
            Rule::Overwrite => Self::Overwrite,
        }
    }
}

fn credential(
    arguments: &Arguments,
    journal: Option<&Replay>,
    screen: &Screen,
) -> Result<Credential, JobError> {
    if let Some(credential) = arguments.key.credential(screen)? {
        return Ok(credential);
    }
    let password = journal.and_then(|journal| journal.recovery_password.clone());
    let password = password.ok_or_else(|| {
        let place = arguments.journal.as_deref();
        let place = place.map_or_else(String::new, |path| path.display().to_string());
        let what = "the journal does not hold the key (it was redacted); give --key-file too";
        JobError::usage(what, place)
    })?;
    Ok(Credential::RecoveryPassword(password))
}

const fn kind(report: &IngestReport) -> Option<Kind> {
    match report.status {
        DriveStatus::Completed | DriveStatus::CompletedWithWarnings => None,
        _ if report.has_failed => Some(Kind::Io),
        _ => Some(Kind::Incomplete),
    }
}

/// Writes down how the sending of a drive ended. One that was stopped is not done: running it again goes on.
fn ingested(following: &Following, serial: &str, report: &IngestReport) {
    let logs: String = report.logs.iter().map(|log| named(log)).collect();
    let (status, bytes) = (report.status, show_size(report.bytes));
    let blobs = show_files(report.blobs).replace("file", "blob");
    let note = format!("drive {serial}: {status}, {blobs}, {bytes} in the store{logs}");
    if report.is_stopped || report.has_failed {
        return following.note(&note);
    }
    let end = match report.status {
        DriveStatus::Completed => DriveStep::Completed,
        _ => DriveStep::CompletedMoreInfo,
    };
    following.ends(serial, None, end, &note);
}

/// Shows what was done, and returns the object that scripts read.
fn show(report: &IngestReport, screen: &Screen) -> Value {
    for finding in &report.findings {
        let subject = finding.blob.as_deref();
        let subject = subject.map_or_else(String::new, |blob| format!("{blob}: "));
        screen.aside(&format!(
            "argosy: {subject}{}: {}",
            finding.code, finding.message
        ));
    }
    if report.findings_left_out > 0 {
        screen.aside(&format!("argosy: and {} more", report.findings_left_out));
    }
    let there = match (report.blobs, report.files) {
        (blobs, 0) => format!("{} are in the store", show_files(blobs)),
        (0, files) => format!("{} are in the shares", show_files(files)),
        (blobs, files) => format!(
            "{} are in the store, {} in the shares",
            show_files(blobs),
            show_files(files)
        ),
    };
    let there = format!("{there}, {}", show_size(report.bytes));
    let others = [
        (report.finished_before, "were there from the run before"),
        (report.renamed, "got another name"),
        (report.overwritten, "took the place of older ones"),
        (report.skipped, "were left out, their names being taken"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others: Vec<_> = others
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(" ({})", others.join(", "))
    };
    screen.line(&format!("{}: {there}{others}.", report.status));
    for log in &report.logs {
        screen.line(&format!("log: {}", log.display()));
    }
    if report.is_stopped {
        screen.line("Stopped. The same command goes on from here.");
    }
    json!({
        "verdict": verdict(report),
        "status": report.status,
        "blobs": report.blobs,
        "files": report.files,
        "bytes": report.bytes,
        "finished_before": report.finished_before,
        "renamed": report.renamed,
        "overwritten": report.overwritten,
        "skipped": report.skipped,
        "stopped": report.is_stopped,
        "findings": report.findings,
        "findings_left_out": report.findings_left_out,
        "logs": report.logs,
    })
}

const fn verdict(report: &IngestReport) -> &'static str {
    match kind(report) {
        None => "completed",
        Some(Kind::Io) => "failed",
        Some(_) => "incomplete",
    }
}
