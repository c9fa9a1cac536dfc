//! A job as it stands.

use super::Pace;
use crate::job::{DriveState, Finding, LeftOut, Moment, Stage, Verdict};
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
    /// Folder on the agent's machine with its journals.
    #[serde(default)]
    pub journal_dir: String,
}

impl JobSnapshot {
    /// Returns whether it is not at work and a resume has something left to do.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        match self.state {
            JobState::Interrupted => true,
            JobState::Ended => {
                // A job that was never confirmed is a plan that nobody wanted.
                self.verdict == Some(Verdict::Failed)
                    && self.drives.iter().any(DriveSnapshot::can_resume)
                    && self
                        .drives
                        .iter()
                        .any(|drive| drive.state != DriveState::PLANNED)
            }
            JobState::WaitsForConfirmation | JobState::Running | JobState::Cancelling => false,
        }
    }
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
    /// Whether its journal has its end: no resume touches the drive any more.
    #[serde(default)]
    pub is_closed: bool,
    /// How it was checked for errors before it was filled, in words; empty while it was not.
    #[serde(default)]
    pub checked: String,
}

impl DriveSnapshot {
    /// Returns whether a resume has something left to do with it, once its job is not at work.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        let is_written = matches!(self.state, DriveState::At(Stage::Written))
            && self.verdict == Some(Verdict::Written);
        !self.is_closed && !is_written && self.state.stage().is_some()
    }
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
    /// What the writing took, and what held it up. An attempt that goes on counts anew.
    #[serde(default)]
    pub writing: Pace,
    /// The same of the reading back.
    #[serde(default)]
    pub verifying: Pace,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: JobState, verdict: Option<Verdict>, drives: &[DriveState]) -> JobSnapshot {
        let drive = |state: &DriveState| {
            let value = serde_json::json!({"serial": "WD1", "model": "", "path": "", "state": state,
                "files": 1, "progress": Progress::default(), "left_out": [], "left_out_count": 0,
                "verdict": null, "findings": [], "journal": "WD1.jrn"});
            serde_json::from_value(value).expect("a drive of an agent that does not say is_closed")
        };
        JobSnapshot {
            id: "reel-1".to_owned(),
            session: "reel".to_owned(),
            source: "/src".to_owned(),
            destination: "film/".to_owned(),
            state,
            verdict,
            started: Moment(0),
            ended: None,
            drives: drives.iter().map(drive).collect(),
            journal_dir: String::new(),
        }
    }

    #[test]
    fn a_job_can_be_gone_on_with_when_a_drive_of_it_stands_before_its_end() {
        use JobState as J;
        let failed = DriveState::Failed {
            why: "it was unplugged".to_owned(),
            at: Stage::Writing { through: 1 },
        };
        let cancelled = DriveState::Cancelled { at: Stage::Planned };
        let some = Some(Verdict::Failed);
        for drives in [&[failed.clone()][..], &[DriveState::Verified, cancelled]] {
            assert!(job(J::Ended, some, drives).can_resume(), "{drives:?}");
            assert!(job(J::Interrupted, None, drives).can_resume());
            assert!(!job(J::Running, None, drives).can_resume());
            assert!(!job(J::Cancelling, None, drives).can_resume());
        }
        let untouched = [DriveState::PLANNED];
        assert!(!job(J::Ended, some, &untouched).can_resume());
        let verified = [DriveState::Verified, DriveState::Incomplete];
        assert!(!job(J::Ended, Some(Verdict::Incomplete), &verified).can_resume());
        let mut given_up = job(J::Ended, some, &[failed]);
        for drive in &mut given_up.drives {
            drive.is_closed = true;
        }
        assert!(!given_up.can_resume());
    }
}
