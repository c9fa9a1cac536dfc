//! FILE records and references to them.

use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Start of a FILE record; the update sequence array follows, then the attributes.
///
/// Source: reference/ntfs.md 2.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct RecordHeader {
    /// [`FILE_MAGIC`].
    pub magic: [u8; 4],
    /// Offset of the update sequence array: 0x30.
    pub usa_offset: U16,
    /// Words of the update sequence array: record bytes / 512 + 1.
    pub usa_count: U16,
    /// Last log record that touched this one.
    pub lsn: U64,
    /// How often the record was used; never 0 in use.
    pub sequence: U16,
    /// `$FILE_NAME` attributes, aliases included.
    pub links: U16,
    /// Offset of the first attribute.
    pub attributes_offset: U16,
    /// [`RECORD_IN_USE`], [`RECORD_DIRECTORY`] and others.
    pub flags: U16,
    /// Offset of the end marker + 8.
    pub bytes_used: U32,
    /// Bytes of the record.
    pub bytes_allocated: U32,
    /// Reference to the base record; 0 in a base record.
    pub base: U64,
    /// Greater than every attribute's id.
    pub next_attribute_id: U16,
    /// Zero.
    pub pad: U16,
    /// The record's own number.
    pub number: U32,
}
const _: () = assert!(size_of::<RecordHeader>() == 48);

/// "FILE".
pub const FILE_MAGIC: [u8; 4] = *b"FILE";
/// "BAAD": a record that chkdsk or a driver found torn.
pub const BAAD_MAGIC: [u8; 4] = *b"BAAD";

/// Record is in use.
pub const RECORD_IN_USE: u16 = 1;
/// Record has an index of file names: a folder.
pub const RECORD_DIRECTORY: u16 = 2;
/// Record is a child of `$Extend`.
pub const RECORD_EXTEND: u16 = 4;
/// Record has an index of something else than file names.
pub const RECORD_VIEW_INDEX: u16 = 8;

/// What ends a record's attributes in place of a type.
pub const END_MARKER: u32 = 0xffff_ffff;

/// Record numbers of the system files.
pub mod number {
    /// `$MFT`.
    pub const MFT: u64 = 0;
    /// `$MFTMirr`.
    pub const MFT_MIRROR: u64 = 1;
    /// `$LogFile`.
    pub const LOG_FILE: u64 = 2;
    /// `$Volume`.
    pub const VOLUME: u64 = 3;
    /// `$AttrDef`.
    pub const ATTRIBUTE_DEFINITIONS: u64 = 4;
    /// The root folder.
    pub const ROOT: u64 = 5;
    /// `$Bitmap`.
    pub const BITMAP: u64 = 6;
    /// `$Boot`.
    pub const BOOT: u64 = 7;
    /// `$BadClus`.
    pub const BAD_CLUSTERS: u64 = 8;
    /// `$Secure`.
    pub const SECURE: u64 = 9;
    /// `$UpCase`.
    pub const UPCASE: u64 = 10;
    /// `$Extend`.
    pub const EXTEND: u64 = 11;
}

/// A reference to a record: 48 bits of number, 16 bits of sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(pub u64);

impl Reference {
    /// Returns the reference to record `number` in its use `sequence`. Bits of `number` above 48 are dropped.
    #[must_use]
    pub const fn new(number: u64, sequence: u16) -> Self {
        let [low, high] = sequence.to_le_bytes();
        Self(number & NUMBER_MASK | u64::from_le_bytes([0, 0, 0, 0, 0, 0, low, high]))
    }

    /// Returns the record number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & NUMBER_MASK
    }

    /// Returns the sequence number.
    #[must_use]
    pub const fn sequence(self) -> u16 {
        let [.., low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

const NUMBER_MASK: u64 = 0xffff_ffff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_folder_is_referred_to_as_five_five() {
        let root = Reference::new(number::ROOT, 5);
        assert_eq!(root.0, 0x0005_0000_0000_0005);
        assert_eq!((root.number(), root.sequence()), (5, 5));
    }
}
