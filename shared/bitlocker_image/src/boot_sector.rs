//! The first sector of a BitLocker volume.
//!
//! Source: bitlocker.md part 2. Golden: the first sectors of the genuine Windows volumes (test
//! `genuine`).

use disk::SectorSize;
use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::Regions;
use crate::metadata::SIGNATURE;

/// Marks a finished volume.
const NORMAL: [u8; 16] = *b"\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01";
/// Marks a volume that Windows is still encrypting or decrypting ("encrypt on write").
const CONVERTING: [u8; 16] = *b"\x3b\x4d\xa8\x92\x80\xdd\x0e\x4d\x9e\x4e\xb1\xe3\x28\x4e\xae\xd8";
/// Where a To Go volume, which looks like FAT, has GUID and offsets.
const TO_GO_GUID: usize = 0x1a8;

/// `cli; hlt; jmp` back to it: nothing can be started from such a drive.
const HALT: [u8; 4] = [0xfa, 0xf4, 0xeb, 0xfc];

#[derive(Clone, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct BootSector {
    jump: [u8; 3],
    signature: [u8; 8],
    /// Byte for byte the NTFS volume's own, from bytes per sector to hidden sectors.
    parameters: [u8; 25],
    sectors_per_fat: U32,
    zeros: [u8; 8],
    info_sector: U16,
    backup_sector: U16,
    more_zeros: [u8; 12],
    drive: [u8; 3],
    serial: [u8; 4],
    label: [u8; 11],
    file_system: [u8; 8],
    code: [u8; 70],
    guid: [u8; 16],
    information: [U64; 3],
    conversion: [U64; 2],
    no_data: [u8; 40],
    message: [u8; 152],
    fill: [u8; 80],
    more_fill: [u8; 19],
    message_places: [u8; 3],
    end: [u8; 2],
}
const _: () = assert!(size_of::<BootSector>() == 512);

/// Returns the BitLocker boot sector of a volume whose NTFS boot sector is given. The rest of the
/// volume's first 8192 bytes is junk, best random; the NTFS boot sector itself goes, encrypted, to
/// [`Regions::header`].
#[must_use]
pub fn boot_sector(ntfs_boot_sector: &[u8; 512], regions: &Regions) -> [u8; 512] {
    let mut parameters = [0; 25];
    parameters.copy_from_slice(&ntfs_boot_sector[0x0b..0x24]);
    let mut code = [0; 70];
    code[..HALT.len()].copy_from_slice(&HALT);
    let mut message = [0; 152];
    let text = b"\r\nThis drive is encrypted with BitLocker. It does not start a computer.\r\n";
    message[..text.len()].copy_from_slice(text);
    let sector = BootSector {
        jump: [0xeb, 0x58, 0x90],
        signature: SIGNATURE,
        parameters,
        sectors_per_fat: 0x1fe0.into(),
        zeros: [0; 8],
        info_sector: 1.into(),
        backup_sector: 6.into(),
        more_zeros: [0; 12],
        drive: [0x80, 0, 0x29],
        serial: [0; 4],
        label: *b"NO NAME    ",
        file_system: *b"FAT32   ",
        code,
        guid: NORMAL,
        information: regions.information.map(Into::into),
        conversion: [0.into(); 2],
        no_data: [0; 40],
        message,
        // Zeros here would read as an empty partition table, and blkid would say so.
        fill: [b'x'; 80],
        more_fill: [0xff; 19],
        message_places: [0x00, 0x1f, 0x2c],
        end: [0x55, 0xaa],
    };
    let mut bytes = [0; 512];
    bytes.copy_from_slice(sector.as_bytes());
    bytes
}

/// Returns whether `first_sector` (512 bytes or more) is that of a BitLocker volume, also a To Go
/// or Vista one.
#[must_use]
pub fn is_bitlocker(first_sector: &[u8]) -> bool {
    !matches!(Boot::parse(first_sector), Boot::Other)
}

/// What the first sector of a volume says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// Not BitLocker's.
    Other,
    /// Windows Vista's form.
    Vista,
    /// A conversion is under way.
    Converting,
    /// Windows 7 and later.
    Volume {
        information: [u64; 3],
        /// `None` when it is neither 512 nor 4096.
        sector: Option<SectorSize>,
    },
}

impl Boot {
    pub(crate) fn parse(first_sector: &[u8]) -> Self {
        let Ok((sector, _)) = BootSector::ref_from_prefix(first_sector) else {
            return Self::Other;
        };
        let bytes = &sector.as_bytes();
        if sector.signature == SIGNATURE {
            if sector.guid == NORMAL || sector.guid == CONVERTING {
                return Self::of(sector, &sector.guid, sector.information);
            }
            return match sector.jump {
                [0xeb, 0x52, 0x90] => Self::Vista,
                _ => Self::Other,
            };
        }
        let to_go = bytes.get(TO_GO_GUID..).and_then(|bytes| {
            let (guid, bytes) = bytes.split_first_chunk::<16>()?;
            let (information, _) = <[U64; 3]>::read_from_prefix(bytes).ok()?;
            Some((guid, information))
        });
        match to_go {
            Some((guid, information)) if *guid == NORMAL || *guid == CONVERTING => {
                Self::of(sector, guid, information)
            }
            _ => Self::Other,
        }
    }

    fn of(sector: &BootSector, guid: &[u8; 16], information: [U64; 3]) -> Self {
        if *guid == CONVERTING {
            return Self::Converting;
        }
        let sector_bytes = u16::from_le_bytes([sector.parameters[0], sector.parameters[1]]);
        Self::Volume {
            information: information.map(U64::get),
            sector: SectorSize::try_from(u64::from(sector_bytes)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> [u8; 512] {
        let mut ntfs = [0xaa; 512];
        ntfs[0x0b..0x0d].copy_from_slice(&4096_u16.to_le_bytes());
        let regions = Regions::new(1 << 30, 4096).expect("large enough");
        boot_sector(&ntfs, &regions)
    }

    #[test]
    fn a_boot_sector_reads_back() {
        let regions = Regions::new(1 << 30, 4096).expect("large enough");
        let expected = Boot::Volume {
            information: regions.information,
            sector: Some(SectorSize::B4096),
        };
        assert_eq!(Boot::parse(&made()), expected);
        assert!(is_bitlocker(&made()));
    }

    #[test]
    fn the_eight_bytes_that_mark_vista_for_dislocker_are_zero() {
        assert_eq!(made()[0x38..0x40], [0; 8]);
    }

    #[test]
    fn a_conversion_and_vista_are_told_apart_from_a_finished_volume() {
        let mut sector = made();
        sector[0xa0..0xb0].copy_from_slice(&CONVERTING);
        assert_eq!(Boot::parse(&sector), Boot::Converting);
        sector[0xa0] ^= 1;
        assert_eq!(Boot::parse(&sector), Boot::Other);
        sector[1] = 0x52;
        assert_eq!(Boot::parse(&sector), Boot::Vista);
        sector[3] = b'N';
        assert_eq!(Boot::parse(&sector), Boot::Other);
        assert_eq!(Boot::parse(&sector[..511]), Boot::Other);
    }
}
