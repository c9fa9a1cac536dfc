//! A listing that a stranger wrote, planned onto drives as the page does it while a person types.

use std::collections::BTreeSet;

use bitlocker_image::Cipher;
use disk::SectorSize;
use ntfs_image::FileTime;
use shared::drive::{DriveIds, DriveLayout, DriveSpec};
use shared::plan::listing_csv::read_listing;
use shared::plan::{DriveSize, Kind, Listing, Mapping, Plan, PlanOptions, fit};

/// The first byte: bits 0 and 1 = how many drives less one, bit 2 = sectors of 4096 bytes, bit 3 = only counted, bit 4 =
/// a Content-MD5 with each file. The rest is a listing.
///
/// What is planned can be laid out, and every entry either goes onto one drive or is named as left out.
pub(crate) fn run(input: &[u8]) {
    let Some((&how, csv)) = input.split_first() else {
        return;
    };
    let Some(listing) = listing(csv) else {
        return;
    };
    let sector = if how & 4 == 0 {
        SectorSize::B512
    } else {
        SectorSize::B4096
    };
    let drives: Vec<DriveSize> = (0..=u64::from(how & 3))
        .map(|number| DriveSize {
            serial: format!("D{number}"),
            bytes: (100_u64 << 20) << number,
            sector,
            kept: None,
        })
        .collect();
    let mut mapping = Mapping::of_source(
        "s-1".parse().expect("a session"),
        "film/raw/".parse().expect("a destination"),
    );
    mapping.content_md5 = how & 16 != 0;
    let options = PlanOptions {
        mapping,
        bare: how & 8 != 0,
        as_many_as_needed: false,
    };
    let Ok(plan) = fit(&listing, &options, &drives) else {
        return;
    };
    every_entry_once(&plan, &listing);
    if !options.bare {
        can_be_laid_out(&plan, &listing, &options.mapping);
    }
}

fn listing(csv: &[u8]) -> Option<Listing> {
    let mut listing = Listing::new();
    let mut taken = Ok(());
    read_listing(csv, &mut |row| {
        let (path, kind) = match row.path.strip_suffix('/') {
            Some(folder) => (folder, Kind::Folder),
            None => (row.path.as_str(), Kind::File),
        };
        let pushed = listing.push(path, row.bytes, FileTime::from_unix(1_700_000_000, 0), kind);
        taken = taken.and(pushed.map(drop).map_err(drop));
    })
    .ok()?;
    taken.ok()?;
    (listing.len() <= ROWS_MAX).then_some(listing)
}

fn every_entry_once(plan: &Plan, listing: &Listing) {
    let mut files = BTreeSet::new();
    for number in plan.drives.iter().flat_map(|drive| &drive.entries) {
        if !listing.entry(*number).is_folder {
            assert!(files.insert(*number), "entry {number} is on two drives");
        }
    }
    let out: Vec<&str> = plan
        .left_out
        .iter()
        .map(|left| left.path.as_str())
        .collect();
    for (number, entry) in listing.iter().filter(|(_, entry)| !entry.is_folder) {
        let is_out = out.iter().any(|path| entry.path == *path);
        assert!(files.contains(&number) || is_out, "{} is lost", entry.path);
    }
}

fn can_be_laid_out(plan: &Plan, listing: &Listing, mapping: &Mapping) {
    for drive in &plan.drives {
        let spec = DriveSpec {
            disk_bytes: drive.disk_bytes,
            sector: drive.sector,
            cipher: Cipher::XtsAes128,
            serial: drive.serial.clone(),
            label: "Argosy".to_owned(),
            started: FileTime::from_unix(1_760_000_000, 0),
            ids: DriveIds::derive(&[7; 32]),
            kept: None,
        };
        let layout = DriveLayout::new(spec, listing, &drive.entries, mapping);
        let layout = layout.expect("what is planned fits");
        let mut at = 0_u64;
        for segment in layout.segments() {
            assert_eq!(segment.at, at, "segments follow each other");
            at = at.saturating_add(segment.bytes);
        }
        assert_eq!(at, drive.disk_bytes);
    }
}

const ROWS_MAX: u32 = 300;
