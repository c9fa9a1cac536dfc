//! What fits is decided to the cluster.

use disk::SectorSize;
use ntfs_image::{LayoutError, NtfsLayout, Tree};
use proptest::prelude::*;

use crate::sample::{add_file, random_tree, spec};
use crate::segments::{extents, random_spec, sectors};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn with_what_is_missing_it_fits_and_with_a_cluster_less_it_does_not(
        sector in sectors(), extents in extents(), seed in any::<u64>(), large in 0..40_u64
    ) {
        let mut tree = random_tree(seed, 300);
        add_file(&mut tree, Tree::ROOT, "large", large << 24);
        let spec = random_spec(sector, 11, &extents);
        let fits = |bytes: u64| {
            let mut spec = spec.clone();
            spec.bytes = bytes;
            NtfsLayout::new(spec, tree.clone())
        };
        let mut bytes = spec.bytes;
        if let Err(LayoutError::DoesNotFit { missing_bytes, .. }) = fits(bytes) {
            prop_assert!(missing_bytes % 4096 == 0);
            bytes += missing_bytes;
            let volume_bytes = bytes - 4096;
            let refused = LayoutError::DoesNotFit { missing_bytes: 4096, volume_bytes };
            prop_assert_eq!(fits(volume_bytes).err(), Some(refused));
        }
        let layout = fits(bytes).unwrap();
        prop_assert_eq!(layout.spec().bytes, bytes);
    }
}

#[test]
fn a_full_volume_has_no_free_cluster() {
    let small = spec(11 << 20, SectorSize::B512);
    let tree = || {
        let mut tree = Tree::new();
        add_file(&mut tree, Tree::ROOT, "file", 100 << 20);
        tree
    };
    let Err(LayoutError::DoesNotFit { missing_bytes, .. }) = NtfsLayout::new(small.clone(), tree())
    else {
        panic!("100 MiB do not fit 11 MiB");
    };
    let full = spec(small.bytes + missing_bytes, SectorSize::B512);
    let layout = NtfsLayout::new(full, tree()).unwrap();
    assert_eq!(layout.free_bytes(), 0);
}

#[test]
fn what_no_volume_holds_is_refused_at_once() {
    let mut tree = Tree::new();
    for number in 0..5 {
        add_file(&mut tree, Tree::ROOT, &number.to_string(), (1 << 63) - 1);
    }
    let refused = NtfsLayout::new(spec(64 << 20, SectorSize::B512), tree);
    assert!(matches!(refused, Err(LayoutError::DoesNotFit { .. })));
}

#[test]
fn a_volume_of_any_number_of_sectors_is_used() {
    for sectors in 40_000..40_020 {
        let layout = NtfsLayout::new(spec(sectors * 512, SectorSize::B512), Tree::new()).unwrap();
        let covered: u64 = layout.segments().map(|segment| segment.bytes).sum();
        assert_eq!(covered, sectors * 512);
    }
}
