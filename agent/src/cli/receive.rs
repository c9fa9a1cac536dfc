//! `argosy receive`: drives that come back, many at once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use disk::ReadAt;
use ntfs_image::read::Volume;
use serde_json::{Value, json};
use shared::blob_name::file_name;
use shared::verify::OpenDriveError;

use super::bar::Bar;
use super::copy_report::{
    begin_report, end_report, home_words, object_of, read_log, show_findings,
};
use super::opened::open_reader;
use super::pace::show_pace;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::parse_drive;
use super::unpack::{destination, has_room, kind, take_back, unproven};
use crate::device::DriveReader;
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::{Cancel, reading_ahead_timed};
use crate::receive::{Gate, KeyRing, open_with};
use crate::unpack::{
    LogProofs, Names, Progress, ReportFile, Rows, UnpackOptions, UnpackReport, UnpackVerdict,
    Unpacking,
};
use shared::api::{FreeSpace, Pace};

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

/// A drive that is to be copied.
struct Named {
    path: PathBuf,
    serial: String,
    reader: DriveReader,
    log: Option<LogProofs>,
}

/// What became of one.
struct Received {
    path: PathBuf,
    serial: String,
    /// Number of the key that opened it, and the serial that stands beside it.
    key: Option<(usize, Option<String>)>,
    report: Result<UnpackReport, JobError>,
    /// What it took.
    pace: Pace,
}

/// What all drives share.
struct Common<'a> {
    arguments: &'a Arguments,
    ring: &'a KeyRing,
    rows: Option<&'a ReportFile>,
    gate: &'a Gate,
    cancel: &'a Cancel,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let ring = read_keys(arguments, screen)?;
    let named = name_all(arguments, drives)?;
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let rows = begin_report(arguments.report.as_deref())?;
    let was_there = arguments.to.exists();
    let gate = Gate::new(named.len());
    let common = Common {
        arguments,
        ring: &ring,
        rows: rows.as_ref(),
        gate: &gate,
        cancel: &cancel,
    };
    let (room, received) = copy_all(&common, named, screen);
    if let Err(error) = room {
        take_back(&arguments.to, was_there);
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

/// Opens the drives and finds out what they are called.
fn name_all(arguments: &Arguments, drives: &Drives) -> Result<Vec<Named>, JobError> {
    let mut named: Vec<Named> = Vec::new();
    let mut serials = HashSet::new();
    for text in &arguments.drive {
        let wanted = parse_drive(text, FreeSpace::Blank);
        let reader = open_reader(drives, &wanted.path, true)?;
        let found = drives.describe(&wanted.path, wanted.serial.as_deref());
        let serial = wanted
            .serial
            .or_else(|| found.ok().map(|found| found.serial));
        let stem = || {
            wanted
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let serial = serial
            .filter(|serial| !serial.is_empty())
            .unwrap_or_else(stem);
        if !serials.insert(file_name(&serial).to_lowercase()) {
            return Err(JobError::usage(
                format!("two drives are called {serial}; tell them apart: --drive PATH=SERIAL"),
                wanted.path.display().to_string(),
            ));
        }
        named.push(Named {
            path: wanted.path,
            serial,
            reader,
            log: None,
        });
    }
    for text in &arguments.log {
        let (serial, file) = text.split_once('=').unwrap_or(("", text));
        let drive = named.iter_mut().find(|drive| drive.serial == serial);
        let drive = drive.ok_or_else(|| {
            JobError::usage("whose log is it? say --log SERIAL=FILE", text.as_str())
        })?;
        drive.log = Some(read_log(Path::new(file))?);
    }
    Ok(named)
}

/// Copies all drives at once, once it is known that there is room for all of them.
fn copy_all(
    common: &Common<'_>,
    named: Vec<Named>,
    screen: &Screen,
) -> (Result<(), JobError>, Vec<Received>) {
    let progress: Vec<Progress> = named.iter().map(|_| Progress::default()).collect();
    let far = || {
        let each = progress.iter().map(Progress::far);
        each.fold((0_u64, 0_u64), |sum, one| {
            (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
        })
    };
    let copy = || {
        std::thread::scope(|scope| {
            let work = named.into_iter().zip(&progress);
            let threads: Vec<_> = work
                .map(|(drive, progress)| {
                    let (path, serial) = (drive.path.clone(), drive.serial.clone());
                    let thread = scope.spawn(move || receive(common, drive, progress));
                    (path, serial, thread)
                })
                .collect();
            let needed = common.gate.all_needed();
            let room = has_room(&common.arguments.to, needed);
            common.gate.decide(room.is_ok());
            let received = threads.into_iter().map(|(path, serial, thread)| {
                thread.join().unwrap_or_else(|_| Received {
                    report: Err(faulty(&path)),
                    path,
                    serial,
                    key: None,
                    pace: Pace::default(),
                })
            });
            (room, received.collect())
        })
    };
    Bar::new(screen).during("copied", far, copy)
}

/// A fault of ours costs the drive that it befell, and nobody takes that drive for received.
fn faulty(path: &Path) -> JobError {
    let what = "its copying stopped unexpectedly; this is a fault of Argosy";
    let place = path.display().to_string();
    JobError::io(what, place, "The drive was only read.")
}

/// Copies one drive.
fn receive(common: &Common<'_>, drive: Named, progress: &Progress) -> Received {
    let mut key = None;
    let mut arrived = Arrived {
        gate: common.gate,
        has: false,
    };
    let report = reading_ahead_timed(&drive.reader, &progress.watch, |disk| {
        let refused = |what: Option<OpenDriveError>| locked(what, &drive);
        let opening = open_with(disk, &drive.serial, common.ring).map_err(refused)?;
        key = Some((opening.key.number, opening.key.serial.clone()));
        copy(common, &drive, &opening.opened, progress, &mut arrived)
    });
    drop(arrived);
    Received {
        path: drive.path,
        serial: drive.serial,
        key,
        report,
        pace: progress.watch.pace(),
    }
}

/// Sees to it that the others do not wait for a drive that will not come, whatever keeps it away.
struct Arrived<'a> {
    gate: &'a Gate,
    has: bool,
}

impl Arrived<'_> {
    fn with(&mut self, needed: u64) -> bool {
        self.has = true;
        self.gate.arrive(needed)
    }
}

impl Drop for Arrived<'_> {
    fn drop(&mut self) {
        if !self.has {
            self.gate.stay_away();
        }
    }
}

fn copy(
    common: &Common<'_>,
    drive: &Named,
    opened: &dyn ReadAt,
    progress: &Progress,
    arrived: &mut Arrived<'_>,
) -> Result<UnpackReport, JobError> {
    let place = drive.path.display().to_string();
    let volume = Volume::open(opened)
        .map_err(|error| JobError::io(error.to_string(), place, "Nothing of it was copied."))?;
    let arguments = common.arguments;
    let options = UnpackOptions {
        to: arguments.to.clone(),
        dry_run: arguments.dry_run,
        names: match arguments.names {
            NamesArgument::Blobs => Names::Blobs,
            NamesArgument::Drive => Names::Drive,
        },
        drive: file_name(&drive.serial),
        keeps_beside: true,
        keeps_state: true,
    };
    let rows = common.rows.map(|rows| -> &dyn Rows { rows });
    let work = Unpacking::begin(&volume, &options, drive.log.as_ref(), rows, common.cancel)
        .map_err(|error| destination(&error, &arguments.to))?;
    if arrived.with(work.needed_bytes()) {
        return Ok(work.copy(common.cancel, progress));
    }
    work.withdraw();
    // What is said then is said of all drives together.
    Err(JobError::stopped("there is too little room", ""))
}

fn locked(error: Option<OpenDriveError>, drive: &Named) -> JobError {
    let place = drive.path.display().to_string();
    let what = match &error {
        Some(OpenDriveError::Unlock(error)) => {
            format!("none of the keys opens it: {error}")
        }
        Some(error) => error.to_string(),
        None => "there is no key for it".to_owned(),
    };
    let mut failed = JobError::io(
        what,
        place,
        "Nothing of it was copied; wrong keys lock nothing.",
    );
    if !matches!(error, Some(OpenDriveError::Read(_))) {
        failed.kind = Kind::Incomplete;
        "unlock".clone_into(&mut failed.error.code);
        "See that the keys are this job's.".clone_into(&mut failed.error.next);
    }
    failed
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
    let mut worst = UnpackVerdict::Verified;
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
                worst = UnpackVerdict::Failed;
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
    let verdict = match report.verdict {
        UnpackVerdict::Verified => "verified",
        UnpackVerdict::Copied => "copied",
        UnpackVerdict::Planned => "planned",
        UnpackVerdict::Mismatch => "mismatch",
        UnpackVerdict::Failed => "failed",
    };
    screen.line(&format!(
        "{}: {verdict}, {}, {}, {}",
        drive.serial,
        show_files(report.files),
        show_size(report.bytes),
        key_words(drive)
    ));
    if report.verdict != UnpackVerdict::Planned {
        show_pace("copying", &drive.pace, screen);
    }
    if let Some(what) = unproven(report) {
        screen.line(&what);
    }
}
