//! The table that we write.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "computes with the checked length of a disk of ours"
)]

use std::ops::Range;

use disk::SectorSize;
use thiserror::Error;
use zerocopy::IntoBytes;
use zerocopy::little_endian::U16;

use crate::stored::{
    BASIC_DATA, ENTRIES_BYTES, ENTRY_COUNT, Entry, GPT_SIGNATURE, Header, MBR_SIGNATURE, Mbr,
    MbrEntry, PROTECTIVE, REVISION,
};

const MIB: u64 = 1 << 20;

/// A disk with one Microsoft basic data partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GptSpec {
    /// Length of the disk in bytes.
    pub disk_bytes: u64,
    /// Logical sector size.
    pub sector: SectorSize,
    /// The disk's GUID, bytes as stored.
    pub disk_guid: [u8; 16],
    /// The partition's own GUID, bytes as stored.
    pub partition_guid: [u8; 16],
    /// The partition's name: at most 36 UTF-16 units.
    pub name: String,
}

/// A disk that cannot hold the table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptError {
    /// Too short for both tables and 1 MiB of partition.
    #[error(
        "a disk of {disk_bytes} bytes; a partition table and 1 MiB of partition need {least_bytes}"
    )]
    TooSmall {
        /// Length of the disk.
        disk_bytes: u64,
        /// Least length.
        least_bytes: u64,
    },
    /// Not a whole number of sectors.
    #[error("a disk of {disk_bytes} bytes is not a whole number of sectors of {sector_bytes}")]
    PartialSector {
        /// Length of the disk.
        disk_bytes: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// The name is too long.
    #[error("a partition name of {found} UTF-16 units; a partition table holds 36")]
    NameTooLong {
        /// Length found.
        found: usize,
    },
}

impl GptSpec {
    /// Returns the partition's bytes: from 1 MiB to the last 1 MiB border before the backup table.
    ///
    /// # Errors
    /// [`GptError`] when the disk is too small or not a whole number of sectors.
    pub fn partition(&self) -> Result<Range<u64>, GptError> {
        let Self {
            disk_bytes, sector, ..
        } = *self;
        let sector_bytes = sector.bytes();
        if !disk_bytes.is_multiple_of(sector_bytes) {
            return Err(GptError::PartialSector {
                disk_bytes,
                sector_bytes,
            });
        }
        // Checked from here on: the disk is at least this long.
        let least_bytes = 2 * MIB + ENTRIES_BYTES + sector_bytes;
        if disk_bytes < least_bytes {
            return Err(GptError::TooSmall {
                disk_bytes,
                least_bytes,
            });
        }
        let usable_end = disk_bytes - ENTRIES_BYTES - sector_bytes;
        Ok(MIB..usable_end - usable_end % MIB)
    }

    /// Returns protective MBR, header and entries, to be written at 0.
    ///
    /// # Errors
    /// [`GptError`].
    pub fn primary(&self) -> Result<Vec<u8>, GptError> {
        let entries = self.entries()?;
        let sector_bytes = self.sector.bytes();
        let header = self.header(1, self.last_lba(), 2, &entries);
        let mut bytes = self.protective_mbr().as_bytes().to_vec();
        pad(&mut bytes, sector_bytes);
        bytes.extend_from_slice(header.as_bytes());
        pad(&mut bytes, sector_bytes);
        bytes.extend_from_slice(&entries);
        Ok(bytes)
    }

    /// Returns the backup table (entries, then header) and the byte offset where it goes.
    ///
    /// # Errors
    /// [`GptError`].
    pub fn backup(&self) -> Result<(u64, Vec<u8>), GptError> {
        let entries = self.entries()?;
        let sector_bytes = self.sector.bytes();
        let at = self.disk_bytes - sector_bytes - ENTRIES_BYTES;
        let header = self.header(self.last_lba(), 1, at / sector_bytes, &entries);
        let mut bytes = entries;
        bytes.extend_from_slice(header.as_bytes());
        pad(&mut bytes, sector_bytes);
        Ok((at, bytes))
    }

    fn last_lba(&self) -> u64 {
        self.disk_bytes / self.sector.bytes() - 1
    }

    /// Returns all 128 entries, of which the first is used. Checks the whole spec.
    fn entries(&self) -> Result<Vec<u8>, GptError> {
        let Range { start, end } = self.partition()?;
        let units: Vec<u16> = self.name.encode_utf16().collect();
        let mut name = [U16::ZERO; 36];
        let Some(places) = name.get_mut(..units.len()) else {
            return Err(GptError::NameTooLong { found: units.len() });
        };
        for (place, unit) in places.iter_mut().zip(units) {
            *place = unit.into();
        }
        let entry = Entry {
            kind: BASIC_DATA,
            guid: self.partition_guid,
            first_lba: (start / self.sector.bytes()).into(),
            last_lba: (end / self.sector.bytes() - 1).into(),
            attributes: 0.into(),
            name,
        };
        let mut bytes = entry.as_bytes().to_vec();
        pad(&mut bytes, ENTRIES_BYTES);
        Ok(bytes)
    }

    fn header(&self, my_lba: u64, alternate_lba: u64, entries_lba: u64, entries: &[u8]) -> Header {
        let table_sectors = ENTRIES_BYTES / self.sector.bytes();
        let mut header = Header {
            signature: *GPT_SIGNATURE,
            revision: REVISION.into(),
            header_bytes: 92.into(),
            header_crc32: 0.into(),
            reserved: 0.into(),
            my_lba: my_lba.into(),
            alternate_lba: alternate_lba.into(),
            first_usable_lba: (2 + table_sectors).into(),
            last_usable_lba: (self.last_lba() - 1 - table_sectors).into(),
            disk_guid: self.disk_guid,
            entries_lba: entries_lba.into(),
            entry_count: ENTRY_COUNT.into(),
            entry_bytes: 128.into(),
            entries_crc32: crc32fast::hash(entries).into(),
        };
        header.header_crc32 = crc32fast::hash(header.as_bytes()).into();
        header
    }

    fn protective_mbr(&self) -> Mbr {
        let unused = MbrEntry {
            status: 0,
            start_chs: [0; 3],
            kind: 0,
            end_chs: [0; 3],
            first_lba: 0.into(),
            sectors: 0.into(),
        };
        let whole = MbrEntry {
            start_chs: [0, 2, 0],
            kind: PROTECTIVE,
            end_chs: [0xff; 3],
            first_lba: 1.into(),
            // A disk that is too long for 32 bits has all of them set.
            sectors: u32::try_from(self.last_lba()).unwrap_or(u32::MAX).into(),
            ..unused.clone()
        };
        Mbr {
            boot_code: [0; 440],
            disk_signature: [0; 4],
            unknown: [0; 2],
            partitions: [whole, unused.clone(), unused.clone(), unused],
            signature: MBR_SIGNATURE,
        }
    }
}

/// Fills `bytes` with zeros up to a multiple of `unit`.
fn pad(bytes: &mut Vec<u8>, unit: u64) {
    let unit = usize::try_from(unit).unwrap_or(usize::MAX);
    bytes.resize(bytes.len().next_multiple_of(unit), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(disk_bytes: u64, sector: SectorSize) -> GptSpec {
        let name = "Basic data partition".to_owned();
        GptSpec {
            disk_bytes,
            sector,
            disk_guid: [1; 16],
            partition_guid: [2; 16],
            name,
        }
    }

    #[test]
    fn the_least_disk_has_1_mib_of_partition_and_one_sector_less_is_refused() {
        for sector in [SectorSize::B512, SectorSize::B4096] {
            let least = 2 * MIB + ENTRIES_BYTES + sector.bytes();
            assert_eq!(spec(least, sector).partition(), Ok(MIB..2 * MIB));
            let smaller = spec(least - sector.bytes(), sector).partition();
            assert!(matches!(smaller, Err(GptError::TooSmall { .. })));
        }
    }

    #[test]
    fn a_name_of_37_units_is_refused() {
        let long = GptSpec {
            name: "n".repeat(37),
            ..spec(64 * MIB, SectorSize::B512)
        };
        assert_eq!(long.primary(), Err(GptError::NameTooLong { found: 37 }));
    }

    proptest! {
        #[test]
        fn table_partition_and_backup_never_touch(sectors in 4200u64..1 << 40, large: bool) {
            let sector = if large { SectorSize::B4096 } else { SectorSize::B512 };
            let spec = spec(sectors * sector.bytes(), sector);
            let partition = spec.partition().expect("it fits");
            let primary = u64::try_from(spec.primary().expect("it fits").len()).expect("small");
            let (at, backup) = spec.backup().expect("it fits");
            prop_assert!(primary <= partition.start && partition.end <= at);
            prop_assert_eq!(at + u64::try_from(backup.len()).expect("small"), spec.disk_bytes);
            prop_assert!(partition.end + MIB > at);
        }
    }
}
