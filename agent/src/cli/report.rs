//! How a job ended, for people and for scripts.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shared::api::{DriveSnapshot, JobSnapshot};
use shared::job::{DriveState, Stage, Verdict};
use shared::journal::{Replay, replay};

use super::pace::{pace_object, show_pace};
use super::prepare::show_left_out;
use super::screen::Screen;
use super::size::{show_files, show_size};
use crate::jobs::{Jobs, read_left_out};

/// Tells how every drive ended, and returns the object that scripts read.
pub(super) fn report(
    jobs: &Jobs,
    job: &JobSnapshot,
    folders: &[PathBuf],
    show_keys: bool,
    screen: &Screen,
) -> Value {
    let mut drives = Vec::with_capacity(job.drives.len());
    for drive in &job.drives {
        let journal = folders
            .first()
            .map_or_else(PathBuf::new, |folder| folder.join(&drive.journal));
        let replayed = std::fs::read(&journal)
            .ok()
            .and_then(|bytes| replay(&bytes).ok());
        let password = if show_keys {
            jobs.recovery_password(&job.id, &drive.serial).ok()
        } else {
            None
        };
        let (files, bytes) = replayed.as_ref().map_or((0, 0), counts);
        show(drive, files, bytes, &journal, screen);
        if let Some(password) = &password {
            screen.line(&format!("    recovery password {}", password.as_str()));
        }
        drives.push(json!({
            "serial": drive.serial,
            "verdict": drive.verdict.unwrap_or(Verdict::Failed),
            "state": drive.state.to_string(),
            "journal": journal,
            "recovery_password": password.as_ref().map(|password| password.as_str()),
            "files": files,
            "bytes": bytes,
            "left_out": left_out(&journal, drive),
            "left_out_count": drive.left_out_count,
            "findings": drive.findings,
            "writing": pace_object(&drive.progress.writing),
            "verifying": pace_object(&drive.progress.verifying),
        }));
    }
    let verdict = job.verdict.unwrap_or(Verdict::Failed);
    screen.line(sentence(verdict));
    json!({"verdict": verdict, "session": job.session, "drives": drives})
}

/// Puts a value into the object that scripts read.
pub(super) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// Returns the files and bytes that are on the drive: proven, or written; none on one that failed.
fn counts(replay: &Replay) -> (u64, u64) {
    if replay
        .state
        .verdict()
        .is_none_or(|verdict| verdict == Verdict::Failed)
    {
        return (0, 0);
    }
    let files = replay.session.files.saturating_sub(replay.left_out.missing);
    replay.verified.unwrap_or((files, replay.session.bytes))
}

fn show(drive: &DriveSnapshot, files: u64, bytes: u64, journal: &Path, screen: &Screen) {
    let serial = &drive.serial;
    screen.line(&format!(
        "{serial}: {}, {}, {}",
        drive.state,
        show_files(files),
        show_size(bytes)
    ));
    screen.line(&format!(
        "    journal {} (it holds the recovery password: keep it apart from the drive)",
        journal.display()
    ));
    show_pace("writing", &drive.progress.writing, screen);
    show_pace("reading back", &drive.progress.verifying, screen);
    if let DriveState::Failed { why, at } = &drive.state {
        screen.aside(&format!("argosy: drive {serial} failed: {why}"));
        screen.aside(match at {
            // Erasing may have begun.
            Stage::Planned => {
                "  your data: the source was only read; nothing of it is on the drive"
            }
            _ => "  your data: the source was only read; the drive is not usable as it is",
        });
    }
    for finding in &drive.findings {
        screen.aside(&format!(
            "argosy: drive {serial}: {} ({}) {}",
            finding.message, finding.code, finding.place
        ));
    }
    let all = journal.with_extension("left-out.csv");
    show_left_out(
        &drive.left_out,
        drive.left_out_count,
        &format!(", all of them in {}", all.display()),
        screen,
    );
}

/// Returns every file that is not on the drive.
fn left_out(journal: &Path, drive: &DriveSnapshot) -> Value {
    if drive.left_out_count == 0 {
        return json!([]);
    }
    read_left_out(&journal.with_extension("left-out.csv"))
        .map_or_else(|| json!(drive.left_out), |files| json!(files))
}

const fn sentence(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "Verified: every byte was read back and matches.",
        Verdict::Incomplete => {
            "Incomplete: what is on the drives was read back and matches, but files are missing."
        }
        Verdict::Written => "Written, and not read back: nothing is proven yet.",
        Verdict::Failed => "Failed.",
    }
}
