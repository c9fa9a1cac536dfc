//! Whole drives beside `dd`: MB/s and GB per CPU second of `argosy prepare`, and of `dd oflag=direct` onto the same device
//! in the same run. Big files (64 MiB) and small ones (4 to 64 KiB); without and with reading back.
//!
//! `cargo xtask bench drive_speed` (a release build). As root it uses a loop device, else an image file.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use tests::argosy::text;
use tests::cost::{Cost, gigabytes, said_by, write_big, write_small};
use tests::oracle::Loop;

const ROUNDS: usize = 3;
const DISK_BYTES: u64 = 4_000_000_000;

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
        let mut zeros = Command::new("dd");
        zeros.args([
            "if=/dev/zero",
            &of,
            "bs=4M",
            &megabytes,
            "oflag=direct",
            "conv=notrunc,fsync",
        ]);
        dd.push(Cost::of(|| said_by(&mut zeros).map(drop))?);
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
            into.push(Cost::of(|| said_by(&mut prepare).map(drop))?);
            fs::remove_dir_all(&journals)?;
        }
    }
    let reference = Cost::median(&dd);
    for (command, costs) in [
        ("dd oflag=direct", &dd),
        ("prepare --no-verify", &written),
        ("prepare", &verified),
    ] {
        let middle = Cost::median(costs);
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
