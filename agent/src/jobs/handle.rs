//! The handle that the command line and the page hold.

use std::path::PathBuf;
use std::sync::Arc;

use shared::api::{Event, JobSnapshot, News, StartReply};
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::error::JobError;
use super::request::{Confirmation, JobRequest};

/// All jobs of this agent. Cloning gives another handle to the same jobs. Every method but [`Jobs::start`] and
/// [`Jobs::wait`] returns at once.
#[derive(Clone)]
pub struct Jobs {
    _shared: Arc<()>,
}

impl Jobs {
    /// Returns a handle; `state_dir` keeps the list of jobs across restarts when given.
    ///
    /// # Errors
    /// [`JobError`] when the folder cannot be made or read.
    pub fn open(_state_dir: Option<PathBuf>) -> Result<Self, JobError> {
        todo!()
    }

    /// Lists the source, plans, looks at the drives: the job then waits for [`Jobs::confirm`]; nothing is written yet.
    ///
    /// Blocks for as long as the listing takes (minutes for millions of files; [`News::Scanning`] tells how far it is).
    /// The reply has no job while differences from [`JobRequest::expected`] stand unaccepted.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written.
    pub fn start(&self, _request: JobRequest) -> Result<StartReply, JobError> {
        todo!()
    }

    /// Takes the person's words for every drive of the plan that they saw (`plan_hash`) and begins to erase and fill.
    ///
    /// # Errors
    /// [`JobError`] when the plan is another, or a drive has no words, or words that do not name it. The job then still waits.
    pub fn confirm(&self, _job: &str, _plan_hash: &str, _words: &[Confirmation]) -> Result<JobSnapshot, JobError> {
        todo!()
    }

    /// Asks a job to stop. The journal of each of its unfinished drives then ends in `Cancelled`.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job; one that has ended is returned as it is.
    pub fn cancel(&self, _job: &str) -> Result<JobSnapshot, JobError> {
        todo!()
    }

    /// Returns a job as it is now.
    #[must_use]
    pub fn snapshot(&self, _job: &str) -> Option<JobSnapshot> {
        todo!()
    }

    /// Returns all jobs as they are now, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<JobSnapshot> {
        todo!()
    }

    /// Returns the events from now on. Who is too slow misses some (`Lagged`) and takes a snapshot.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        todo!()
    }

    /// Publishes news that are not of a job (a scan, a drive plugged in), numbered among the others.
    pub fn publish(&self, _news: News) {
        todo!()
    }

    /// Returns the bytes of a drive's journal as it stands on disk; it holds the recovery password.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job or drive, or the file cannot be read.
    pub fn journal(&self, _job: &str, _serial: &str) -> Result<Vec<u8>, JobError> {
        todo!()
    }

    /// Returns a drive's recovery password, 48 digits in groups of six: only when a person asks for it.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job or drive, or the drive has no key yet.
    pub fn recovery_password(&self, _job: &str, _serial: &str) -> Result<Zeroizing<String>, JobError> {
        todo!()
    }

    /// Returns whether any job waits or runs.
    #[must_use]
    pub fn busy(&self) -> bool {
        todo!()
    }

    /// Blocks until the job ended; returns it as it then is.
    #[must_use]
    pub fn wait(&self, _job: &str) -> Option<JobSnapshot> {
        todo!()
    }
}
