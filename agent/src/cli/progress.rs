//! Progress of a job: a bar at a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use shared::api::{Event, JobState, News, Progress};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::screen::Screen;
use super::size::{show_seconds, show_size};
use crate::jobs::Jobs;

const BAR: usize = 30;
/// Without a terminal, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows how far the drives of `job` are until it ends.
pub(super) fn follow(jobs: &Jobs, job: &str, events: &mut Receiver<Event>, screen: &Screen) {
    let mut view = View {
        bars: std::io::stderr().is_terminal() && !screen.is_json(),
        quiet: screen.is_json(),
        drives: HashMap::new(),
        drawn: 0,
        last_line: Instant::now(),
    };
    loop {
        match events.blocking_recv() {
            Ok(event) => {
                if view.take(job, event.news) {
                    break;
                }
            }
            Err(RecvError::Lagged(_)) => {
                let ended = jobs
                    .snapshot(job)
                    .is_none_or(|snapshot| snapshot.state == JobState::Ended);
                if ended {
                    break;
                }
            }
            Err(RecvError::Closed) => break,
        }
    }
    view.erase();
}

struct View {
    bars: bool,
    quiet: bool,
    drives: HashMap<String, Shown>,
    drawn: usize,
    last_line: Instant,
}

#[derive(Default)]
struct Shown {
    state: String,
    progress: Progress,
    said_percent: u64,
}

impl View {
    /// Takes news; returns whether the job ended.
    fn take(&mut self, job: &str, news: News) -> bool {
        match news {
            News::Progress {
                job: of,
                serial,
                progress,
            } if of == job => {
                self.drives.entry(serial).or_default().progress = progress;
                self.draw();
            }
            News::Drive {
                job: of,
                serial,
                state,
                ..
            } if of == job => {
                let words = state.to_string();
                let stage = words.split(',').next().unwrap_or("").to_owned();
                let shown = self.drives.entry(serial.clone()).or_default();
                if shown.state != stage {
                    shown.state.clone_from(&stage);
                    self.say(&format!("{serial}: {stage}"));
                }
            }
            News::LeftOut {
                job: of,
                serial,
                file: Some(file),
                ..
            } if of == job && file.reason.makes_incomplete() => {
                self.say(&format!(
                    "{serial}: left out {}: {}",
                    file.path, file.reason
                ));
            }
            News::JobState {
                job: of,
                state: JobState::Ended,
                ..
            } if of == job => return true,
            _ => {}
        }
        false
    }

    /// Prints a line above the bars.
    fn say(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        self.erase();
        drop(writeln!(std::io::stderr(), "{text}"));
    }

    fn draw(&mut self) {
        if self.quiet {
            return;
        }
        if !self.bars {
            self.draw_line();
            return;
        }
        self.erase();
        let mut serials: Vec<&String> = self.drives.keys().collect();
        serials.sort();
        let mut error = std::io::stderr();
        for serial in serials {
            let shown = &self.drives[serial];
            drop(writeln!(error, "{serial:>12} {}", words(&shown.progress)));
        }
        self.drawn = self.drives.len();
    }

    /// Where nobody watches a bar: a line every ten percent, or every half minute.
    fn draw_line(&mut self) {
        let due = self.last_line.elapsed() >= LINE_EVERY;
        let mut lines = Vec::new();
        for (serial, shown) in &mut self.drives {
            let percent = percent(&shown.progress);
            let step = percent / 10;
            if percent > 0 && (due || step != shown.said_percent) {
                shown.said_percent = step;
                lines.push(format!("{serial}: {}", words(&shown.progress)));
            }
        }
        for line in lines {
            self.last_line = Instant::now();
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }

    fn erase(&mut self) {
        if self.drawn > 0 {
            // Up by as many lines as were drawn, then clear to the end of the screen.
            drop(write!(std::io::stderr(), "\x1b[{}A\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }
}

/// Returns the bytes done and wanted of the pass that is going on, and whether it is the reading
/// back.
pub(super) const fn pass(progress: &Progress) -> (u64, u64, bool) {
    if progress.verify_total > 0 {
        (progress.bytes_verified, progress.verify_total, true)
    } else {
        (progress.bytes_written, progress.bytes_total, false)
    }
}

/// Returns how far the pass is that is going on, 0 to 100.
pub(super) fn percent(progress: &Progress) -> u64 {
    let (done, total, _) = pass(progress);
    percent_of(done, total)
}

/// Returns how much of `total` is done, 0 to 100.
pub(super) fn percent_of(done: u64, total: u64) -> u64 {
    let percent = u128::from(done)
        .saturating_mul(100)
        .checked_div(u128::from(total))
        .unwrap_or(0);
    u64::try_from(percent.min(100)).unwrap_or(100)
}

fn words(progress: &Progress) -> String {
    let (done, total, verifying) = pass(progress);
    let percent = percent(progress);
    let filled = usize::try_from(percent).unwrap_or(100).saturating_mul(BAR) / 100;
    let bar = format!(
        "{}{}",
        "#".repeat(filled),
        ".".repeat(BAR.saturating_sub(filled))
    );
    let verb = if verifying { "verified" } else { "written " };
    let left = progress.seconds_left.map_or_else(String::new, |seconds| {
        format!(", {} left", show_seconds(seconds))
    });
    let rate = progress.rate / 1_000_000;
    format!(
        "{verb} {bar} {percent:>3} %  {} of {}  {rate} MB/s{left}",
        show_size(done),
        show_size(total)
    )
}
