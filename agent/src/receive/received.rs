//! What became of a drive that came back.

use std::path::PathBuf;

use shared::api::{Pace, ReceiveVerdict};

use crate::job_error::JobError;
use crate::unpack::UnpackReport;

/// What became of one.
#[derive(Debug)]
pub struct Received {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called.
    pub serial: String,
    /// Number of the key that opened it, and the serial that stands beside it.
    pub key: Option<(usize, Option<String>)>,
    /// What was copied; the error when nothing was.
    pub report: Result<UnpackReport, JobError>,
    /// What it took.
    pub pace: Pace,
}

impl Received {
    /// Returns the drive's word.
    #[must_use]
    pub fn verdict(&self) -> ReceiveVerdict {
        let report = self.report.as_ref();
        report.map_or(ReceiveVerdict::Failed, |report| report.verdict)
    }
}
