//! Drives as slow as real ones: `argosy prepare` beside `dd` onto the same loop device, which the kernel holds to 600, 250
//! and 150 MB/s; reading back beside `dd`; and four drives at once. What is wanted is that nothing but the device counts.
//!
//! `cargo xtask bench throttled_speed` (a release build). Needs root and the kernel's throttling. `ARGOSY_BENCH_ROUNDS` is
//! another number of rounds than 1.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tests::argosy::text;
use tests::backing::Backing;
use tests::cost::{Cost, gigabytes, multiply, said_by, warm, write_big};
use tests::filled::{Target, dd_read, dd_write, prepare};
use tests::rows;
use tests::throttle::{Slow, Throttle};

const MEGABYTE: u64 = 1_000_000;
/// So often every file is there, under another name, for one drive and for four: what is done once for a drive, whatever its
/// size, is to weigh little, as it does on a drive of terabytes.
const TIMES: usize = 2;
const TIMES_OF_FOUR: usize = 5;
const DISK_BYTES: u64 = 4_500 * MEGABYTE;
/// Each of four, for 40 files of 64 MiB.
const FOURTH_BYTES: u64 = 2_740 * MEGABYTE;
const DRIVES: [&str; 4] = ["BENCH0001", "BENCH0002", "BENCH0003", "BENCH0004"];
const GOAL: f64 = 0.95;

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let folder = tempfile::tempdir_in(release)?;
    let (once, big) = (folder.path().join("once"), folder.path().join("big"));
    write_big(&once)?;
    let bytes = multiply(&once, &big, TIMES)?;
    let rounds: usize = match std::env::var("ARGOSY_BENCH_ROUNDS") {
        Ok(text) => text.parse().context("ARGOSY_BENCH_ROUNDS is no number")?,
        Err(_) => 1,
    };
    let bench = Bench {
        backing: Backing::new(folder.path(), 4 * FOURTH_BYTES)?,
        argosy,
        folder,
        once,
        big,
    };
    println!("| device | command | MB/s | beside dd |");
    println!("|---|---|---|---|");
    for rate in [600, 250, 150] {
        bench.writes(bytes, rate, rounds)?;
    }
    bench.reads(250)?;
    bench.four(250)
}

/// Who is measured, with what, and where.
struct Bench {
    argosy: PathBuf,
    folder: TempDir,
    once: PathBuf,
    big: PathBuf,
    backing: Backing,
}

/// What a command took that moved so many bytes.
struct Run {
    bytes: u64,
    seconds: f64,
}

impl Run {
    fn rate(&self) -> f64 {
        gigabytes(self.bytes) * 1e9 / self.seconds
    }
}

/// Runs a command in the group.
fn run(throttle: &Throttle, command: &Command, bytes: u64) -> Result<(Run, String)> {
    let mut said = String::new();
    let cost = Cost::of(|| {
        said = said_by(&mut throttle.around(command))?;
        Ok(())
    })?;
    let run = Run {
        bytes,
        seconds: cost.seconds,
    };
    Ok((run, said))
}

fn row(device: &str, ours: &[f64], theirs: &[f64]) -> f64 {
    let middle = |rates: &[f64]| {
        let mut rates = rates.to_vec();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (ours, theirs) = (middle(ours), middle(theirs));
    println!("| {device} | dd | {:.0} | 1 |", theirs / 1e6);
    println!(
        "| {device} | argosy | {:.0} | {:.3} |",
        ours / 1e6,
        ours / theirs
    );
    ours / theirs
}

fn throttle(devices: &[&str], slow: Slow, rate: u64) -> Result<Throttle> {
    let made = Throttle::new(devices, slow, rate * MEGABYTE)?;
    made.context("this kernel does not throttle devices for us: root, and blk-throttle, are needed")
}

impl Bench {
    /// Writes to a drive that writes slowly.
    fn writes(&self, bytes: u64, rate: u64, rounds: usize) -> Result<()> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let target = self.backing.target(DRIVES[0], DISK_BYTES)?;
            let group = throttle(&[target.path()], Slow::Writes, rate)?;
            let (dd, _) = run(&group, &dd_write(target.path(), bytes), bytes)?;
            theirs.push(dd.rate());
            drop((group, target));
            let target = [self.backing.target(DRIVES[0], DISK_BYTES)?];
            let group = throttle(&[target[0].path()], Slow::Writes, rate)?;
            let journals = tempfile::tempdir_in(&self.folder)?;
            let mut command = prepare(&self.argosy, journals.path(), &self.big, &target);
            warm(&self.once)?;
            let (run, said) = run(&group, command.arg("--no-verify"), bytes)?;
            let said: Value = serde_json::from_str(&said)?;
            println!("limited by: {}", said["drives"][0]["writing"]["limited_by"]);
            ours.push(run.rate());
        }
        let ratio = row(&format!("writes held to {rate} MB/s"), &ours, &theirs);
        let work = format!("prepare onto a device of {rate} MB/s");
        rows::at_least(&work, "of dd's speed", GOAL, ratio);
        Ok(())
    }

    /// Reads a drive back that reads slowly.
    fn reads(&self, rate: u64) -> Result<()> {
        let targets = [self.backing.target(DRIVES[0], DISK_BYTES)?];
        let journals = tempfile::tempdir_in(&self.folder)?;
        let mut prepare = prepare(&self.argosy, journals.path(), &self.big, &targets);
        said_by(prepare.arg("--no-verify"))?;
        let device = targets[0].path();
        let group = throttle(&[device], Slow::Reads, rate)?;
        let mut verify = Command::new(&self.argosy);
        let journal = journals.path().join(format!("{}.jrn", DRIVES[0]));
        verify.args(["verify", "--drive", device, "--journal", text(&journal)]);
        let (mut ours, said) = run(&group, verify.arg("--json"), 0)?;
        let said: Value = serde_json::from_str(&said)?;
        ensure!(said["verdict"] == "verified", "{said}");
        let bytes = said["bytes"].as_u64().context("no bytes")?;
        ours.bytes = bytes;
        let theirs = run(&group, &dd_read(device, bytes), bytes)?.0;
        let name = format!("reads held to {rate} MB/s");
        let ratio = row(&name, &[ours.rate()], &[theirs.rate()]);
        let work = format!("read back from a device of {rate} MB/s");
        rows::at_least(&work, "of dd's speed", GOAL, ratio);
        Ok(())
    }

    /// Fills four drives at once, which are slow each for itself, beside four dd.
    fn four(&self, rate: u64) -> Result<()> {
        let source = self.folder.path().join("four");
        multiply(&self.once, &source, TIMES_OF_FOUR)?;
        let fresh = || -> Result<Vec<Target>> {
            let drive = |serial| self.backing.target(serial, FOURTH_BYTES);
            DRIVES.into_iter().map(drive).collect()
        };
        let targets = fresh()?;
        let devices: Vec<&str> = targets.iter().map(Target::path).collect();
        let group = throttle(&devices, Slow::Writes, rate)?;
        let journals = tempfile::tempdir_in(&self.folder)?;
        let mut command = prepare(&self.argosy, journals.path(), &source, &targets);
        warm(&self.once)?;
        let (mut ours, said) = run(&group, command.arg("--no-verify"), 0)?;
        let said: Value = serde_json::from_str(&said)?;
        let drives = said["drives"].as_array().context("no drives")?;
        ensure!(
            drives.len() == DRIVES.len(),
            "{} of four drives were needed",
            drives.len()
        );
        // The fullest one takes longest, and is what a dd is compared with.
        let bytes = drives.iter().filter_map(|drive| drive["bytes"].as_u64());
        let most = bytes.max().context("no bytes")?;
        ours.bytes = most;
        drop((group, command));
        drop(targets);
        let targets = fresh()?;
        let devices: Vec<&str> = targets.iter().map(Target::path).collect();
        let group = throttle(&devices, Slow::Writes, rate)?;
        let line = |device: &&str| {
            let dd = dd_write(device, most);
            let words: Vec<_> = dd.get_args().map(|word| word.to_string_lossy()).collect();
            format!("dd {} & ", words.join(" "))
        };
        let line: String = devices.iter().map(line).collect();
        let mut all = Command::new("sh");
        all.args(["-c", &format!("{line} wait")]);
        let theirs = run(&group, &all, most)?.0;
        let name = format!("four, writes held to {rate} MB/s each");
        let ratio = row(&name, &[ours.rate()], &[theirs.rate()]);
        let work = format!("prepare onto four devices of {rate} MB/s at once");
        rows::at_least(&work, "of four dd's speed", GOAL, ratio);
        Ok(())
    }
}
