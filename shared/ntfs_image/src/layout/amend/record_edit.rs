//! A FILE record with some of its attributes exchanged.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths inside one record"
)]

use zerocopy::FromBytes;

use super::error::AmendError;
use crate::attribute::{AttributeHeader, kind};
use crate::fixup;
use crate::layout::number::{index, narrow};
use crate::layout::render::record_writer::{RecordWriter, Sizes, put};
use crate::read::file_record::FileRecord;
use crate::record::{END_MARKER, RecordHeader};
use crate::runs::{self, Run};

/// A record taken apart.
pub(super) struct RecordEdit {
    header: RecordHeader,
    update_sequence: u16,
    record_bytes: usize,
    /// Whole attributes in their order.
    attributes: Vec<Vec<u8>>,
}

impl RecordEdit {
    pub(super) fn new(record: &FileRecord) -> Result<Self, AmendError> {
        let bytes = &record.bytes;
        let word = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let update_sequence = word(usize::from(record.header.usa_offset.get())).unwrap_or(0);
        let mut attributes = Vec::new();
        let mut at = usize::from(record.header.attributes_offset.get());
        for attribute in record.attributes() {
            let attribute = attribute.map_err(|_| AmendError::Unlike {
                what: "a record of its own contradicts itself",
            })?;
            if attribute.kind() == kind::ATTRIBUTE_LIST {
                let what = "a record of its own is continued in another one";
                return Err(AmendError::Unlike { what });
            }
            let length = index(attribute.header.length.get());
            attributes.push(bytes[at..at + length].to_vec());
            at += length;
        }
        Ok(Self {
            header: record.header.clone(),
            update_sequence,
            record_bytes: bytes.len(),
            attributes,
        })
    }

    /// Takes an attribute out; nothing happens when it is not there.
    pub(super) fn remove(&mut self, kind: u32, name: &str) {
        self.attributes
            .retain(|attribute| !is(attribute, kind, name));
    }

    /// Returns the value of a resident attribute, to be changed in place.
    pub(super) fn value(&mut self, kind: u32) -> Option<&mut [u8]> {
        let found = self
            .attributes
            .iter_mut()
            .find(|attribute| is(attribute, kind, ""))?;
        let word = |at: usize| Some(u16::from_le_bytes(*found.get(at..)?.first_chunk()?));
        let (bytes, at) = (usize::from(word(16)?), usize::from(word(20)?));
        found.get_mut(at..at + bytes)
    }

    /// Puts an attribute in whose value is `value`.
    pub(super) fn put_resident(&mut self, kind: u32, name: &str, value: &[u8]) {
        self.put(kind, |writer| {
            writer
                .resident(kind, name, value.len())
                .copy_from_slice(value);
        });
    }

    /// Puts an attribute in that lies in clusters.
    pub(super) fn put_runs(&mut self, (kind, name): (u32, &str), list: &[Run], sizes: Sizes) {
        self.put(kind, |writer| {
            writer.non_resident(kind, name, list.iter().copied(), sizes);
        });
    }

    fn put(&mut self, kind: u32, write: impl FnOnce(&mut RecordWriter<'_>)) {
        // Longer than any record: whether it fits is seen at the end.
        let mut scratch = vec![0; 2 * self.record_bytes + 65_536];
        let mut writer = RecordWriter::new(&mut scratch, 0);
        write(&mut writer);
        let end = writer.end();
        scratch.truncate(end);
        let id = self.header.next_attribute_id.get();
        self.header.next_attribute_id = (id + 1).into();
        scratch[ID_AT..ID_AT + 2].copy_from_slice(&id.to_le_bytes());
        let place = self
            .attributes
            .partition_point(|attribute| kind_of(attribute) <= kind);
        self.attributes.insert(place, scratch);
    }

    /// Returns the bytes that are left for further attributes.
    pub(super) fn room(&self) -> usize {
        let taken: usize = self.attributes.iter().map(Vec::len).sum();
        let at = usize::from(self.header.attributes_offset.get());
        self.record_bytes.saturating_sub(at + taken + END_BYTES)
    }

    /// Returns the record's bytes, protected.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, AmendError> {
        let mut record = vec![0; self.record_bytes];
        let mut at = usize::from(self.header.attributes_offset.get());
        let taken: usize = self.attributes.iter().map(Vec::len).sum();
        if at + taken + END_BYTES > self.record_bytes {
            return Err(AmendError::Unlike {
                what: "its free space is in too many pieces for one of NTFS's own records",
            });
        }
        for attribute in &self.attributes {
            record[at..at + attribute.len()].copy_from_slice(attribute);
            at += attribute.len();
        }
        record[at..at + 4].copy_from_slice(&END_MARKER.to_le_bytes());
        self.header.bytes_used = narrow(at + END_BYTES).into();
        put(&mut record, 0, &self.header);
        let next = match self.update_sequence.wrapping_add(1) {
            0 | u16::MAX => 1,
            next => next,
        };
        fixup::apply(&mut record, next);
        Ok(record)
    }
}

/// Returns the runs of a record's attribute; none when it is resident or not there.
pub(super) fn runs_of(record: &FileRecord, kind: u32, name: &str) -> Result<Vec<Run>, AmendError> {
    use crate::read::file_record::Form;
    for attribute in record.attributes().flatten() {
        if let (true, Form::NonResident { pairs, .. }) = (attribute.is(kind, name), attribute.form)
        {
            let list: Result<Vec<Run>, _> = runs::decode(pairs).collect();
            return list.map_err(|_| AmendError::Unlike {
                what: "a list of clusters contradicts itself",
            });
        }
    }
    Ok(Vec::new())
}

/// Returns the sizes of an attribute that lies in `list` and has `data` bytes.
pub(super) fn sizes_of(list: &[Run], cluster_bytes: u64, data: u64) -> Sizes {
    Sizes {
        clusters: list.iter().map(|run| run.count).sum(),
        cluster_bytes,
        data,
        initialised: data,
    }
}

fn kind_of(attribute: &[u8]) -> u32 {
    AttributeHeader::read_from_prefix(attribute).map_or(0, |(header, _)| header.kind.get())
}

fn is(attribute: &[u8], kind: u32, name: &str) -> bool {
    let Ok((header, _)) = AttributeHeader::read_from_prefix(attribute) else {
        return false;
    };
    let at = usize::from(header.name_offset.get());
    let stored = attribute.get(at..at + 2 * usize::from(header.name_length));
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    header.kind.get() == kind && stored.unwrap_or_default() == wanted
}

/// Offset of an attribute's number in it.
const ID_AT: usize = 14;
/// Bytes of what ends the attributes.
const END_BYTES: usize = 8;
const _: () = assert!(size_of::<AttributeHeader>() == 16);
