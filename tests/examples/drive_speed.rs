//! Whole drives beside `dd`: MB/s and GB per CPU second of `argosy prepare`, and of `dd oflag=direct` onto the same device
//! in the same run. Big files (64 MiB) and small ones (4 to 64 KiB); without and with reading back.
//!
//! `cargo xtask bench drive_speed` (a release build). As root it uses a loop device, else an image file.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tests::argosy::text;
use tests::oracle::Loop;
use tests::source::noise;

const ROUNDS: usize = 3;
const DISK_BYTES: u64 = 4_000_000_000;

/// What one command took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
}

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let folder = tempfile::tempdir_in(release)?;
    let big = folder.path().join("big");
    let small = folder.path().join("small");
    let bytes_big = write_big(&big)?;
    let bytes_small = write_small(&small)?;
    println!("| source | command | MB/s | GB per CPU s | wall beside dd |");
    println!("|---|---|---|---|---|");
    for (name, source, bytes) in [
        ("64 MiB files", &big, bytes_big),
        ("4-64 KiB files", &small, bytes_small),
    ] {
        measure(&argosy, folder.path(), name, source, bytes)?;
    }
    Ok(())
}

/// Runs dd, then prepare without and with reading back, `ROUNDS` times in turn, and prints the medians.
fn measure(argosy: &Path, folder: &Path, name: &str, source: &Path, bytes: u64) -> Result<()> {
    let mut dd = Vec::new();
    let mut written = Vec::new();
    let mut verified = Vec::new();
    for round in 0..ROUNDS {
        let image = folder.join("BENCH0001.img");
        let target = Target::fresh(&image)?;
        let megabytes = format!("count={}", bytes.div_ceil(4 << 20));
        let of = format!("of={}", target.path);
        dd.push(cost(Command::new("dd").args([
            "if=/dev/zero",
            &of,
            "bs=4M",
            &megabytes,
            "oflag=direct",
            "conv=notrunc,fsync",
        ]))?);
        drop(target);
        for (verify, into) in [(false, &mut written), (true, &mut verified)] {
            let target = Target::fresh(&image)?;
            let journals = folder.join(format!("journals-{round}-{verify}"));
            fs::create_dir(&journals)?;
            let mut prepare = Command::new(argosy);
            prepare.args([
                "prepare",
                "--session",
                "bench",
                "--journal-dir",
                text(&journals),
                "--source",
                text(source),
            ]);
            prepare.args([
                "--to",
                "bench/",
                "--drive",
                &target.path,
                "--check",
                "none",
                "--json",
            ]);
            if !verify {
                prepare.arg("--no-verify");
            }
            into.push(cost(&mut prepare)?);
            fs::remove_dir_all(&journals)?;
        }
    }
    let reference = median(&dd);
    for (command, costs) in [
        ("dd oflag=direct", &dd),
        ("prepare --no-verify", &written),
        ("prepare", &verified),
    ] {
        let middle = median(costs);
        let size = gigabytes(bytes);
        println!(
            "| {name} | {command} | {:.0} | {:.2} | {:.2} |",
            size * 1000.0 / middle.seconds,
            size / middle.cpu_seconds,
            reference.seconds / middle.seconds
        );
    }
    Ok(())
}

/// An image file, behind a loop device where we may make one.
struct Target {
    path: String,
    _loop: Option<Loop>,
}

impl Target {
    fn fresh(image: &Path) -> Result<Self> {
        let _ = fs::remove_file(image);
        fs::File::create(image)?.set_len(DISK_BYTES)?;
        match Loop::attach(image, 0, DISK_BYTES, 512) {
            Ok(device) => Ok(Self {
                path: device.path().to_owned(),
                _loop: Some(device),
            }),
            Err(_) => Ok(Self {
                path: text(image).to_owned(),
                _loop: None,
            }),
        }
    }
}

fn write_big(folder: &Path) -> Result<u64> {
    fs::create_dir(folder)?;
    for number in 0..32 {
        fs::write(
            folder.join(format!("clip {number:02}.mov")),
            noise(64 << 20, number + 1),
        )?;
    }
    Ok(32 * (64 << 20))
}

fn write_small(folder: &Path) -> Result<u64> {
    let mut total = 0;
    for number in 0..20_000_usize {
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

/// Runs a command; its CPU time is what this process's ended children used more than before.
fn cost(command: &mut Command) -> Result<Cost> {
    let before = children_cpu_seconds()?;
    let start = Instant::now();
    let output = command.output()?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {said} {}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(Cost {
        seconds,
        cpu_seconds: children_cpu_seconds()? - before,
    })
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

fn median(costs: &[Cost]) -> Cost {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Cost {
        seconds: middle(costs.iter().map(|cost| cost.seconds).collect()),
        cpu_seconds: middle(costs.iter().map(|cost| cost.cpu_seconds).collect()),
    }
}

fn gigabytes(bytes: u64) -> f64 {
    let megabytes = u32::try_from(bytes / 1_000_000).unwrap_or(u32::MAX);
    f64::from(megabytes) / 1000.0
}
