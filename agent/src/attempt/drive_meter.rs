//! How far one drive is, and how fast.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use shared::api::Progress;

use crate::pipeline::{Meter, Stopwatch};

/// Counts what a drive's threads do; read by whoever shows it.
#[derive(Debug, Default)]
pub struct DriveMeter {
    total: AtomicU64,
    /// Bytes written.
    pub written: Meter,
    verify_total: AtomicU64,
    verified: Meter,
    read_back: Stopwatch,
}

impl DriveMeter {
    /// Says how many bytes will be written.
    pub fn begin(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Returns what measures the reading back.
    #[must_use]
    pub const fn read_back(&self) -> &Stopwatch {
        &self.read_back
    }

    /// Says how far the reading back is.
    pub fn verifying(&self, bytes: u64, total: u64) {
        self.verify_total.store(total, Ordering::Relaxed);
        self.verified.set(bytes);
    }
}

/// Turns counts into speed and time left: the average over the last seconds.
#[derive(Debug, Default)]
pub struct Speed {
    samples: VecDeque<(Instant, u64)>,
}

/// Samples looked back over; with four a second, five seconds.
const SAMPLES: usize = 20;

impl Speed {
    /// Takes a sample and returns the progress at `now`.
    pub fn progress(&mut self, meter: &DriveMeter, now: Instant) -> Progress {
        let mut progress = Progress {
            bytes_total: meter.total.load(Ordering::Relaxed),
            bytes_written: meter.written.bytes(),
            verify_total: meter.verify_total.load(Ordering::Relaxed),
            bytes_verified: meter.verified.bytes(),
            rate: 0,
            seconds_left: None,
            writing: meter.written.watch().pace(),
            verifying: meter.read_back.pace(),
        };
        let done = progress
            .bytes_written
            .saturating_add(progress.bytes_verified);
        self.samples.push_back((now, done));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        if let (Some((then, before)), true) = (self.samples.front(), self.samples.len() > 1) {
            let millis = u64::try_from(now.duration_since(*then).as_millis()).unwrap_or(u64::MAX);
            let thousandfold = done.saturating_sub(*before).saturating_mul(1000);
            progress.rate = thousandfold.checked_div(millis).unwrap_or(0);
        }
        let left = match progress.verify_total {
            0 => progress.bytes_total.saturating_sub(progress.bytes_written),
            total => total.saturating_sub(progress.bytes_verified),
        };
        progress.seconds_left = left
            .checked_div(progress.rate)
            .filter(|_| progress.rate > 0);
        progress
    }
}
