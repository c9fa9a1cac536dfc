//! Volumes at the far end: a million names in one folder, clusters of 64 KiB.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use disk::SectorSize;
use ntfs_image::{NtfsLayout, Tree};

use crate::oracles::{assert_checkers_pass, mounted};
use crate::sample::{self, add_file, hard_tree, into_file, listing, random_tree};
use crate::support::{Image, have, skip};

#[test]
fn a_million_names_in_one_folder_are_listed_and_found() {
    if !have(&["ntfs-3g", "fusermount"]) {
        return;
    }
    const NAMES: u64 = 1_000_000;
    let name = |number: u64| format!("name {:07} in the folder", number * 7919 % 1_000_003);
    let mut tree = Tree::new();
    let folder = sample::add_folder(&mut tree, Tree::ROOT, "folder");
    for number in 0..NAMES {
        add_file(&mut tree, folder, &name(number), 0);
    }
    let layout = NtfsLayout::new(sample::spec(2 << 30, SectorSize::B512), tree).expect("it fits");
    let image = crate::oracles::image_of(&layout);
    let mount = image.mount("ro");
    let at = mount.at.join("folder");
    let mut missing: BTreeSet<String> = (0..NAMES).map(name).collect();
    for entry in fs::read_dir(&at).expect("the folder") {
        let name = entry.expect("an entry").file_name();
        let name = std::str::from_utf8(name.as_bytes()).expect("Unicode");
        assert!(missing.remove(name), "{name} is listed once");
    }
    assert_eq!(missing.len(), 0);
    for number in (0..NAMES).step_by(997) {
        assert!(
            fs::metadata(at.join(name(number))).is_ok(),
            "{}",
            name(number)
        );
    }
}

/// The image is sparse in memory, since no ordinary file system of ours holds a file that long.
#[test]
fn a_volume_of_129_tib_has_clusters_of_64_kib_and_is_clean() {
    if !have(&["ntfs-3g", "fusermount", "ntfsfix", "ntfsresize"]) {
        return;
    }
    if !Path::new("/dev/shm").is_dir() {
        return skip("no /dev/shm, which holds files of 129 TiB");
    }
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let mut spec = sample::spec(129 << 40, sector);
        sample::reserve(
            &mut spec,
            &[(0x210_0000, 65_536), (0x211_0000, 8192), (100 << 40, 1)],
        );
        let layout = NtfsLayout::new(spec, hard_tree(3_000)).expect("it fits");
        assert_eq!(layout.cluster_bytes(), 65_536);
        let memory = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
        let place = memory.path().join("volume.img");
        let file = File::create(&place).expect("a file in memory");
        file.set_len(layout.spec().bytes).expect("a sparse file");
        let image = Image::blank(0);
        fs::remove_file(image.path()).expect("an image that is not needed");
        symlink(&place, image.path()).expect("a link");
        into_file(&layout, &image.path());
        let (found, _) = mounted(&image.mount("ro").at);
        assert!(found == listing(&layout));
        assert_checkers_pass(&image);
    }
}

#[test]
fn every_cluster_size_up_to_64_kib_is_mended_like_the_others() {
    for (tib, cluster) in [(20, 8192), (40, 16_384), (80, 32_768), (129, 65_536)] {
        let spec = sample::spec(tib << 40, SectorSize::B512);
        let layout = NtfsLayout::new(spec, random_tree(9, 3_000)).expect("it fits");
        assert_eq!(layout.cluster_bytes(), cluster);
        let mended = layout
            .without(&|node| node.0 % 3 == 0, None)
            .expect("a part");
        assert!(mended.used_bytes() < layout.used_bytes());
        if cluster == 65_536 {
            sample::assert_clean(&sample::in_memory(&mended), &mended);
        }
        let covered: u64 = mended.segments().map(|segment| segment.bytes).sum();
        assert_eq!(covered, layout.spec().bytes);
    }
}
