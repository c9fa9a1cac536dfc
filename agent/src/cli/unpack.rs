//! `argosy unpack`: everything out of a drive.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use ntfs_image::read::Volume;
use serde_json::json;
use shared::verify::VerifyVerdict;

use super::key::KeyArguments;
use super::opened::{open_reader, open_volume};
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::{Cancel, reading_ahead};
use crate::unpack::{UnpackOptions, UnpackReport, unpack};

/// Copies everything out of a BitLocker or NTFS drive and compares it with the drive's manifest
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
    let reader = open_reader(drives, &arguments.drive, false)?;
    let place = arguments.drive.display().to_string();
    let options = UnpackOptions {
        to: arguments.to.clone(),
        dry_run: arguments.dry_run,
    };
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let report = reading_ahead(&reader, |disk| {
        let opened = open_volume(disk, &credential, &arguments.drive)?;
        let volume = Volume::open(&opened).map_err(|error| {
            JobError::io(error.to_string(), place.as_str(), "Nothing was written.")
        })?;
        let mut counter = Counter::new(screen);
        let report = unpack(&volume, &options, &cancel, &mut |files, bytes| {
            counter.tell(files, bytes)
        });
        counter.end();
        report.map_err(|error| {
            JobError::io(
                error.to_string(),
                options.to.display().to_string(),
                "The drive was only read.",
            )
        })
    })?;
    show(&report, arguments, screen);
    Ok(Ended(match report.verdict {
        VerifyVerdict::Verified => None,
        VerifyVerdict::Mismatch => Some(Kind::Incomplete),
        VerifyVerdict::Failed => Some(Kind::Io),
    }))
}

fn show(report: &UnpackReport, arguments: &Arguments, screen: &Screen) {
    for finding in &report.findings {
        let file = finding.file.as_deref().unwrap_or("");
        screen.aside(&format!("argosy: {file}: {}", finding.message));
    }
    if report.findings_left_out > 0 {
        screen.aside(&format!("argosy: and {} more", report.findings_left_out));
    }
    let verb = if arguments.dry_run {
        "would be copied to"
    } else {
        "are in"
    };
    screen.line(&format!(
        "{}, {} {verb} {}",
        show_files(report.files),
        show_size(report.bytes),
        arguments.to.display()
    ));
    if !report.has_manifest {
        screen.line("The drive has no manifest, so there was nothing to compare the files with.");
    }
    screen.object(&json!({
        "verdict": report.verdict,
        "files": report.files,
        "bytes": report.bytes,
        "compared_with_manifest": report.has_manifest,
        "findings": report.findings,
        "findings_left_out": report.findings_left_out,
    }));
}

/// A line that counts up at a terminal.
struct Counter {
    shown: bool,
    last: Instant,
}

impl Counter {
    fn new(screen: &Screen) -> Self {
        Self {
            shown: std::io::stderr().is_terminal() && !screen.is_json(),
            last: Instant::now(),
        }
    }

    fn tell(&mut self, files: u64, bytes: u64) {
        if self.shown && self.last.elapsed() >= Duration::from_millis(200) {
            self.last = Instant::now();
            drop(write!(
                std::io::stderr(),
                "\r{files} files, {}      ",
                show_size(bytes)
            ));
        }
    }

    fn end(&self) {
        if self.shown {
            drop(write!(std::io::stderr(), "\r{:40}\r", ""));
        }
    }
}
