//! Segments and rendering agree with each other whatever the tree and the reserved extents.

use disk::{ReadAt, SectorSize};
use ntfs_image::{Content, LayoutError, Node, NtfsLayout, VolumeSpec};
use proptest::prelude::*;

use crate::sample::{self, content, in_memory, random_tree};

/// A volume of a size, with up to three reserved extents, as the numbers decide.
pub(crate) fn random_spec(sector: SectorSize, mib: u64, extents: &[(u64, u64)]) -> VolumeSpec {
    let mut spec = sample::spec(mib << 20, sector);
    let mut next = 16_384;
    for &(gap, bytes) in extents {
        let at = next + gap * 4096;
        sample::reserve(&mut spec, &[(at, bytes)]);
        next = (at + bytes).next_multiple_of(4096);
    }
    for (number, file) in spec.reserved.iter_mut().enumerate() {
        file.name = format!("area {number}");
    }
    spec
}

pub(crate) fn extents() -> impl Strategy<Value = Vec<(u64, u64)>> {
    proptest::collection::vec((0..600_u64, 1..70_000_u64), 0..4)
}

pub(crate) fn sectors() -> impl Strategy<Value = SectorSize> {
    prop_oneof![Just(SectorSize::B512), Just(SectorSize::B4096)]
}

fn layout(spec: VolumeSpec, seed: u64) -> NtfsLayout {
    NtfsLayout::new(spec, random_tree(seed, 400)).expect("it fits")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn segments_cover_the_volume_once(
        sector in sectors(), extents in extents(), seed in any::<u64>()
    ) {
        let spec = random_spec(sector, 32, &extents);
        let layout = layout(spec.clone(), seed);
        let mut next = 0;
        let mut file_bytes = vec![0; usize::try_from(layout.tree().node_count()).unwrap()];
        let mut reserved = 0;
        for segment in layout.segments() {
            prop_assert_eq!(segment.at, next);
            prop_assert!(segment.bytes > 0 && segment.bytes % sector.bytes() == 0);
            next += segment.bytes;
            match segment.what {
                Content::FileData { file, from } => {
                    let before = &mut file_bytes[usize::try_from(file.0).unwrap()];
                    prop_assert_eq!(from, *before);
                    *before += segment.bytes;
                }
                Content::Reserved { index } => {
                    reserved += 1;
                    let file = &spec.reserved[index];
                    let end = (file.at + file.bytes).next_multiple_of(sector.bytes());
                    prop_assert_eq!((segment.at, segment.at + segment.bytes), (file.at, end));
                }
                _ => {}
            }
        }
        prop_assert_eq!(next, spec.bytes);
        prop_assert_eq!(reserved, spec.reserved.len());
        for (node, bytes) in (0..).map(Node).zip(file_bytes) {
            let expected = if layout.tree().is_folder(node) || layout.is_resident(node) {
                0
            } else {
                layout.tree().bytes(node).next_multiple_of(4096)
            };
            prop_assert_eq!(bytes, expected);
        }
        let first = layout.segments().next().map(|segment| (segment.what, segment.bytes >= 8192));
        prop_assert_eq!(first, Some((Content::Metadata, true)));
        let last = layout.segments().last().map(|segment| segment.what);
        prop_assert_eq!(last, Some(Content::Metadata));
    }

    #[test]
    fn used_and_free_bytes_are_those_of_the_segments(
        sector in sectors(), extents in extents(), seed in any::<u64>()
    ) {
        let layout = layout(random_spec(sector, 32, &extents), seed);
        let free: u64 = layout
            .segments()
            .filter(|segment| segment.what == Content::Free)
            .map(|segment| segment.bytes)
            .sum();
        prop_assert_eq!(layout.free_bytes(), free);
        let clusters = (layout.spec().bytes - sector.bytes()) / 4096;
        prop_assert_eq!(layout.used_bytes() + layout.free_bytes(), clusters * 4096);
    }

    #[test]
    fn any_range_renders_the_same_bytes(
        sector in sectors(),
        extents in extents(),
        seed in any::<u64>(),
        ranges in proptest::collection::vec((0..8_000_000_u64, 1..20_000_usize), 1..20),
    ) {
        let layout = layout(random_spec(sector, 16, &extents), seed);
        let mut whole = vec![0; usize::try_from(layout.spec().bytes).unwrap()];
        layout.render(0, &mut whole, &mut |file, slot| content(file, 0, slot));
        for (at, bytes) in ranges {
            let mut part = vec![7; bytes];
            layout.render(at, &mut part, &mut |file, slot| content(file, 0, slot));
            let at = usize::try_from(at).unwrap();
            prop_assert!(part == whole[at..at + bytes]);
        }
    }

    #[test]
    fn the_resident_files_of_a_range_are_those_that_render_asks_for(
        sector in sectors(), extents in extents(), seed in any::<u64>(), first in 0..300_u64, pages in 1..300_usize
    ) {
        let layout = layout(random_spec(sector, 16, &extents), seed);
        let mut part = vec![0; pages * 4096];
        let mut asked = Vec::new();
        layout.render(first * 4096, &mut part, &mut |file, slot| {
            asked.push((file, u64::try_from(slot.len()).unwrap()));
        });
        let told: Vec<_> = layout
            .resident_files(first * 4096, u64::try_from(part.len()).unwrap())
            .map(|file| (file, layout.tree().bytes(file)))
            .collect();
        prop_assert_eq!(asked, told);
    }
}

#[test]
fn twins_are_refused() {
    let mut tree = random_tree(1, 10);
    let folder = sample::add_folder(&mut tree, Node(0), "folder");
    sample::add_file(&mut tree, folder, "Stra\u{df}e \u{e9}", 1);
    sample::add_file(&mut tree, folder, "other", 1);
    sample::add_file(&mut tree, folder, "sTRA\u{df}E \u{c9}", 1);
    let refused = NtfsLayout::new(sample::spec(64 << 20, SectorSize::B512), tree);
    let Err(LayoutError::CaseTwins { folder: found, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(found, folder);
}

#[test]
fn the_boot_sector_has_a_copy_in_the_last_sector() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let layout = NtfsLayout::new(sample::spec(16 << 20, sector), random_tree(5, 20)).unwrap();
        let disk = in_memory(&layout);
        let (mut first, mut last) = ([0; 512], [1; 512]);
        disk.read_at(0, &mut first).unwrap();
        disk.read_at((16 << 20) - sector.bytes(), &mut last)
            .unwrap();
        assert_eq!(first, last);
    }
}
