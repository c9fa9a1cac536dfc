//! What a job tells while it runs.

use super::request::JobId;
use super::snapshot::{DriveSnapshot, JobStage};

/// One thing that happened in one job.
#[derive(Clone, Debug)]
pub struct JobEvent {
    /// Counts up by one for every event of the agent; a gap means that events were missed and a snapshot is due.
    pub sequence: u64,
    /// The job.
    pub job: JobId,
    /// What happened.
    pub news: JobNews,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JobNews {
    /// The job entered another stage.
    Stage(JobStage),
    /// Something about one drive changed: stage, progress (about four times a second), a file left out, a fault.
    Drive(Box<DriveSnapshot>),
}
