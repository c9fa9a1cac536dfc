//! `argosy status`: what this user's Argosy is doing, asked from any shell.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use shared::api::{DriveSnapshot, JobSnapshot, JobState, code};
use shared::job::Verdict;

use super::progress::{pass, percent};
use super::screen::{Ended, Screen};
use super::side_door;
use super::size::{show_seconds, show_size};
use super::status_follow::follow;
use crate::control::{Answer, Ask, Connection, Status};
use crate::jobs::JobError;

/// Shows every job of this user that runs or waits, wherever it was started
#[derive(Args)]
pub(super) struct Arguments {
    /// Shows every change until nothing runs any more
    #[arg(long, conflicts_with = "cancel")]
    follow: bool,
    /// Stops a job: its id, or its session's
    #[arg(long, value_name = "JOB")]
    cancel: Option<String>,
    /// The state folder, when `serve` was given one
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Prints one JSON object; with --follow one a line for every change
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let state_dir = side_door::state_dir(arguments.state_dir.as_ref())?;
    let processes = side_door::knock(&state_dir)?;
    match &arguments.cancel {
        Some(job) => cancel(job, processes, screen),
        None if arguments.follow => follow(processes, screen),
        None => show(processes, screen),
    }
}

fn show(processes: Vec<Connection>, screen: &Screen) -> Result<Ended, JobError> {
    let mut found = Vec::new();
    for mut process in processes {
        match process.ask(&Ask::Status {}) {
            Ok(Some(Answer::Status(status))) => found.push(status),
            Ok(_) => {}
            Err(error) => return Err(side_door::failed(&error)),
        }
    }
    found.sort_by_key(|status| status.pid);
    screen.object(&json!({ "processes": found }));
    for line in lines(&found) {
        screen.line(&line);
    }
    Ok(Ended::WELL)
}

/// Stops the job in whichever process has it.
fn cancel(job: &str, processes: Vec<Connection>, screen: &Screen) -> Result<Ended, JobError> {
    for mut process in processes {
        let ask = Ask::Cancel {
            job: job.to_owned(),
        };
        match process.ask(&ask) {
            Ok(Some(Answer::Cancelled { job })) => {
                screen.object(&json!({ "job": job }));
                screen.line(&match job.state {
                    JobState::Cancelling => format!(
                        "Stopping session {}: each drive at a point that its journal knows.",
                        job.session
                    ),
                    _ => format!("Session {} is not at work.", job.session),
                });
                return Ok(Ended::WELL);
            }
            Ok(Some(Answer::Refused { error })) if error.code != code::NOT_FOUND => {
                let mut refused = JobError::wrong_state("");
                refused.error = Box::new(error);
                return Err(refused);
            }
            Ok(_) => {}
            Err(error) => return Err(side_door::failed(&error)),
        }
    }
    Err(JobError::no_such_job(job))
}

/// Returns whether a job is not over: whatever it waits for.
pub(super) const fn is_unfinished(job: &JobSnapshot) -> bool {
    !matches!(job.state, JobState::Ended | JobState::Interrupted)
}

/// Returns how things stand, for a person.
pub(super) fn lines(processes: &[Status]) -> Vec<String> {
    if processes.is_empty() {
        return vec!["Nothing runs.".to_owned()];
    }
    let mut lines = Vec::new();
    for process in processes {
        let page = process
            .port
            .map_or_else(String::new, |port| format!(", page on 127.0.0.1:{port}"));
        lines.push(format!(
            "argosy {}, process {}{page}",
            process.command, process.pid
        ));
        let ended = process.jobs.iter().filter(|job| !is_unfinished(job));
        let ended = ended.count();
        for job in process.jobs.iter().filter(|job| is_unfinished(job)) {
            lines.push(format!(
                "  {}: {}, {} to {} (job {})",
                job.session,
                state(job),
                job.source,
                job.destination,
                job.id
            ));
            lines.extend(job.drives.iter().map(drive));
        }
        if ended == process.jobs.len() {
            lines.push(match ended {
                0 => "  no job".to_owned(),
                1 => "  nothing at work; 1 job ended".to_owned(),
                more => format!("  nothing at work; {more} jobs ended"),
            });
        }
    }
    lines
}

/// Returns where a job stands, for a person.
pub(super) const fn state(job: &JobSnapshot) -> &'static str {
    match job.state {
        JobState::WaitsForConfirmation => "waits to be confirmed",
        JobState::Running => "running",
        JobState::Cancelling => "stopping",
        JobState::Interrupted => "interrupted",
        JobState::Ended => match job.verdict {
            Some(Verdict::Verified) => "verified",
            Some(Verdict::Written) => "written",
            Some(Verdict::Incomplete) => "incomplete",
            Some(Verdict::Failed) | None => "failed",
        },
    }
}

fn drive(drive: &DriveSnapshot) -> String {
    let (done, total, _) = pass(&drive.progress);
    let so_far = if total == 0 {
        String::new()
    } else {
        format!(
            ", {} %, {} of {}",
            percent(&drive.progress),
            show_size(done),
            show_size(total)
        )
    };
    let left = drive
        .progress
        .seconds_left
        .map_or_else(String::new, |seconds| {
            let rate = drive.progress.rate / 1_000_000;
            format!(", {rate} MB/s, {} left", show_seconds(seconds))
        });
    let state = drive.state.to_string();
    let stage = state.split(',').next().unwrap_or_default();
    format!("    {}: {stage}{so_far}{left}", drive.serial)
}
