//! What a layout promises, for drives of every size.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use disk::{MemDisk, ReadAt, SectorSize, WriteAt};
use proptest::prelude::*;

use super::built::{Recipe, listing, mapping};
use super::{DriveIds, DriveLayout, DriveLayoutError, DriveSegment, MendWhat, NodeSource, What};
use crate::plan::{DriveSize, FitError, Kind, Listing, PlanOptions, Space, fit};

const MIB: u64 = 1 << 20;
const SECTORS: [SectorSize; 2] = [SectorSize::B512, SectorSize::B4096];

/// Asserts that the segments cover the disk once, and that files have all their bytes.
fn covers_once(layout: &DriveLayout) {
    let mut at = 0;
    let mut left: Vec<u64> = Vec::new();
    let tree = layout.ntfs().tree();
    for node in (0..tree.node_count()).map(ntfs_image::Node) {
        let lies_apart = !tree.is_folder(node) && !layout.ntfs().is_resident(node);
        left.push(if lies_apart { tree.bytes(node) } else { 0 });
    }
    for segment in layout.segments() {
        assert_eq!(segment.at, at, "{segment:?}");
        assert!(
            segment.bytes > 0 && segment.bytes.is_multiple_of(layout.spec().sector.bytes()),
            "{segment:?}"
        );
        at += segment.bytes;
        if let What::FileData { file, from } = segment.what {
            let left = &mut left[usize::try_from(file.0).expect("few")];
            assert_eq!(from, tree.bytes(file) - *left, "{segment:?}");
            *left = left.saturating_sub(segment.bytes);
        }
    }
    assert_eq!(at, layout.spec().disk_bytes);
    assert!(left.iter().all(|left| *left == 0));
}

fn only(layout: &DriveLayout, what: What) -> DriveSegment {
    let mut found = layout.segments().filter(|segment| segment.what == what);
    let one = found.next().expect("there is one");
    assert_eq!(found.next(), None);
    one
}

#[test]
fn bitlockers_places_are_where_its_metadata_says() {
    for sector in SECTORS {
        for disk_bytes in [64 * MIB, 200 * MIB, 8_001_563_222_016, 20_000_588_955_648] {
            let layout = Recipe::new(
                disk_bytes,
                sector,
                &[("a", 5_000_000), ("b/c", 70_000_000 % disk_bytes / 2)],
            )
            .layout();
            covers_once(&layout);
            let start = layout.partition().start;
            let regions = layout.regions();
            assert_eq!(start, MIB);
            assert!(layout.partition().end.is_multiple_of(MIB));
            for (number, at) in (0..).zip(regions.information) {
                let area = only(&layout, What::Information(number));
                assert_eq!((area.at, area.bytes), (start + at, 65_536));
            }
            let header = only(&layout, What::HeaderCopy);
            assert_eq!((header.at, header.bytes), (start + regions.header, 8192));
            assert!(layout.segments().any(|zeros| Some(zeros.at)
                == regions.spare.map(|spare| start + spare)
                && zeros.what == What::Zeros));
            let boot = only(&layout, What::FveBoot);
            assert_eq!((boot.at, boot.bytes), (start, 8192));
            let last = layout
                .segments()
                .filter(|segment| segment.at < layout.partition().end)
                .last();
            assert_eq!(
                last.map(|last| last.what),
                Some(What::Metadata),
                "the backup boot sector ends the volume"
            );
        }
    }
}

#[test]
fn a_disk_below_64_mib_is_refused_in_words() {
    let recipe = Recipe::new(64 * MIB - 4096, SectorSize::B512, &[("a", 1)]);
    let error = DriveLayout::new(
        recipe.spec(DriveIds::derive(&[0; 32])),
        &recipe.listing,
        &[0],
        &mapping(),
    );
    let message = error.expect_err("too small").to_string();
    assert_eq!(
        message,
        "drive TEST-0001: it has 67104768 bytes; the smallest drive has 67108864"
    );
}

#[test]
fn files_lie_in_listing_order_and_the_manifest_last() {
    let layout = Recipe::new(
        100 * MIB,
        SectorSize::B512,
        &[("z", 9000), ("a/y", 9000), ("b", 9000)],
    )
    .layout();
    let mut order = Vec::new();
    for segment in layout.segments() {
        if let What::FileData { file, .. } = segment.what {
            order.push(layout.source_of(file));
        }
    }
    let entries = [0, 1, 2].map(NodeSource::Entry);
    assert_eq!(order, [&entries[..], &[NodeSource::Manifest]].concat());
}

#[test]
fn every_node_is_found_from_its_entry_and_back() {
    let entries = [("a/b/c", 10), ("a/", 0), ("d", 5000), ("e/", 0)];
    let layout = Recipe::new(100 * MIB, SectorSize::B512, &entries).layout();
    for number in 0..4 {
        let node = layout.node_of(number).expect("on the drive");
        assert_eq!(layout.entry_of(node), Some(number));
    }
    assert_eq!(layout.node_of(4), None);
    assert_eq!(layout.source_of(layout.manifest()), NodeSource::Manifest);
    let implied = layout
        .ntfs()
        .tree()
        .parent(layout.node_of(0).expect("on the drive"));
    assert_eq!(
        layout.source_of(implied),
        NodeSource::Implied,
        "a/b is not named by the listing"
    );
}

#[test]
fn a_properties_file_lies_behind_its_file_and_never_in_a_record() {
    for sector in SECTORS {
        let mut recipe = Recipe::new(100 * MIB, sector, &[("a", 9000), ("b", 3)]);
        recipe.mapping.content_md5 = true;
        let layout = recipe.layout();
        let data = layout.segments().filter_map(|segment| match segment.what {
            What::FileData { file, .. } => Some(layout.source_of(file)),
            _ => None,
        });
        let expected = [
            NodeSource::Entry(0),
            NodeSource::Properties(0),
            NodeSource::Properties(1),
            NodeSource::Manifest,
        ];
        assert_eq!(data.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_manifest_never_lives_in_a_record() {
    for sector in SECTORS {
        let layout = Recipe::new(100 * MIB, sector, &[("a", 1)]).layout();
        assert!(!layout.ntfs().is_resident(layout.manifest()));
        assert_eq!(layout.manifest_bytes(), 4096);
    }
}

#[test]
fn a_mend_that_changes_nothing_rewrites_nothing() {
    let layout = Recipe::new(100 * MIB, SectorSize::B512, &[("a", 1), ("b", 100_000)]).layout();
    let mend = layout
        .mend(&|_| false, layout.manifest_bytes())
        .expect("as planned");
    assert_eq!(mend.ranges().collect::<Vec<_>>(), []);
    assert!(matches!(
        layout.mend(&|_| false, layout.manifest_bytes() + 1),
        Err(DriveLayoutError::ManifestTooLong {
            found: 4097,
            planned: 4096
        })
    ));
}

#[test]
fn a_mend_is_ascending_and_stays_inside_the_volume() {
    let mut entries = Listing::new();
    for number in 0..3000_u32 {
        let bytes = u64::from(number % 7) * 3000;
        let path = format!("folder-{}/file-{number:05}", number % 3);
        entries
            .push(&path, bytes, ntfs_image::FileTime(0), Kind::File)
            .expect("few");
    }
    let mut recipe = Recipe::new(200 * MIB, SectorSize::B512, &[]);
    recipe.entries = (0..entries.len()).collect();
    recipe.listing = entries;
    let layout = recipe.layout();
    let mend = layout
        .mend(&|node| node.0 % 11 == 0, 5000)
        .expect("shorter");
    let ranges: Vec<_> = mend.ranges().collect();
    assert!(ranges.len() > 10);
    let mut free = layout.partition().start;
    for range in &ranges {
        assert!(range.at >= free, "{range:?}");
        free = range.at + range.bytes;
    }
    assert!(free <= layout.partition().end);
}

#[test]
fn a_mend_that_was_cut_short_and_done_again_gives_the_same_drive() {
    let entries: Vec<_> = (0..300)
        .map(|n| (format!("f{}/name {n:04}", n % 2), n * 41))
        .collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, bytes)| (path.as_str(), *bytes))
        .collect();
    let recipe = Recipe::new(64 * MIB, SectorSize::B512, &entries);
    let left_out: Vec<u32> = (0..300).filter(|n| n % 3 == 1).collect();
    let once = recipe.build_plain(&left_out);
    let read = |disk: &MemDisk, at, bytes| {
        let mut into = vec![0; usize::try_from(bytes).expect("small")];
        disk.read_at(at, &mut into).expect("in bounds");
        into
    };
    // Every other range is as if the power had failed before it was mended.
    let before = recipe.build_plain(&[]);
    let mut disk = once.disk.clone();
    let out = |node| {
        once.layout
            .entry_of(node)
            .is_some_and(|entry| left_out.contains(&entry))
    };
    let manifest_bytes = u64::try_from(once.manifest.len()).expect("small");
    let mend = once.layout.mend(&out, manifest_bytes).expect("shorter");
    let ranges: Vec<_> = mend.ranges().collect();
    assert!(ranges.len() > 4);
    for range in ranges.iter().step_by(2) {
        disk.write_at(range.at, &read(&before.disk, range.at, range.bytes))
            .expect("in bounds");
    }
    super::built::mend(
        &once.layout,
        None,
        &left_out,
        once.manifest.len(),
        &mut disk,
    );
    for range in ranges {
        let (again, expected) = (
            read(&disk, range.at, range.bytes),
            read(&once.disk, range.at, range.bytes),
        );
        assert!(again == expected, "{range:?}");
    }
}

#[test]
fn a_mend_puts_right_what_a_power_cut_left_in_the_middle_of_a_sector() {
    let entries: Vec<_> = (0..60).map(|n| (format!("name {n:04}"), n * 41)).collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, bytes)| (path.as_str(), *bytes))
        .collect();
    let mut recipe = Recipe::new(64 * MIB, SectorSize::B4096, &entries);
    // Here a sector of which only the beginning was written decrypts to nonsense at the seam.
    recipe.cipher = bitlocker_image::Cipher::CbcAes128;
    let left_out: Vec<u32> = (0..60).filter(|n| n % 3 == 1).collect();
    let (mended, before) = (recipe.build(&left_out), recipe.build(&[]));
    let out = |node| {
        let entry = mended.layout.entry_of(node);
        entry.is_some_and(|entry| left_out.contains(&entry))
    };
    let manifest_bytes = u64::try_from(mended.manifest.len()).expect("small");
    let mend = mended.layout.mend(&out, manifest_bytes).expect("shorter");
    let patches = mend.ranges().filter(|range| range.what == MendWhat::Patch);
    let mut disk = mended.disk.clone();
    let mut torn = 0;
    for range in patches {
        for at in (range.at..range.at + range.bytes).step_by(4096) {
            let mut rest = [0; 4096 - 512];
            before.disk.read_at(at + 512, &mut rest).expect("in bounds");
            disk.write_at(at + 512, &rest).expect("in bounds");
            torn += 1;
        }
    }
    assert!(torn > 20, "{torn}");
    let cipher = recipe.sector_cipher();
    super::built::mend(
        &mended.layout,
        Some(&cipher),
        &left_out,
        mended.manifest.len(),
        &mut disk,
    );
    assert_eq!(
        disk.first_difference(&mended.disk, &(0..disk.bytes())),
        None
    );
}

#[test]
fn files_of_a_data_sets_rows_go_with_the_rows_that_are_on_the_drive() {
    let mut recipe = Recipe::new(100 * MIB, SectorSize::B512, &[("1/a", 10), ("3/b", 9000)]);
    recipe.mapping.numbered = true;
    let mut row = recipe.mapping.targets[0].clone();
    recipe.mapping.targets.push(row.clone());
    (row.metadata_bytes, row.properties_bytes) = (Some(300), Some(5000));
    recipe.mapping.targets.push(row);
    recipe.mapping.targets[1].metadata_bytes = Some(77);
    let layout = recipe.layout();
    let tree = layout.ntfs().tree();
    let sources = (0..tree.node_count()).map(|node| layout.source_of(ntfs_image::Node(node)));
    let attached: Vec<_> = sources
        .filter(|source| {
            matches!(
                source,
                NodeSource::TargetMetadata(_) | NodeSource::TargetProperties(_)
            )
        })
        .collect();
    assert_eq!(
        attached,
        [
            NodeSource::TargetMetadata(2),
            NodeSource::TargetProperties(2)
        ]
    );
}

fn one_drive(disk_bytes: u64, sector: SectorSize) -> (PlanOptions, DriveSize) {
    let options = PlanOptions {
        mapping: mapping(),
        bare: false,
        as_many_as_needed: false,
    };
    let serial = super::built::SERIAL.to_owned();
    (
        options,
        DriveSize {
            serial,
            bytes: disk_bytes,
            sector,
            kept: None,
        },
    )
}

/// Returns what a plan and a layout say about the same files and drive: bytes missing, 0 when they
/// fit.
fn both(disk_bytes: u64, sector: SectorSize, entries: &[(&str, u64)]) -> (u64, u64) {
    let (options, size) = one_drive(disk_bytes, sector);
    let planned = match fit(&listing(entries), &options, &[size]) {
        Ok(_) => 0,
        Err(
            FitError::DoesNotFit { missing_bytes, .. }
            | FitError::FileTooLarge { missing_bytes, .. },
        ) => missing_bytes,
        Err(error) => panic!("{error}"),
    };
    let recipe = Recipe::new(disk_bytes, sector, entries);
    let spec = recipe.spec(DriveIds::derive(&[7; 32]));
    let laid_out = match DriveLayout::new(spec, &recipe.listing, &recipe.entries, &recipe.mapping) {
        Ok(_) => 0,
        Err(DriveLayoutError::DoesNotFit { missing_bytes, .. }) => missing_bytes,
        Err(error) => panic!("{error}"),
    };
    (planned, laid_out)
}

#[test]
fn a_drive_is_filled_to_the_last_cluster_and_not_one_more() {
    for sector in SECTORS {
        for disk_bytes in [64 * MIB, 100 * MIB, 1000 * MIB] {
            let (options, size) = one_drive(disk_bytes, sector);
            let small = listing(&[("a", 4096)]);
            let plan = fit(&small, &options, std::slice::from_ref(&size)).expect("fits");
            let room = plan.drives[0].capacity_bytes - plan.drives[0].used_bytes;
            // A longer file has a longer manifest too.
            let too_long = both(disk_bytes, sector, &[("a", 4096 + room)]).0;
            let exact = 4096 + room - too_long;
            assert_eq!(both(disk_bytes, sector, &[("a", exact)]), (0, 0));
            let full = fit(&listing(&[("a", exact)]), &options, &[size]).expect("fits");
            assert_eq!(full.drives[0].used_bytes, full.drives[0].capacity_bytes);
            let (planned, laid_out) = both(disk_bytes, sector, &[("a", exact + 1)]);
            assert_eq!(planned, laid_out);
            assert!((1..=4096).contains(&planned), "{planned}");
        }
    }
}

#[test]
fn what_is_far_too_large_is_refused_with_what_is_missing() {
    let (planned, laid_out) = both(
        64 * MIB,
        SectorSize::B512,
        &[("a", 1 << 40), ("b", 1 << 50)],
    );
    assert!(planned > 1 << 49 && laid_out > 1 << 49);
}

#[test]
fn many_drives_are_proven_each_and_none_is_wasted() {
    let mut listing = Listing::new();
    for number in 0..4000_u64 {
        let path = format!("cam{}/roll{}/clip{number:05}.mov", number % 3, number % 40);
        listing
            .push(
                &path,
                10_000 + number * 977 % 200_000,
                ntfs_image::FileTime(0),
                Kind::File,
            )
            .expect("few");
    }
    let (mut options, mut size) = one_drive(100 * MIB, SectorSize::B512);
    options.as_many_as_needed = true;
    size.serial = "100MiB".to_owned();
    let plan = fit(&listing, &options, &[size]).expect("fits");
    assert!(
        plan.proven && plan.drives.len() > 4,
        "{} drives, {}",
        plan.drives.len(),
        plan.why
    );
    assert_eq!(plan.drives[1].serial, "100MiB-2");
    for drive in &plan.drives {
        let mut recipe = Recipe::new(drive.disk_bytes, drive.sector, &[]);
        recipe.listing = listing.clone();
        recipe.entries.clone_from(&drive.entries);
        let mut spec = recipe.spec(DriveIds::derive(&[7; 32]));
        spec.serial.clone_from(&drive.serial);
        let layout = DriveLayout::new(spec, &recipe.listing, &recipe.entries, &recipe.mapping)
            .expect("planned");
        assert_eq!(layout.ntfs().used_bytes(), drive.used_bytes);
        assert!(drive.used_bytes <= drive.capacity_bytes);
    }
}

#[test]
fn headroom_is_left_free() {
    for (disk_bytes, headroom) in [(64 * MIB, 32_768), (8_001_563_222_016, 256 * MIB)] {
        let space = Space::new(disk_bytes, SectorSize::B512).expect("large enough");
        assert_eq!(space.headroom_bytes(), headroom);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn segments_cover_every_drive_once(
        mib in prop_oneof![64_u64..300, 1_000_u64..20_000_000],
        odd in 0_u64..256,
        large_sectors in any::<bool>(),
        lengths in prop::collection::vec(0_u64..3_000_000, 0..40),
    ) {
        let sector = SECTORS[usize::from(large_sectors)];
        let paths: Vec<String> = (0..lengths.len()).map(|n| format!("f{}/x{n}", n % 5)).collect();
        let entries: Vec<_> = paths.iter().map(String::as_str).zip(lengths).take_while({
            let mut sum = 0;
            move |(_, bytes)| { sum += bytes; sum < 20 * MIB }
        }).collect();
        covers_once(&Recipe::new(mib * MIB + odd * 4096, sector, &entries).layout());
    }

    #[test]
    fn a_plan_fits_exactly_when_its_layout_succeeds(
        large_sectors in any::<bool>(),
        small in 0_usize..400,
        small_bytes in 0_u64..6000,
        missing in -40_000_i64..40_000,
    ) {
        let sector = SECTORS[usize::from(large_sectors)];
        let disk_bytes = 64 * MIB;
        let paths: Vec<String> = (0..small).map(|n| format!("folder-{}/some file {n:04}", n % 3)).collect();
        let mut entries: Vec<_> = paths.iter().map(|path| (path.as_str(), small_bytes)).collect();
        entries.push(("big", 0));
        let (options, size) = one_drive(disk_bytes, sector);
        let plan = fit(&listing(&entries), &options, &[size]).expect("fits");
        let room = plan.drives[0].capacity_bytes - plan.drives[0].used_bytes;
        entries.last_mut().expect("big").1 = room.saturating_add_signed(missing);
        let (planned, laid_out) = both(disk_bytes, sector, &entries);
        prop_assert_eq!(planned == 0, laid_out == 0);
    }
}
