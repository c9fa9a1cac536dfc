//! From a file's records to where its bytes are.

use disk::ReadAt;
use zerocopy::FromBytes;
use zerocopy::byteorder::little_endian::U64;

use super::file_record::{Attribute, Form};
use super::gather::Gathered;
use super::mft::Mft;
use super::stored::{text, u32_at};
use super::stream::StreamProblem;
use super::{File, FileId, ReparseTag, StreamName, VolumeError};
use crate::FileTime;
use crate::attribute::{
    ATTRIBUTE_COMPRESSED, ATTRIBUTE_ENCRYPTED, StandardInformation, file_flags, kind,
};
use crate::record::RECORD_DIRECTORY;

/// Opens the unnamed data stream of a file: see [`Volume::open_file`](super::Volume::open_file).
pub(super) fn open<R: ReadAt + ?Sized>(
    disk: &R,
    mft: &Mft,
    id: FileId,
) -> Result<File, VolumeError> {
    let gathered = Gathered::read(disk, mft, id)?;
    let header = &gathered.base().header;
    let id = gathered.base().id();
    if header.flags.get() & RECORD_DIRECTORY != 0 {
        return Err(VolumeError::NotAFile { id });
    }
    let mut streams = Vec::new();
    let (mut times, mut attributes) = ((FileTime::default(), FileTime::default()), 0);
    for attribute in gathered.attributes() {
        let (_, attribute) = attribute?;
        match attribute.kind() {
            kind::STANDARD_INFORMATION => {
                let value = attribute.resident().unwrap_or_default();
                if let Some((found, flags)) = standard_information(value) {
                    (times, attributes) = (found, flags);
                }
            }
            kind::REPARSE_POINT => {
                let tag = reparse_tag(disk, mft, id, &attribute)?;
                return Err(VolumeError::Reparse { id, tag });
            }
            kind::DATA if attribute.name.is_empty() => refuse_coded(id, &attribute)?,
            kind::DATA if attribute.lowest_vcn() == 0 => streams.push(StreamName {
                name: text(attribute.name).0,
                bytes: attribute.data_bytes(),
            }),
            _ => {}
        }
    }
    if attributes & file_flags::ENCRYPTED != 0 {
        return Err(VolumeError::Encrypted { id });
    }
    let data = gathered.stream(&mft.geometry, kind::DATA, "")?;
    Ok(File {
        id,
        data: data.ok_or(VolumeError::NotAFile { id })?,
        created: times.0,
        modified: times.1,
        attributes,
        streams,
        link_count: header.links.get(),
    })
}

/// Refuses data whose bytes on the disk are not its content. A resident value is never compressed, only marked.
fn refuse_coded(id: FileId, data: &Attribute<'_>) -> Result<(), VolumeError> {
    let flags = data.header.flags.get();
    if flags & ATTRIBUTE_ENCRYPTED != 0 {
        return Err(VolumeError::Encrypted { id });
    }
    let is_non_resident = matches!(data.form, Form::NonResident { .. });
    if flags & ATTRIBUTE_COMPRESSED != 0 && is_non_resident {
        return Err(VolumeError::Compressed { id });
    }
    Ok(())
}

/// Returns the times of creation and of the last change, and the flags; both forms, of 48 and of 72 bytes, begin alike.
fn standard_information(value: &[u8]) -> Option<((FileTime, FileTime), u32)> {
    let created_at = std::mem::offset_of!(StandardInformation, created);
    let (created, _) = U64::read_from_prefix(value.get(created_at..)?).ok()?;
    let modified_at = std::mem::offset_of!(StandardInformation, modified);
    let (modified, _) = U64::read_from_prefix(value.get(modified_at..)?).ok()?;
    let flags = u32_at(value, std::mem::offset_of!(StandardInformation, flags))?;
    let times = (FileTime(created.get()), FileTime(modified.get()));
    Some((times, flags))
}

/// Returns the first word of $REPARSE_POINT, which may lie in a cluster.
fn reparse_tag<R: ReadAt + ?Sized>(
    disk: &R,
    mft: &Mft,
    id: FileId,
    attribute: &Attribute<'_>,
) -> Result<ReparseTag, VolumeError> {
    let failed = |problem| VolumeError::stream(id.record, attribute.kind(), "", problem);
    let mut builder = super::stream::StreamBuilder::new(&mft.geometry);
    builder.push(attribute).map_err(failed)?;
    let stream = builder.finish_part().ok_or(failed(StreamProblem::Parts))?;
    let mut tag = [0; 4];
    mft.read(disk, &stream, 0, &mut tag)?;
    Ok(ReparseTag(u32::from_le_bytes(tag)))
}
