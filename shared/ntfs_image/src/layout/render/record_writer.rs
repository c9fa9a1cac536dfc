//! One FILE record, attribute after attribute.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside one record; what goes into it was measured when the volume was planned"
)]

use zerocopy::IntoBytes;

use crate::attribute::{AttributeHeader, NonResidentHeader, ResidentHeader};
use crate::fixup;
use crate::layout::number::{align8, narrow, short};
use crate::record::{END_MARKER, FILE_MAGIC, RECORD_IN_USE, RecordHeader};
use crate::runs::{self, Run};

/// Fills a record of zeros from front to back.
pub(in crate::layout) struct RecordWriter<'a> {
    record: &'a mut [u8],
    at: usize,
    next_id: u16,
}

/// What a record's header says about it.
#[derive(Clone, Copy, Debug)]
pub(in crate::layout) struct RecordFacts {
    pub(in crate::layout) number: u32,
    pub(in crate::layout) sequence: u16,
    pub(in crate::layout) links: u16,
    /// All flags.
    pub(in crate::layout) flags: u16,
}

/// Sizes of a non-resident attribute, in bytes but for the clusters.
#[derive(Clone, Copy, Debug)]
pub(in crate::layout) struct Sizes {
    pub(in crate::layout) clusters: u64,
    pub(in crate::layout) cluster_bytes: u64,
    pub(in crate::layout) data: u64,
    pub(in crate::layout) initialised: u64,
}

impl<'a> RecordWriter<'a> {
    pub(in crate::layout) const fn new(record: &'a mut [u8], attributes_at: usize) -> Self {
        Self {
            record,
            at: attributes_at,
            next_id: 0,
        }
    }

    /// Adds a resident attribute of `length` bytes; returns its value, all zeros.
    pub(in crate::layout) fn resident(
        &mut self,
        kind: u32,
        name: &str,
        length: usize,
    ) -> &mut [u8] {
        let indexed = kind == crate::attribute::kind::FILE_NAME;
        let header_bytes = size_of::<AttributeHeader>() + size_of::<ResidentHeader>();
        let value_at = header_bytes + align8(2 * name.len());
        let total = align8(value_at + length);
        self.header(kind, name, header_bytes, total, false);
        let header = ResidentHeader {
            value_length: narrow(length).into(),
            value_offset: short(value_at).into(),
            indexed: u8::from(indexed),
            pad: 0,
        };
        put(self.record, self.at + 16, &header);
        let start = self.at + value_at;
        self.at += total;
        &mut self.record[start..start + length]
    }

    /// Adds a non-resident attribute that lies in `list`.
    pub(in crate::layout) fn non_resident(
        &mut self,
        kind: u32,
        name: &str,
        list: impl IntoIterator<Item = Run>,
        sizes: Sizes,
    ) {
        let header_bytes = size_of::<AttributeHeader>() + size_of::<NonResidentHeader>();
        let runs_at = header_bytes + align8(2 * name.len());
        let used = runs::encode(list, &mut self.record[self.at + runs_at..]);
        let total = align8(runs_at + used);
        self.header(kind, name, header_bytes, total, true);
        let header = NonResidentHeader {
            lowest_vcn: 0.into(),
            highest_vcn: (sizes.clusters - 1).into(),
            runs_offset: short(runs_at).into(),
            compression_unit: 0.into(),
            pad: 0.into(),
            allocated: (sizes.clusters * sizes.cluster_bytes).into(),
            data: sizes.data.into(),
            initialised: sizes.initialised.into(),
        };
        put(self.record, self.at + 16, &header);
        self.at += total;
    }

    fn header(&mut self, kind: u32, name: &str, name_at: usize, total: usize, outside: bool) {
        let header = AttributeHeader {
            kind: kind.into(),
            length: narrow(total).into(),
            non_resident: u8::from(outside),
            name_length: u8::try_from(name.len()).expect("attribute names of ours are short"),
            name_offset: short(name_at).into(),
            flags: 0.into(),
            id: self.next_id.into(),
        };
        self.next_id += 1;
        put(self.record, self.at, &header);
        // Names of our attributes are ASCII: one unit for each byte.
        for (place, byte) in (self.at + name_at..).step_by(2).zip(name.bytes()) {
            self.record[place] = byte;
        }
    }

    /// Returns the offset behind the attributes so far.
    pub(in crate::layout) const fn end(&self) -> usize {
        self.at
    }

    /// Ends the attributes, writes the header and protects the record.
    pub(in crate::layout) fn finish(self, facts: RecordFacts) {
        let bytes = self.record.len();
        self.record[self.at..self.at + 4].copy_from_slice(&END_MARKER.to_le_bytes());
        let header = RecordHeader {
            magic: FILE_MAGIC,
            usa_offset: short(size_of::<RecordHeader>()).into(),
            usa_count: short(bytes / fixup::STRIDE + 1).into(),
            lsn: 0.into(),
            sequence: facts.sequence.into(),
            links: facts.links.into(),
            attributes_offset: short(align8(
                size_of::<RecordHeader>() + 2 * (bytes / fixup::STRIDE + 1),
            ))
            .into(),
            flags: facts.flags.into(),
            bytes_used: narrow(self.at + 8).into(),
            bytes_allocated: narrow(bytes).into(),
            base: 0.into(),
            next_attribute_id: self.next_id.into(),
            pad: 0.into(),
            number: facts.number.into(),
        };
        assert!(
            self.at + 8 <= bytes,
            "record {} holds its attributes",
            facts.number
        );
        put(self.record, 0, &header);
        fixup::apply(self.record, UPDATE_SEQUENCE);
    }
}

impl RecordFacts {
    /// Returns the facts of a record that nobody uses, with nothing in it.
    pub(in crate::layout) const fn free(number: u32, sequence: u16) -> Self {
        Self {
            number,
            sequence,
            links: 0,
            flags: 0,
        }
    }

    /// Returns the facts of a record in use with one name.
    pub(in crate::layout) const fn used(number: u32, sequence: u16, more_flags: u16) -> Self {
        Self {
            number,
            sequence,
            links: 1,
            flags: RECORD_IN_USE | more_flags,
        }
    }
}

/// Copies a stored structure to offset `at`.
pub(in crate::layout) fn put(
    bytes: &mut [u8],
    at: usize,
    value: &(impl IntoBytes + zerocopy::Immutable),
) {
    let value = value.as_bytes();
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// Number that protects every record and block; any but 0 and all ones will do.
pub(in crate::layout) const UPDATE_SEQUENCE: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::kind;

    #[test]
    fn a_record_lists_its_attributes_and_ends() {
        let mut record = vec![0; 1024];
        let mut writer = RecordWriter::new(&mut record, 56);
        writer.resident(kind::DATA, "$Info", 3).fill(7);
        let run = Run {
            cluster: Some(5),
            count: 2,
        };
        let sizes = Sizes {
            clusters: 2,
            cluster_bytes: 4096,
            data: 5000,
            initialised: 5000,
        };
        writer.non_resident(kind::BITMAP, "", [run], sizes);
        writer.finish(RecordFacts::used(9, 9, 0));
        assert_eq!(record[..4], *b"FILE");
        assert_eq!(record[56..60], [0x80, 0, 0, 0]);
        assert_eq!(record[60], 48, "24 and 5 units, aligned, and 3, aligned");
        assert_eq!(record[104..108], [0xb0, 0, 0, 0]);
        assert_eq!(record[104 + 64..][..4], [0x11, 2, 5, 0]);
        assert_eq!(record[176..180], [0xff; 4]);
        assert_eq!(record[0x18..0x1c], [184, 0, 0, 0]);
    }
}
