//! `argosy status`: what this user's Argosy is doing, asked from any shell.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use shared::api::{DriveSnapshot, JobSnapshot, JobState, Receiving, code};
use shared::job::{DriveState, Verdict};

use super::progress::{pass, percent};
use super::screen::{Ended, Screen};
use super::side_door;
use super::size::{show_seconds, show_size};
use super::status_follow::follow;
use super::status_home::home_lines;
use crate::control::{Answer, Ask, Connection, Status};
use crate::jobs::JobError;

/// Shows every job of this user that runs or waits, wherever it was started
#[derive(Args)]
pub(super) struct Arguments {
    /// Shows every change until nothing runs any more
    #[arg(long, conflicts_with = "cancel")]
    follow: bool,
    /// Stops a job: its id, or its session's; or drives that come home: the id that is shown
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
            Ok(Some(Answer::Stopping { receiving })) => {
                screen.object(&json!({ "receiving": receiving }));
                screen.line("Stopping the drives that come home; copying them home again goes on from there.");
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
        let stopped = process.jobs.iter().filter(|job| job.can_resume());
        lines.extend(stopped.flat_map(stopped_lines));
        for job in process.jobs.iter().filter(|job| is_unfinished(job)) {
            lines.push(format!(
                "  {}: {}, {} to {} (job {})",
                job.session,
                state(job),
                job.source,
                job.destination,
                job.id
            ));
            lines.extend(job.drives.iter().map(|one| drive(job, one)));
        }
        lines.extend(home_lines(&process.receiving));
        if ended == process.jobs.len() && process.receiving == Receiving::Nothing {
            lines.push(match ended {
                0 => "  no job".to_owned(),
                1 => "  nothing at work; 1 job ended".to_owned(),
                more => format!("  nothing at work; {more} jobs ended"),
            });
        }
    }
    lines
}

/// A job that can be gone on with, and how.
fn stopped_lines(job: &JobSnapshot) -> Vec<String> {
    let mut lines = vec![format!(
        "  {}: stopped before its end, {} to {} (job {})",
        job.session, job.source, job.destination, job.id
    )];
    lines.extend(job.drives.iter().map(|one| drive(job, one)));
    lines.push(format!(
        "    Go on with it: press Resume on the page, or argosy resume --session {} --journal-dir {}",
        job.session, job.journal_dir
    ));
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

fn drive(job: &JobSnapshot, drive: &DriveSnapshot) -> String {
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
    format!("    {}: {}{so_far}{left}", drive.serial, stage(job, drive))
}

/// Returns where a drive stands, in a word or two. Its state only moves when its journal does: between two marks it is
/// what is being done that tells more.
pub(super) fn stage(job: &JobSnapshot, drive: &DriveSnapshot) -> String {
    let (done, total, verifies) = pass(&drive.progress);
    let is_on_its_way = matches!(drive.state, DriveState::At(_));
    if is_unfinished(job) && is_on_its_way && done < total {
        let doing = if verifies { "reading back" } else { "writing" };
        return doing.to_owned();
    }
    let state = drive.state.to_string();
    if is_on_its_way {
        // What follows is in the numbers.
        return state.split(',').next().unwrap_or_default().to_owned();
    }
    state
}

#[cfg(test)]
mod tests {
    use shared::api::Progress;
    use shared::job::{Moment, Stage};

    use super::*;

    fn job(state: DriveState, written: u64) -> JobSnapshot {
        let progress = Progress {
            bytes_total: 100,
            bytes_written: written,
            ..Progress::default()
        };
        let drive = DriveSnapshot {
            serial: "WD1".into(),
            model: String::new(),
            path: String::new(),
            state,
            files: 1,
            progress,
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: String::new(),
            is_closed: false,
            checked: String::new(),
        };
        JobSnapshot {
            id: "j".into(),
            session: "reels".into(),
            source: "/srv".into(),
            destination: "film/".into(),
            state: JobState::Running,
            verdict: None,
            started: Moment(0),
            ended: None,
            drives: vec![drive],
            journal_dir: String::new(),
        }
    }

    #[test]
    fn a_drive_between_two_marks_is_being_written_and_one_that_failed_is_not() {
        let at = Stage::Writing { through: 7 };
        let failed = DriveState::Failed {
            why: "it was pulled, at 7 %".into(),
            at,
        };
        let said = |state| {
            let job = job(state, 40);
            stage(&job, &job.drives[0])
        };
        assert_eq!(said(DriveState::At(Stage::Erased)), "writing");
        assert!(said(failed).ends_with("it was pulled, at 7 %"));
        assert!(said(DriveState::Cancelled { at }).starts_with("cancelled"));
    }

    #[test]
    fn a_job_that_was_interrupted_is_named_with_the_way_to_go_on() {
        let mut stopped = job(DriveState::At(Stage::Writing { through: 7 }), 0);
        stopped.state = JobState::Interrupted;
        stopped.journal_dir = "/srv/journals".to_owned();
        let said = stopped_lines(&stopped).join("\n");
        assert!(said.contains("WD1: writing"), "{said}");
        let command = "argosy resume --session reels --journal-dir /srv/journals";
        assert!(said.contains(command), "{said}");
        stopped.state = JobState::Ended;
        stopped.verdict = Some(Verdict::Verified);
        stopped.drives[0].state = DriveState::Verified;
        assert!(!stopped.can_resume());
    }

    #[test]
    fn nothing_that_runs_is_said_in_words() {
        assert_eq!(lines(&[]), ["Nothing runs."]);
    }
}
