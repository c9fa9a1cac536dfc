//! Changes one structure of a volume and puts its update sequence right again, so that only that structure is wrong.

use std::ops::Range;

use ntfs_image::attribute::kind;
use ntfs_image::boot_sector::Geometry;
use ntfs_image::read::{Place, Volume};
use ntfs_image::{fixup, runs};

/// A volume in memory.
pub(crate) struct Editor {
    pub(crate) bytes: Vec<u8>,
    pub(crate) geometry: Geometry,
    /// Offsets of the records.
    records: Vec<usize>,
    paths: Vec<(String, usize)>,
    /// Where the blocks of the large folder start.
    blocks: Vec<(usize, usize)>,
}

impl Editor {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let (geometry, records, paths) = {
            let volume = Volume::open(bytes.as_slice()).expect("a good volume");
            let geometry = *volume.geometry();
            let table = ntfs_image::read::FileId {
                record: 0,
                sequence: 1,
            };
            let table = volume.open_file(table).expect("a file table");
            let records = table.extents().iter().flat_map(|extent| {
                let Place::At(at) = extent.place else {
                    panic!("a file table on the disk")
                };
                (at..at + extent.bytes)
                    .step_by(size(geometry.record_bytes))
                    .map(size)
            });
            let paths = volume.walk().map(|found| {
                let (path, entry) = found.expect("a good volume");
                (path, size(entry.id.record))
            });
            (geometry, records.collect(), paths.collect())
        };
        let mut editor = Self {
            bytes,
            geometry,
            records,
            paths,
            blocks: Vec::new(),
        };
        let large = editor.find("\\large");
        let first = editor.place(large, kind::INDEX_ALLOCATION, "$I30", 0);
        editor.blocks.push((large, first));
        editor
    }

    pub(crate) fn clone_with(&self, bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            geometry: self.geometry,
            records: self.records.clone(),
            paths: self.paths.clone(),
            blocks: self.blocks.clone(),
        }
    }

    pub(crate) fn record_count(&self) -> usize {
        self.records.len()
    }

    /// Returns the record of a file.
    pub(crate) fn find(&self, path: &str) -> usize {
        let found = self.paths.iter().find(|(known, _)| known == path);
        found.unwrap_or_else(|| panic!("no {path}")).1
    }

    pub(crate) fn path_count(&self) -> usize {
        self.paths.len()
    }

    pub(crate) fn record_at(&self, record: usize) -> usize {
        self.records[record]
    }

    /// Returns a record without its update sequence.
    pub(crate) fn read(&self, record: usize) -> Vec<u8> {
        let at = self.record_at(record);
        let mut bytes = self.bytes[at..][..size(self.geometry.record_bytes)].to_vec();
        fixup::undo(&mut bytes).expect("a good record");
        bytes
    }

    /// Changes a record, and its mirror.
    pub(crate) fn record(&mut self, record: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(record);
        change(&mut bytes);
        fixup::apply(&mut bytes, 0x7777);
        let at = self.record_at(record);
        self.bytes[at..][..bytes.len()].copy_from_slice(&bytes);
        if record < 4 {
            let mirror = size(self.geometry.mirror_cluster * self.geometry.cluster_bytes)
                + record * bytes.len();
            self.bytes[mirror..][..bytes.len()].copy_from_slice(&bytes);
        }
    }

    /// Changes a record that may be wrong already: its update sequence is put right if it can be.
    pub(crate) fn try_record(&mut self, record: usize, change: impl FnOnce(&mut [u8])) {
        let at = self.record_at(record);
        let length = size(self.geometry.record_bytes);
        reseal(&mut self.bytes[at..][..length], change);
    }

    /// Changes an index block that may be wrong already.
    pub(crate) fn try_block(
        &mut self,
        record: usize,
        block: usize,
        change: impl FnOnce(&mut [u8]),
    ) {
        let runs = self.blocks.iter().find(|(owner, _)| *owner == record);
        let at = runs.expect("a folder with blocks").1 + block * 4096;
        reseal(&mut self.bytes[at..][..4096], change);
    }

    /// Changes an attribute of a record.
    pub(crate) fn attribute(
        &mut self,
        record: usize,
        kind: u32,
        name: &str,
        change: impl FnOnce(&mut [u8]),
    ) {
        self.record(record, |bytes| {
            let range = attribute(bytes, kind, name);
            change(&mut bytes[range]);
        });
    }

    /// Changes the value of a resident attribute.
    pub(crate) fn value(
        &mut self,
        record: usize,
        kind: u32,
        name: &str,
        change: impl FnOnce(&mut [u8]),
    ) {
        self.attribute(record, kind, name, |attribute| {
            let (at, length) = (u16_at(attribute, 20), u32_at(attribute, 16));
            change(&mut attribute[at..][..length]);
        });
    }

    /// Returns where on the disk byte `at` of a stream is.
    pub(crate) fn place(&self, record: usize, kind: u32, name: &str, at: usize) -> usize {
        let bytes = self.read(record);
        let attribute = &bytes[attribute(&bytes, kind, name)];
        let mut left = at;
        for run in runs::decode(&attribute[u16_at(attribute, 32)..]) {
            let run = run.expect("a good run");
            let length = size(run.count * self.geometry.cluster_bytes);
            if left < length {
                return size(run.cluster.expect("no hole") * self.geometry.cluster_bytes) + left;
            }
            left -= length;
        }
        panic!("the stream ends before {at}");
    }

    /// Changes the index block of a folder that has this number.
    pub(crate) fn block(&mut self, record: usize, block: usize, change: impl FnOnce(&mut [u8])) {
        let at = self.place(record, kind::INDEX_ALLOCATION, "$I30", block * 4096);
        let bytes = &mut self.bytes[at..][..4096];
        fixup::undo(bytes).expect("a good block");
        change(bytes);
        fixup::apply(bytes, 0x7777);
    }

    /// Changes the entry of a file, wherever in its folder's index it is.
    pub(crate) fn entry(&mut self, folder: usize, file: usize, change: impl FnOnce(&mut [u8])) {
        let root = self.read(folder);
        let range = attribute(&root, kind::INDEX_ROOT, "$I30");
        let value = range.start + u16_at(&root[range.clone()], 20);
        if let Some(entry) = entry_of(&root, value + 16, file) {
            return self.record(folder, |bytes| change(&mut bytes[entry]));
        }
        for block in 0.. {
            let at = self.place(folder, kind::INDEX_ALLOCATION, "$I30", block * 4096);
            let mut bytes = self.bytes[at..][..4096].to_vec();
            if fixup::undo(&mut bytes).is_err() {
                continue;
            }
            if let Some(entry) = entry_of(&bytes, 24, file) {
                return self.block(folder, block, |bytes| change(&mut bytes[entry]));
            }
        }
    }
}

fn reseal(bytes: &mut [u8], change: impl FnOnce(&mut [u8])) {
    if fixup::undo(bytes).is_ok() {
        change(bytes);
        fixup::apply(bytes, 0x7777);
    }
}

/// Returns the range of an attribute in a record.
pub(crate) fn attribute(record: &[u8], kind: u32, name: &str) -> Range<usize> {
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut at = u16_at(record, 20);
    loop {
        let found = u32_at(record, at);
        assert_ne!(found, 0xffff_ffff, "no attribute {kind:#x} {name}");
        let length = u32_at(record, at + 4);
        let name_at = at + u16_at(record, at + 10);
        let name = &record[name_at..][..usize::from(record[at + 9]) * 2];
        if found == size(u64::from(kind)) && name == wanted {
            return at..at + length;
        }
        at += length;
    }
}

/// Returns the range of the entry that leads to `file`, in a node whose index header is at `header`.
fn entry_of(node: &[u8], header: usize, file: usize) -> Option<Range<usize>> {
    entries(node, header).into_iter().find(|entry| {
        let is_end = u16_at(node, entry.start + 12) & 2 != 0;
        !is_end && u32_at(node, entry.start) == file
    })
}

/// Returns the ranges of all entries of a node.
pub(crate) fn entries(node: &[u8], header: usize) -> Vec<Range<usize>> {
    let mut at = header + u32_at(node, header);
    let mut entries = Vec::new();
    loop {
        let length = u16_at(node, at + 8);
        entries.push(at..at + length);
        if u16_at(node, at + 12) & 2 != 0 {
            return entries;
        }
        at += length;
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> usize {
    size(u64::from(u32::from_le_bytes(
        bytes[at..][..4].try_into().expect("four"),
    )))
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..][..value.len()].copy_from_slice(value);
}

pub(crate) fn size(number: u64) -> usize {
    usize::try_from(number).expect("small")
}
