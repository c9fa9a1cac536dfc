//! Measures the memory and time that a plan takes: `plan_memory [FILES [FOLDER_FILES]]`.
//!
//! FILES is 10,000,000 unless given, FOLDER_FILES how many go into one folder (1,000). Names are like those of a camera;
//! drives have 8 TB. `cargo xtask bench` gets its rows only for ten million.
#![expect(
    clippy::disallowed_methods,
    reason = "an example of a program around the crate, which has a clock and arguments"
)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "counts and sizes of a measurement"
)]

use std::error::Error;
use std::fs;
use std::time::Instant;

use disk::SectorSize;
use ntfs_image::FileTime;
use shared::plan::{DriveSize, Kind, Listing, Mapping, PlanOptions, fit};

const FILES: u64 = 10_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let files: u64 = arguments.next().map_or(Ok(FILES), |count| count.parse())?;
    let folder_files: u64 = arguments.next().map_or(Ok(1_000), |count| count.parse())?;

    let clock = Instant::now();
    let mut listing = Listing::new();
    for number in 0..files {
        let folder = number / folder_files;
        let path = format!("reel-{:03}/clip-{folder:06}/A{number:08}.dpx", folder / 100);
        let bytes = 1_000 + number * 7919 % 13_000_000;
        listing.push(&path, bytes, FileTime(0), Kind::File)?;
    }
    report("listed", clock)?;

    let clock = Instant::now();
    let options = PlanOptions {
        mapping: Mapping::of_source("s-1".parse()?, "film/".parse()?),
        bare: false,
        as_many_as_needed: true,
    };
    let drive = DriveSize {
        serial: "D".to_owned(),
        bytes: 8_000_000_000_000,
        sector: SectorSize::B512,
        kept: None,
    };
    let plan = fit(&listing, &options, &[drive])?;
    let (seconds, megabytes) = report("planned", clock)?;
    println!("{} drives: {}", plan.drives.len(), plan.why);
    if files == FILES {
        let work = "plan of 10 million files";
        println!("ROW\t{work}\tseconds\t\t\t{seconds:.3}");
        println!("ROW\t{work}\tMB of memory at most, with its listing\t\t\t{megabytes}");
    }
    Ok(())
}

/// Prints and returns the seconds since `clock`, and the most memory so far in MB.
fn report(what: &str, clock: Instant) -> Result<(f64, u64), Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM in /proc/self/status")?
        .parse()?;
    let took = clock.elapsed();
    let megabytes = kilobytes * 1024 / 1_000_000;
    println!("{what:>8}: {took:>8.2?}, peak {megabytes} MB");
    Ok((took.as_secs_f64(), megabytes))
}
