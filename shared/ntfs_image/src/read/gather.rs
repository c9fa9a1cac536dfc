//! All the attributes of a file, from all its records.

use disk::ReadAt;

use super::attribute_list::{self, LIST_BYTES_MAX};
use super::file_record::{Attribute, FileRecord};
use super::mft::Mft;
use super::stored::{bytes_of, place, text};
use super::stream::{Stream, StreamBuilder};
use super::{FileId, VolumeError};
use crate::attribute::kind;
use crate::boot_sector::Geometry;
use crate::record::Reference;

/// A file's base record and the records that hold what does not fit into it.
#[derive(Debug)]
pub(crate) struct Gathered {
    records: Vec<FileRecord>,
}

impl Gathered {
    /// Reads all records of a file.
    ///
    /// # Errors
    /// [`VolumeError::Stale`] when `id` is not the record's present use.
    pub(crate) fn read<R: ReadAt + ?Sized>(
        disk: &R,
        mft: &Mft,
        id: FileId,
    ) -> Result<Self, VolumeError> {
        let base = mft.record(disk, id.record)?;
        let stale = |found: String| VolumeError::Stale { id, found };
        if !base.is_in_use() {
            return Err(stale("free".to_owned()));
        }
        if id.sequence != 0 && base.header.sequence.get() != id.sequence {
            return Err(stale(format!("in use {}", base.header.sequence.get())));
        }
        if base.base().number() != 0 {
            let of = FileId::from(base.base());
            return Err(stale(format!("a part of {of}")));
        }
        let list = attribute_list(disk, mft, &base)?;
        let mut gathered = Self::alone(base);
        if let Some(list) = list {
            for record in extension_records(id.record, &list, None)? {
                gathered.add(disk, mft, record)?;
            }
        }
        Ok(gathered)
    }

    pub(crate) fn alone(base: FileRecord) -> Self {
        Self {
            records: vec![base],
        }
    }

    /// Adds an extension record, unless it is there already or is the base itself.
    pub(crate) fn add<R: ReadAt + ?Sized>(
        &mut self,
        disk: &R,
        mft: &Mft,
        reference: Reference,
    ) -> Result<(), VolumeError> {
        let base = self.base().id();
        if reference.number() == base.record {
            return Ok(());
        }
        let held = bytes_of(self.records.len()).saturating_mul(mft.geometry.record_bytes);
        if held >= RECORDS_BYTES_MAX {
            return Err(VolumeError::TooManyRecords {
                id: base,
                bytes_max: RECORDS_BYTES_MAX,
            });
        }
        let record = mft.record(disk, reference.number())?;
        let sequence = record.header.sequence.get();
        let is_ours = record.is_in_use()
            && sequence == reference.sequence()
            && FileId::from(record.base()) == base;
        if !is_ours {
            return Err(VolumeError::Extension {
                id: base,
                record: reference.number(),
                found: match record.is_in_use() {
                    true => format!("use {sequence}, part of {}", FileId::from(record.base())),
                    false => "free".to_owned(),
                },
            });
        }
        self.records.push(record);
        Ok(())
    }

    pub(crate) fn base(&self) -> &FileRecord {
        // `alone` is the only maker, and nothing is removed.
        self.records.first().expect("the base record comes first")
    }

    /// Iterates over all attributes, each with the number of its record.
    pub(crate) fn attributes(
        &self,
    ) -> impl Iterator<Item = Result<(u64, Attribute<'_>), VolumeError>> {
        self.records.iter().flat_map(|record| {
            record.attributes().map(|attribute| {
                attribute
                    .map(|attribute| (record.number, attribute))
                    .map_err(|problem| VolumeError::record(record.number, problem))
            })
        })
    }

    /// Returns the first attribute of a kind without regard to its name.
    pub(crate) fn first(&self, kind: u32) -> Result<Option<Attribute<'_>>, VolumeError> {
        for attribute in self.attributes() {
            let (_, attribute) = attribute?;
            if attribute.kind() == kind {
                return Ok(Some(attribute));
            }
        }
        Ok(None)
    }

    /// Returns the parts of an attribute, ordered by the cluster that they start at.
    pub(crate) fn parts(&self, kind: u32, name: &str) -> Result<Vec<Attribute<'_>>, VolumeError> {
        let mut parts = Vec::new();
        for attribute in self.attributes() {
            let (_, attribute) = attribute?;
            if attribute.is(kind, name) {
                parts.push(attribute);
            }
        }
        parts.sort_by_key(Attribute::lowest_vcn);
        Ok(parts)
    }

    /// Returns the value of an attribute, or `None` if there is none.
    pub(crate) fn stream(
        &self,
        geometry: &Geometry,
        kind: u32,
        name: &str,
    ) -> Result<Option<Stream>, VolumeError> {
        let failed = |problem| VolumeError::stream(self.base().number, kind, name, problem);
        let mut builder = StreamBuilder::new(geometry);
        for part in self.parts(kind, name)? {
            builder.push(&part).map_err(failed)?;
        }
        builder.finish().map_err(failed)
    }
}

/// Returns the value of $ATTRIBUTE_LIST, if the base record has one.
pub(crate) fn attribute_list<R: ReadAt + ?Sized>(
    disk: &R,
    mft: &Mft,
    base: &FileRecord,
) -> Result<Option<Vec<u8>>, VolumeError> {
    for attribute in base.attributes() {
        let attribute = attribute.map_err(|problem| VolumeError::record(base.number, problem))?;
        if attribute.kind() != kind::ATTRIBUTE_LIST {
            continue;
        }
        let (name, _) = text(attribute.name);
        let failed = |problem| VolumeError::stream(base.number, attribute.kind(), &name, problem);
        let mut builder = StreamBuilder::new(&mft.geometry);
        builder.push(&attribute).map_err(failed)?;
        let stream = builder.finish().map_err(failed)?.unwrap_or_default();
        if stream.bytes > LIST_BYTES_MAX {
            return Err(VolumeError::ListTooLong {
                record: base.number,
                bytes: stream.bytes,
                bytes_max: LIST_BYTES_MAX,
            });
        }
        let mut list = vec![0; place(stream.bytes)];
        mft.read(disk, &stream, 0, &mut list)?;
        return Ok(Some(list));
    }
    Ok(None)
}

/// Returns the records that a list names, each once, in the list's order; of all attributes or of one kind.
pub(crate) fn extension_records(
    record: u64,
    list: &[u8],
    only: Option<u32>,
) -> Result<Vec<Reference>, VolumeError> {
    let mut seen = std::collections::HashSet::new();
    let mut records = Vec::new();
    for entry in attribute_list::entries(list) {
        let entry = entry.map_err(|problem| VolumeError::List { record, problem })?;
        let wanted = only.is_none_or(|kind| kind == entry.header.kind.get());
        if wanted && seen.insert(entry.reference()) {
            records.push(entry.reference());
        }
    }
    Ok(records)
}

/// Bytes of all records of one file: as many records of 4096 bytes as the longest attribute list has entries.
const RECORDS_BYTES_MAX: u64 = 32 << 20;
