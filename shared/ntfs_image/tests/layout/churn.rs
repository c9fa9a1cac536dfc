//! A foreign driver changes a volume of ours and still finds it consistent: its tree splits and merges our index
//! blocks, its allocators trust our bitmaps.

use std::fs;
use std::path::Path;

use disk::SectorSize;
use ntfs_image::check::check;
use ntfs_image::{Node, NtfsLayout};

use crate::oracles::{assert_checkers_pass, hard_layout, image_of, mounted};
use crate::sample::{listing, whole_content};
use crate::support::have;

const TOOLS: [&str; 4] = ["ntfs-3g", "fusermount", "ntfsfix", "ntfsresize"];

/// Deletes, renames and creates hundreds of files; returns the paths that are left as they were.
fn churn(at: &Path) {
    let many = at.join("many");
    let mut names: Vec<_> = fs::read_dir(&many)
        .expect("the large folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    for name in names.iter().step_by(3).take(600) {
        fs::remove_file(many.join(name)).expect("deleted");
    }
    for (number, name) in names.iter().skip(1).step_by(3).take(300).enumerate() {
        let to = format!("Renamed {number} {}", "r".repeat(number % 200));
        fs::rename(many.join(name), many.join(to)).expect("renamed");
    }
    for number in 0..600_usize {
        let name = format!("Entry {number} created by another driver");
        fs::write(many.join(name), vec![7; number * 13]).expect("created");
    }
    let folder = at.join("new folder");
    fs::create_dir(&folder).expect("created");
    for number in 0..200 {
        fs::create_dir(folder.join(format!("{number} folder"))).expect("created");
    }
    fs::remove_dir_all(at.join("F".repeat(255))).expect("deleted");
    fs::write(at.join("some megabytes 3"), vec![9; 12_000_000]).expect("overwritten");
}

#[test]
fn after_hundreds_of_changes_by_ntfs_3g_its_checkers_find_nothing() {
    if !have(&TOOLS) {
        return;
    }
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let layout = hard_layout(sector, 5_000);
        let image = image_of(&layout);
        churn(&image.mount("rw").at);
        assert_checkers_pass(&image);
        let report = check(&image.open(), 20).expect("a volume");
        assert!(report.is_clean(), "{:#?}", report.findings);
        let (found, contents) = mounted(&image.mount("ro").at);
        let tree = layout.tree();
        let untouched = listing(&layout).into_iter().filter(|(path, bytes)| {
            let touched = ["many", "F", "some megabytes 3"];
            bytes.is_some() && !touched.iter().any(|start| path.starts_with(start))
        });
        for (path, bytes) in untouched {
            assert_eq!(found.get(&path), Some(&bytes), "{path}");
        }
        for node in (1..tree.node_count()).map(Node) {
            let path = crate::sample::path(tree, node);
            let expected = || whole_content(node, tree.bytes(node));
            if path.starts_with("sizes/") {
                assert!(contents.get(&path) == Some(&expected()), "{path}");
            }
        }
        assert_eq!(
            found
                .keys()
                .filter(|path| path.starts_with("many/"))
                .count(),
            5_000
        );
    }
}

/// Half of the tree is left out: index blocks that were kept for it stay unused, and a foreign driver takes them into
/// use.
#[test]
fn a_mended_volume_survives_the_same_changes() {
    if !have(&TOOLS) {
        return;
    }
    let whole = hard_layout(SectorSize::B512, 5_000);
    let mended: NtfsLayout = whole
        .without(
            &|node| node.0 % 2 == 0 && !whole.tree().is_folder(node),
            None,
        )
        .expect("any part can be left out");
    let image = image_of(&mended);
    let (found, _) = mounted(&image.mount("ro").at);
    assert!(found == listing(&mended));
    assert_checkers_pass(&image);
    churn(&image.mount("rw").at);
    assert_checkers_pass(&image);
}
