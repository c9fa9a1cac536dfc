//! A job as it stands.

use crate::job::{DriveState, Finding, LeftOut, Moment, Verdict};
use serde::{Deserialize, Serialize};

/// `GET /api/jobs`, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsReply {
    /// Every job that the agent knows of, unfinished ones of an earlier run included.
    pub jobs: Vec<JobSnapshot>,
}

/// `GET /api/jobs/ID`: everything the page shows of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSnapshot {
    /// The job.
    pub id: String,
    /// The session id.
    pub session: String,
    /// The source folder.
    pub source: String,
    /// `container/` or `container/prefix/`.
    pub destination: String,
    /// Where it stands.
    pub state: JobState,
    /// What its end is called; none before.
    pub verdict: Option<Verdict>,
    /// When it began.
    pub started: Moment,
    /// When it ended; none before.
    pub ended: Option<Moment>,
    /// Its drives, in the order of the plan.
    pub drives: Vec<DriveSnapshot>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Planned, waiting for the person's words.
    WaitsForConfirmation,
    /// At work.
    Running,
    /// Being stopped.
    Cancelling,
    /// Not at work, and a resume can go on with it.
    Interrupted,
    /// Ended.
    Ended,
}

/// One drive of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveSnapshot {
    /// The drive.
    pub serial: String,
    /// Its model.
    pub model: String,
    /// Its path on the agent's machine.
    pub path: String,
    /// Where it stands, as its journal has it.
    pub state: DriveState,
    /// Files planned for it.
    pub files: u64,
    /// How far it is.
    pub progress: Progress,
    /// Files that are not on it. The first 200.
    pub left_out: Vec<LeftOut>,
    /// How many are not on it in all.
    pub left_out_count: u64,
    /// What its end is called; none before.
    pub verdict: Option<Verdict>,
    /// What the verification found.
    pub findings: Vec<Finding>,
    /// The journal's file name, to be downloaded under.
    pub journal: String,
}

/// How far a drive is; sent several times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes to be written, metadata included.
    pub bytes_total: u64,
    /// Bytes written in this and earlier attempts.
    pub bytes_written: u64,
    /// Bytes to be read back.
    pub verify_total: u64,
    /// Bytes read back and right.
    pub bytes_verified: u64,
    /// Bytes a second over the last seconds, of whichever of the two is going on.
    pub rate: u64,
    /// Seconds until the end at that rate; none while it cannot be said.
    pub seconds_left: Option<u64>,
}

/// `POST /api/jobs/ID/key/SERIAL`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReply {
    /// The drive.
    pub serial: String,
    /// Its 48-digit recovery password, in eight groups.
    pub recovery_password: String,
}

impl std::fmt::Debug for KeyReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "KeyReply {{ serial: {:?}, recovery_password: (hidden) }}",
            self.serial
        )
    }
}
