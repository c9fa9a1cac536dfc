//! Attributes of a FILE record: their headers, and the values with a fixed form.

use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Types of attributes, as stored.
pub mod kind {
    /// `$STANDARD_INFORMATION`.
    pub const STANDARD_INFORMATION: u32 = 0x10;
    /// `$ATTRIBUTE_LIST`.
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// `$FILE_NAME`.
    pub const FILE_NAME: u32 = 0x30;
    /// `$OBJECT_ID`.
    pub const OBJECT_ID: u32 = 0x40;
    /// `$SECURITY_DESCRIPTOR`.
    pub const SECURITY_DESCRIPTOR: u32 = 0x50;
    /// `$VOLUME_NAME`.
    pub const VOLUME_NAME: u32 = 0x60;
    /// `$VOLUME_INFORMATION`.
    pub const VOLUME_INFORMATION: u32 = 0x70;
    /// `$DATA`.
    pub const DATA: u32 = 0x80;
    /// `$INDEX_ROOT`.
    pub const INDEX_ROOT: u32 = 0x90;
    /// `$INDEX_ALLOCATION`.
    pub const INDEX_ALLOCATION: u32 = 0xa0;
    /// `$BITMAP`.
    pub const BITMAP: u32 = 0xb0;
    /// `$REPARSE_POINT`.
    pub const REPARSE_POINT: u32 = 0xc0;
    /// `$EA_INFORMATION`.
    pub const EA_INFORMATION: u32 = 0xd0;
    /// `$EA`.
    pub const EA: u32 = 0xe0;
    /// `$LOGGED_UTILITY_STREAM`.
    pub const LOGGED_UTILITY_STREAM: u32 = 0x100;
}

/// Start of every attribute. Source: reference/ntfs.md 2.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttributeHeader {
    /// One of [`kind`].
    pub kind: U32,
    /// Bytes of the whole attribute, a multiple of 8.
    pub length: U32,
    /// 0 resident, 1 non-resident.
    pub non_resident: u8,
    /// UTF-16 units of the name.
    pub name_length: u8,
    /// Offset of the name in the attribute.
    pub name_offset: U16,
    /// [`ATTRIBUTE_COMPRESSED`], [`ATTRIBUTE_ENCRYPTED`], [`ATTRIBUTE_SPARSE`].
    pub flags: U16,
    /// Unique in the record.
    pub id: U16,
}
const _: () = assert!(size_of::<AttributeHeader>() == 16);

/// Follows [`AttributeHeader`] when the value lies in the record.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ResidentHeader {
    /// Bytes of the value.
    pub value_length: U32,
    /// Offset of the value in the attribute.
    pub value_offset: U16,
    /// 1 when an index holds the value: `$FILE_NAME` only.
    pub indexed: u8,
    /// Zero.
    pub pad: u8,
}
const _: () = assert!(size_of::<ResidentHeader>() == 8);

/// Follows [`AttributeHeader`] when the value lies in clusters. A compressed one has 8 bytes more (its size on disk).
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct NonResidentHeader {
    /// First cluster of the value that these runs hold.
    pub lowest_vcn: U64,
    /// Last cluster of the value that these runs hold.
    pub highest_vcn: U64,
    /// Offset of the mapping pairs in the attribute.
    pub runs_offset: U16,
    /// Binary logarithm of the clusters of a compression unit; 0 when not compressed.
    pub compression_unit: U16,
    /// Zero.
    pub pad: U32,
    /// Bytes of all clusters of the value, holes included.
    pub allocated: U64,
    /// Bytes of the value.
    pub data: U64,
    /// Bytes of the value that were ever written; the rest reads as zeros.
    pub initialised: U64,
}
const _: () = assert!(size_of::<NonResidentHeader>() == 48);

/// The attribute is compressed.
pub const ATTRIBUTE_COMPRESSED: u16 = 0x0001;
/// The attribute is encrypted by EFS.
pub const ATTRIBUTE_ENCRYPTED: u16 = 0x4000;
/// The attribute may have holes.
pub const ATTRIBUTE_SPARSE: u16 = 0x8000;

/// `$STANDARD_INFORMATION` of NTFS 3. Times as in [`FileTime`](crate::FileTime).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct StandardInformation {
    /// When the file was created.
    pub created: U64,
    /// When its data changed.
    pub modified: U64,
    /// When its record changed.
    pub changed: U64,
    /// When it was read.
    pub accessed: U64,
    /// [`file_flags`].
    pub flags: U32,
    /// Zero.
    pub versions_max: U32,
    /// Zero.
    pub version: U32,
    /// Zero.
    pub class: U32,
    /// Owner for quotas; 0 none.
    pub owner: U32,
    /// Key of the security descriptor in `$Secure`.
    pub security: U32,
    /// Bytes charged to the owner.
    pub quota: U64,
    /// Last entry in the change journal.
    pub usn: U64,
}
const _: () = assert!(size_of::<StandardInformation>() == 72);

/// Start of `$FILE_NAME`; the name follows. An index entry's key is a copy.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct FileName {
    /// Reference to the folder.
    pub parent: U64,
    /// When the file was created.
    pub created: U64,
    /// When its data changed.
    pub modified: U64,
    /// When its record changed.
    pub changed: U64,
    /// When it was read.
    pub accessed: U64,
    /// Bytes allocated for the data.
    pub allocated: U64,
    /// Bytes of the data.
    pub data: U64,
    /// [`file_flags`].
    pub flags: U32,
    /// Bytes of extended attributes, or the reparse tag.
    pub reparse: U32,
    /// UTF-16 units of the name.
    pub name_length: u8,
    /// [`NAMESPACE_POSIX`] and others.
    pub namespace: u8,
}
const _: () = assert!(size_of::<FileName>() == 66);

/// Flags of `$STANDARD_INFORMATION` and `$FILE_NAME`.
pub mod file_flags {
    /// Must not be written.
    pub const READ_ONLY: u32 = 0x01;
    /// Not shown.
    pub const HIDDEN: u32 = 0x02;
    /// Belongs to the system.
    pub const SYSTEM: u32 = 0x04;
    /// Not backed up yet: what a plain file has.
    pub const ARCHIVE: u32 = 0x20;
    /// Has holes.
    pub const SPARSE: u32 = 0x200;
    /// Is a reparse point.
    pub const REPARSE_POINT: u32 = 0x400;
    /// Is compressed.
    pub const COMPRESSED: u32 = 0x800;
    /// Is encrypted by EFS.
    pub const ENCRYPTED: u32 = 0x4000;
    /// Is a folder (`$FILE_NAME` only).
    pub const DIRECTORY: u32 = 0x1000_0000;
    /// Has an index of something else than file names.
    pub const VIEW_INDEX: u32 = 0x2000_0000;
}

/// Any characters; case counts.
pub const NAMESPACE_POSIX: u8 = 0;
/// Long name of Windows.
pub const NAMESPACE_WIN32: u8 = 1;
/// Short alias of a long name.
pub const NAMESPACE_DOS: u8 = 2;
/// A long name that is also a legal short one.
pub const NAMESPACE_BOTH: u8 = 3;
