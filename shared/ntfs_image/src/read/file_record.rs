//! One FILE record and the attributes in it.

use thiserror::Error;
use zerocopy::FromBytes;

use super::FileId;
use super::stored::{bytes_of, place, u32_at, u64_at, units};
use crate::attribute::{
    ATTRIBUTE_COMPRESSED, ATTRIBUTE_SPARSE, AttributeHeader, NonResidentHeader, ResidentHeader,
};
use crate::fixup::{self, FixupError};
use crate::record::{END_MARKER, FILE_MAGIC, RECORD_IN_USE, RecordHeader, Reference};

/// What is wrong inside a FILE record.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordProblem {
    /// No "FILE" at the start.
    #[error("it starts with {found:02x?}, not with \"FILE\"")]
    Magic {
        /// The four bytes found.
        found: [u8; 4],
    },
    /// It was torn while it was written.
    #[error(transparent)]
    Fixup(#[from] FixupError),
    /// The attributes start outside the record, or inside its header.
    #[error("its attributes start at {found:#x}")]
    AttributesOffset {
        /// As stored.
        found: u16,
    },
    /// The attributes run to the record's end without an end marker.
    #[error("its attributes have no end marker")]
    NoEnd,
    /// An attribute that is too short, not a multiple of 8 long, or leaves the record.
    #[error("attribute {kind:#x} at {at:#x} is {length} bytes long")]
    Length {
        /// Offset in the record.
        at: usize,
        /// Type of the attribute.
        kind: u32,
        /// As stored.
        length: u32,
    },
    /// A name, value or run list that leaves its attribute.
    #[error("the {what} of attribute {kind:#x} at {at:#x} leaves the attribute")]
    Part {
        /// Offset of the attribute in the record.
        at: usize,
        /// Type of the attribute.
        kind: u32,
        /// Which part.
        what: &'static str,
    },
}

/// A FILE record with its fixups undone; its magic was right.
#[derive(Clone, Debug)]
pub(crate) struct FileRecord {
    pub(crate) number: u64,
    pub(crate) header: RecordHeader,
    pub(crate) bytes: Vec<u8>,
}

impl FileRecord {
    /// Takes the raw bytes of record `number`.
    pub(crate) fn parse(number: u64, mut bytes: Vec<u8>) -> Result<Self, RecordProblem> {
        let header = check_magic(&bytes)?;
        fixup::undo(&mut bytes)?;
        Ok(Self {
            number,
            header,
            bytes,
        })
    }

    pub(crate) fn view(&self) -> RecordView<'_> {
        RecordView {
            bytes: &self.bytes,
            header: &self.header,
        }
    }

    pub(crate) const fn id(&self) -> FileId {
        FileId {
            record: self.number,
            sequence: self.header.sequence.get(),
        }
    }
    pub(crate) const fn is_in_use(&self) -> bool {
        self.header.flags.get() & RECORD_IN_USE != 0
    }
    pub(crate) const fn base(&self) -> Reference {
        Reference(self.header.base.get())
    }
    pub(crate) fn attributes(&self) -> Attributes<'_> {
        self.view().attributes()
    }
}

/// Returns the header of a record whose fixups may still be in place: none of them lies in the header.
pub(crate) fn check_magic(bytes: &[u8]) -> Result<RecordHeader, RecordProblem> {
    let header = RecordHeader::read_from_prefix(bytes).map(|(header, _)| header);
    match header {
        Ok(header) if header.magic == FILE_MAGIC => Ok(header),
        Ok(header) => Err(RecordProblem::Magic {
            found: header.magic,
        }),
        Err(_) => Err(RecordProblem::Magic { found: [0; 4] }),
    }
}

/// The bytes of a record whose fixups are undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordView<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) header: &'a RecordHeader,
}

impl<'a> RecordView<'a> {
    /// Iterates over the attributes up to the end marker; ends after the first that is wrong.
    pub(crate) fn attributes(self) -> Attributes<'a> {
        Attributes {
            bytes: self.bytes,
            at: usize::from(self.header.attributes_offset.get()),
            started: false,
            done: false,
        }
    }
}

/// Iterator over the attributes of a record.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
    started: bool,
    done: bool,
}

impl<'a> Attributes<'a> {
    /// Returns the offset of the next attribute; after the last one, that of the end marker.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    fn attribute(&mut self) -> Result<Option<Attribute<'a>>, RecordProblem> {
        let at = self.at;
        if !self.started {
            self.started = true;
            if at < size_of::<RecordHeader>() || !at.is_multiple_of(8) || at >= self.bytes.len() {
                let found = u16::try_from(at).unwrap_or(u16::MAX);
                return Err(RecordProblem::AttributesOffset { found });
            }
        }
        let kind = u32_at(self.bytes, at).ok_or(RecordProblem::NoEnd)?;
        if kind == END_MARKER {
            return Ok(None);
        }
        let length = u32_at(self.bytes, at.saturating_add(4)).ok_or(RecordProblem::NoEnd)?;
        let wrong = RecordProblem::Length { at, kind, length };
        let end = at.saturating_add(place(u64::from(length)));
        let bytes = self.bytes.get(at..end).ok_or(wrong)?;
        if !length.is_multiple_of(8) {
            return Err(wrong);
        }
        let attribute = Attribute::parse(bytes).map_err(|what| match what {
            "header" => wrong,
            what => RecordProblem::Part { at, kind, what },
        })?;
        self.at = end;
        Ok(Some(attribute))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, RecordProblem>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let attribute = self.attribute();
        self.done = !matches!(attribute, Ok(Some(_)));
        attribute.transpose()
    }
}

/// One attribute, whose parts are known to lie inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) header: &'a AttributeHeader,
    /// UTF-16, little-endian.
    pub(crate) name: &'a [u8],
    pub(crate) form: Form<'a>,
}

/// Where the value of an attribute is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a> {
    Resident {
        header: &'a ResidentHeader,
        value: &'a [u8],
    },
    NonResident {
        header: &'a NonResidentHeader,
        pairs: &'a [u8],
        /// Bytes of the clusters that are no holes; stored in compressed and sparse attributes only.
        on_disk: Option<u64>,
    },
}

impl<'a> Attribute<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (header, rest) = AttributeHeader::ref_from_prefix(bytes).map_err(|_| "header")?;
        let name_at = usize::from(header.name_offset.get());
        let name_bytes = usize::from(header.name_length).saturating_mul(2);
        let name = match name_bytes {
            0 => &[],
            _ => bytes
                .get(name_at..name_at.saturating_add(name_bytes))
                .ok_or("name")?,
        };
        let form = if header.non_resident == 0 {
            let (header, _) = ResidentHeader::ref_from_prefix(rest).map_err(|_| "header")?;
            let value_at = usize::from(header.value_offset.get());
            let value_bytes = place(u64::from(header.value_length.get()));
            let value = bytes
                .get(value_at..value_at.saturating_add(value_bytes))
                .ok_or("value")?;
            Form::Resident { header, value }
        } else {
            let flags = header.flags.get();
            let (header, _) = NonResidentHeader::ref_from_prefix(rest).map_err(|_| "header")?;
            let pairs = bytes
                .get(usize::from(header.runs_offset.get())..)
                .ok_or("run list")?;
            let has_on_disk = flags & (ATTRIBUTE_COMPRESSED | ATTRIBUTE_SPARSE) != 0
                && header.lowest_vcn.get() == 0
                && usize::from(header.runs_offset.get()) >= ON_DISK_AT + 8;
            let on_disk = u64_at(bytes, ON_DISK_AT).filter(|_| has_on_disk);
            Form::NonResident {
                header,
                pairs,
                on_disk,
            }
        };
        Ok(Self { header, name, form })
    }

    pub(crate) const fn kind(&self) -> u32 {
        self.header.kind.get()
    }
    pub(crate) fn is(&self, kind: u32, name: &str) -> bool {
        self.kind() == kind && self.is_named(name)
    }
    pub(crate) fn is_named(&self, name: &str) -> bool {
        units(self.name).eq(name.encode_utf16())
    }
    /// Returns the value if it lies in the record.
    pub(crate) const fn resident(&self) -> Option<&'a [u8]> {
        match self.form {
            Form::Resident { value, .. } => Some(value),
            Form::NonResident { .. } => None,
        }
    }
    /// Returns the first cluster of the value that this attribute holds.
    pub(crate) const fn lowest_vcn(&self) -> u64 {
        match self.form {
            Form::Resident { .. } => 0,
            Form::NonResident { header, .. } => header.lowest_vcn.get(),
        }
    }
    /// Returns the bytes of the value.
    pub(crate) fn data_bytes(&self) -> u64 {
        match self.form {
            Form::Resident { value, .. } => bytes_of(value.len()),
            Form::NonResident { header, .. } => header.data.get(),
        }
    }
}

/// Offset of the bytes on disk in a compressed or sparse attribute: after the header that all non-resident ones have.
const ON_DISK_AT: usize = 64;
