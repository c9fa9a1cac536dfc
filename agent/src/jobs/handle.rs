//! The handle that the command line and the page hold.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::error::{ConfirmError, StartError};
use super::event::JobEvent;
use super::request::{Confirmation, JobId, JobRequest};
use super::snapshot::JobSnapshot;

/// All jobs of this agent. Cloning gives another handle to the same jobs.
#[derive(Clone)]
pub struct Jobs {
    _shared: Arc<()>,
}

impl Jobs {
    /// Returns a handle to no jobs yet; `state_dir` keeps the list of jobs across restarts when given.
    ///
    /// # Errors
    /// The operating system's word when the folder cannot be made or read.
    pub fn open(_state_dir: Option<PathBuf>) -> std::io::Result<Self> {
        todo!()
    }

    /// Starts listing and planning; the drives are touched only after [`Jobs::confirm`].
    ///
    /// # Errors
    /// [`StartError`] when the request can be seen to be wrong at once; what shows later ends the job as
    /// [`super::JobStage::Stopped`].
    pub fn start(&self, _request: JobRequest) -> Result<JobId, StartError> {
        todo!()
    }

    /// Takes the person's words for every drive of the plan and begins to erase and fill them.
    ///
    /// # Errors
    /// [`ConfirmError`] when a drive of the plan has no words, or words that do not name it. The job then still waits.
    pub fn confirm(&self, _job: &JobId, _words: &[Confirmation]) -> Result<(), ConfirmError> {
        todo!()
    }

    /// Asks a job to stop; returns whether there is one that can. Each journal then ends in `Cancelled`.
    pub fn cancel(&self, _job: &JobId) -> bool {
        todo!()
    }

    /// Returns a job as it is now.
    #[must_use]
    pub fn snapshot(&self, _job: &JobId) -> Option<JobSnapshot> {
        todo!()
    }

    /// Returns all jobs as they are now, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<JobSnapshot> {
        todo!()
    }

    /// Returns the events from now on. Who is too slow misses some (`Lagged`) and takes a snapshot.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<JobEvent>> {
        todo!()
    }

    /// Returns the bytes of a drive's journal as it stands on disk; it holds the recovery password.
    #[must_use]
    pub fn journal(&self, _job: &JobId, _serial: &str) -> Option<Vec<u8>> {
        todo!()
    }

    /// Returns a drive's recovery password, 48 digits in groups of six: only when a person asks for it.
    #[must_use]
    pub fn recovery_password(&self, _job: &JobId, _serial: &str) -> Option<Zeroizing<String>> {
        todo!()
    }

    /// Returns whether any job is listing, waiting or running.
    #[must_use]
    pub fn busy(&self) -> bool {
        todo!()
    }

    /// Blocks until the job is finished or stopped; returns it as it then is.
    #[must_use]
    pub fn wait(&self, _job: &JobId) -> Option<JobSnapshot> {
        todo!()
    }
}
