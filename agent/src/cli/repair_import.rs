//! `argosy repair-import`: sends once more what a copy log says did not arrive.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use shared::blob_name::file_name;
use shared::copy_log::DriveStatus;
use shared::hash::upper_hex;
use shared::path_map::PathMap;

use super::bar::Bar;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::parse_map;
use super::store::StoreArguments;
use crate::attempt::now;
use crate::blobs::{Store, md5_of};
use crate::ingest::{IngestOptions, LogFiles, LogFormat, LogLevel, LogOptions, StateFile, StateOf};
use crate::jobs::{JobError, KeptManifest, Kind, kept_manifest, mapped};
use crate::pipeline::Cancel;
use crate::repair::{Originals, Repair, RepairReport, Wanted, WantedError, wanted};
use crate::shelf::replace_file;

/// Sends once more what a copy log says did not arrive, from the originals, and of those only what is missing. Nothing is
/// sent of an original that is not any more what the drive had
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive's copy log or error log, classic or today's
    #[arg(long, value_name = "FILE")]
    pub(super) copy_log: PathBuf,
    /// The drive's journal: its plan knows what has to be in each blob, which today's logs do not say
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    pub(super) journal: Option<PathBuf>,
    /// The drive's manifest, in place of its journal
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<PathBuf>,
    /// Folders that originals are looked for in, by their paths on the drive
    #[arg(long, required = true, num_args = 1.., value_name = "FOLDER")]
    pub(super) dir: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) store: StoreArguments,
    /// Where originals are that are not found: a path on the drive, a tab, the real path; those that are still not found are
    /// added to it [default: LOG-DIR/SERIAL.path-map.txt]
    #[arg(long, value_name = "FILE")]
    pub(super) path_map: Option<PathBuf>,
    /// A folder here that stands for a Windows path of the path map, as in 'E:\=/mnt/e'
    #[arg(long, value_name = "PREFIX=PATH")]
    pub(super) map: Vec<String>,
    /// What was done is kept here, so that running it again sends nothing twice [default: LOG-DIR/SERIAL.repair]
    #[arg(long, value_name = "FILE")]
    pub(super) repair_file: Option<PathBuf>,
    /// Where the logs of the repair go
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) log_dir: PathBuf,
    /// Blocks on their way at once
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) parallel: u16,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Blocks on their way at once, where nobody says.
pub(super) const PARALLEL: u16 = 16;

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let (manifest, log) = (manifest(arguments)?, read(&arguments.copy_log)?);
    let place = arguments.copy_log.display().to_string();
    let asked = wanted(&log, manifest.as_ref()).map_err(|error| match error {
        WantedError::Manifest(error) => error,
        error => JobError::usage(error.to_string(), place),
    })?;
    let map_path = beside(
        arguments.path_map.as_ref(),
        arguments,
        &asked,
        "path-map.txt",
    );
    let map = path_map(&map_path)?;
    let here = parse_map(&arguments.map)?;
    let said = map.0.iter().filter(|(_, real)| !real.is_empty());
    let said: HashMap<String, PathBuf> = said
        .map(|(path, real)| (path.clone(), mapped(real, &here)))
        .collect();
    let originals = Originals::new(arguments.dir.clone(), said);
    let cancel = Cancel::default();
    let store = arguments.store.open(screen, &cancel)?;
    let kept = kept(arguments, &asked, &log, &store)?;
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let mut bar = Bar::new(screen);
    let repair = Repair {
        wanted: &asked,
        originals: &originals,
        given: manifest.as_ref().map_or(&[], |kept| &kept.attached),
        options: IngestOptions {
            parallel: arguments.parallel,
            disposition: None,
        },
        cancel: &cancel,
    };
    let report = repair.run(store, kept, &mut |done, all| {
        bar.tell("compared", done, all)
    });
    bar.end();
    let report = report?;
    let proposed = propose(&map_path, map, &report)?;
    show(&report, proposed.as_deref(), screen);
    Ok(Ended(kind(&report)))
}

fn manifest(arguments: &Arguments) -> Result<Option<KeptManifest>, JobError> {
    if let Some(path) = &arguments.manifest {
        return KeptManifest::unproven(path).map(Some);
    }
    let journal = arguments.journal.as_deref();
    journal.map(|path| kept_manifest(path, &[])).transpose()
}

fn read(path: &Path) -> Result<Vec<u8>, JobError> {
    std::fs::read(path).map_err(|error| {
        let what = format!("cannot read it: {error}");
        JobError::usage(what, path.display().to_string())
    })
}

/// Returns a path map; an empty one where there is none yet.
fn path_map(path: &Path) -> Result<PathMap, JobError> {
    if !path.exists() {
        return Ok(PathMap::default());
    }
    let place = path.display().to_string();
    PathMap::read(&read(path)?).map_err(|error| JobError::usage(error.to_string(), place))
}

/// Returns the file that was named, or the one of the drive beside the logs.
fn beside(named: Option<&PathBuf>, arguments: &Arguments, asked: &Wanted, end: &str) -> PathBuf {
    let drive = match asked.drive.as_str() {
        "" => "unknown",
        drive => drive,
    };
    let own = || {
        let name = format!("{}.{end}", file_name(drive));
        arguments.log_dir.join(name)
    };
    named.cloned().unwrap_or_else(own)
}

/// Opens repair file and logs.
fn kept(
    arguments: &Arguments,
    asked: &Wanted,
    log: &[u8],
    store: &Store,
) -> Result<(StateFile, LogFiles), JobError> {
    let options = LogOptions {
        folder: arguments.log_dir.clone(),
        of: "repair",
        level: LogLevel::Error,
        format: LogFormat::Both,
    };
    let place = options.folder.display().to_string();
    let logs = LogFiles::begin(options, &asked.drive, now()).map_err(|error| {
        let what = format!("the log cannot be written: {error}");
        JobError::io(what, place, "Nothing was sent.")
    })?;
    let path = beside(arguments.repair_file.as_ref(), arguments, asked, "repair");
    let of = StateOf {
        drive: asked.drive.clone(),
        // The log stands for it: its entries are what is counted.
        manifest: format!("log {}", upper_hex(&md5_of(log))),
        store: store.endpoint().to_string(),
        share: String::new(),
    };
    let state = StateFile::open(&path, &of).map_err(|error| {
        let place = path.display().to_string();
        let mut failed = JobError::io(error.to_string(), place, "Nothing was sent.");
        "Name another file with --repair-file, or move this one away."
            .clone_into(&mut failed.error.next);
        failed
    })?;
    Ok((state, logs))
}

/// Adds what was not found to the path map, for a person to fill in; returns its path where there is such.
fn propose(
    path: &Path,
    mut map: PathMap,
    report: &RepairReport,
) -> Result<Option<PathBuf>, JobError> {
    if report.not_found.0.is_empty() {
        return Ok(None);
    }
    let before = map.clone();
    // A log may name anything; what a line cannot hold would spoil the whole map.
    let files = report.not_found.0.keys();
    for file in files.filter(|file| PathMap::can_hold(file)) {
        map.0.entry(file.clone()).or_default();
    }
    if map != before {
        let failed = |error: std::io::Error| {
            let what = format!("cannot write the path map: {error}");
            let safe = "What was found was sent.";
            JobError::io(what, path.display().to_string(), safe)
        };
        // A person wrote into it by hand.
        replace_file(path, map.text().as_bytes()).map_err(failed)?;
    }
    Ok(Some(path.to_owned()))
}

const fn kind(report: &RepairReport) -> Option<Kind> {
    match report.sent.status {
        DriveStatus::Completed | DriveStatus::CompletedWithWarnings => None,
        _ if report.sent.has_failed => Some(Kind::Io),
        _ => Some(Kind::Incomplete),
    }
}

fn show(report: &RepairReport, proposed: Option<&Path>, screen: &Screen) {
    let sent = &report.sent;
    for finding in &sent.findings {
        let subject = finding.blob.as_deref().unwrap_or_default();
        let (code, message) = (&finding.code, &finding.message);
        screen.aside(&format!("argosy: {subject}: {code}: {message}"));
    }
    if sent.findings_left_out > 0 {
        screen.aside(&format!("argosy: and {} more", sent.findings_left_out));
    }
    screen.line(&format!(
        "{} of {} that did not arrive are in the store now, {}.",
        sent.blobs,
        show_files(report.failed),
        show_size(sent.bytes)
    ));
    if let Some(path) = proposed {
        screen.line(&format!(
            "Say where the others are behind the tab of their lines in {}, and run the same again.",
            path.display()
        ));
    }
    for log in &sent.logs {
        screen.line(&format!("log: {}", log.display()));
    }
    if sent.is_stopped {
        screen.line("Stopped. The same command goes on from here.");
    }
    screen.object(&json!({
        "verdict": verdict(report),
        "status": sent.status,
        "failed": report.failed,
        "blobs": sent.blobs,
        "bytes": sent.bytes,
        "finished_before": sent.finished_before,
        "not_found": report.not_found.0.keys().collect::<Vec<_>>(),
        "path_map": proposed,
        "stopped": sent.is_stopped,
        "findings": sent.findings,
        "findings_left_out": sent.findings_left_out,
        "logs": sent.logs,
    }));
}

const fn verdict(report: &RepairReport) -> &'static str {
    match kind(report) {
        None => "repaired",
        Some(Kind::Io) => "failed",
        Some(_) => "incomplete",
    }
}
