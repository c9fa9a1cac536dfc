//! `argosy unpack`: everything out of a drive.

use std::path::PathBuf;

use clap::Args;
use ntfs_image::read::Volume;
use serde_json::Value;
use shared::api::{ReceiveNames, ReceiveVerdict};

use super::bar::Bar;
use super::copy_report::{
    begin_report, end_report, home_words, object_of, read_log, show_findings,
};
use super::key::KeyArguments;
use super::opened::{open_reader, open_volume};
use super::pace::show_pace;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::{Cancel, reading_ahead_timed};
use crate::unpack::{
    Progress, Rows, UnpackOptions, UnpackReport, Unpacking, has_room, take_back, unusable,
};

/// Copies everything out of a BitLocker or NTFS drive and compares it with the drive's manifest
///
/// Run it again after it was stopped, whatever stopped it: what is home and proven stays as it is.
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume
    #[arg(long, value_name = "PATH")]
    pub(super) drive: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// Where everything goes; existing files are never replaced
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The copy log or verbose log of the drive, old form or new: compared with too
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
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

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let credential = arguments.key.required(screen)?;
    let log = arguments.log.as_deref().map(read_log).transpose()?;
    let reader = open_reader(drives, &arguments.drive, true)?;
    let place = arguments.drive.display().to_string();
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let rows = begin_report(arguments.report.as_deref())?;
    let was_there = arguments.to.exists();
    let progress = Progress::default();
    let report = reading_ahead_timed(&reader, &progress.watch, |disk| {
        let opened = open_volume(disk, &credential, &arguments.drive)?;
        let volume = Volume::open(&opened).map_err(|error| {
            JobError::io(error.to_string(), place.as_str(), "Nothing was written.")
        })?;
        let options = UnpackOptions {
            to: arguments.to.clone(),
            dry_run: arguments.dry_run,
            names: ReceiveNames::Drive,
            drive: format!("{:016x}", volume.serial()),
            keeps_beside: false,
            keeps_state: false,
        };
        let rows = rows.as_ref().map(|rows| -> &dyn Rows { rows });
        let work = Unpacking::begin(&volume, &options, log.as_ref(), rows, &cancel);
        let work = work.map_err(|error| unusable(&error, &arguments.to))?;
        if let Err(error) = has_room(&arguments.to, work.needed_bytes()) {
            work.withdraw();
            take_back(&arguments.to, was_there);
            return Err(error);
        }
        let copy = || work.copy(&cancel, &progress);
        Ok(Bar::new(screen).during("copied", || progress.far(), copy))
    })?;
    let object = show(&report, &progress, arguments, screen);
    end_report(rows, &object)?;
    Ok(Ended(kind(report.verdict)))
}

/// Returns how a command with this verdict ends.
pub(super) const fn kind(verdict: ReceiveVerdict) -> Option<Kind> {
    match verdict {
        ReceiveVerdict::Verified | ReceiveVerdict::Copied | ReceiveVerdict::Planned => None,
        ReceiveVerdict::Mismatch => Some(Kind::Incomplete),
        ReceiveVerdict::Failed => Some(Kind::Io),
    }
}

fn show(
    report: &UnpackReport,
    progress: &Progress,
    arguments: &Arguments,
    screen: &Screen,
) -> Value {
    show_findings(report, "", screen);
    let (files, bytes) = (report.files, report.bytes);
    screen.line(&home_words(files, bytes, arguments.dry_run, &arguments.to));
    if let Some(what) = report.unproven_words() {
        screen.line(&what);
    }
    let pace = progress.watch.pace();
    if !arguments.dry_run {
        show_pace("copying", &pace, screen);
    }
    let object = object_of(report, &pace);
    screen.object(&object);
    object
}
