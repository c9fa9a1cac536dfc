//! One process, or two: what root does besides keeping the drives is done by another process, as the person.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus};

use super::rights::ReadAs;
use super::screen::Screen;
use super::{Cli, Part, signals};
use crate::drives::Drives;
use crate::jobs::JobError;
use crate::locked_memory;
use crate::root_part::{Keeper, Person, Reading, RootPartError, enter, start};

/// What the user part is called by; a process that is called so and is none ends at once.
const USER_PART: &str = "argosy-user-part";

/// Returns what this process is to do. Where root was called by a person, this keeps the drives until the other process
/// has done the work.
///
/// # Errors
/// [`JobError`]; nothing was begun.
pub(super) fn divide(cli: &Cli, arguments: &[OsString], screen: &Screen) -> Result<Part, JobError> {
    if arguments.first().is_some_and(|name| name == USER_PART) {
        let root_part = enter().map_err(|error| refused(&error))?;
        return Ok(Part::Works(Drives::kept_by(root_part)));
    }
    if !rustix::process::geteuid().is_root() {
        cli.rights.need_root()?;
        return Ok(Part::Works(Drives::own()));
    }
    let reading = match cli.rights.read_as {
        ReadAs::Person => Reading::AsPerson,
        ReadAs::Root => Reading::AsRoot,
    };
    let person = match &cli.rights.user {
        Some(name) => Person::named(name, reading).map(Some),
        None => Person::behind_root(reading),
    };
    let Some(person) = person.map_err(|error| refused(&error))? else {
        if cli.command.erases() {
            screen.aside(
                "argosy: nobody is behind this root: one process does everything with all of its rights. Call argosy with \
                 sudo from your own login, or say --as USER",
            );
        }
        return Ok(Part::Works(Drives::own()));
    };
    let code = keep(cli, arguments, &person, screen).map_err(|error| refused(&error))?;
    Ok(Part::Ended(code))
}

/// Starts the user part and keeps the drives for it until it ends; returns how it ended.
fn keep(
    cli: &Cli,
    arguments: &[OsString],
    person: &Person,
    screen: &Screen,
) -> Result<ExitCode, RootPartError> {
    // The person's own limit would let nothing be locked.
    locked_memory::lift_limit();
    // Whatever the program's own path is, and whoever may look into the folders above it.
    let mut command = Command::new("/proc/self/exe");
    command.arg0(USER_PART).args(arguments.iter().skip(1));
    let (child, channel) = start(command, person)?;
    pass_signals_on(&child);
    if let Err(error) = Keeper::new(channel, cli.command.named_drives()).run() {
        screen.aside(&format!("argosy: {error}"));
    }
    let mut child = child;
    Ok(code_of(child.wait()?))
}

/// From here on only the user part's end ends this process. A terminal tells both parts of Ctrl-C itself; a wish of
/// another process to stop is passed on.
fn pass_signals_on(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return;
    };
    let has_terminal = std::fs::File::open("/dev/tty").is_ok();
    signals::on_each(move |interrupted| {
        let signal = match interrupted {
            true if has_terminal => return,
            true => Signal::INT,
            false => Signal::TERM,
        };
        // It may have ended a moment ago.
        let _ = kill_process(process, signal);
    });
}

/// Returns the exit code of the user part as this process's own; 128 and the signal's number, as shells count, when one
/// ended it.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let killed = || u8::try_from(status.signal()?.saturating_add(128)).ok();
    ExitCode::from(code.or_else(killed).unwrap_or(4))
}

fn refused(error: &RootPartError) -> JobError {
    JobError::refused(
        error.to_string(),
        "",
        "Nothing was begun. Say as whom to work, with --as USER; root's own groups are not for them.",
    )
}
