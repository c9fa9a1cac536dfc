//! One bar for a command that does one thing.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::screen::Screen;
use super::size::{show_seconds, show_size};

const REDRAW: Duration = Duration::from_millis(200);
const CELLS: usize = 30;

/// A bar at a terminal, nothing elsewhere.
pub(super) struct Bar {
    shown: bool,
    begun: Instant,
    last: Instant,
}

impl Bar {
    pub(super) fn new(screen: &Screen) -> Self {
        let shown = std::io::stderr().is_terminal() && !screen.is_json();
        Self {
            shown,
            begun: Instant::now(),
            last: Instant::now(),
        }
    }

    /// Draws `done` of `total` bytes, a few times a second.
    pub(super) fn tell(&mut self, verb: &str, done: u64, total: u64) {
        if !self.shown || self.last.elapsed() < REDRAW {
            return;
        }
        self.last = Instant::now();
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rate = done.saturating_mul(1000).checked_div(millis).unwrap_or(0);
        let left = total
            .saturating_sub(done)
            .checked_div(rate)
            .map_or_else(String::new, show_seconds);
        let share = u128::from(done)
            .saturating_mul(100)
            .checked_div(u128::from(total))
            .unwrap_or(0)
            .min(100);
        let filled = usize::try_from(share).unwrap_or(0).saturating_mul(CELLS) / 100;
        let bar = format!(
            "{}{}",
            "#".repeat(filled),
            ".".repeat(CELLS.saturating_sub(filled))
        );
        let text = format!(
            "{verb} {bar} {share:>3} %  {} of {}  {} MB/s  {left} left",
            show_size(done),
            show_size(total),
            rate / 1_000_000
        );
        drop(write!(std::io::stderr(), "\r{text:<100}"));
    }

    /// Draws what `far` says, bytes done and of all, while `act` runs; then takes the bar away.
    pub(super) fn during<T>(
        mut self,
        verb: &str,
        far: impl Fn() -> (u64, u64) + Sync,
        act: impl FnOnce() -> T,
    ) -> T {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let drawing = scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    std::thread::park_timeout(REDRAW);
                    let (done, total) = far();
                    self.tell(verb, done, total);
                }
                self.end();
            });
            let _end = End(&is_over, drawing.thread());
            act()
        })
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if self.shown {
            drop(write!(std::io::stderr(), "\r{:100}\r", ""));
        }
    }
}

/// Ends the drawing when dropped: also when the work panics, which nobody would hear of else.
struct End<'a>(&'a AtomicBool, &'a Thread);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
        self.1.unpark();
    }
}
