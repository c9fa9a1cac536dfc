//! A volume without some of its files: what is left is whole, and only what had to be written again differs.

use disk::{MemDisk, ReadAt, WriteAt};
use ntfs_image::{Content, LayoutError, Node, NtfsLayout, Tree, cluster_bytes};
use proptest::prelude::*;

use crate::foreign;
use crate::sample::{
    self, add_file, content, in_memory, listing, path, random_tree, whole_content,
};
use crate::segments::{extents, random_spec, sectors};

/// Brings a disk that holds `layout` to the state of `mended`, as a drive is mended.
fn mend(layout: &NtfsLayout, mended: &NtfsLayout, disk: &mut MemDisk) {
    for range in layout.differences(mended) {
        assert!(range.start % 4096 == 0 || range.end == layout.spec().bytes);
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
        mended.render(range.start, &mut bytes, &mut |file, slot| {
            content(file, 0, slot);
        });
        disk.write_at(range.start, &bytes).unwrap();
    }
    for range in layout.freed(mended) {
        let zeros = vec![0; usize::try_from(range.end - range.start).unwrap()];
        disk.write_at(range.start, &zeros).unwrap();
    }
}

fn all_bytes(disk: &impl ReadAt) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(disk.bytes()).unwrap()];
    disk.read_at(0, &mut bytes).unwrap();
    bytes
}

/// Compares everything that the `ntfs` crate finds with what is left of the tree.
fn assert_lists_what_is_left(disk: &MemDisk, mended: &NtfsLayout, resized: Option<(Node, u64)>) {
    let (found, contents) = foreign::walk(disk);
    let mut expected = listing(mended);
    let tree = mended.tree();
    if let Some((file, bytes)) = resized {
        expected.insert(path(tree, file), Some(bytes));
    }
    assert!(found == expected, "found {found:?}, expected {expected:?}");
    for node in (1..tree.node_count()).map(Node) {
        let Some(bytes) = contents.get(&path(tree, node)) else {
            continue;
        };
        let length = u64::try_from(bytes.len()).unwrap();
        assert!(
            *bytes == whole_content(node, length),
            "{}",
            path(tree, node)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_part_of_any_tree_is_a_whole_volume(
        sector in sectors(),
        extents in extents(),
        seed in any::<u64>(),
        part in any::<u64>(),
        share in 0..=8_u32,
        shorter in proptest::option::of(0..3_u64),
    ) {
        let mut tree = random_tree(seed, 600);
        let manifest = add_file(&mut tree, Tree::ROOT, "manifest", 20_000);
        let layout = NtfsLayout::new(random_spec(sector, 48, &extents), tree).unwrap();
        let out = |node: Node| {
            let mixed = (u64::from(node.0) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            node != manifest && mixed % 8 < u64::from(share)
        };
        let resized = shorter.map(|clusters| (manifest, clusters * 7000 + 10));
        let mended = layout.without(&out, resized).unwrap();

        let mut disk = in_memory(&layout);
        mend(&layout, &mended, &mut disk);
        // What was cut from the manifest's last cluster is not metadata: whoever writes the new manifest writes zeros
        // there.
        let fresh = in_memory(&mended);
        if resized.is_none() {
            prop_assert!(all_bytes(&disk) == all_bytes(&fresh));
        }
        sample::assert_clean(&disk, &mended);
        assert_lists_what_is_left(&disk, &mended, resized);

        let freed: u64 = layout.freed(&mended).map(|range| range.end - range.start).sum();
        prop_assert!(mended.free_bytes() >= layout.free_bytes() + freed);
        let borders = |layout: &NtfsLayout| -> Vec<_> {
            let metadata = layout.segments().filter(|segment| segment.what == Content::Metadata);
            metadata.map(|segment| (segment.at, segment.bytes)).collect()
        };
        prop_assert_eq!(borders(&layout), borders(&mended));
    }
}

#[test]
fn leaving_out_twice_is_leaving_out_both() {
    let spec = sample::spec(32 << 20, disk::SectorSize::B512);
    let layout = NtfsLayout::new(spec, random_tree(77, 2000)).unwrap();
    let once = layout.without(&|node| node.0 % 5 == 1, None).unwrap();
    let twice = once.without(&|node| node.0 % 7 == 1, None).unwrap();
    let both = layout
        .without(&|node| node.0 % 5 == 1 || node.0 % 7 == 1, None)
        .unwrap();
    assert!(all_bytes(&in_memory(&twice)) == all_bytes(&in_memory(&both)));
    let mut disk = in_memory(&layout);
    mend(&layout, &once, &mut disk);
    mend(&once, &twice, &mut disk);
    assert!(all_bytes(&disk) == all_bytes(&in_memory(&both)));
}

#[test]
fn nothing_left_out_means_nothing_differs() {
    let spec = sample::spec(32 << 20, disk::SectorSize::B512);
    let layout = NtfsLayout::new(spec, random_tree(5, 500)).unwrap();
    let same = layout.without(&|_| false, None).unwrap();
    assert_eq!(layout.differences(&same).count(), 0);
    assert_eq!(layout.freed(&same).count(), 0);
}

#[test]
fn a_folder_takes_everything_below_it_along() {
    let mut tree = Tree::new();
    let folder = sample::add_folder(&mut tree, Tree::ROOT, "folder");
    let below = sample::add_folder(&mut tree, folder, "below");
    let file = add_file(&mut tree, below, "file", 9000);
    let spec = sample::spec(32 << 20, disk::SectorSize::B512);
    let layout = NtfsLayout::new(spec, tree).unwrap();
    let mended = layout.without(&|node| node == folder, None).unwrap();
    assert!(mended.is_left_out(file));
    assert!(listing(&mended).is_empty());
    assert_eq!(mended.free_bytes(), layout.free_bytes() + 3 * 4096);
}

#[test]
fn only_a_file_that_stays_gets_shorter() {
    let mut tree = Tree::new();
    let folder = sample::add_folder(&mut tree, Tree::ROOT, "folder");
    let file = add_file(&mut tree, folder, "file", 9000);
    let spec = sample::spec(32 << 20, disk::SectorSize::B512);
    let layout = NtfsLayout::new(spec, tree).unwrap();
    let resize = |node, bytes, out| layout.without(&|node| node == out, Some((node, bytes)));
    assert!(resize(file, 9000, Node(9)).is_ok());
    for refused in [
        resize(file, 9001, Node(9)),
        resize(folder, 0, Node(9)),
        resize(file, 1, file),
    ] {
        assert!(matches!(refused, Err(LayoutError::Resize { .. })));
    }
    let shorter = resize(file, 0, Node(9)).unwrap();
    assert_eq!(
        shorter.free_bytes(),
        layout.free_bytes() + 2 * cluster_bytes(32 << 20, disk::SectorSize::B512)
    );
}
