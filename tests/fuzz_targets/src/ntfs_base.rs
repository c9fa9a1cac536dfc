//! Small volumes that are changed: two of ours, and one that mkntfs made and ntfs-3g filled.

use std::io::Read;
use std::sync::LazyLock;

use disk::SectorSize;
use flate2::read::DeflateDecoder;
use ntfs_image::{Content, FileTime, NtfsLayout, ReservedFile, Tree, VolumeSpec};

use crate::overlay::long;
use crate::patch::put;

/// A volume, and where what is worth changing lies in it.
pub struct Base {
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// Where the boot sector, each record in use and each index block begin.
    pub places: Vec<u64>,
}

/// The volumes, in the order in which an input's first byte counts them.
pub static BASES: LazyLock<[Base; 3]> = LazyLock::new(|| {
    [
        Base::new(ours(SectorSize::B512)),
        Base::new(ours(SectorSize::B4096)),
        Base::new(unpacked(THEIRS)),
    ]
});

impl Base {
    fn new(bytes: Vec<u8>) -> Self {
        let mut places = vec![0];
        for (at, block) in (0_u64..).step_by(1024).zip(bytes.chunks(1024)) {
            let record =
                block.starts_with(b"FILE") && block.get(0x16).is_some_and(|flags| flags & 1 == 1);
            if record || block.starts_with(b"INDX") {
                places.push(at);
            }
        }
        assert!(places.len() > 20, "a volume has records");
        Self { bytes, places }
    }
}

/// Returns the bytes of a compressed volume: where its table of upper case lies (u32), and the rest deflated.
///
/// # Panics
/// When they are damaged.
#[must_use]
pub fn unpacked(packed: &[u8]) -> Vec<u8> {
    let (at, packed) = packed
        .split_first_chunk()
        .expect("a volume of the repository's own");
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed)
        .read_to_end(&mut bytes)
        .expect("a volume of the repository's own");
    level_upper_case(&mut bytes, u32::from_le_bytes(*at));
    bytes
}

/// Takes each unit's own number off the table of upper case that lies at `at`, or puts it back: nearly all are their own
/// upper case, but no compressor sees it.
pub fn level_upper_case(volume: &mut [u8], at: u32) {
    let table = volume
        .iter_mut()
        .skip(usize::try_from(at).unwrap_or(usize::MAX));
    let own_numbers = (0..=u16::MAX).flat_map(u16::to_le_bytes);
    for (byte, own) in table.zip(own_numbers) {
        *byte ^= own;
    }
}

/// A folder of more than one index node, files in records and out of them, one of them cut by a reserved extent.
fn ours(sector: SectorSize) -> Vec<u8> {
    let time = FileTime::from_unix(1_600_000_000, 500);
    let mut tree = Tree::new();
    let outer = tree.add_folder(Tree::ROOT, "outer", time).expect("good");
    let large = tree.add_folder(Tree::ROOT, "large", time).expect("good");
    for (name, bytes) in [("small", 8), ("one", 200_000), ("two", 20_000)] {
        tree.add_file(outer, name, bytes, time).expect("good");
    }
    for number in 0..60 {
        let name = format!("Name {number:04} in some folder");
        tree.add_file(large, &name, 1, time).expect("good");
    }
    let reserved = (1..5_u64).map(|number| ReservedFile {
        name: format!("FVE2.{{e40ad34d-dae9-4bc7-95bd-b16218c10f72}}.{number}"),
        at: number << 20,
        bytes: 65_536,
    });
    let spec = VolumeSpec {
        bytes: BYTES,
        sector,
        start_lba: 2048,
        serial: 77,
        label: "Ours".into(),
        created: time,
        reserved: reserved.collect(),
    };
    let layout = NtfsLayout::new(spec, tree).expect("it fits");
    let mut bytes = vec![0; usize::try_from(BYTES).expect("small")];
    for segment in layout.segments() {
        if segment.what == Content::Metadata {
            let mut piece = vec![0; usize::try_from(segment.bytes).expect("small")];
            layout.render(segment.at, &mut piece, &mut |_, slot| slot.fill(b'x'));
            put(
                &mut bytes,
                usize::try_from(segment.at).expect("small"),
                &piece,
            );
        }
    }
    assert_eq!(long(bytes.len()), BYTES);
    bytes
}

const BYTES: u64 = 5 << 20;
/// What `cargo run -p fuzz_targets --example make_ntfs_base` makes; needs mkntfs and ntfs-3g.
const THEIRS: &[u8] = include_bytes!("../ntfs_3g.deflate");

#[cfg(test)]
mod tests {
    use super::*;
    use ntfs_image::check::check;

    #[test]
    fn the_volumes_are_sound_before_they_are_changed() {
        for base in BASES.iter() {
            let report = check(&base.bytes, 10).expect("a volume");
            assert!(report.is_clean(), "{:#?}", report.findings);
        }
    }
}
