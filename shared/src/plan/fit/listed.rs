//! Drives with hash lists: what is counted of them is what a layout takes, or less.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use disk::SectorSize;
use ntfs_image::FileTime;
use proptest::prelude::*;

use super::contents::Contents;
use super::cost::Costs;
use super::measures::Measures;
use super::prove::Volume;
use super::stock::Stock;
use super::{DriveSize, PlanOptions, fit};
use crate::mhl::Creator;
use crate::plan::export::{Export, ExportBlob, Placed, StoredKind, StoredProperties, place};
use crate::plan::{Kind, Listing, Mapping};

/// A path, its length, and whether its owner gave the blob metadata.
type Blob = (String, u64, bool);

/// Returns the files as an import or an export has them, with a hash list.
fn goods(files: &[Blob], is_export: bool) -> (Listing, Mapping) {
    let destination = "film/".parse().expect("a container");
    let mut mapping = Mapping::of_source("s-1".parse().expect("a session"), destination);
    mapping.mhl = Some(Creator {
        host: "a & b".to_owned(),
        version: "1".to_owned(),
    });
    mapping.content_md5 = !is_export;
    let blob = |(path, _, has_metadata): &Blob| ExportBlob {
        path: Some(path.as_str().into()),
        snapshot: None,
        kind: StoredKind::Block,
        etag: "0x1".into(),
        properties: StoredProperties::default(),
        metadata: has_metadata
            .then(|| ("owner".into(), "lab".into()))
            .into_iter()
            .collect(),
    };
    let wanting = files.iter().map(|(path, _, has_metadata)| Placed {
        path,
        snapshot: None,
        has_metadata: *has_metadata,
    });
    let places = place(&wanting.collect::<Vec<_>>());
    let mut placed: Vec<_> = places.into_iter().zip(files).collect();
    placed.sort();
    let mut listing = Listing::new();
    for (place, (_, bytes, _)) in &placed {
        let pushed = listing.push(place, *bytes, FileTime(0), Kind::File);
        pushed.expect("few");
    }
    let blobs = placed.iter().map(|(_, file)| blob(file)).collect();
    mapping.export = is_export.then(|| Export {
        store: "https://a.blob.core.windows.net".to_owned(),
        left: Vec::new(),
        blobs: Arc::new(blobs),
    });
    (listing, mapping)
}

fn files() -> impl Strategy<Value = Vec<Blob>> {
    let path = "(con|film)(/[ab&]{1,2}(\\.properties)?){0,2}/[a-c&<é]{1,4}(\\.properties|\\.metadata|\\.manifest|\\.mov)?";
    let file = (path, any::<bool>(), 0_u64..9_000_000, any::<bool>());
    let file = file.prop_map(|(path, is_small, bytes, has_metadata)| {
        let bytes = if is_small { bytes % 3000 } else { bytes };
        (path, bytes, has_metadata)
    });
    let once = |files: Vec<Blob>| {
        let mut seen = BTreeSet::new();
        let files = files.into_iter();
        files
            .filter(|(path, ..)| seen.insert(path.clone()))
            .collect()
    };
    prop::collection::vec(file, 1..120).prop_map(once)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_drive_with_a_hash_list_is_never_counted_higher_than_its_layout(
        files in files(),
        is_export in any::<bool>(),
        sector in prop::sample::select(vec![SectorSize::B512, SectorSize::B4096]),
        bytes in prop::sample::select(vec![64_u64 << 20, 1 << 30, 8 << 40]),
    ) {
        let (listing, mapping) = goods(&files, is_export);
        let drives = [DriveSize { serial: "D & 1".to_owned(), bytes, sector, kept: None }];
        let volume = Volume::new(&drives[0]).expect("large enough");
        let entries: Vec<u32> = (0..listing.len()).collect();
        let laid_out = volume.lay_out(&listing, &entries, &mapping, "D & 1").expect("good names");
        let Ok((used, count)) = laid_out else {
            return Ok(());
        };
        prop_assert_eq!(count, listing.len());
        let options = PlanOptions { mapping, bare: false, as_many_as_needed: false };
        let stock = Stock::new(&drives, &options).expect("one drive");
        let contents = Contents::new(&listing, &|_| true);
        let measures = Measures::new(&listing, &contents, &options.mapping);
        let class = stock.classes[0];
        let costs = Costs::new(class, &listing, &contents, &options.mapping, &measures);
        let taken = stock.drives[0].capacity - stock.drives[0].room;
        let counted = taken + costs.folders[0].inner;
        prop_assert!(counted <= used, "{counted} counted, {used} used");
        let plan = fit(&listing, &options, &drives).expect("it fits");
        prop_assert_eq!(plan.drives[0].used_bytes, used);
    }
}
