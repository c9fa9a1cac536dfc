//! What every handler holds.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::last_report::LastReport;
use super::presence::Presence;
use super::questions::Questions;
use super::session::Sessions;
use crate::jobs::Jobs;
use crate::random::NoRandomness;
use crate::receive::Homecoming;

/// One running agent, as its routes see it. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Agent {
    /// Its jobs.
    pub jobs: Jobs,
    /// Who may speak.
    pub sessions: Arc<Sessions>,
    /// Image files that stand for drives, listed beside the machine's own.
    pub drives: Arc<Vec<PathBuf>>,
    /// Where the journals of its jobs go.
    pub journal_dir: PathBuf,
    /// The state folder, which has the ledger of shipments.
    pub state_dir: PathBuf,
    /// Becomes true when the agent ends; endless answers end then.
    pub ending: watch::Receiver<bool>,
    /// Whether anybody is there.
    pub presence: Presence,
    /// Drives that come home.
    pub homecoming: Homecoming,
    pub(super) questions: Arc<Questions>,
    pub(super) reports: Arc<LastReport>,
}

impl Agent {
    /// Returns an agent that nobody has spoken to yet, with its journals in `journals` below its state folder. `drives` are image files that stand for drives; `ending` becomes
    /// true when it is to end.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new(
        jobs: Jobs,
        drives: Vec<PathBuf>,
        state_dir: PathBuf,
        ending: watch::Receiver<bool>,
    ) -> Result<Self, NoRandomness> {
        let told = jobs.clone();
        let homecoming = Homecoming::new(jobs.drives().clone(), state_dir.clone(), move |news| {
            told.publish(news)
        });
        Ok(Self {
            homecoming,
            jobs,
            sessions: Arc::new(Sessions::new()?),
            drives: Arc::new(drives),
            journal_dir: state_dir.join("journals"),
            reports: Arc::new(LastReport::new(state_dir.clone())),
            state_dir,
            ending,
            presence: Presence::default(),
            questions: Arc::default(),
        })
    }
}
