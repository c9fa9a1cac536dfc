//! The most memory that `argosy prepare` takes: with 2 GB and with 8 GB of data in as large files, and with many files.
//!
//! `cargo xtask bench memory_peak` (a release build).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tests::cost::{multiply, peak_bytes, write_big};
use tests::filled::{Target, prepare};
use tests::rows;

const DISK_BYTES: u64 = 10_000_000_000;
const MANY_FILES: u32 = 200_000;
/// What is always there, and for a drive that is written.
const ALWAYS_MIB: f64 = 64.0 + 96.0;
const BYTES_A_FILE: f64 = 400.0;

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let folder = tempfile::tempdir_in(release)?;
    let place = folder.path();
    let big = place.join("big");
    write_big(&big)?;
    let small = peak(&argosy, place, &big)?;
    let four = place.join("four times");
    multiply(&big, &four, 4)?;
    let large = peak(&argosy, place, &four)?;
    fs::remove_dir_all(&four)?;
    fs::remove_dir_all(&big)?;
    let many = place.join("many");
    for number in 0..MANY_FILES {
        let within = many.join(format!("folder {:04}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(&within)?;
        }
        fs::write(
            within.join(format!("IMG_20261122_{number:08}.jpeg")),
            b"frame",
        )?;
    }
    let with_many = peak(&argosy, place, &many)?;
    println!(
        "prepare at its peak: {small:.0} MiB for 2 GB, {large:.0} MiB for 8 GB, {with_many:.0} MiB for {MANY_FILES} files"
    );
    rows::at_most(
        "prepare of 2.1 GB in 32 files",
        "MiB of memory at most",
        ALWAYS_MIB,
        small,
    );
    rows::at_most(
        "prepare of 8.6 GB in 128 files",
        "MiB of memory at most",
        ALWAYS_MIB,
        large,
    );
    rows::at_most(
        "prepare of four times the data",
        "times the memory",
        1.05,
        large / small,
    );
    let goal = ALWAYS_MIB + BYTES_A_FILE * f64::from(MANY_FILES) / 1_048_576.0;
    rows::at_most(
        "prepare of 200,000 files",
        "MiB of memory at most",
        goal.round(),
        with_many,
    );
    Ok(())
}

/// Returns MiB.
fn peak(argosy: &Path, folder: &Path, source: &Path) -> Result<f64> {
    let target = [Target::fresh(&folder.join("BENCH0001.img"), DISK_BYTES)?];
    let journals = folder.join("journals");
    fs::create_dir(&journals)?;
    let peak = peak_bytes(&mut prepare(argosy, &journals, source, &target));
    fs::remove_dir_all(&journals)?;
    Ok(f64::from(u32::try_from(peak? / 1024)?) / 1024.0)
}
