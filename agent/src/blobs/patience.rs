//! How long an answer is waited for, and how often a question is put again.

use std::time::Duration;

/// When to wait and when to give up. The one policy of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The wait after the first attempt; each later one is twice as long.
    pub first_wait: Duration,
    /// No wait is longer, but one that the service asks for.
    pub longest_wait: Duration,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long an answer may take, besides the time for the bytes themselves.
    pub answer: Duration,
    /// Bytes a second that a line gives at least.
    pub slowest: u64,
}

impl Default for Patience {
    /// Nine attempts in about a minute and a half: a service that restarts, a line that comes back.
    fn default() -> Self {
        Self {
            attempts: 9,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(30),
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(60),
            slowest: 16 << 10,
        }
    }
}

/// No wait that a service asks for is longer than this.
const ASKED_WAIT_MAX: Duration = Duration::from_secs(120);

impl Patience {
    /// Returns how long to wait after attempt `number` (from 1) failed; `None` when it was the last. `asked` is what
    /// the service asked for.
    #[must_use]
    pub fn wait(&self, number: u32, asked: Option<Duration>) -> Option<Duration> {
        if number >= self.attempts {
            return None;
        }
        let doubled = 1_u32
            .checked_shl(number.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let own = self
            .first_wait
            .saturating_mul(doubled)
            .min(self.longest_wait);
        Some(asked.map_or(own, |asked| asked.min(ASKED_WAIT_MAX).max(own)))
    }

    /// Returns how long a request may take whose larger body, sent or received, has `bytes` bytes.
    #[must_use]
    pub fn within(&self, bytes: u64) -> Duration {
        let seconds = bytes.checked_div(self.slowest).unwrap_or(0);
        self.answer.saturating_add(Duration::from_secs(seconds))
    }
}

/// Returns whether the service may give another answer later: 408, 429 and what is the service's own fault.
pub(super) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let patience = Patience {
            attempts: 4,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(3),
            ..Patience::default()
        };
        let waits: Vec<_> = (1..=5).map(|number| patience.wait(number, None)).collect();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(waits, [seconds(1), seconds(2), seconds(3), None, None]);
        assert_eq!(patience.wait(1, seconds(9)), seconds(9));
        assert_eq!(patience.wait(1, seconds(999_999)), seconds(120));
    }
}
