//! A small finished drive, without BitLocker: what lies on it can be changed where it matters.

use bitlocker_image::Cipher;
use disk::SectorSize;
use ntfs_image::{FileTime, Node};
use shared::drive::{DriveIds, DriveLayout, DriveSpec, MendWhat, NodeSource, What};
use shared::hash::md5;
use shared::manifest::{self, ManifestFile, ManifestWriter};
use shared::plan::{Kind, Listing, Mapping};

use crate::overlay::long;
use crate::patch::put;

/// Its serial.
pub(crate) const SERIAL: &str = "TEST-0001";
/// Its session.
pub(crate) const SESSION: &str = "s-1";
const DISK_BYTES: u64 = 64 << 20;
/// Files in their records, in clusters of their own, and an empty one.
const FILES: [(&str, u64); 5] = [
    ("a/small", 600),
    ("a/empty", 0),
    ("a/one.mov", 20_000),
    ("b/c/two.mov", 9001),
    ("b/d.vhd", 8192),
];

/// A drive, and what belongs on it.
pub(crate) struct Drive {
    /// The whole disk.
    pub(crate) disk: Vec<u8>,
    /// MD5 of its manifest.
    pub(crate) manifest_hash: [u8; 16],
    /// Every file's path on the volume, and its content.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Where partition tables, records in use, index blocks, manifest and file data begin.
    pub(crate) places: Vec<u64>,
}

impl Drive {
    /// Makes the drive, always the same.
    pub(crate) fn new() -> Self {
        let mut listing = Listing::new();
        let time = FileTime::from_unix(1_700_000_000, 0);
        for (path, bytes) in FILES {
            listing.push(path, bytes, time, Kind::File).expect("few");
        }
        let mapping = Mapping::of_source(
            SESSION.parse().expect("a session"),
            "film/raw/".parse().expect("a destination"),
        );
        let entries: Vec<u32> = (0..listing.len()).collect();
        let layout = DriveLayout::new(spec(), &listing, &entries, &mapping).expect("it fits");
        let (manifest, manifest_hash) = manifest(&listing, &mapping);
        let mut disk = vec![0; index(DISK_BYTES)];
        write(&layout, &manifest, &mut disk);
        mend(&layout, &manifest, &mut disk);
        unencrypted(&layout, &mut disk);
        let files = (0_u32..)
            .zip(FILES)
            .map(|(number, (path, bytes))| (format!("{SESSION}/{path}"), content(number, bytes)));
        Self {
            places: places(&layout, &disk),
            files: files.collect(),
            manifest_hash,
            disk,
        }
    }
}

fn spec() -> DriveSpec {
    DriveSpec {
        disk_bytes: DISK_BYTES,
        sector: SectorSize::B512,
        cipher: Cipher::XtsAes128,
        serial: SERIAL.to_owned(),
        label: "Argosy".to_owned(),
        started: FileTime::from_unix(1_760_000_000, 0),
        ids: DriveIds::derive(&[7; 32]),
        kept: None,
    }
}

/// Returns a file's bytes: no two clusters of any two files are alike.
fn content(entry: u32, bytes: u64) -> Vec<u8> {
    let word = |number: u64| {
        let mixed = (u64::from(entry) << 48 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 29).to_le_bytes()
    };
    let mut content: Vec<u8> = (0..bytes.div_ceil(8)).flat_map(word).collect();
    content.truncate(index(bytes));
    content
}

fn manifest(listing: &Listing, mapping: &Mapping) -> (Vec<u8>, [u8; 16]) {
    let mut writer = ManifestWriter::new(Vec::new(), SERIAL, SESSION).expect("good names");
    for (number, entry) in listing.iter() {
        let naming = mapping.naming(listing, number).expect("good names");
        let content = content(number, entry.bytes);
        let hash = |(at, bytes)| {
            let part = content.iter().skip(index(at)).take(index(bytes));
            md5(&part.copied().collect::<Vec<u8>>())
        };
        let hashes = manifest::parts(entry.bytes, naming.kind)
            .map(hash)
            .collect();
        let file = ManifestFile::new(naming.path, naming.blob, entry.bytes, naming.kind, hashes);
        writer.file(&file).expect("good");
    }
    let written = writer.finish().expect("a vector takes all");
    (written.inner, written.md5)
}

fn bytes_of(layout: &DriveLayout, node: Node, manifest: &[u8]) -> Vec<u8> {
    let bytes = layout.ntfs().tree().bytes(node);
    match layout.source_of(node) {
        NodeSource::Entry(entry) => content(entry, bytes),
        NodeSource::Manifest => manifest.to_vec(),
        _ => Vec::new(),
    }
}

fn write(layout: &DriveLayout, manifest: &[u8], disk: &mut [u8]) {
    for segment in layout.segments() {
        match segment.what {
            What::Metadata | What::HeaderCopy => {
                let mut bytes = vec![0; index(segment.bytes)];
                layout.render(segment.at, &mut bytes, &mut |node, slot| {
                    put(slot, 0, &bytes_of(layout, node, manifest));
                });
                put(disk, index(segment.at), &bytes);
            }
            What::FileData { file, from } => {
                let bytes = bytes_of(layout, file, manifest);
                let bytes = bytes.get(index(from)..).unwrap_or_default();
                let length = bytes.len().min(index(segment.bytes));
                put(disk, index(segment.at), &bytes[..length]);
            }
            _ => {}
        }
    }
}

fn mend(layout: &DriveLayout, manifest: &[u8], disk: &mut [u8]) {
    let mend = layout.mend(&|_| false, long(manifest.len()));
    let mend = mend.expect("not longer than planned");
    for range in mend.ranges() {
        let at = index(range.at);
        let mut bytes = vec![0; index(range.bytes)];
        if range.what == MendWhat::Patch {
            put(&mut bytes, 0, disk.get(at..).unwrap_or_default());
            mend.patch(range.at, &mut bytes);
        }
        put(disk, at, &bytes);
    }
}

/// Puts the first 8 KiB where they are on a volume that is not encrypted, and the partition tables around it.
fn unencrypted(layout: &DriveLayout, disk: &mut [u8]) {
    let start = layout.partition().start;
    let header = index(start.saturating_add(layout.regions().header));
    let mut boot = [0; 8192];
    put(&mut boot, 0, disk.get(header..).unwrap_or_default());
    put(disk, header, &[0; 8192]);
    put(disk, index(start), &boot);
    let parts = layout.seal_parts(&vec![0; 65_536]);
    for (at, bytes) in parts.tables {
        put(disk, index(at), &bytes);
    }
}

fn places(layout: &DriveLayout, disk: &[u8]) -> Vec<u64> {
    let start = layout.partition().start;
    let mut places = vec![
        0,
        512,
        1024,
        start,
        layout.spec().disk_bytes.saturating_sub(512),
    ];
    let data = layout
        .segments()
        .filter(|segment| matches!(segment.what, What::FileData { .. }));
    places.extend(data.map(|segment| segment.at));
    for (at, block) in (0_u64..).step_by(1024).zip(disk.chunks(1024)) {
        let record =
            block.starts_with(b"FILE") && block.get(0x16).is_some_and(|flags| flags & 1 == 1);
        if record || block.starts_with(b"INDX") {
            places.push(at);
        }
    }
    places
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a small drive")
}
