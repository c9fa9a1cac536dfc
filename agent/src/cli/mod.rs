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
mod browser;
mod check_drive;
mod drives;
mod holes;
mod idle;
mod journal;
mod key;
mod link;
mod new_drive;
mod opened;
mod plan;
mod prepare;
mod progress;
mod report;
mod resume;
mod scan;
mod screen;
mod serve;
mod side_door;
mod signals;
mod size;
mod source;
mod status;
mod status_follow;
mod unlock;
mod unpack;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::jobs::JobError;
use screen::{Ended, Screen};

/// Genuine BitLocker drives for Azure Import/Export, filled and verified on any operating system.
#[derive(Parser)]
#[command(name = "argosy", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Prepare(prepare::Arguments),
    Resume(resume::Arguments),
    Adopt(adopt::Arguments),
    Plan(plan::Arguments),
    Scan(scan::Arguments),
    Verify(verify::Arguments),
    Unpack(unpack::Arguments),
    Unlock(unlock::Arguments),
    CheckDrive(check_drive::Arguments),
    #[command(subcommand)]
    Journal(journal::Command),
    Drives(drives::Arguments),
    NewDrive(new_drive::Arguments),
    Abort(abort::Arguments),
    Serve(serve::Arguments),
    Status(status::Arguments),
    Link(link::Arguments),
}

/// Parses `arguments`, runs the command, says what went wrong, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Whoever closed the pipe does not want to read it.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let screen = Screen::new(cli.command.wants_json());
    let ended = cli
        .command
        .run(&screen)
        .unwrap_or_else(|error| screen.failed(&error));
    ExitCode::from(ended.exit_code())
}

impl Command {
    const fn wants_json(&self) -> bool {
        match self {
            Self::Prepare(arguments) => arguments.json,
            Self::Resume(arguments) => arguments.json,
            Self::Adopt(arguments) => arguments.json,
            Self::Plan(arguments) => arguments.json,
            Self::Scan(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
            Self::Unpack(arguments) => arguments.json,
            Self::Unlock(arguments) => arguments.json,
            Self::CheckDrive(arguments) => arguments.json,
            Self::Journal(command) => command.wants_json(),
            Self::Drives(arguments) => arguments.json,
            Self::Status(arguments) => arguments.json,
            Self::NewDrive(_) | Self::Abort(_) | Self::Serve(_) | Self::Link(_) => false,
        }
    }

    fn run(self, screen: &Screen) -> Result<Ended, JobError> {
        match self {
            Self::Prepare(arguments) => prepare::run(arguments, screen),
            Self::Resume(arguments) => resume::run(arguments, screen),
            Self::Adopt(arguments) => adopt::run(&arguments, screen),
            Self::Plan(arguments) => plan::run(&arguments, screen),
            Self::Scan(arguments) => scan::run(&arguments, screen),
            Self::Verify(arguments) => verify::run(&arguments, screen),
            Self::Unpack(arguments) => unpack::run(&arguments, screen),
            Self::Unlock(arguments) => unlock::run(&arguments, screen),
            Self::CheckDrive(arguments) => check_drive::run(&arguments, screen),
            Self::Journal(command) => journal::run(&command, screen),
            Self::Drives(_) => Ok(drives::run(screen)),
            Self::NewDrive(arguments) => new_drive::run(&arguments, screen),
            Self::Abort(arguments) => abort::run(&arguments, screen),
            Self::Serve(arguments) => serve::run(&arguments, screen),
            Self::Status(arguments) => status::run(&arguments, screen),
            Self::Link(arguments) => link::run(&arguments, screen),
        }
    }
}
