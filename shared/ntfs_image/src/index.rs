//! Indexes: the sorted trees in folders and in `$Secure`.

use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Start of `$INDEX_ROOT`; an [`IndexHeader`] and the entries follow. Source: reference/ntfs.md 2.1.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexRoot {
    /// Type of the attribute that is indexed; 0 in a view index.
    pub kind: U32,
    /// One of [`collation`].
    pub collation: U32,
    /// Bytes of an index block.
    pub block_bytes: U32,
    /// Clusters of an index block; units of 512 bytes when a cluster is larger than a block.
    pub clusters_per_block: u8,
    /// Zero.
    pub pad: [u8; 3],
}
const _: () = assert!(size_of::<IndexRoot>() == 16);

/// Start of an index block; an [`IndexHeader`], the update sequence array and the entries follow.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexBlockHeader {
    /// [`INDX_MAGIC`].
    pub magic: [u8; 4],
    /// Offset of the update sequence array: 0x28.
    pub usa_offset: U16,
    /// Words of the update sequence array: block bytes / 512 + 1.
    pub usa_count: U16,
    /// Last log record that touched the block.
    pub lsn: U64,
    /// The block's own place in the index allocation, in clusters (or units of 512 bytes).
    pub vcn: U64,
}
const _: () = assert!(size_of::<IndexBlockHeader>() == 24);

/// Describes the entries of a root or block. Offsets count from this header.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexHeader {
    /// Offset of the first entry.
    pub entries_offset: U32,
    /// Offset after the last entry.
    pub used: U32,
    /// Offset of the end of the space for entries.
    pub allocated: U32,
    /// Block: [`INDEX_INNER`]. Root: 1 when there is an index allocation.
    pub flags: u8,
    /// Zero.
    pub pad: [u8; 3],
}
const _: () = assert!(size_of::<IndexHeader>() == 16);

/// Start of an index entry of a folder; the key (`$FILE_NAME`) follows, padded to 8, then the VCN of a sub-node.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct IndexEntryHeader {
    /// Reference to the file. In a view index: data offset (16 bits), data length (16 bits), 0.
    pub reference: U64,
    /// Bytes of the entry.
    pub length: U16,
    /// Bytes of the key.
    pub key_length: U16,
    /// [`ENTRY_SUB_NODE`], [`ENTRY_END`].
    pub flags: U16,
    /// Zero.
    pub pad: U16,
}
const _: () = assert!(size_of::<IndexEntryHeader>() == 16);

/// "INDX".
pub const INDX_MAGIC: [u8; 4] = *b"INDX";
/// Entries of the node have sub-nodes.
pub const INDEX_INNER: u8 = 1;
/// The last 8 bytes of the entry are the VCN of the sub-node with smaller keys.
pub const ENTRY_SUB_NODE: u16 = 1;
/// Last entry of the node, without a key.
pub const ENTRY_END: u16 = 2;

/// Orders of keys, as stored.
pub mod collation {
    /// Upper-cased UTF-16 units: folders.
    pub const FILE_NAME: u32 = 0x01;
    /// Little-endian u32: `$SII`, `$Q`.
    pub const U32: u32 = 0x10;
    /// Security identifier: `$O` of `$Quota`.
    pub const SID: u32 = 0x11;
    /// Hash, then id: `$SDH`.
    pub const SECURITY_HASH: u32 = 0x12;
    /// Little-endian u32s: `$O` of `$ObjId`, `$R`.
    pub const U32S: u32 = 0x13;
}
