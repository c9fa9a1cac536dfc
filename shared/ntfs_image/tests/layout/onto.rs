//! A further tree onto a volume that exists: until its last pages are written the volume is what it was, and then it
//! holds both.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use disk::{MemDisk, ReadAt, SectorSize, WriteAt};
use ntfs_image::check::check;
use ntfs_image::read::{FileId, Place, Volume};
use ntfs_image::{AmendError, Change, ChangeBytes, Content, Ground, LayoutError, Node};
use ntfs_image::{NtfsLayout, Tree};
use proptest::prelude::*;

use crate::foreign;
use crate::oracles::{assert_checkers_pass, hard_layout, mounted, python};
use crate::sample::{
    self, Listing, add_file, add_folder, content, grow, in_memory, listing, path, random_tree,
    whole_content,
};
use crate::segments::{extents, random_spec, sectors};
use crate::support::{Image, have, run};

/// A volume that exists, and what is to come onto it.
struct Onto {
    disk: MemDisk,
    planned: NtfsLayout,
    /// What is left of it.
    layout: NtfsLayout,
    changes: Vec<Change>,
}

const MANIFEST: &str = "manifest";

impl Onto {
    /// Lays `tree` onto `first`; the files for which `out` is true turn out not to come.
    fn new(first: &NtfsLayout, mut disk: MemDisk, tree: Tree, out: &dyn Fn(Node) -> bool) -> Self {
        let ground = Ground::read(&Volume::open(&disk).unwrap()).unwrap();
        let planned = NtfsLayout::onto(first.spec().clone(), ground, tree).unwrap();
        let layout = planned.without(out, None).unwrap();
        let volume = Volume::open(&disk).unwrap();
        let changes = layout.amendment(&volume, &[MANIFEST]).unwrap();
        sample::write(&planned, &mut disk);
        for range in planned.differences(&layout) {
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
            layout.render(range.start, &mut bytes, &mut |file, slot| {
                content(file, 0, slot);
            });
            disk.write_at(range.start, &bytes).unwrap();
        }
        Self {
            disk,
            planned,
            layout,
            changes,
        }
    }

    fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>) {
        for change in changes {
            apply(change, &mut self.disk);
        }
    }
}

fn apply(change: &Change, disk: &mut MemDisk) {
    let bytes = match &change.bytes {
        ChangeBytes::Bytes(bytes) => bytes.clone(),
        ChangeBytes::Ones(count) => vec![0xff; usize::try_from(*count).unwrap()],
    };
    assert!(change.at.is_multiple_of(4096) && bytes.len().is_multiple_of(4096));
    disk.write_at(change.at, &bytes).unwrap();
}

fn bytes_of(disk: &MemDisk) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(disk.bytes()).unwrap()];
    disk.read_at(0, &mut bytes).unwrap();
    bytes
}

/// Every file of a layout with its bytes.
fn files(layout: &NtfsLayout) -> BTreeMap<String, Vec<u8>> {
    let tree = layout.tree();
    let nodes = (1..tree.node_count()).map(Node);
    nodes
        .filter(|node| !tree.is_folder(*node) && !layout.is_left_out(*node))
        .map(|node| (path(tree, node), whole_content(node, tree.bytes(node))))
        .collect()
}

/// What both have; the second one's manifest stands for the first one's.
fn both(first: &NtfsLayout, second: &NtfsLayout) -> (Listing, BTreeMap<String, Vec<u8>>) {
    let (mut names, mut contents) = (listing(first), files(first));
    names.extend(listing(second));
    contents.extend(files(second));
    (names, contents)
}

fn second_tree(seed: u64, nodes: u64) -> Tree {
    let mut tree = Tree::new();
    let top = add_folder(&mut tree, Tree::ROOT, "second session");
    grow(&mut tree, top, seed, nodes);
    add_file(&mut tree, Tree::ROOT, MANIFEST, 31_000);
    tree
}

fn out_of(part: u64, share: u64) -> impl Fn(Node) -> bool {
    move |node| {
        let mixed = (u64::from(node.0) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        mixed % 8 < share
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_tree_comes_onto_any_volume_and_what_was_there_stays(
        sector in sectors(),
        extents in extents(),
        seeds in any::<(u64, u64)>(),
        parts in any::<(u64, u64)>(),
        shares in (0..4_u64, 0..4_u64),
    ) {
        let mut tree = random_tree(seeds.0, 600);
        let manifest = add_file(&mut tree, Tree::ROOT, MANIFEST, 20_000);
        let whole = NtfsLayout::new(random_spec(sector, 96, &extents), tree).unwrap();
        let out = out_of(parts.0, shares.0);
        let first = whole.without(&|node| node != manifest && out(node), None).unwrap();
        let before = in_memory(&first);
        let tree = second_tree(seeds.1, 600);
        let manifest = Node(tree.node_count() - 1);
        let out = out_of(parts.1, shares.1);
        let mut onto = Onto::new(&first, before.clone(), tree, &|node| {
            tree_node_may_go(node, manifest) && out(node)
        });

        // Nothing that is in use was touched: every reader still finds the first session.
        let report = check(&onto.disk, 20).unwrap();
        prop_assert!(report.is_clean(), "{:#?}", report.findings);
        let (names, contents) = foreign::walk(&onto.disk);
        prop_assert!(names == listing(&first) && contents == files(&first));
        let (old, new) = (bytes_of(&before), bytes_of(&onto.disk));
        for segment in onto.planned.segments() {
            if segment.what == Content::Kept {
                let range = usize::try_from(segment.at).unwrap()
                    ..usize::try_from(segment.at + segment.bytes).unwrap();
                prop_assert!(old[range.clone()] == new[range]);
            }
        }

        // Any part of the changes, then all of them, in any state.
        let changes = onto.changes.clone();
        let some = |number: usize| parts.0 >> (number % 64) & 1 == 1;
        onto.apply(changes.iter().enumerate().filter(|(n, _)| some(*n)).map(|(_, change)| change));
        onto.apply(&changes);
        let after = bytes_of(&onto.disk);
        onto.apply(changes.iter().rev());
        prop_assert!(bytes_of(&onto.disk) == after);
        let report = check(&onto.disk, 20).unwrap();
        prop_assert!(report.is_clean(), "{:#?}", report.findings);
        let (names, contents) = foreign::walk(&onto.disk);
        let (all_names, all_contents) = both(&first, &onto.layout);
        prop_assert!(names == all_names, "found {names:?}, expected {all_names:?}");
        prop_assert!(contents == all_contents);
    }
}

fn tree_node_may_go(node: Node, manifest: Node) -> bool {
    node != manifest && node != Node(1)
}

/// Everything hard on a volume, then a second session with a large folder, then a third.
fn thrice(sector: SectorSize) -> (MemDisk, Listing, BTreeMap<String, Vec<u8>>) {
    let first = hard_layout(sector, 2_000);
    let mut tree = Tree::new();
    let top = add_folder(&mut tree, Tree::ROOT, "second session");
    for number in 0..3000 {
        let bytes = [0, 100, 5000, 70_000][usize::try_from(number % 4).unwrap()];
        add_file(
            &mut tree,
            top,
            &format!("file {number} of a large folder"),
            bytes,
        );
    }
    add_file(&mut tree, Tree::ROOT, "some megabytes 3", 9_000_000);
    let ground = |disk: &MemDisk| Ground::read(&Volume::open(disk).unwrap()).unwrap();
    let mut disk = in_memory(&first);
    let mut names = listing(&first);
    let mut contents = files(&first);
    let mut third = Tree::new();
    let top = add_folder(&mut third, Tree::ROOT, "third session");
    grow(&mut third, top, 5, 900);
    for number in 0..200 {
        add_file(
            &mut third,
            Tree::ROOT,
            &format!("root {number} {}", "r".repeat(200)),
            number,
        );
    }
    for (tree, replaced) in [(tree, vec!["some megabytes 3"]), (third, vec![])] {
        let layout = NtfsLayout::onto(first.spec().clone(), ground(&disk), tree).unwrap();
        let changes = layout
            .amendment(&Volume::open(&disk).unwrap(), &replaced)
            .unwrap();
        sample::write(&layout, &mut disk);
        for change in &changes {
            apply(change, &mut disk);
        }
        names.extend(listing(&layout));
        contents.extend(files(&layout));
    }
    (disk, names, contents)
}

fn image_of(disk: &MemDisk) -> Image {
    let image = Image::blank(disk.bytes());
    fs::write(image.path(), bytes_of(disk)).unwrap();
    image
}

const SECTORS: [SectorSize; 2] = [SectorSize::B512, SectorSize::B4096];

#[test]
fn other_programs_read_every_session_and_their_checkers_find_nothing() {
    if !have(&[
        "ntfs-3g",
        "fusermount",
        "ntfsfix",
        "ntfsresize",
        "fls",
        "7z",
    ]) {
        return;
    }
    for sector in SECTORS {
        let (disk, names, contents) = thrice(sector);
        let report = check(&disk, 20).unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        let image = image_of(&disk);
        let (found, bytes) = mounted(&image.mount("ro").at);
        assert!(found == names);
        assert!(bytes == contents);
        assert_checkers_pass(&image);
        let listed = run(
            "fls",
            &["-r".as_ref(), "-p".as_ref(), image.path().as_os_str()],
        );
        for (path, bytes) in &names {
            let kind = if bytes.is_some() { "r/r" } else { "d/d" };
            let ends = format!(":\t{path}");
            let found = listed
                .lines()
                .any(|line| line.starts_with(kind) && line.ends_with(&ends));
            assert!(found, "{path}");
        }
        if sector == SectorSize::B512 {
            let said = run("7z", &["t".as_ref(), image.path().as_os_str()]);
            assert!(said.contains("Everything is Ok"), "{said}");
            let mut volume = fs_ntfs::fsck::PathIo::open(&image.path()).expect("it opens");
            let report = fs_ntfs::fsck::check_io(&mut volume).expect("it reads");
            assert!(report.findings.is_empty(), "{:?}", report.findings);
        }
    }
}

#[test]
fn ntfs_3g_goes_on_writing_where_two_sessions_were_added() {
    if !have(&["ntfs-3g", "fusermount", "ntfsfix", "ntfsresize"]) {
        return;
    }
    let (disk, _, contents) = thrice(SectorSize::B512);
    let image = image_of(&disk);
    {
        let mount = image.mount("rw");
        for number in 0..500 {
            fs::write(
                mount.at.join(format!("written later {number}")),
                vec![7; 3000],
            )
            .unwrap();
        }
        fs::remove_file(mount.at.join("second session/file 8 of a large folder")).unwrap();
    }
    let (_, bytes) = mounted(&image.mount("ro").at);
    for (path, expected) in contents {
        if path != "second session/file 8 of a large folder" {
            assert!(bytes.get(&path) == Some(&expected), "{path}");
        }
    }
    assert_checkers_pass(&image);
}

#[test]
fn dissect_and_libfsntfs_read_every_file_of_every_session() {
    let Some(python) = python() else {
        return;
    };
    for sector in SECTORS {
        let (disk, _, contents) = thrice(sector);
        let image = image_of(&disk);
        let mut expected = String::new();
        for (path, bytes) in &contents {
            let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
            expected.push_str(&format!("{path}\t{}\t{sum}\n", bytes.len()));
        }
        let list = image.path().with_extension("expected");
        fs::write(&list, expected).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout/read_volume.py");
        let said = Command::new(&python)
            .args([script, image.path(), list])
            .output()
            .expect("python starts");
        let text = String::from_utf8_lossy(&said.stdout);
        let trouble = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{text}{trouble}");
    }
}

#[test]
fn what_cannot_be_added_is_refused_with_the_reason() {
    let first = NtfsLayout::new(sample::spec(64 << 20, SectorSize::B512), random_tree(9, 50));
    let first = first.unwrap();
    let disk = in_memory(&first);
    let volume = Volume::open(&disk).unwrap();
    let ground = Ground::read(&volume).unwrap();
    let onto = |tree| NtfsLayout::onto(first.spec().clone(), ground.clone(), tree);
    let taken = (1..first.tree().node_count())
        .map(Node)
        .find(|node| first.tree().parent(*node) == Tree::ROOT);
    let taken = first.tree().name(taken.unwrap()).to_uppercase();
    let mut tree = Tree::new();
    add_file(&mut tree, Tree::ROOT, &taken, 1);
    let refused = onto(tree).unwrap().amendment(&volume, &[]);
    assert!(
        matches!(refused, Err(AmendError::NameTaken { .. })),
        "{refused:?}"
    );
    let mut tree = Tree::new();
    add_file(&mut tree, Tree::ROOT, "new", 1);
    let refused = onto(tree.clone())
        .unwrap()
        .amendment(&volume, &["not there"]);
    assert!(
        matches!(refused, Err(AmendError::NotThere { .. })),
        "{refused:?}"
    );
    let mut large = tree.clone();
    add_file(&mut large, Tree::ROOT, "large", 64 << 20);
    let Err(LayoutError::DoesNotFit { missing_bytes, .. }) = onto(large) else {
        panic!("it does not fit");
    };
    let mut fits = tree.clone();
    add_file(&mut fits, Tree::ROOT, "large", (64 << 20) - missing_bytes);
    let layout = onto(fits).unwrap();
    assert!(layout.free_bytes() < 4096, "{}", layout.free_bytes());
    // Another volume is not written to.
    let other = NtfsLayout::new(
        sample::spec(64 << 20, SectorSize::B512),
        random_tree(3, 900),
    );
    let other = in_memory(&other.unwrap());
    let layout = onto(tree).unwrap();
    let refused = layout.amendment(&Volume::open(&other).unwrap(), &[]);
    assert!(
        matches!(refused, Err(AmendError::Unlike { .. })),
        "{refused:?}"
    );
    // Nor is this one, once somebody took clusters that were free.
    let bitmap = FileId {
        record: 6,
        sequence: 0,
    };
    let bitmap = volume.open_file(bitmap).unwrap();
    let Place::At(at) = bitmap.extents()[0].place else {
        panic!("$Bitmap has clusters of its own")
    };
    let cluster = ground.free.last().unwrap().end - 8;
    let mut changed = disk.clone();
    changed.write_at(at + cluster / 8, &[0xff]).unwrap();
    let refused = layout.amendment(&Volume::open(&changed).unwrap(), &[]);
    assert!(
        matches!(refused, Err(AmendError::Unlike { .. })),
        "{refused:?}"
    );
    assert!(layout.amendment(&volume, &[]).is_ok());
}
