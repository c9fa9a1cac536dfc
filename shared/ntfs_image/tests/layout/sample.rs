//! Trees, the bytes of their files, and volumes written from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use disk::{MemDisk, ReadAt, SectorSize, WriteAt, WriteError};
use ntfs_image::check::check;
use ntfs_image::{Content, FileTime, Node, NtfsLayout, ReservedFile, Segment, Tree, VolumeSpec};

use crate::support::Dice;

/// Path without a leading slash; for a file, its bytes.
pub(crate) type Listing = BTreeMap<String, Option<u64>>;

pub(crate) fn spec(bytes: u64, sector: SectorSize) -> VolumeSpec {
    VolumeSpec {
        bytes,
        sector,
        start_lba: 2048,
        serial: 0x1122_3344_5566_7788,
        label: "Sample \u{1f980}".into(),
        created: FileTime::from_unix(1_700_000_000, 0),
        reserved: Vec::new(),
    }
}

/// Reserves extents named like BitLocker's areas.
pub(crate) fn reserve(spec: &mut VolumeSpec, extents: &[(u64, u64)]) {
    for (number, &(at, bytes)) in extents.iter().enumerate() {
        spec.reserved.push(ReservedFile {
            name: format!("FVE2.{{e40ad34d-dae9-4bc7-95bd-b16218c10f72}}.{number}"),
            at,
            bytes,
        });
    }
}

/// Everything that is hard for a file system: depth, a large folder, long names, strange names, every size around a
/// limit.
pub(crate) fn hard_tree(large_folder: u32) -> Tree {
    let mut tree = Tree::new();
    let mut dice = Dice(3);
    let mut folder = Tree::ROOT;
    for depth in 0..12 {
        let name = format!("{depth:02} a folder with a rather long name, {depth} levels down");
        folder = add_folder(&mut tree, folder, &name);
        add_file(&mut tree, folder, "deep file", 777 * depth);
    }
    let many = add_folder(&mut tree, Tree::ROOT, "many");
    for number in 0..large_folder {
        let name = format!(
            "Entry {:08} of the large folder",
            u64::from(number) * 7919 % 1_000_003
        );
        add_file(
            &mut tree,
            many,
            &name,
            [0, 1, 200, 5000][index(dice.below(4))],
        );
    }
    let long = add_folder(&mut tree, Tree::ROOT, &"F".repeat(255));
    for number in 0..700 {
        add_file(
            &mut tree,
            long,
            &format!("{number:03}{}", "n".repeat(252)),
            number % 300,
        );
    }
    let names = add_folder(&mut tree, Tree::ROOT, "names");
    for name in [
        "\u{1f980} crab",
        "e\u{301} decomposed",
        "\u{e9} composed",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        "$MFT",
        ".hidden",
        "a",
    ] {
        add_file(&mut tree, names, name, 4);
    }
    add_file(&mut tree, names, &"\u{1f980}".repeat(127), 9000);
    add_folder(&mut tree, Tree::ROOT, "empty folder");
    add_file(&mut tree, Tree::ROOT, "empty file", 0);
    let sizes = add_folder(&mut tree, Tree::ROOT, "sizes");
    let around = [
        1, 700, 720, 728, 736, 744, 752, 3720, 3800, 4096, 8192, 65_536, 1_048_576,
    ];
    let sizes_around: BTreeSet<u64> = around
        .into_iter()
        .flat_map(|size| size - 1..=size + 9)
        .collect();
    for size in sizes_around {
        add_file(&mut tree, sizes, &size.to_string(), size);
    }
    for number in 0..8 {
        add_file(
            &mut tree,
            Tree::ROOT,
            &format!("some megabytes {number}"),
            5_000_000 + number,
        );
    }
    tree
}

/// A tree that only the seed decides, of up to about `nodes` nodes.
pub(crate) fn random_tree(seed: u64, nodes: u64) -> Tree {
    let mut tree = Tree::new();
    grow(&mut tree, Tree::ROOT, seed, nodes);
    tree
}

/// Adds up to about `nodes` nodes below `top`; only the seed decides which.
pub(crate) fn grow(tree: &mut Tree, top: Node, seed: u64, nodes: u64) {
    let mut dice = Dice(seed);
    let mut folders = vec![top];
    for number in 0..dice.below(nodes) {
        let parent = folders[index(dice.below(u64::try_from(folders.len()).unwrap()))];
        let longest = [10, 10, 60, 240][index(dice.below(4))];
        let name = format!("{number} {}", "\u{e4}".repeat(index(dice.below(longest))));
        let name = name.trim_end();
        if dice.below(20) == 0 {
            folders.push(add_folder(tree, parent, name));
        } else {
            let longest = [2, 900, 5000, 70_000][index(dice.below(4))];
            add_file(tree, parent, name, dice.below(longest));
        }
    }
}

pub(crate) fn add_folder(tree: &mut Tree, parent: Node, name: &str) -> Node {
    let time = FileTime::from_unix(1_600_000_000, 100);
    tree.add_folder(parent, name, time).expect("a good name")
}

pub(crate) fn add_file(tree: &mut Tree, parent: Node, name: &str, bytes: u64) -> Node {
    let time = FileTime::from_unix(1_500_000_000, 700);
    tree.add_file(parent, name, bytes, time)
        .expect("a good name")
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

/// Returns what is left of the tree, by path.
pub(crate) fn listing(layout: &NtfsLayout) -> Listing {
    let tree = layout.tree();
    let left = (1..tree.node_count())
        .map(Node)
        .filter(|node| !layout.is_left_out(*node));
    left.map(|node| {
        let bytes = (!tree.is_folder(node)).then(|| tree.bytes(node));
        (path(tree, node), bytes)
    })
    .collect()
}

pub(crate) fn path(tree: &Tree, node: Node) -> String {
    let parent = tree.parent(node);
    if parent == Tree::ROOT {
        tree.name(node)
    } else {
        format!("{}/{}", path(tree, parent), tree.name(node))
    }
}

/// Fills `into` with a file's bytes from `from` on: different for every file.
pub(crate) fn content(file: Node, from: u64, into: &mut [u8]) {
    for (at, byte) in (from..).zip(into) {
        let mixed =
            (u64::from(file.0) + 1).wrapping_mul(0x9e37_79b9) ^ at.wrapping_mul(0x85eb_ca6b);
        *byte = mixed.to_le_bytes()[2] | 1;
    }
}

/// Returns all bytes of a file.
pub(crate) fn whole_content(file: Node, bytes: u64) -> Vec<u8> {
    let mut content_bytes = vec![0; index(bytes)];
    content(file, 0, &mut content_bytes);
    content_bytes
}

/// Returns the volume's bytes in a range of one segment, files' bytes included.
pub(crate) fn segment_bytes(layout: &NtfsLayout, segment: &Segment, from: u64, into: &mut [u8]) {
    match segment.what {
        Content::Metadata => {
            layout.render(segment.at + from, into, &mut |file, slot| {
                content(file, 0, slot)
            });
        }
        Content::FileData { file, from: start } => {
            into.fill(0);
            let left = layout.tree().bytes(file).saturating_sub(start + from);
            let count = into.len().min(index(left));
            content(file, start + from, &mut into[..count]);
        }
        Content::Reserved { .. } | Content::Free | Content::Kept => into.fill(0),
    }
}

/// Writes the whole volume in one ascending pass; pages of zeros are left out.
pub(crate) fn write(layout: &NtfsLayout, disk: &mut impl WriteAt) {
    let mut piece = vec![0; 1 << 20];
    for segment in layout.segments() {
        if matches!(
            segment.what,
            Content::Free | Content::Kept | Content::Reserved { .. }
        ) {
            continue;
        }
        let mut done = 0;
        while done < segment.bytes {
            let count = index(segment.bytes - done).min(piece.len());
            let part = &mut piece[..count];
            segment_bytes(layout, &segment, done, part);
            for (at, page) in (segment.at + done..)
                .step_by(65_536)
                .zip(part.chunks(65_536))
            {
                if page.iter().any(|byte| *byte != 0) {
                    disk.write_at(at, page).expect("inside the disk");
                }
            }
            done += u64::try_from(count).unwrap();
        }
    }
}

/// Our own check, which knows what no outside checker looks at, finds nothing.
pub(crate) fn assert_clean(disk: &impl ReadAt, layout: &NtfsLayout) {
    let report = check(disk, 20).expect("a volume");
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert!(report.notes.is_empty(), "{:#?}", report.notes);
    let used = report.used_clusters * layout.cluster_bytes();
    assert_eq!(used, layout.used_bytes());
}

pub(crate) fn in_memory(layout: &NtfsLayout) -> MemDisk {
    let mut disk = MemDisk::new(layout.spec().bytes);
    write(layout, &mut disk);
    disk
}

/// Writes the volume into an image file that is there and has its length.
pub(crate) fn into_file(layout: &NtfsLayout, path: &Path) {
    let file = OpenOptions::new().write(true).open(path);
    write(layout, &mut OpenFile(file.expect("the image is there")));
}

struct OpenFile(File);

impl WriteAt for OpenFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        self.0.write_all_at(bytes, at).expect("room for the image");
        Ok(())
    }
    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}
