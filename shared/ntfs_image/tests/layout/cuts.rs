//! Reserved extents in the way of everything.

use disk::SectorSize;
use ntfs_image::{LayoutError, NtfsLayout, Tree, VolumeSpec};

use crate::foreign;
use crate::sample::{self, add_file, assert_clean, in_memory, listing};

/// 16 reserved clusters, one every `distance` clusters.
fn spec(first: u64, distance: u64) -> VolumeSpec {
    let mut spec = sample::spec(64 << 20, SectorSize::B512);
    let extents: Vec<_> = (0..16)
        .map(|number| ((first + number * distance) * 4096, 4096))
        .collect();
    sample::reserve(&mut spec, &extents);
    spec
}

fn tree(folder_name: &str, files: u64) -> Tree {
    let mut tree = Tree::new();
    let folder = sample::add_folder(&mut tree, Tree::ROOT, folder_name);
    for number in 0..files {
        let name = format!("{number:05}{}", "n".repeat(250));
        add_file(&mut tree, folder, &name, number % 240);
    }
    add_file(&mut tree, Tree::ROOT, &"d".repeat(255), 3_000_000);
    tree
}

#[test]
fn wherever_reserved_extents_lie_the_volume_is_clean() {
    for (first, distance) in [(2, 2), (3, 17), (200, 12), (900, 45), (4, 999)] {
        let layout = NtfsLayout::new(spec(first, distance), tree("folder", 700)).expect("it fits");
        let disk = in_memory(&layout);
        assert_clean(&disk, &layout);
        let (found, _) = foreign::walk(disk);
        assert!(found == listing(&layout));
    }
}

#[test]
fn a_folder_whose_record_cannot_hold_the_pieces_of_its_index_is_refused() {
    let refused = NtfsLayout::new(spec(5100, 200), tree(&"F".repeat(255), 20_000));
    assert!(
        matches!(refused, Err(LayoutError::FolderRecordFull { .. })),
        "{:?}",
        refused.err()
    );
    assert!(NtfsLayout::new(spec(5100, 200), tree("folder", 20_000)).is_ok());
}
