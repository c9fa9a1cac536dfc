//! `argosy repair-export`: gets once more what an export did not bring home whole.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use shared::blob_name::file_name;
use shared::hash::upper_hex;

use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::store::StoreArguments;
use crate::blobs::md5_of;
use crate::ingest::{StateFile, StateOf};
use crate::jobs::{JobError, KeptManifest};
use crate::pipeline::Cancel;
use crate::repair::{ExportRepair, ExportRepairReport, Wanted, WantedError, wanted};

/// Gets once more what an export did not bring home whole, into the folder that the drive was copied to; nothing is written
/// to a drive. With the drive's manifest every file is compared, and what differs is mended
#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["copy_log", "manifest"])))]
pub(super) struct Arguments {
    /// The drive's copy log or error log, classic or today's
    #[arg(long, value_name = "FILE")]
    pub(super) copy_log: Option<PathBuf>,
    /// The drive's manifest: receive leaves it in FOLDER/.argosy/SERIAL/drive
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<PathBuf>,
    /// The folder that the drive was copied to, by argosy receive or unpack
    #[arg(long, value_name = "FOLDER")]
    pub(super) dir: PathBuf,
    #[command(flatten)]
    pub(super) store: StoreArguments,
    /// What is whole is kept here, so that running it again does not compare it twice [default: FOLDER.SERIAL.repair]
    #[arg(long, value_name = "FILE")]
    pub(super) repair_file: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    if !arguments.dir.is_dir() {
        let what = "this is no folder; copy the drive home first: argosy receive --drive PATH --keys FILE --to FOLDER";
        return Err(JobError::usage(what, arguments.dir.display().to_string()));
    }
    let manifest = arguments.manifest.as_deref();
    let manifest = manifest.map(KeptManifest::unproven).transpose()?;
    let mut asked = Wanted::default();
    let mut of = Vec::new();
    if let Some(path) = &arguments.copy_log {
        let place = path.display().to_string();
        let log = std::fs::read(path)
            .map_err(|error| JobError::usage(format!("cannot read it: {error}"), &place))?;
        asked = wanted(&log, manifest.as_ref()).map_err(|error| match error {
            WantedError::Manifest(error) => error,
            error => JobError::usage(error.to_string(), place),
        })?;
        of.push(format!("log {}", upper_hex(&md5_of(&log))));
    }
    if let Some(manifest) = &manifest {
        of.push(format!("manifest {}", upper_hex(&manifest.md5()?)));
    }
    let home = std::fs::canonicalize(&arguments.dir).unwrap_or_else(|_| arguments.dir.clone());
    of.push(format!("copied to {}", home.display()));
    let drive = match (&manifest, asked.drive.as_str()) {
        (Some(manifest), _) => manifest.serial.clone(),
        (None, "") => "unknown".to_owned(),
        (None, drive) => drive.to_owned(),
    };
    let cancel = Cancel::default();
    let reach = arguments.store.reach(screen, &cancel)?;
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let state_of = StateOf {
        drive,
        manifest: of.join(", "),
        store: reach.address(),
        share: String::new(),
    };
    let mut state = state(arguments, &home, &state_of)?;
    let repair = ExportRepair {
        home: &arguments.dir,
        wanted: &asked,
        manifest: manifest.as_ref(),
        reach: &reach,
        cancel: &cancel,
    };
    let report = repair.run(&mut state, &mut |_| {})?;
    show(&report, screen);
    let is_amiss = report.is_stopped || !report.findings.is_empty();
    Ok(Ended::amiss_if(is_amiss))
}

fn state(arguments: &Arguments, home: &Path, of: &StateOf) -> Result<StateFile, JobError> {
    let own = || {
        let mut name = home.as_os_str().to_owned();
        name.push(format!(".{}.repair", file_name(&of.drive)));
        PathBuf::from(name)
    };
    let path = arguments.repair_file.clone().unwrap_or_else(own);
    StateFile::open(&path, of).map_err(|error| {
        let place = path.display().to_string();
        let mut failed = JobError::io(error.to_string(), place, "Nothing was written.");
        "Name another file with --repair-file, or move this one away."
            .clone_into(&mut failed.error.next);
        failed
    })
}

fn show(report: &ExportRepairReport, screen: &Screen) {
    for finding in &report.findings {
        screen.aside(&format!("argosy: {}: {}", finding.blob, finding.message));
    }
    let unproven = match report.unproven {
        0 => String::new(),
        count => format!("; {count} more are, and nothing proves them"),
    };
    screen.line(&format!(
        "{} of {} are at home whole{unproven}; {} were mended, {} read from the store.",
        report.whole,
        show_files(report.files),
        report.mended,
        show_size(report.bytes)
    ));
    if report.is_stopped {
        screen.line("Stopped. The same command goes on from here.");
    }
    let verdict = match (report.findings.len(), report.is_stopped, report.unproven) {
        (0, false, 0) => "repaired",
        (0, false, _) => "copied",
        _ => "incomplete",
    };
    screen.object(&json!({
        "verdict": verdict,
        "files": report.files,
        "whole": report.whole,
        "mended": report.mended,
        "unproven": report.unproven,
        "bytes": report.bytes,
        "stopped": report.is_stopped,
        "findings": report.findings,
        "findings_left_out": 0,
    }));
}
