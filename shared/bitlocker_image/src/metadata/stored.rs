//! The fixed structures of an information area, as stored.

use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of an information area.
pub(crate) const AREA: usize = 65_536;
/// What the boot sector and every information area begin with, the boot sector three bytes later.
pub(crate) const SIGNATURE: [u8; 8] = *b"-FVE-FS-";
/// Bytes of [`InformationHeader`] and [`DatasetHeader`]: where the datums begin.
pub(crate) const HEADERS: usize = 112;
/// Bytes of [`Validation`] and the datum that must follow it.
pub(crate) const VALIDATION: usize = 88;
/// Sizes of information blocks are counted in these.
pub(crate) const UNIT: usize = 16;

/// The state "fully encrypted".
pub(crate) const ENCRYPTED: u16 = 4;

/// First structure of an information area. Source: bitlocker.md part 3.1.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct InformationHeader {
    pub(crate) signature: [u8; 8],
    /// Of the information block, in units of 16 bytes.
    pub(crate) size: U16,
    /// 2; 1 is Windows Vista's.
    pub(crate) version: U16,
    pub(crate) current_state: U16,
    pub(crate) next_state: U16,
    /// "State offset": up to here the volume is encrypted.
    pub(crate) encrypted_bytes: U64,
    /// "State size": not 0 while a conversion is under way.
    pub(crate) conversion_bytes: U32,
    /// Sectors from the start that are kept at `header`.
    pub(crate) virtualized_sectors: U32,
    pub(crate) information: [U64; 3],
    pub(crate) header: U64,
}
const _: () = assert!(size_of::<InformationHeader>() == 64);

/// Second structure of an information area. Source: bitlocker.md part 3.2.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct DatasetHeader {
    /// Of this header and the datums.
    pub(crate) size: U32,
    pub(crate) version: U32,
    /// Where the datums begin, from the start of this header.
    pub(crate) start: U32,
    /// Where they end.
    pub(crate) end: U32,
    pub(crate) volume: [u8; 16],
    /// The next counter that a nonce may have.
    pub(crate) next_counter: U32,
    pub(crate) method: U16,
    /// Repeats the method when it was chosen explicitly; no reader looks at it.
    pub(crate) method_again: U16,
    pub(crate) created: U64,
}
const _: () = assert!(size_of::<DatasetHeader>() == 48);

/// Header of every datum. Source: bitlocker.md part 3.3.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct DatumHeader {
    /// Of this header and what follows.
    pub(crate) size: U16,
    pub(crate) role: U16,
    pub(crate) kind: U16,
    pub(crate) flags: U16,
}
const _: () = assert!(size_of::<DatumHeader>() == 8);

/// Body of a protector's datum, before its nested datums. Source: bitlocker.md part 3.3.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ProtectorBody {
    pub(crate) id: [u8; 16],
    pub(crate) changed: U64,
    pub(crate) unknown: U16,
    pub(crate) protection: U16,
}
const _: () = assert!(size_of::<ProtectorBody>() == 28);

/// Body of the virtualization datum; Windows 7 ends after the first two fields. Source:
/// bitlocker.md part 9.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct VirtualizationBody {
    pub(crate) header: U64,
    pub(crate) header_bytes: U64,
}
const _: () = assert!(size_of::<VirtualizationBody>() == 16);

/// What Windows 8 and later append to [`VirtualizationBody`]. Source: bitlocker.md part 9.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ExtendedInfo {
    pub(crate) five: U16,
    pub(crate) size: U16,
    pub(crate) zero: U32,
    pub(crate) flags: U64,
    pub(crate) log: U64,
    pub(crate) log_bytes: U32,
    pub(crate) sector_bytes: [U32; 2],
    pub(crate) os_major: U32,
    pub(crate) os_minor: U32,
    pub(crate) os_build: U32,
    pub(crate) os_platform: U32,
    pub(crate) os_service_pack: [U16; 2],
    pub(crate) os_suite: U16,
    pub(crate) os_product: u8,
    pub(crate) two: u8,
    pub(crate) spare: U64,
    pub(crate) spare_bytes: U32,
    pub(crate) last: U32,
}
const _: () = assert!(size_of::<ExtendedInfo>() == 76);

/// Follows the information block. Source: bitlocker.md part 6.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Validation {
    /// As Windows writes it, up to the end of the area.
    pub(crate) size: U16,
    /// 2; 1 has no sealed hash.
    pub(crate) version: U16,
    pub(crate) crc32: U32,
}
const _: () = assert!(size_of::<Validation>() == 8);

/// Roles of datums ("entry types").
pub(crate) mod role {
    pub(crate) const PROPERTY: u16 = 0;
    pub(crate) const PROTECTOR: u16 = 2;
    pub(crate) const VOLUME_KEY: u16 = 3;
    pub(crate) const STARTUP_KEY: u16 = 6;
    pub(crate) const DESCRIPTION: u16 = 7;
    pub(crate) const VIRTUALIZATION: u16 = 0x0f;
    pub(crate) const RECOVERY_BACKUP: u16 = 0x12;
    pub(crate) const STRETCHED_BACKUP: u16 = 0x13;
}

/// Kinds of datums ("value types").
pub(crate) mod kind {
    pub(crate) const KEY: u16 = 1;
    pub(crate) const UNICODE: u16 = 2;
    pub(crate) const STRETCH_KEY: u16 = 3;
    pub(crate) const USE_KEY: u16 = 4;
    pub(crate) const SEALED: u16 = 5;
    pub(crate) const PROTECTOR: u16 = 8;
    pub(crate) const EXTERNAL_KEY: u16 = 9;
    pub(crate) const VIRTUALIZATION: u16 = 0x0f;
    pub(crate) const BACKUP_INFO: u16 = 0x15;
}

/// What protects a volume master key.
pub(crate) mod protection {
    pub(crate) const CLEAR: u16 = 0x0000;
    pub(crate) const TPM: u16 = 0x0100;
    pub(crate) const EXTERNAL_KEY: u16 = 0x0200;
    pub(crate) const TPM_PIN: u16 = 0x0500;
    pub(crate) const RECOVERY_PASSWORD: u16 = 0x0800;
    pub(crate) const CERTIFICATE: u16 = 0x1000;
    pub(crate) const PASSPHRASE: u16 = 0x2000;
}
