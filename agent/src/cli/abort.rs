//! `argosy abort`: gives up a session, so that its drives can be used again.

use std::path::PathBuf;

use clap::Args;
use shared::job::Verdict;

use super::screen::{Ended, Screen};
use crate::jobs::{self, JobError};

/// Gives up an unfinished session: closes its journals; its drives stay as they are, unusable,
/// until they are prepared anew
#[derive(Args)]
pub(super) struct Arguments {
    /// The session id
    #[arg(long)]
    pub(super) session: String,
    /// Where its journals are
    #[arg(long, required = true, num_args = 1..)]
    pub(super) journal_dir: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let closed = jobs::abort(&arguments.journal_dir, &arguments.session)?;
    if closed.is_empty() {
        let what = format!(
            "session {} has no unfinished journal there",
            arguments.session
        );
        return Err(JobError::usage(
            what,
            arguments.journal_dir[0].display().to_string(),
        ));
    }
    for drive in closed {
        let what = match drive.verdict {
            Verdict::Verified | Verdict::Incomplete => format!(
                "not given up: it was read back and is {}, only the end of its journal was missing and is there now",
                drive.verdict
            ),
            Verdict::Written | Verdict::Failed => "given up".to_owned(),
        };
        screen.line(&format!(
            "{}: {what}; journal {}",
            drive.serial,
            drive.journal.display()
        ));
    }
    Ok(Ended::WELL)
}
