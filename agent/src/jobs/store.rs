//! The list of jobs across restarts: one line a job, in the state folder. The facts are in the
//! journals; this only says where those are.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use shared::api::{DriveSnapshot, JobSnapshot, JobState};
use shared::job::{DriveState, Moment, Verdict};
use shared::journal::{Replay, replay};

use super::hub::Job;
use super::old_journals;
use crate::job_error::JobError;
use crate::pipeline::Cancel;

const FILE_NAME: &str = "jobs.jsonl";

/// Where the list is kept; nowhere for a command that is over when its job is.
pub(super) struct Store {
    file: Option<Mutex<File>>,
    folder: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    snapshot: JobSnapshot,
    folders: Vec<PathBuf>,
}

impl Store {
    /// Opens the list in `state_dir`, making the folder when it is not there, and reads what
    /// earlier runs left.
    ///
    /// # Errors
    /// [`JobError`] when the folder or the file cannot be made or read.
    pub(super) fn open(state_dir: Option<PathBuf>) -> Result<(Self, Vec<Job>), JobError> {
        let Some(folder) = state_dir else {
            let nowhere = Self {
                file: None,
                folder: None,
            };
            return Ok((nowhere, Vec::new()));
        };
        let path = folder.join(FILE_NAME);
        let failed = |error: std::io::Error| {
            JobError::io(
                format!("the state folder cannot be used: {error}"),
                path.display().to_string(),
                "Nothing was touched.",
            )
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let opened = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(failed)?;
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        // A line that was cut off by a crash belongs to a job that had not begun.
        let read = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Line>(line).ok());
        // A job that was gone on with has a line for each time: the last one counts.
        let mut lines: Vec<Line> = Vec::new();
        for line in read {
            lines.retain(|other| other.snapshot.id != line.snapshot.id);
            lines.push(line);
        }
        Ok((
            Self {
                file: Some(Mutex::new(file)),
                folder: Some(folder.clone()),
            },
            revive_all(lines),
        ))
    }

    /// Returns the state folder; none when nothing is kept.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Writes a job down, durably.
    ///
    /// # Errors
    /// [`JobError`]: the job must not begin.
    pub(super) fn remember(
        &self,
        snapshot: &JobSnapshot,
        folders: &[PathBuf],
    ) -> Result<(), JobError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let line = Line {
            snapshot: snapshot.clone(),
            folders: folders.to_vec(),
        };
        // Strings, numbers and sequences of them always have a JSON form.
        let mut text = serde_json::to_vec(&line).expect("plain data has a JSON form");
        text.push(b'\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(&text).and_then(|()| file.sync_all());
        written.map_err(|error| {
            JobError::io(
                format!("the state folder cannot be written: {error}"),
                FILE_NAME,
                "Nothing was touched.",
            )
        })
    }
}

/// Returns the jobs of earlier runs as their journals have them; `lines` are in the order of their beginnings.
fn revive_all(lines: Vec<Line>) -> Vec<Job> {
    let begun: Vec<(String, Moment)> = lines
        .iter()
        .map(|line| (line.snapshot.session.clone(), line.snapshot.started))
        .collect();
    let revived = lines.into_iter().map(|line| {
        // The next job of the same name has journals of its own.
        let (session, started) = (&line.snapshot.session, line.snapshot.started);
        let later = begun
            .iter()
            .filter(|(name, begun)| name == session && *begun > started);
        let until = later.map(|(_, begun)| *begun).min();
        revive(line, until.unwrap_or(Moment::MAX))
    });
    revived.collect()
}

/// Returns a job of an earlier run as its journals have it: those that began before `until`.
fn revive(line: Line, until: Moment) -> Job {
    let mut snapshot = line.snapshot;
    let folder = line.folders.first().cloned().unwrap_or_default();
    snapshot.journal_dir = folder.display().to_string();
    let session = snapshot.session.clone();
    let began = snapshot.started..until;
    let is_own = |replay: &Replay| {
        replay.session.session.as_str() == session && began.contains(&replay.session.started)
    };
    let states: HashMap<String, Option<Verdict>> = snapshot
        .drives
        .iter_mut()
        .map(|drive| (drive.serial.clone(), revive_drive(&folder, drive, &is_own)))
        .collect();
    if states.values().all(Option::is_some) {
        snapshot.state = JobState::Ended;
        snapshot.verdict = Verdict::worst(states.into_values().flatten());
    } else if snapshot
        .drives
        .iter()
        .all(|drive| drive.state == DriveState::PLANNED)
    {
        // It was never confirmed, or stopped before any drive was touched.
        snapshot.state = JobState::Ended;
        snapshot.verdict = Some(Verdict::Failed);
    } else {
        snapshot.state = JobState::Interrupted;
    }
    Job {
        snapshot,
        prepared: None,
        cancel: Cancel::default(),
        folders: line.folders,
        kind: None,
    }
}

/// Fills a drive's snapshot from its journal; returns its verdict when the journal is closed.
fn revive_drive(
    folder: &Path,
    drive: &mut DriveSnapshot,
    is_own: &impl Fn(&Replay) -> bool,
) -> Option<Verdict> {
    // A later job on the same drive gave a finished journal another name.
    let kept = old_journals::kept(folder, &drive.serial);
    let names = std::iter::once(drive.journal.clone()).chain(kept);
    let (name, replay) = names
        .filter_map(|name| {
            let bytes = std::fs::read(folder.join(&name)).ok()?;
            Some((name, replay(&bytes).ok()?))
        })
        .find(|(_, replay)| is_own(replay))?;
    drive.journal = name;
    drive.state = replay.state.clone();
    drive.left_out_count = replay.left_out.count;
    drive.left_out = replay.left_out.named.clone();
    drive.is_closed = replay.closed.is_some();
    drive.verdict = replay.closed.map(|closed| closed.verdict);
    drive.verdict
}
