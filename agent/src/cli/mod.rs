//! The command line. One file a command; what they share is how they speak and how they end.
//!
//! ```text
//! arguments -> Command -> a command's `run` -> Ended (exit code) -> main
//!                              |       '-> JobError: what, where, is my data safe, what now
//!                              '-> Screen: plain lines, or one JSON object and nothing else
//! ```
//!
//! Exit codes: 0 done and true; 1 done, but something failed, was left out or is invalid; 2 usage;
//! 3 refused for safety; 4 device or file error.

mod abort;
mod adopt;
mod bar;
mod bench;
mod blob_list;
mod browser;
mod check_drive;
mod confirm;
mod copy_report;
mod drives;
mod export;
mod filling;
mod goals;
mod handoff;
mod holes;
mod idle;
mod ingest;
mod jobs;
mod journal;
mod key;
mod link;
mod new_drive;
mod numbers;
mod opened;
mod pace;
#[cfg(target_os = "linux")]
mod parts;
mod plan;
mod prepare;
mod preview_export;
mod progress;
mod receive;
mod repair_export;
mod repair_import;
mod report;
mod report_page;
mod resume;
mod rights;
mod scan;
mod scan_bar;
mod screen;
mod serve;
mod shipment;
mod side_door;
mod signals;
mod size;
mod source;
mod status;
mod status_follow;
mod status_home;
mod store;
mod unlock;
mod unpack;
mod verify;
mod waie;

use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
#[cfg(target_os = "linux")]
use shared::api::FreeSpace;

use crate::drives::Drives;
use crate::jobs::JobError;
use crate::locked_memory;
use rights::Rights;
use screen::{Ended, Screen};

/// Genuine BitLocker drives for Azure Import/Export, filled and verified on any operating system.
#[derive(Parser)]
#[command(name = "argosy", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    rights: Rights,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Prepare(prepare::Arguments),
    Resume(resume::Arguments),
    Adopt(adopt::Arguments),
    Export(export::Arguments),
    PreviewExport(preview_export::Arguments),
    Plan(plan::Arguments),
    Scan(scan::Arguments),
    Verify(verify::Arguments),
    Bench(bench::Arguments),
    Unpack(unpack::Arguments),
    Receive(receive::Arguments),
    Unlock(unlock::Arguments),
    Ingest(ingest::Arguments),
    Confirm(confirm::Arguments),
    RepairImport(repair_import::Arguments),
    RepairExport(repair_export::Arguments),
    CheckDrive(check_drive::Arguments),
    #[command(subcommand)]
    Journal(journal::Command),
    Drives(drives::Arguments),
    NewDrive(new_drive::Arguments),
    Abort(abort::Arguments),
    Serve(serve::Arguments),
    Status(status::Arguments),
    Link(link::Arguments),
    Jobs(jobs::Arguments),
    Report(report_page::Arguments),
    Waie(waie::Arguments),
}

/// Parses `arguments`, runs the command, says what went wrong, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Whoever closed the pipe does not want to read it.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let screen = Screen::new(cli.command.wants_json());
    // Before there is a second thread.
    let drives = match divide(&cli, &arguments, &screen) {
        Ok(Part::Works(drives)) => {
            // Where it cannot be, it is said in docs/security.md what to do instead.
            locked_memory::lock();
            drives
        }
        Ok(Part::Ended(code)) => return code,
        Err(error) => return ExitCode::from(screen.failed(&error).exit_code()),
    };
    let ended = cli
        .command
        .run(&screen, &drives)
        .unwrap_or_else(|error| screen.failed(&error));
    ExitCode::from(ended.exit_code())
}

/// What this process is to do.
enum Part {
    /// The work, with these drives.
    Works(Drives),
    /// Nothing more: another process did it.
    Ended(ExitCode),
}

#[cfg(target_os = "linux")]
fn divide(cli: &Cli, arguments: &[OsString], screen: &Screen) -> Result<Part, JobError> {
    parts::divide(cli, arguments, screen)
}

/// One process does everything.
#[cfg(not(target_os = "linux"))]
fn divide(cli: &Cli, _arguments: &[OsString], _screen: &Screen) -> Result<Part, JobError> {
    cli.rights.need_root()?;
    Ok(Part::Works(Drives::own()))
}

impl Command {
    const fn wants_json(&self) -> bool {
        match self {
            Self::Prepare(arguments) => arguments.json,
            Self::Resume(arguments) => arguments.json,
            Self::Adopt(arguments) => arguments.json,
            Self::Export(arguments) => arguments.json,
            Self::PreviewExport(arguments) => arguments.json,
            Self::Plan(arguments) => arguments.json,
            Self::Scan(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
            Self::Bench(arguments) => arguments.json,
            Self::Unpack(arguments) => arguments.json,
            Self::Receive(arguments) => arguments.json,
            Self::Unlock(arguments) => arguments.json,
            Self::Ingest(arguments) => arguments.json,
            Self::Confirm(arguments) => arguments.json,
            Self::RepairImport(arguments) => arguments.json,
            Self::RepairExport(arguments) => arguments.json,
            Self::CheckDrive(arguments) => arguments.json,
            Self::Journal(command) => command.wants_json(),
            Self::Drives(arguments) => arguments.json,
            Self::Status(arguments) => arguments.json,
            Self::Jobs(arguments) => arguments.json,
            Self::Report(arguments) => arguments.json,
            Self::Waie(arguments) => arguments.json,
            Self::NewDrive(_) | Self::Abort(_) | Self::Serve(_) | Self::Link(_) => false,
        }
    }

    /// Returns every drive that the command line names.
    #[cfg(target_os = "linux")]
    fn named_drives(&self) -> Vec<PathBuf> {
        let targets = |texts: &[String]| -> Vec<PathBuf> {
            let path = |text: &String| source::parse_drive(text, FreeSpace::Blank).path;
            texts.iter().map(path).collect()
        };
        match self {
            Self::Prepare(arguments) => {
                let mut named = targets(&arguments.drive);
                named.extend(source::named_in(
                    arguments.driveset.as_deref(),
                    &arguments.map,
                ));
                named
            }
            Self::Plan(arguments) => {
                let mut named = targets(&arguments.drive);
                named.extend(source::named_in(
                    arguments.driveset.as_deref(),
                    &arguments.map,
                ));
                named
            }
            Self::Resume(arguments) => {
                let spares = arguments.replace.iter();
                let spares = spares
                    .filter_map(|text| text.split_once('='))
                    .map(|(_, path)| path.to_owned());
                let spares = targets(&spares.collect::<Vec<_>>());
                targets(&arguments.drive)
                    .into_iter()
                    .chain(spares)
                    .collect()
            }
            Self::Adopt(arguments) => targets(std::slice::from_ref(&arguments.drive)),
            Self::Export(arguments) => targets(&arguments.drive),
            Self::Ingest(arguments) => targets(std::slice::from_ref(&arguments.drive)),
            Self::Verify(arguments) => vec![arguments.drive.clone()],
            Self::Bench(arguments) => targets(std::slice::from_ref(&arguments.drive)),
            Self::Unpack(arguments) => vec![arguments.drive.clone()],
            Self::Receive(arguments) => targets(&arguments.drive),
            Self::Unlock(arguments) => vec![arguments.drive.clone()],
            Self::CheckDrive(arguments) => vec![arguments.path.clone()],
            Self::Serve(arguments) => arguments.drives.clone(),
            Self::Waie(arguments) => arguments.named_drives(),
            Self::Scan(_)
            | Self::PreviewExport(_)
            | Self::Confirm(_)
            | Self::RepairImport(_)
            | Self::RepairExport(_)
            | Self::Journal(_)
            | Self::Drives(_)
            | Self::NewDrive(_)
            | Self::Abort(_)
            | Self::Status(_)
            | Self::Jobs(_)
            | Self::Report(_)
            | Self::Link(_) => Vec::new(),
        }
    }

    /// Returns whether the command erases drives, or may.
    #[cfg(target_os = "linux")]
    const fn erases(&self) -> bool {
        matches!(
            self,
            Self::Prepare(_)
                | Self::Resume(_)
                | Self::Export(_)
                | Self::Serve(_)
                | Self::Waie(_)
                | Self::Bench(bench::Arguments { write: true, .. })
        )
    }

    fn run(self, screen: &Screen, drives: &Drives) -> Result<Ended, JobError> {
        match self {
            Self::Prepare(arguments) => prepare::run(arguments, screen, drives),
            Self::Resume(arguments) => resume::run(arguments, screen, drives),
            Self::Adopt(arguments) => adopt::run(&arguments, screen, drives),
            Self::Export(arguments) => export::run(&arguments, screen, drives),
            Self::PreviewExport(arguments) => preview_export::run(&arguments, screen),
            Self::Plan(arguments) => plan::run(&arguments, screen, drives),
            Self::Scan(arguments) => scan::run(&arguments, screen),
            Self::Verify(arguments) => verify::run(&arguments, screen, drives),
            Self::Bench(arguments) => bench::run(&arguments, screen, drives),
            Self::Unpack(arguments) => unpack::run(&arguments, screen, drives),
            Self::Receive(arguments) => receive::run(&arguments, screen, drives),
            Self::Unlock(arguments) => unlock::run(&arguments, screen, drives),
            Self::Ingest(arguments) => ingest::run(&arguments, screen, drives),
            Self::Confirm(arguments) => confirm::run(&arguments, screen),
            Self::RepairImport(arguments) => repair_import::run(&arguments, screen),
            Self::RepairExport(arguments) => repair_export::run(&arguments, screen),
            Self::CheckDrive(arguments) => check_drive::run(&arguments, screen, drives),
            Self::Journal(command) => journal::run(&command, screen),
            Self::Drives(_) => Ok(drives::run(screen, drives)),
            Self::NewDrive(arguments) => new_drive::run(&arguments, screen),
            Self::Abort(arguments) => abort::run(&arguments, screen),
            Self::Serve(arguments) => serve::run(&arguments, screen, drives),
            Self::Status(arguments) => status::run(&arguments, screen),
            Self::Link(arguments) => link::run(&arguments, screen),
            Self::Jobs(arguments) => jobs::run(&arguments, screen),
            Self::Report(arguments) => report_page::run(&arguments, screen),
            Self::Waie(arguments) => waie::run(&arguments, screen, drives),
        }
    }
}
