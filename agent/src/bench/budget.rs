//! How much time something may take.

use std::time::{Duration, Instant};

use crate::pipeline::Cancel;

/// The time that a measurement may take, and the wish that it ends.
#[derive(Clone, Debug)]
pub struct Budget {
    /// How long.
    pub time: Duration,
    /// Ends it before.
    pub cancel: Cancel,
}

impl Budget {
    /// Returns a part of it: `hundredths` of the time.
    #[must_use]
    pub fn part(&self, hundredths: u32) -> Self {
        let time = self.time.saturating_mul(hundredths).checked_div(100);
        Self {
            time: time.unwrap_or_default(),
            cancel: self.cancel.clone(),
        }
    }

    /// Returns when it ends, from now on.
    pub(super) fn begin(&self) -> Running {
        Running {
            begun: Instant::now(),
            time: self.time,
            cancel: self.cancel.clone(),
        }
    }
}

/// A budget that is being used up.
pub(super) struct Running {
    begun: Instant,
    time: Duration,
    cancel: Cancel,
}

impl Running {
    /// Returns whether it is used up, or somebody wants the end.
    pub(super) fn is_over(&self) -> bool {
        self.cancel.is_cancelled() || self.begun.elapsed() >= self.time
    }

    /// Returns the time since it began.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Returns bytes a second, 0 where no time went by.
pub(super) fn rate(bytes: u64, time: Duration) -> u64 {
    let scaled = u128::from(bytes).saturating_mul(1_000_000);
    let rate = scaled.checked_div(time.as_micros()).unwrap_or(0);
    u64::try_from(rate).unwrap_or(u64::MAX)
}
