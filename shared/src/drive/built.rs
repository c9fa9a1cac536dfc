//! Drives in memory, for tests: what the pipeline does with files, threads and devices, done with
//! neither.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use bitlocker_image::{Cipher, Credential, Protectors, Secrets, SectorCipher, VolumeSpec};
use disk::{MemDisk, ReadAt, SectorSize, WriteAt};
use ntfs_image::{FileTime, Node};

use super::{DriveIds, DriveLayout, DriveSpec, MendWhat, NodeSource, What};
use crate::manifest::{self, Attached, ManifestFile, ManifestWriter, Ranges};
use crate::plan::{Kind, Listing, Mapping, PROPERTIES_BYTES};

/// Everything that a small drive is made from.
pub(crate) struct Recipe {
    pub(crate) disk_bytes: u64,
    pub(crate) sector: SectorSize,
    pub(crate) cipher: Cipher,
    pub(crate) listing: Listing,
    pub(crate) entries: Vec<u32>,
    pub(crate) mapping: Mapping,
}

/// A drive that was written.
pub(crate) struct Built {
    pub(crate) disk: MemDisk,
    pub(crate) layout: DriveLayout,
    pub(crate) credential: Credential,
    pub(crate) manifest: Vec<u8>,
    pub(crate) manifest_hash: [u8; 16],
}

pub(crate) const SERIAL: &str = "TEST-0001";
const CHUNK: u64 = 1 << 20;

/// Returns a source of folders and files: `a/b/` is a folder.
pub(crate) fn listing(entries: &[(&str, u64)]) -> Listing {
    let mut listing = Listing::new();
    for (number, (path, bytes)) in (0..).zip(entries) {
        let kind = if path.ends_with('/') {
            Kind::Folder
        } else {
            Kind::File
        };
        let modified = FileTime::from_unix(1_700_000_000 + number, 0);
        listing
            .push(path.trim_end_matches('/'), *bytes, modified, kind)
            .expect("few entries");
    }
    listing
}

pub(crate) fn mapping() -> Mapping {
    Mapping::of_source(
        "s-1".parse().expect("a session"),
        "film/raw/".parse().expect("a destination"),
    )
}

/// Bytes of an entry's file: no two blocks of any two files are alike.
pub(crate) fn content(entry: u32, at: u64, into: &mut [u8]) {
    let word = |number: u64| {
        let word = (u64::from(entry) << 48 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (word ^ word >> 29).to_le_bytes()
    };
    let skip = usize::try_from(at & 7).expect("below 8");
    let head = into.len().min((8 - skip) % 8);
    let (first, rest) = into.split_at_mut(head);
    first.copy_from_slice(&word(at >> 3)[skip..][..head]);
    for (number, chunk) in (at.div_ceil(8)..).zip(rest.chunks_mut(8)) {
        let length = chunk.len();
        chunk.copy_from_slice(&word(number)[..length]);
    }
}

impl Recipe {
    pub(crate) fn new(disk_bytes: u64, sector: SectorSize, entries: &[(&str, u64)]) -> Self {
        let listing = listing(entries);
        Self {
            disk_bytes,
            sector,
            cipher: Cipher::XtsAes128,
            entries: (0..listing.len()).collect(),
            listing,
            mapping: mapping(),
        }
    }

    pub(crate) fn spec(&self, ids: DriveIds) -> DriveSpec {
        DriveSpec {
            disk_bytes: self.disk_bytes,
            sector: self.sector,
            cipher: self.cipher,
            serial: SERIAL.to_owned(),
            label: "Argosy".to_owned(),
            started: FileTime::from_unix(1_760_000_000, 0),
            ids,
            kept: None,
        }
    }

    pub(crate) fn layout(&self) -> DriveLayout {
        let spec = self.spec(DriveIds::derive(&[7; 32]));
        DriveLayout::new(spec, &self.listing, &self.entries, &self.mapping).expect("fits")
    }

    /// Returns a file's bytes as they go onto the drive.
    fn bytes_of(
        &self,
        layout: &DriveLayout,
        node: Node,
        manifest: &[u8],
        at: u64,
        into: &mut [u8],
    ) {
        into.fill(0);
        let bytes = layout.ntfs().tree().bytes(node);
        let length = usize::try_from(bytes.saturating_sub(at))
            .unwrap_or(usize::MAX)
            .min(into.len());
        let into = &mut into[..length];
        match layout.source_of(node) {
            NodeSource::Entry(entry) => content(entry, at, into),
            NodeSource::Properties(entry) => {
                let text = properties(entry);
                let at = usize::try_from(at).expect("small");
                into.copy_from_slice(&text[at..at + into.len()]);
            }
            NodeSource::Manifest => {
                let at = usize::try_from(at).expect("small").min(manifest.len());
                let end = (at + into.len()).min(manifest.len());
                into[..end - at].copy_from_slice(&manifest[at..end]);
            }
            _ => into.fill(b'x'),
        }
    }

    pub(crate) fn manifest(&self, left_out: &[u32]) -> (Vec<u8>, [u8; 16]) {
        let mut writer = ManifestWriter::new(Vec::new(), SERIAL, "s-1").expect("good names");
        for number in self
            .entries
            .iter()
            .copied()
            .filter(|number| !left_out.contains(number))
        {
            let entry = self.listing.entry(number);
            if entry.is_folder {
                continue;
            }
            let naming = self
                .mapping
                .naming(&self.listing, number)
                .expect("good names");
            let hash = |(at, bytes)| {
                let mut block = vec![0; usize::try_from(bytes).expect("small")];
                content(number, at, &mut block);
                crate::hash::md5(&block)
            };
            let hashes = manifest::parts(entry.bytes, naming.kind)
                .map(hash)
                .collect();
            let own = |path| Attached {
                path,
                hash: crate::hash::md5(&properties(number)),
            };
            let file = ManifestFile {
                path: naming.path,
                blob: naming.blob,
                bytes: entry.bytes,
                kind: naming.kind,
                hashes,
                ranges: Ranges::Rule,
                disposition: naming.disposition,
                snapshot: naming.snapshot,
                metadata: None,
                properties: naming.properties.map(own),
            };
            writer.file(&file).expect("good");
        }
        let written = writer.finish().expect("a vector takes all");
        (written.inner, written.md5)
    }

    /// Returns what enciphers the volume.
    pub(crate) fn sector_cipher(&self) -> SectorCipher {
        let secrets = self.secrets();
        SectorCipher::new(self.cipher, &secrets.volume_key, self.sector).expect("right length")
    }

    /// Writes the whole drive as if every file succeeds, then mends away `left_out`, then seals.
    pub(crate) fn build(&self, left_out: &[u32]) -> Built {
        let secrets = self.secrets();
        let spec = self.spec(DriveIds::derive(&secrets.volume_master_key));
        let layout =
            DriveLayout::new(spec, &self.listing, &self.entries, &self.mapping).expect("fits");
        let (manifest, manifest_hash) = self.manifest(left_out);
        let cipher = self.sector_cipher();
        let mut disk = MemDisk::new(self.disk_bytes);
        self.write(&layout, Some(&cipher), &manifest, &mut disk);
        mend(&layout, Some(&cipher), left_out, manifest.len(), &mut disk);
        let spec = VolumeSpec {
            volume_bytes: layout.volume_bytes(),
            sector: self.sector,
            cipher: self.cipher,
            regions: *layout.regions(),
            created: layout.spec().started.0,
            description: "Argosy".to_owned(),
        };
        let sealed = bitlocker_image::seal(&spec, &secrets).expect("consistent");
        let parts = layout.seal_parts(&sealed.information_area);
        for (at, bytes) in parts.bitlocker.into_iter().chain(parts.tables) {
            disk.write_at(at, &bytes).expect("in bounds");
        }
        Built {
            disk,
            layout,
            credential: Credential::RecoveryPassword(sealed.recovery_password),
            manifest,
            manifest_hash,
        }
    }

    /// The same drive without BitLocker: quick to make, and what is damaged can be aimed at.
    pub(crate) fn build_plain(&self, left_out: &[u32]) -> Built {
        let layout = self.layout();
        let (manifest, manifest_hash) = self.manifest(left_out);
        let mut disk = MemDisk::new(self.disk_bytes);
        self.write(&layout, None, &manifest, &mut disk);
        mend(&layout, None, left_out, manifest.len(), &mut disk);
        let start = layout.partition().start;
        let header = start + layout.regions().header;
        let mut boot = [0; 8192];
        disk.read_at(header, &mut boot).expect("in bounds");
        disk.write_at(start, &boot).expect("in bounds");
        disk.write_at(header, &[0; 8192]).expect("in bounds");
        let parts = layout.seal_parts(&vec![0; 65_536]);
        for (at, bytes) in parts.tables {
            disk.write_at(at, &bytes).expect("in bounds");
        }
        Built {
            disk,
            layout,
            credential: Credential::Clear,
            manifest,
            manifest_hash,
        }
    }

    fn secrets(&self) -> Secrets {
        let mut state = 42_u64;
        let mut fill = |bytes: &mut [u8]| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_le_bytes()[6];
            }
        };
        Secrets::from_random(self.cipher, &Protectors::default(), &mut fill)
    }

    /// The Write phase.
    fn write(
        &self,
        layout: &DriveLayout,
        cipher: Option<&SectorCipher>,
        manifest: &[u8],
        disk: &mut MemDisk,
    ) {
        for segment in layout.segments() {
            let end = segment.at + segment.bytes;
            let mut at = segment.at;
            while at < end {
                let mut bytes = vec![0; usize::try_from(CHUNK.min(end - at)).expect("small")];
                match segment.what {
                    What::Metadata | What::HeaderCopy => {
                        layout.render(at, &mut bytes, &mut |node, slot| {
                            self.bytes_of(layout, node, manifest, 0, slot);
                        })
                    }
                    What::FileData { file, from } => {
                        self.bytes_of(layout, file, manifest, from + (at - segment.at), &mut bytes);
                    }
                    What::Zeros => {}
                    _ => break,
                }
                encrypt(layout, cipher, at, &mut bytes);
                disk.write_at(at, &bytes).expect("in bounds");
                at += CHUNK;
            }
        }
    }
}

pub(crate) fn mend(
    layout: &DriveLayout,
    cipher: Option<&SectorCipher>,
    left_out: &[u32],
    manifest_bytes: usize,
    disk: &mut MemDisk,
) {
    let out = |node: Node| {
        layout
            .entry_of(node)
            .is_some_and(|entry| left_out.contains(&entry))
    };
    let manifest_bytes = u64::try_from(manifest_bytes).expect("small");
    let mend = layout
        .mend(&out, manifest_bytes)
        .expect("not longer than planned");
    for range in mend.ranges() {
        let mut bytes = vec![0; usize::try_from(range.bytes).expect("small")];
        if range.what == MendWhat::Patch {
            disk.read_at(range.at, &mut bytes).expect("in bounds");
            if let Some(cipher) = cipher {
                cipher.decrypt(first_sector(layout, range.at), &mut bytes);
            }
            mend.patch(range.at, &mut bytes);
        }
        encrypt(layout, cipher, range.at, &mut bytes);
        disk.write_at(range.at, &bytes).expect("in bounds");
    }
}

fn encrypt(layout: &DriveLayout, cipher: Option<&SectorCipher>, at: u64, bytes: &mut [u8]) {
    if let Some(cipher) = cipher {
        cipher.encrypt(first_sector(layout, at), bytes);
    }
}

fn first_sector(layout: &DriveLayout, at: u64) -> u64 {
    (at - layout.partition().start) / layout.spec().sector.bytes()
}

fn properties(entry: u32) -> Vec<u8> {
    let mut text = format!("<Properties><!-- {entry} --></Properties>").into_bytes();
    text.resize(usize::try_from(PROPERTIES_BYTES).expect("small"), b' ');
    text
}
