//! What every handler holds.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::session::Sessions;
use crate::jobs::Jobs;

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
    /// Becomes true when the agent ends; endless answers end then.
    pub ending: watch::Receiver<bool>,
}
