//! Other people's programs read what we laid out, and find nothing wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use disk::SectorSize;
use ntfs_image::{Node, NtfsLayout};

use crate::foreign;
use crate::sample::{self, Listing, hard_tree, into_file, listing, whole_content};
use crate::support::{Image, have, run, skip};

/// A volume with everything hard on it, some of it cut by reserved extents.
pub(crate) fn hard_layout(sector: SectorSize, large_folder: u32) -> NtfsLayout {
    let mut spec = sample::spec(512 << 20, sector);
    // In $MFT, among index blocks, in a file's data (twice, adjacent), at the very end.
    let extents = [
        (1 << 20, 65_536),
        (40 << 20, 65_536),
        ((40 << 20) + 65_536, 8192),
        ((40 << 20) + 73_728, 65_536),
        (100 << 20, 4096),
        ((512 << 20) - 65_536, 4096),
    ];
    sample::reserve(&mut spec, &extents);
    NtfsLayout::new(spec, hard_tree(large_folder)).expect("it fits")
}

pub(crate) fn image_of(layout: &NtfsLayout) -> Image {
    let image = Image::blank(layout.spec().bytes);
    into_file(layout, &image.path());
    image
}

/// Runs all checkers that are there; none may find anything. Returns what ntfsresize says.
pub(crate) fn assert_checkers_pass(image: &Image) -> String {
    let path = image.path();
    let fixed = run("ntfsfix", &["-n".as_ref(), path.as_os_str()]);
    assert!(fixed.contains("processed successfully"), "{fixed}");
    let sized = run(
        "ntfsresize",
        &["-i".as_ref(), "-f".as_ref(), path.as_os_str()],
    );
    assert!(sized.contains("You might resize at"), "{sized}");
    sized
}

/// Lists a mounted volume without NTFS's own folder, with every file's content.
pub(crate) fn mounted(at: &Path) -> (Listing, BTreeMap<String, Vec<u8>>) {
    let mut found = (Listing::new(), BTreeMap::new());
    mounted_folder(at, "", &mut found);
    found
        .0
        .retain(|path, _| !path.starts_with("System Volume Information"));
    found
        .1
        .retain(|path, _| !path.starts_with("System Volume Information"));
    found
}

fn mounted_folder(at: &Path, path: &str, found: &mut (Listing, BTreeMap<String, Vec<u8>>)) {
    for entry in fs::read_dir(at).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{path}{}", entry.file_name().to_str().expect("Unicode"));
        if entry.file_type().expect("a type").is_dir() {
            mounted_folder(&entry.path(), &format!("{path}/"), found);
            found.0.insert(path, None);
        } else {
            let bytes = fs::read(entry.path()).expect("a file");
            let length = u64::try_from(bytes.len()).unwrap();
            found.0.insert(path.clone(), Some(length));
            found.1.insert(path, bytes);
        }
    }
}

fn assert_contents(layout: &NtfsLayout, contents: &BTreeMap<String, Vec<u8>>) {
    let tree = layout.tree();
    for node in (1..tree.node_count())
        .map(Node)
        .filter(|node| !tree.is_folder(*node))
    {
        let path = sample::path(tree, node);
        let expected = whole_content(node, tree.bytes(node));
        assert!(contents.get(&path) == Some(&expected), "{path}");
    }
}

const SECTORS: [SectorSize; 2] = [SectorSize::B512, SectorSize::B4096];

#[test]
fn ntfs_3g_reads_every_file_and_its_checkers_find_nothing() {
    if !have(&["ntfs-3g", "fusermount", "ntfsfix", "ntfsresize"]) {
        return;
    }
    for sector in SECTORS {
        let layout = hard_layout(sector, 20_000);
        let image = image_of(&layout);
        let (found, contents) = mounted(&image.mount("ro").at);
        assert!(found == listing(&layout));
        assert_contents(&layout, &contents);
        let said = assert_checkers_pass(&image);
        // It adds one cluster for the copy of the boot sector.
        let used = layout.used_bytes() + 4096;
        assert!(said.contains(&format!("resize at {used} bytes")), "{said}");
    }
}

#[test]
fn the_ntfs_crate_reads_every_file_and_finds_every_name() {
    for sector in SECTORS {
        let layout = hard_layout(sector, 2_000);
        let disk = sample::in_memory(&layout);
        sample::assert_clean(&disk, &layout);
        let (found, contents) = foreign::walk(disk);
        assert!(found == listing(&layout));
        assert_contents(&layout, &contents);
    }
}

#[test]
fn sleuthkit_lists_every_file() {
    if !have(&["fls", "fsstat"]) {
        return;
    }
    for sector in SECTORS {
        let layout = hard_layout(sector, 2_000);
        let image = image_of(&layout);
        let path = image.path();
        let listed = run("fls", &["-r".as_ref(), "-p".as_ref(), path.as_os_str()]);
        for (path, bytes) in listing(&layout) {
            let kind = if bytes.is_some() { "r/r" } else { "d/d" };
            let ends = format!(":\t{path}");
            let found = listed
                .lines()
                .any(|line| line.starts_with(kind) && line.ends_with(&ends));
            assert!(found, "{path}");
        }
        let about = run("fsstat", &[path.as_os_str()]);
        assert!(
            about.contains("Volume Serial Number: 1122334455667788"),
            "{about}"
        );
        assert!(about.contains("Volume Name: Sample"), "{about}");
    }
}

/// 7-Zip does not open volumes with sectors of 4096 bytes, mkntfs's neither.
#[test]
fn seven_zip_reads_every_file() {
    if !have(&["7z"]) {
        return;
    }
    let layout = hard_layout(SectorSize::B512, 2_000);
    let image = image_of(&layout);
    let said = run("7z", &["t".as_ref(), image.path().as_os_str()]);
    assert!(said.contains("Everything is Ok"), "{said}");
    assert!(
        !said.contains("WARNING") && !said.contains("Warning"),
        "{said}"
    );
}

/// It takes no volume with sectors of 4096 bytes, mkntfs's neither: it expects one fixup a sector.
#[test]
fn the_fsck_of_rust_fs_ntfs_finds_nothing() {
    let layout = hard_layout(SectorSize::B512, 2_000);
    let image = image_of(&layout);
    let mut volume = fs_ntfs::fsck::PathIo::open(&image.path()).expect("it opens");
    let report = fs_ntfs::fsck::check_io(&mut volume).expect("it reads");
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn dissect_and_libfsntfs_read_every_file() {
    let Some(python) = python() else {
        return;
    };
    for sector in SECTORS {
        let layout = hard_layout(sector, 2_000);
        let image = image_of(&layout);
        let mut expected = String::new();
        let tree = layout.tree();
        for node in (1..tree.node_count()).map(Node) {
            if !tree.is_folder(node) {
                let bytes = whole_content(node, tree.bytes(node));
                let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
                let path = sample::path(tree, node);
                expected.push_str(&format!("{path}\t{}\t{sum}\n", bytes.len()));
            }
        }
        let list = image.path().with_extension("expected");
        fs::write(&list, expected).expect("room for a list");
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

/// Returns the Python in which the outside readers are installed.
pub(crate) fn python() -> Option<PathBuf> {
    let found = outside("python");
    if found.is_none() {
        skip("no Python with dissect.ntfs and libfsntfs (ARGOSY_ORACLES)");
    }
    found
}

/// Returns a program from the folder of outside programs that no distribution packages.
fn outside(program: &str) -> Option<PathBuf> {
    let places = [
        std::env::var("ARGOSY_ORACLES").unwrap_or_default(),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/oracles").to_owned(),
    ];
    let programs = places
        .iter()
        .map(|place| Path::new(place).join("bin").join(program));
    programs.into_iter().find(|program| program.exists())
}
