//! Two small volumes with the same files: one that mkntfs made and ntfs-3g filled, one that we laid out.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use disk::SectorSize;
use ntfs_image::{Content, FileTime, NtfsLayout, Tree, VolumeSpec};

use crate::support::{Dice, Image};

/// Names in `\large`: more than one node of its index holds.
pub(crate) const LARGE: u32 = 300;

/// Returns the bytes of a volume that ntfs-3g filled, with streams, holes, links and an attribute list besides.
pub(crate) fn theirs() -> Vec<u8> {
    let image = Image::mkntfs(12 << 20, 512, 4096);
    fill(&image.mount("rw,streams_interface=windows").at);
    fs::read(image.path()).expect("the image")
}

fn fill(at: &Path) {
    let mut dice = Dice(11);
    fs::write(at.join("small"), b"resident").expect("room");
    fs::write(at.join("one"), dice.bytes(20_000)).expect("room");
    fs::write(at.join("two"), dice.bytes(20_000)).expect("room");
    fs::create_dir_all(at.join("outer/inner")).expect("room");
    fs::write(at.join("outer/inner/deep"), b"deep").expect("room");
    fs::create_dir(at.join("large")).expect("room");
    for number in 0..LARGE {
        fs::write(at.join(large_name(number)), b"x").expect("room");
    }
    fs::write(at.join("streams"), b"main").expect("room");
    fs::write(at.join("streams:s1"), b"1").expect("room");
    fs::write(at.join("streams:s2"), b"2").expect("room");
    let sparse = fs::File::create(at.join("sparse")).expect("room");
    for piece in 0..400 {
        sparse
            .write_all_at(&dice.bytes(10), piece * 131_072)
            .expect("room");
    }
    fs::hard_link(at.join("small"), at.join("outer/link")).expect("room");
}

fn large_name(number: u32) -> String {
    format!("large/Name {number:04} in some folder")
}

/// Returns the bytes of a volume that we laid out.
pub(crate) fn ours(sector: SectorSize) -> Vec<u8> {
    let time = FileTime::from_unix(1_600_000_000, 500);
    let mut tree = Tree::new();
    let folder =
        |tree: &mut Tree, parent, name: &str| tree.add_folder(parent, name, time).expect("good");
    let file = |tree: &mut Tree, parent, name: &str, bytes| {
        tree.add_file(parent, name, bytes, time).expect("good")
    };
    let outer = folder(&mut tree, Tree::ROOT, "outer");
    let inner = folder(&mut tree, outer, "inner");
    let large = folder(&mut tree, Tree::ROOT, "large");
    file(&mut tree, Tree::ROOT, "small", 8);
    file(&mut tree, Tree::ROOT, "one", 20_000);
    file(&mut tree, Tree::ROOT, "two", 20_000);
    file(&mut tree, inner, "deep", 4);
    for number in 0..LARGE {
        let name = large_name(number);
        let name = name.strip_prefix("large/").expect("in the folder");
        file(&mut tree, large, name, 1);
    }
    let spec = VolumeSpec {
        bytes: 24 << 20,
        sector,
        start_lba: 2048,
        serial: 77,
        label: "Ours".into(),
        created: time,
        reserved: Vec::new(),
    };
    let layout = NtfsLayout::new(spec, tree).expect("it fits");
    let mut bytes = vec![0; 24 << 20];
    for segment in layout.segments() {
        if segment.what == Content::Metadata {
            let at = usize::try_from(segment.at).expect("small");
            let length = usize::try_from(segment.bytes).expect("small");
            layout.render(segment.at, &mut bytes[at..][..length], &mut |_, slot| {
                slot.fill(b'x')
            });
        }
    }
    bytes
}
