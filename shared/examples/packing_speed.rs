//! Measures what proving the fewest drives takes: `packing_speed [SETS]`.
//!
//! Plans SETS times (3 unless given) the 160 instances of Falkenauer, other numbers each time, and
//! names each that is not proven.
#![expect(
    clippy::disallowed_methods,
    reason = "an example of a program around the crate, which has a clock and arguments"
)]
#![expect(clippy::arithmetic_side_effects, reason = "counts of a measurement")]

#[path = "../src/plan/fit/falkenauer.rs"]
mod falkenauer;

use std::error::Error;
use std::time::{Duration, Instant};

use disk::SectorSize;
use falkenauer::Instance;
use ntfs_image::FileTime;
use shared::plan::{DriveSize, Kind, Listing, Mapping, Plan, PlanOptions, fit};

fn main() -> Result<(), Box<dyn Error>> {
    let sets = std::env::args().nth(1).map_or(Ok(3), |sets| sets.parse())?;
    let mut slowest: Vec<(String, Duration, String)> = Vec::new();
    let (mut proven, mut all) = (0, 0);
    for seed in 1..=sets {
        for instance in falkenauer::instances(seed) {
            let clock = Instant::now();
            let plan = planned(&instance)?;
            let took = clock.elapsed();
            let class = instance.name.split('_').next().unwrap_or("").to_owned();
            let name = format!("{} of set {seed}", instance.name);
            all += 1;
            let drives = u64::try_from(plan.drives.len())?;
            if plan.proven && instance.fewest.is_none_or(|fewest| fewest == drives) {
                proven += 1;
            } else {
                println!("{name}: {drives} drives, {} ({took:.0?})", plan.why);
            }
            match slowest.iter_mut().find(|(known, ..)| *known == class) {
                Some(known) if known.1 < took => *known = (class, took, name),
                Some(_) => {}
                None => slowest.push((class, took, name)),
            }
        }
    }
    let longest = slowest.iter().map(|(_, took, _)| *took).max();
    for (class, took, name) in slowest {
        println!("{class:>6}: {took:>7.1?} at most ({name})");
    }
    println!("{proven} of {all} solved and proven");
    let work = format!("packing, {all} instances of Falkenauer");
    println!("ROW\t{work}\tproven to need no fewer drives\t>=\t{all}\t{proven}");
    let seconds = longest.unwrap_or_default().as_secs_f64();
    println!("ROW\t{work}\tseconds for the slowest\t\t\t{seconds:.3}");
    Ok(())
}

fn planned(instance: &Instance) -> Result<Plan, Box<dyn Error>> {
    let mut listing = Listing::new();
    for (number, bytes) in instance.sizes.iter().enumerate() {
        listing.push(&format!("f{number}"), *bytes, FileTime(0), Kind::File)?;
    }
    let options = PlanOptions {
        mapping: Mapping::of_source("s-1".parse()?, "film/".parse()?),
        bare: true,
        as_many_as_needed: true,
    };
    let drive = DriveSize {
        serial: "D".to_owned(),
        bytes: instance.capacity,
        sector: SectorSize::B512,
        kept: None,
    };
    Ok(fit(&listing, &options, &[drive])?)
}
