//! How often somebody may be wrong.

use std::time::{Duration, Instant};

/// Wrong answers before no more are heard.
const FAILURES_MAX: u32 = 10;
/// How long nothing is heard then.
const PAUSE: Duration = Duration::from_mins(1);

/// Counts wrong tokens; after ten of them nothing is heard for a minute, then the count begins again.
#[derive(Debug, Default)]
pub(super) struct Lockout {
    failures: u32,
    until: Option<Instant>,
}

impl Lockout {
    /// Returns whether nothing is heard at `now`.
    pub(super) fn closed(&mut self, now: Instant) -> bool {
        match self.until {
            Some(until) if now < until => true,
            Some(_) => {
                *self = Self::default();
                false
            }
            None => false,
        }
    }

    /// Counts a wrong answer at `now`.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            self.until = now.checked_add(PAUSE);
        }
    }

    /// Forgets the wrong answers.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_failure_closes_and_a_minute_opens_again() {
        let start = Instant::now();
        let mut lockout = Lockout::default();
        for _ in 0..9 {
            lockout.failed(start);
        }
        assert!(!lockout.closed(start));
        lockout.failed(start);
        assert!(lockout.closed(start + Duration::from_secs(59)));
        assert!(!lockout.closed(start + Duration::from_secs(61)));
    }

    #[test]
    fn a_success_forgets_the_failures() {
        let start = Instant::now();
        let mut lockout = Lockout::default();
        for _ in 0..9 {
            lockout.failed(start);
        }
        lockout.succeeded();
        lockout.failed(start);
        assert!(!lockout.closed(start));
    }
}
