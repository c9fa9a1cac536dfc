//! `argosy receive`: drives that come back, many at once.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use shared::api::{FreeSpace, ReceiveNames, ReceiveVerdict};

use super::bar::Bar;
use super::copy_report::{
    begin_report, end_report, home_words, object_of, read_log, show_findings,
};
use super::opened::not_opened;
use super::pace::show_pace;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::parse_drive;
use super::unpack::kind;
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::Cancel;
use crate::receive::{
    KeyRing, Lane, Order, Received, Returned, ReturnedError, Wanted, copy_all, open_all,
};
use crate::unpack::{Rows, UnpackReport};

/// Copies drives that came back, many at once, to where their blobs belong
///
/// Each file is compared with the manifest on its drive. Run it again after it was stopped, or with
/// further drives: what is home and proven stays as it is.
#[derive(Args)]
pub(super) struct Arguments {
    /// The drives: block devices or disk images; PATH=SERIAL names one whose serial cannot be read
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(super) drive: Vec<String>,
    /// Their keys: what listBitLockerKeys, `az import-export bit-locker-key list` or Data Box's
    /// listCredentials returned, or lines of SERIAL KEY; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Where everything goes; existing files are never replaced
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// What files are called: as their blobs were, or as they are on the drive
    #[arg(long, value_name = "HOW", value_enum, default_value_t = NamesArgument::Blobs)]
    names: NamesArgument,
    /// A drive's copy log or verbose log, old form or new: compared with too
    #[arg(long, value_name = "SERIAL=FILE", num_args = 1..)]
    log: Vec<String>,
    /// A row for every file and every finding: .csv, or .json
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only says what would be done
    #[arg(long)]
    dry_run: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NamesArgument {
    /// CONTAINER/NAME, from the manifest
    Blobs,
    /// The drive's own paths
    Drive,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let ring = read_keys(arguments, screen)?;
    let returned = name_all(arguments, drives)?;
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let rows = begin_report(arguments.report.as_deref())?;
    let order = Order {
        to: &arguments.to,
        names: match arguments.names {
            NamesArgument::Blobs => ReceiveNames::Blobs,
            NamesArgument::Drive => ReceiveNames::Drive,
        },
        dry_run: arguments.dry_run,
        ring: &ring,
        rows: rows.as_ref().map(|rows| -> &dyn Rows { rows }),
        cancel: &cancel,
    };
    let (room, received) = copy_showing(&order, returned, screen);
    if let Err(error) = room {
        // Whether a key fits is worth knowing also now.
        for drive in &received {
            screen.aside(&format!("argosy: {}: {}", drive.serial, key_words(drive)));
        }
        return Err(error);
    }
    let (object, kind) = show(&received, arguments, screen);
    end_report(rows, &object)?;
    Ok(Ended(kind))
}

fn read_keys(arguments: &Arguments, screen: &Screen) -> Result<KeyRing, JobError> {
    let file = super::key::read(&arguments.keys)?;
    let place = arguments.keys.display().to_string();
    let ring = KeyRing::parse(&file);
    let ring = ring.map_err(|error| JobError::usage(error.to_string(), place.as_str()))?;
    for (number, error) in ring.broken() {
        screen.aside(&format!("argosy: {place}: entry {number}: {error}"));
    }
    Ok(ring)
}

/// Opens the drives, each with the log that is its own.
fn name_all(arguments: &Arguments, drives: &Drives) -> Result<Vec<Returned>, JobError> {
    let wanted = arguments.drive.iter().map(|text| {
        let wanted = parse_drive(text, FreeSpace::Blank);
        Wanted {
            path: wanted.path,
            serial: wanted.serial,
        }
    });
    let mut returned = open_all(drives, wanted).map_err(unnamed)?;
    for text in &arguments.log {
        let (serial, file) = text.split_once('=').unwrap_or(("", text));
        let drive = returned.iter_mut().find(|drive| drive.serial == serial);
        let drive = drive.ok_or_else(|| {
            JobError::usage("whose log is it? say --log SERIAL=FILE", text.as_str())
        })?;
        drive.log = Some(read_log(Path::new(file))?);
    }
    Ok(returned)
}

fn unnamed(error: ReturnedError) -> JobError {
    match error {
        ReturnedError::Open { path, cause } => not_opened(&cause, &path),
        ReturnedError::Twice { serial, path } => JobError::usage(
            format!("two drives are called {serial}; tell them apart: --drive PATH=SERIAL"),
            path.display().to_string(),
        ),
    }
}

/// Copies all drives at once, showing how far they are together.
fn copy_showing(
    order: &Order<'_>,
    returned: Vec<Returned>,
    screen: &Screen,
) -> (Result<(), JobError>, Vec<Received>) {
    let lanes: Vec<Lane> = returned.iter().map(|_| Lane::default()).collect();
    let far = || {
        let each = lanes.iter().map(|lane| lane.progress.far());
        each.fold((0_u64, 0_u64), |sum, one| {
            (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
        })
    };
    Bar::new(screen).during("copied", far, || copy_all(order, returned, &lanes))
}

/// Returns which key opened a drive.
fn key_words(drive: &Received) -> String {
    match &drive.key {
        Some((_, Some(serial))) => format!("opened with the key of {serial}"),
        Some((number, None)) => format!("opened with key {number} of the file"),
        None => "not opened".to_owned(),
    }
}

fn show(received: &[Received], arguments: &Arguments, screen: &Screen) -> (Value, Option<Kind>) {
    let mut worst = ReceiveVerdict::Verified;
    let mut ended = None;
    let (mut files, mut bytes) = (0_u64, 0_u64);
    let mut objects = Vec::new();
    let mut findings = Vec::new();
    for drive in received {
        let object = match &drive.report {
            Ok(report) => {
                worst = worst.max(report.verdict);
                ended = ended.max(kind(report.verdict));
                files = files.saturating_add(report.files);
                bytes = bytes.saturating_add(report.bytes);
                show_drive(drive, report, screen);
                findings.extend(report.findings.iter().map(|finding| {
                    json!({"code": finding.code, "message": finding.message, "file": finding.file,
                        "offset": finding.offset, "drive": drive.serial})
                }));
                let key = drive.key.as_ref();
                let mut object = object_of(report, &drive.pace);
                object["drive"] = json!(drive.path);
                object["serial"] = json!(drive.serial);
                object["key"] =
                    json!(key.map(|(number, serial)| json!({"number": number, "serial": serial})));
                object
            }
            Err(error) => {
                worst = ReceiveVerdict::Failed;
                ended = ended.max(Some(error.kind));
                let what = &error.error.message;
                screen.aside(&format!("argosy: {}: {what}", drive.serial));
                findings.push(
                    json!({"code": error.error.code, "message": what, "file": null,
                    "offset": null, "drive": drive.serial}),
                );
                json!({"drive": drive.path, "serial": drive.serial, "verdict": "failed",
                    "files": 0, "bytes": 0, "error": error.error})
            }
        };
        objects.push(object);
    }
    screen.line(&format!(
        "{} of {} drives, {}",
        received.iter().filter(|drive| drive.report.is_ok()).count(),
        received.len(),
        home_words(files, bytes, arguments.dry_run, &arguments.to)
    ));
    let object = json!({
        "verdict": worst,
        "files": files,
        "bytes": bytes,
        "drives": objects,
        "findings": findings,
    });
    screen.object(&object);
    (object, ended)
}

fn show_drive(drive: &Received, report: &UnpackReport, screen: &Screen) {
    show_findings(report, &drive.serial, screen);
    screen.line(&format!(
        "{}: {}, {}, {}, {}",
        drive.serial,
        report.verdict.word(),
        show_files(report.files),
        show_size(report.bytes),
        key_words(drive)
    ));
    if report.verdict != ReceiveVerdict::Planned {
        show_pace("copying", &drive.pace, screen);
    }
    if let Some(what) = report.unproven_words() {
        screen.line(&what);
    }
}
