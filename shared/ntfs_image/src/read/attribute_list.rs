//! `$ATTRIBUTE_LIST`: which other records hold the attributes of a file that does not fit into one.

use thiserror::Error;
use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::record::Reference;

/// Start of an entry of `$ATTRIBUTE_LIST`; the attribute's name follows. Source: linux-ntfs, `$ATTRIBUTE_LIST`.
#[derive(Clone, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ListEntryHeader {
    /// Type of the attribute.
    pub(crate) kind: U32,
    /// Bytes of the entry, a multiple of 8.
    pub(crate) length: U16,
    /// UTF-16 units of the name.
    pub(crate) name_length: u8,
    /// Offset of the name in the entry.
    pub(crate) name_offset: u8,
    /// First cluster of the value that the attribute holds.
    pub(crate) lowest_vcn: U64,
    /// Reference to the record that holds the attribute.
    pub(crate) reference: U64,
    /// The attribute's id in that record.
    pub(crate) id: U16,
}
const _: () = assert!(size_of::<ListEntryHeader>() == 26);

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListEntry<'a> {
    pub(crate) header: &'a ListEntryHeader,
    /// UTF-16, little-endian.
    pub(crate) name: &'a [u8],
}

impl ListEntry<'_> {
    pub(crate) const fn reference(&self) -> Reference {
        Reference(self.header.reference.get())
    }
}

/// An entry that leaves the list.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the entry at {at:#x} of the attribute list is {length} bytes long")]
pub struct ListProblem {
    /// Offset in the list.
    pub at: usize,
    /// As stored.
    pub length: u16,
}

/// Iterates over the entries of a list; ends after the first that is wrong.
pub(crate) fn entries(list: &[u8]) -> impl Iterator<Item = Result<ListEntry<'_>, ListProblem>> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let bytes = list.get(at..).filter(|bytes| !bytes.is_empty())?;
        let entry = parse(at, bytes);
        at = match &entry {
            Ok(entry) => at.saturating_add(usize::from(entry.header.length.get())),
            Err(_) => list.len(),
        };
        Some(entry)
    })
}

fn parse(at: usize, bytes: &[u8]) -> Result<ListEntry<'_>, ListProblem> {
    let (header, _) =
        ListEntryHeader::ref_from_prefix(bytes).map_err(|_| ListProblem { at, length: 0 })?;
    let length = header.length.get();
    let wrong = ListProblem { at, length };
    let entry = bytes.get(..usize::from(length)).ok_or(wrong)?;
    if usize::from(length) < size_of::<ListEntryHeader>() {
        return Err(wrong);
    }
    let name_at = usize::from(header.name_offset);
    let name_end = name_at.saturating_add(usize::from(header.name_length).saturating_mul(2));
    let name = match header.name_length {
        0 => &[],
        _ => entry.get(name_at..name_end).ok_or(wrong)?,
    };
    Ok(ListEntry { header, name })
}

/// Bytes of the longest list that Windows makes (it refuses to fragment a file further). The bound keeps memory small.
pub(crate) const LIST_BYTES_MAX: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(length: u16) -> Vec<u8> {
        let mut bytes = vec![0; 32];
        bytes[0] = 0x80;
        bytes[4..6].copy_from_slice(&length.to_le_bytes());
        bytes[7] = 26;
        bytes[16] = 40;
        bytes
    }

    #[test]
    fn two_entries_are_two() {
        let list = [entry(32), entry(32)].concat();
        let numbers: Vec<u64> = entries(&list)
            .map(|entry| entry.expect("good").reference().number())
            .collect();
        assert_eq!(numbers, [40, 40]);
    }

    #[test]
    fn an_entry_of_no_length_or_past_the_end_stops_the_list() {
        for length in [0, 25, 33, u16::MAX] {
            let list = entry(length);
            let found: Vec<_> = entries(&list).map(|entry| entry.map(|_| ())).collect();
            assert_eq!(found, [Err(ListProblem { at: 0, length })]);
        }
        let mut list = entry(32);
        list[6] = 4;
        assert!(entries(&list).next().is_some_and(|entry| entry.is_err()));
    }
}
