//! The structures as they lie on a disk.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// GPT header, in sector 1 and in the last sector. Source: UEFI 2.10, table 5.5.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) signature: [u8; 8],
    pub(crate) revision: U32,
    pub(crate) header_bytes: U32,
    pub(crate) header_crc32: U32,
    pub(crate) reserved: U32,
    pub(crate) my_lba: U64,
    pub(crate) alternate_lba: U64,
    pub(crate) first_usable_lba: U64,
    pub(crate) last_usable_lba: U64,
    pub(crate) disk_guid: [u8; 16],
    pub(crate) entries_lba: U64,
    pub(crate) entry_count: U32,
    pub(crate) entry_bytes: U32,
    pub(crate) entries_crc32: U32,
}
const _: () = assert!(size_of::<Header>() == 92);

/// GPT partition entry. Source: UEFI 2.10, table 5.6.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) kind: [u8; 16],
    pub(crate) guid: [u8; 16],
    pub(crate) first_lba: U64,
    pub(crate) last_lba: U64, // the last that belongs to it
    pub(crate) attributes: U64,
    pub(crate) name: [U16; 36],
}
const _: () = assert!(size_of::<Entry>() == 128);

/// Master boot record: the first 512 bytes of a disk. Source: UEFI 2.10, table 5.1.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Mbr {
    pub(crate) boot_code: [u8; 440],
    pub(crate) disk_signature: [u8; 4],
    pub(crate) unknown: [u8; 2],
    pub(crate) partitions: [MbrEntry; 4],
    pub(crate) signature: [u8; 2],
}
const _: () = assert!(size_of::<Mbr>() == 512);

/// MBR partition record. Source: UEFI 2.10, table 5.2.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct MbrEntry {
    pub(crate) status: u8, // 0x80 when bootable, else 0
    pub(crate) start_chs: [u8; 3],
    pub(crate) kind: u8,
    pub(crate) end_chs: [u8; 3],
    pub(crate) first_lba: U32,
    pub(crate) sectors: U32,
}
const _: () = assert!(size_of::<MbrEntry>() == 16);

pub(crate) const GPT_SIGNATURE: &[u8; 8] = b"EFI PART";
pub(crate) const REVISION: u32 = 0x0001_0000;
pub(crate) const ENTRY_COUNT: u32 = 128;
pub(crate) const ENTRIES_BYTES: u64 = 16_384;
pub(crate) const MBR_SIGNATURE: [u8; 2] = [0x55, 0xaa];
/// MBR type of the one partition that covers a disk with a GPT.
pub(crate) const PROTECTIVE: u8 = 0xee;

/// Type of the partition without content that Windows reserves, E3C9E316-0B5C-4DB8-817D-F92DF00215AE, bytes as stored.
pub const MICROSOFT_RESERVED: [u8; 16] = [
    0x16, 0xe3, 0xc9, 0xe3, 0x5c, 0x0b, 0xb8, 0x4d, 0x81, 0x7d, 0xf9, 0x2d, 0xf0, 0x02, 0x15, 0xae,
];
/// Type of a Microsoft basic data partition, EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, bytes as stored.
pub const BASIC_DATA: [u8; 16] = [
    0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7,
];
