//! An agent that nobody needs ends by itself: nothing listens that need not.

use std::time::{Duration, Instant};

use crate::http::Presence;
use crate::jobs::Jobs;
use crate::receive::Homecoming;

/// Returns once, for `patience` on end, no job ran or waited, no drive came home and no page was connected.
pub(super) async fn wait(
    jobs: &Jobs,
    homecoming: &Homecoming,
    presence: &Presence,
    patience: Duration,
) {
    let look_every = patience
        .checked_div(4)
        .unwrap_or_default()
        .clamp(Duration::from_millis(50), Duration::from_secs(5));
    let mut needed = Instant::now();
    while needed.elapsed() < patience {
        tokio::time::sleep(look_every).await;
        if jobs.busy() || homecoming.is_busy() || presence.anybody() {
            needed = Instant::now();
        }
    }
}

/// Parses `--idle-minutes`: a number, a fraction too; 0 is never.
pub(super) fn parse_minutes(text: &str) -> Result<Option<Duration>, String> {
    let minutes: f64 = text
        .parse()
        .map_err(|_| format!("{text} is no number of minutes"))?;
    let patience = Duration::try_from_secs_f64(minutes * 60.0)
        .map_err(|_| format!("{text} is no number of minutes"))?;
    Ok((!patience.is_zero()).then_some(patience))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_minutes_are_never_and_less_is_refused() {
        assert_eq!(parse_minutes("0"), Ok(None));
        assert_eq!(parse_minutes("0.5"), Ok(Some(Duration::from_secs(30))));
        for wrong in ["-1", "NaN", "1e30", "soon", ""] {
            assert!(parse_minutes(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_is_left_alone_sooner_than_the_patience_lasts() {
        let jobs = Jobs::open(None).expect("no folder needed");
        let begun = Instant::now();
        let patience = Duration::from_millis(200);
        let homecoming = Homecoming::new(jobs.drives().clone(), "/".into(), drop);
        wait(&jobs, &homecoming, &Presence::default(), patience).await;
        assert!(begun.elapsed() >= patience);
    }
}
