//! What a command takes, and the two sources that whole drives are measured with.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::source::noise;

/// What something took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds on the clock.
    pub seconds: f64,
    /// Seconds of all processors.
    pub cpu_seconds: f64,
}

impl Cost {
    /// Runs something; its CPU time is what this process's ended children used more than before.
    ///
    /// # Errors
    /// Those of `act`, and when `/proc` is not Linux'.
    pub fn of(act: impl FnOnce() -> Result<()>) -> Result<Self> {
        let before = children_cpu_seconds()?;
        let start = Instant::now();
        act()?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(Self {
            seconds,
            cpu_seconds: children_cpu_seconds()? - before,
        })
    }

    /// Returns the median of either.
    #[must_use]
    pub fn median(costs: &[Self]) -> Self {
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self {
            seconds: middle(costs.iter().map(|cost| cost.seconds).collect()),
            cpu_seconds: middle(costs.iter().map(|cost| cost.cpu_seconds).collect()),
        }
    }
}

/// Runs a command and returns what it said.
///
/// # Errors
/// When it cannot be started or fails.
pub fn said_by(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {errors} {said}");
    Ok(said)
}

/// Makes a folder of 32 files of 64 MiB; returns its bytes.
///
/// # Errors
/// When it cannot be written.
pub fn write_big(folder: &Path) -> Result<u64> {
    fs::create_dir(folder)?;
    for number in 0..32 {
        fs::write(
            folder.join(format!("clip {number:02}.mov")),
            noise(64 << 20, number + 1),
        )?;
    }
    Ok(32 * (64 << 20))
}

/// Makes a folder of so many files of 4 to 64 KiB; returns its bytes.
///
/// # Errors
/// When it cannot be written.
pub fn write_small(folder: &Path, files: usize) -> Result<u64> {
    let mut total = 0;
    for number in 0..files {
        let within = folder.join(format!("reel {:02}", number / 1000));
        fs::create_dir_all(&within)?;
        let bytes = 4096 + (number * 7919) % 61_440;
        fs::write(
            within.join(format!("frame {number:06}.dpx")),
            noise(bytes, number + 1),
        )?;
        total += u64::try_from(bytes)?;
    }
    Ok(total)
}

/// Runs a command and returns the most memory that it had, asked for every few milliseconds while it runs.
///
/// # Errors
/// When it cannot be started, fails, or ends before it was asked.
pub fn peak_bytes(command: &mut Command) -> Result<u64> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = kilobytes.map_or(peak, |kilobytes: u64| kilobytes * 1024);
        std::thread::sleep(Duration::from_millis(5));
    };
    ensure!(ended.success() && peak > 0, "it was not measured: {ended}");
    Ok(peak)
}

/// Makes a folder whose files are those of `source`, `times` over, without taking room: each a further name of one. Returns
/// their bytes, counted as often.
///
/// # Errors
/// When it cannot be written.
pub fn multiply(source: &Path, folder: &Path, times: usize) -> Result<u64> {
    let mut total = 0;
    for time in 0..times {
        let within = folder.join(format!("copy {time}"));
        fs::create_dir_all(&within)?;
        for entry in fs::read_dir(source)? {
            let entry = entry?;
            fs::hard_link(entry.path(), within.join(entry.file_name()))?;
            total += entry.metadata()?.len();
        }
    }
    Ok(total)
}

/// Reads every file below `folder`, so that whoever is measured next finds them in memory: what has not been read for a while
/// may be there no more.
///
/// # Errors
/// When one cannot be read.
pub fn warm(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            warm(&entry.path())?;
        } else {
            io::copy(&mut fs::File::open(entry.path())?, &mut io::sink())?;
        }
    }
    Ok(())
}

/// Returns bytes in units of 1,000,000,000.
#[must_use]
pub fn gigabytes(bytes: u64) -> f64 {
    let megabytes = u32::try_from(bytes / 1_000_000).unwrap_or(u32::MAX);
    f64::from(megabytes) / 1000.0
}

/// Fields 16 and 17 of `/proc/self/stat`, in ticks of a hundredth of a second.
fn children_cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit(')').next().context("stat")?;
    let fields: Vec<_> = after.split_whitespace().collect();
    let ticks =
        |index: usize| -> Result<f64> { Ok(fields.get(index).context("stat is short")?.parse()?) };
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}
