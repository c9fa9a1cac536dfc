//! Every Falkenauer instance is planned with as few drives as are proven to be needed, natively and
//! as WebAssembly alike: `tests/golden/falkenauer.txt` holds the hashes of the plans.

use std::fmt::Write;

use disk::SectorSize;
use ntfs_image::FileTime;
use sha2::{Digest, Sha256};

use super::falkenauer::{Instance, instances};
use super::{DriveSize, Plan, PlanOptions, fit};
use crate::hash::upper_hex;
use crate::plan::{Kind, Listing, Mapping};

const GOLDEN: &str = include_str!("../../../tests/golden/falkenauer.txt");

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn all_160_instances_of_falkenauer_are_solved_and_proven_and_the_browser_plans_them_alike() {
    let mut said = String::new();
    let mut hash = Sha256::new();
    let mut slowest = (0.0, String::new());
    for instance in instances(1) {
        let began = clock();
        let (listing, plan) = planned(&instance);
        let took = clock() - began;
        if took > slowest.0 {
            slowest = (took, instance.name.clone());
        }
        check(&instance, &listing, &plan);
        hash.update(plan.hash(&listing));
        let drives = plan.drives.len();
        let end = if instance.name.ends_with("_19") {
            format!("  {}\n", upper_hex(&hash.finalize_reset()))
        } else {
            String::new()
        };
        let begin = if instance.name.ends_with("_00") {
            format!("{}:", instance.name.trim_end_matches("_00"))
        } else {
            String::new()
        };
        write!(said, "{begin} {drives}{end}").expect("a string takes all");
    }
    say(&format!("slowest: {} in {:.0} ms", slowest.1, slowest.0));
    assert_eq!(said, GOLDEN, "\n--- said:\n{said}--- golden:\n{GOLDEN}");
}

fn planned(instance: &Instance) -> (Listing, Plan) {
    let mut listing = Listing::new();
    for (number, bytes) in instance.sizes.iter().enumerate() {
        listing
            .push(&format!("f{number}"), *bytes, FileTime(0), Kind::File)
            .expect("few entries");
    }
    let destination = "film/".parse().expect("a container");
    let options = PlanOptions {
        mapping: Mapping::of_source("s-1".parse().expect("a session"), destination),
        bare: true,
        as_many_as_needed: true,
    };
    let drive = DriveSize {
        serial: "D".to_owned(),
        bytes: instance.capacity,
        sector: SectorSize::B512,
        kept: None,
    };
    let plan = fit(&listing, &options, &[drive]).expect("every file fits");
    (listing, plan)
}

fn check(instance: &Instance, listing: &Listing, plan: &Plan) {
    let name = &instance.name;
    assert!(plan.proven, "{name}: {}", plan.why);
    let drives = u64::try_from(plan.drives.len()).expect("few");
    assert!(
        instance.fewest.is_none_or(|fewest| drives == fewest),
        "{name}: {drives}"
    );
    let mut seen = vec![false; instance.sizes.len()];
    for drive in &plan.drives {
        let bytes = drive
            .entries
            .iter()
            .map(|entry| listing.entry(*entry).bytes);
        assert!(bytes.sum::<u64>() <= instance.capacity, "{name}");
        for entry in &drive.entries {
            let place = usize::try_from(*entry).expect("few");
            assert!(
                !std::mem::replace(&mut seen[place], true),
                "{name}: {entry} twice"
            );
        }
    }
    assert!(
        seen.iter().all(|seen| *seen),
        "{name}: a file is on no drive"
    );
}

/// Milliseconds; only a browser's test shows them, since nothing native here may look at a clock.
#[cfg(target_arch = "wasm32")]
fn clock() -> f64 {
    js_sys::Date::now()
}

#[cfg(not(target_arch = "wasm32"))]
fn clock() -> f64 {
    0.0
}

#[cfg(target_arch = "wasm32")]
fn say(what: &str) {
    wasm_bindgen_test::console_log!("{what}");
}

#[cfg(not(target_arch = "wasm32"))]
fn say(_: &str) {}
