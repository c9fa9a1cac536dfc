//! How far one of the drives is, read by whoever shows it while others are at work.

use std::sync::OnceLock;

use shared::api::{ApiError, ReceiveVerdict};

use super::received::Received;
use crate::unpack::Progress;

/// A drive on its way.
#[derive(Debug, Default)]
pub struct Lane {
    /// How far it is.
    pub progress: Progress,
    ended: OnceLock<LaneEnd>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct LaneEnd {
    /// One word.
    pub verdict: ReceiveVerdict,
    /// Why nothing of it was copied.
    pub error: Option<ApiError>,
}

impl Lane {
    /// Returns what became of the drive, once it is over.
    #[must_use]
    pub fn ended(&self) -> Option<&LaneEnd> {
        self.ended.get()
    }

    pub(super) fn end(&self, received: &Received) {
        let end = match &received.report {
            Ok(report) => LaneEnd {
                verdict: report.verdict,
                error: None,
            },
            Err(error) => LaneEnd {
                verdict: ReceiveVerdict::Failed,
                error: Some((*error.error).clone()),
            },
        };
        // It ends once.
        let _ = self.ended.set(end);
    }
}
