//! The NTFS boot sector.

use thiserror::Error;
use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of the boot sector, whatever the sector size.
pub const BOOT_SECTOR_BYTES: usize = 512;

/// NTFS boot sector: the first 512 bytes of the volume, and a copy in the partition's last sector.
///
/// Source: reference/ntfs.md 1.1 (BIOS parameter block as Windows and mkntfs write it).
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BootSector {
    /// x86 jump over the parameter block: `EB 52 90`.
    pub jump: [u8; 3],
    /// [`OEM_ID`].
    pub oem_id: [u8; 8],
    /// 512 to 4096.
    pub bytes_per_sector: U16,
    /// Sectors per cluster up to 128, else minus the binary logarithm (0xf8 is 2^8).
    pub sectors_per_cluster: u8,
    /// Must be 0 on NTFS: reserved sectors, file allocation tables, root entries, small sector count.
    pub fat_fields: [u8; 7],
    /// 0xf8, a fixed disk.
    pub media: u8,
    /// Must be 0: sectors per file allocation table.
    pub sectors_per_table: U16,
    /// Geometry for BIOS calls: 63.
    pub sectors_per_track: U16,
    /// Geometry for BIOS calls: 255.
    pub heads: U16,
    /// Sectors before the partition, low 32 bits.
    pub hidden_sectors: U32,
    /// Must be 0: 32-bit sector count of FAT.
    pub total_sectors_fat: U32,
    /// BIOS drive number 0x80 and signature: `80 00 80 00`.
    pub drive: [u8; 4],
    /// Sectors of the partition, less the last one that holds the copy.
    pub total_sectors: U64,
    /// First cluster of `$MFT`.
    pub mft_cluster: U64,
    /// First cluster of `$MFTMirr`.
    pub mirror_cluster: U64,
    /// Clusters per FILE record, or minus the binary logarithm of its bytes (0xf6 is 1024).
    pub record_size: u8,
    /// Zero.
    pub record_size_pad: [u8; 3],
    /// Clusters per index block, coded like `record_size`.
    pub index_block_size: u8,
    /// Zero.
    pub index_block_size_pad: [u8; 3],
    /// Volume serial number.
    pub serial: U64,
    /// Zero.
    pub checksum: U32,
    /// Boot code.
    pub code: [u8; 426],
    /// `55 AA`.
    pub signature: [u8; 2],
}
const _: () = assert!(size_of::<BootSector>() == BOOT_SECTOR_BYTES);

/// "NTFS" and four blanks.
pub const OEM_ID: [u8; 8] = *b"NTFS    ";

/// What a boot sector says, once it is known to make sense. All sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a sector: 512, 1024, 2048 or 4096.
    pub sector_bytes: u64,
    /// Bytes of a cluster: a power of two, at least a sector, at most 2 MiB.
    pub cluster_bytes: u64,
    /// Whole clusters of the volume.
    pub clusters: u64,
    /// Sectors as stored: the partition's, less the one with the copy.
    pub total_sectors: u64,
    /// Bytes of a FILE record: 512 to 4096 and more, a power of two.
    pub record_bytes: u64,
    /// Bytes of a block of a directory's index, a power of two.
    pub index_block_bytes: u64,
    /// First cluster of `$MFT`.
    pub mft_cluster: u64,
    /// First cluster of `$MFTMirr`.
    pub mirror_cluster: u64,
    /// Volume serial number.
    pub serial: u64,
}

/// A boot sector that no NTFS volume has.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootSectorError {
    /// Another file system, or none.
    #[error("no NTFS signature at volume offset 0x3: found {found:02x?}")]
    OemId {
        /// The 8 bytes found.
        found: [u8; 8],
    },
    /// The sector does not end in 55 AA.
    #[error("volume offset 0x1fe holds {found:02x?}, not 55 aa")]
    Signature {
        /// The 2 bytes found.
        found: [u8; 2],
    },
    /// No sector size of NTFS.
    #[error("{found} bytes per sector at volume offset 0xb; NTFS has 512 to 4096")]
    BytesPerSector {
        /// As stored.
        found: u16,
    },
    /// A cluster that is no power of two or above 2 MiB.
    #[error("sectors per cluster {found:#04x} at volume offset 0xd")]
    SectorsPerCluster {
        /// As stored.
        found: u8,
    },
    /// A FILE record of an impossible size.
    #[error("FILE record size {found:#04x} at volume offset 0x40")]
    RecordSize {
        /// As stored.
        found: u8,
    },
    /// An index block of an impossible size.
    #[error("index block size {found:#04x} at volume offset 0x44")]
    IndexBlockSize {
        /// As stored.
        found: u8,
    },
    /// No clusters, or more bytes than 64 bits count.
    #[error("{found} sectors at volume offset 0x28")]
    TotalSectors {
        /// As stored.
        found: u64,
    },
    /// `$MFT` or its mirror starts outside the volume.
    #[error("cluster {found:#x} at volume offset {at:#x}; the volume has {clusters:#x} clusters")]
    Cluster {
        /// Offset of the field in the sector.
        at: u8,
        /// As stored.
        found: u64,
        /// Clusters of the volume.
        clusters: u64,
    },
}

impl BootSector {
    /// Returns the geometry after checking every field that it is made from.
    ///
    /// Whether the volume fits its partition is for the caller to compare.
    ///
    /// # Errors
    /// [`BootSectorError`]: the first field that cannot be right.
    pub fn geometry(&self) -> Result<Geometry, BootSectorError> {
        if self.oem_id != OEM_ID {
            return Err(BootSectorError::OemId { found: self.oem_id });
        }
        if self.signature != [0x55, 0xaa] {
            return Err(BootSectorError::Signature {
                found: self.signature,
            });
        }
        let sector = self.bytes_per_sector.get();
        if !matches!(sector, 512 | 1024 | 2048 | 4096) {
            return Err(BootSectorError::BytesPerSector { found: sector });
        }
        let sector_bytes = u64::from(sector);
        let cluster_bytes = self.cluster_bytes(sector_bytes)?;
        let sized = |found| coded_size(found, cluster_bytes).filter(|bytes| *bytes >= 512);
        let record_bytes = sized(self.record_size).ok_or(BootSectorError::RecordSize {
            found: self.record_size,
        })?;
        let index_block_bytes =
            sized(self.index_block_size).ok_or(BootSectorError::IndexBlockSize {
                found: self.index_block_size,
            })?;
        let total_sectors = self.total_sectors.get();
        let clusters = total_sectors
            .checked_mul(sector_bytes)
            .and_then(|bytes| bytes.checked_div(cluster_bytes))
            .filter(|clusters| *clusters > 0)
            .ok_or(BootSectorError::TotalSectors {
                found: total_sectors,
            })?;
        for (at, found) in [
            (0x30, self.mft_cluster.get()),
            (0x38, self.mirror_cluster.get()),
        ] {
            if found >= clusters {
                return Err(BootSectorError::Cluster {
                    at,
                    found,
                    clusters,
                });
            }
        }
        Ok(Geometry {
            sector_bytes,
            cluster_bytes,
            clusters,
            total_sectors,
            record_bytes,
            index_block_bytes,
            mft_cluster: self.mft_cluster.get(),
            mirror_cluster: self.mirror_cluster.get(),
            serial: self.serial.get(),
        })
    }

    fn cluster_bytes(&self, sector_bytes: u64) -> Result<u64, BootSectorError> {
        let found = self.sectors_per_cluster;
        let sectors = match found {
            0 => None,
            1..=128 => found.is_power_of_two().then_some(u64::from(found)),
            _ => 1_u64.checked_shl(u32::from(found.wrapping_neg())),
        };
        sectors
            .and_then(|sectors| sectors.checked_mul(sector_bytes))
            .filter(|bytes| *bytes <= CLUSTER_BYTES_MAX)
            .ok_or(BootSectorError::SectorsPerCluster { found })
    }
}

/// Returns how the boot sector stores `bytes`: in clusters, or as minus the binary logarithm when smaller than one.
///
/// # Panics
/// When `bytes` is no power of two or more than 127 clusters: both are our own numbers.
#[must_use]
pub fn code_size(bytes: u64, cluster_bytes: u64) -> u8 {
    assert!(
        bytes.is_power_of_two(),
        "records and blocks are powers of two"
    );
    if bytes >= cluster_bytes {
        let clusters = bytes.checked_div(cluster_bytes).unwrap_or(0);
        return u8::try_from(clusters).expect("a record is a few clusters at most");
    }
    let log = u8::try_from(bytes.trailing_zeros()).expect("a logarithm of 64 bits");
    log.wrapping_neg()
}

/// Reads what [`code_size`] writes; `None` for 0, for more than 64 KiB and for what is no power of two.
fn coded_size(found: u8, cluster_bytes: u64) -> Option<u64> {
    let bytes = match found {
        0 => None,
        1..=127 => u64::from(found).checked_mul(cluster_bytes),
        _ => 1_u64.checked_shl(u32::from(found.wrapping_neg())),
    };
    bytes.filter(|bytes| bytes.is_power_of_two() && *bytes <= RECORD_BYTES_MAX)
}

const CLUSTER_BYTES_MAX: u64 = 2 << 20;
/// No volume seen has records above 4096 bytes or index blocks above a 64 KiB cluster; the bound keeps buffers small.
const RECORD_BYTES_MAX: u64 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> BootSector {
        let mut sector = BootSector::read_from_bytes(&[0; 512]).unwrap();
        sector.oem_id = OEM_ID;
        sector.bytes_per_sector = 512.into();
        sector.sectors_per_cluster = 8;
        sector.total_sectors = 204_799.into();
        sector.mft_cluster = 4.into();
        sector.mirror_cluster = 12.into();
        sector.record_size = 0xf6;
        sector.index_block_size = 1;
        sector.signature = [0x55, 0xaa];
        sector
    }

    #[test]
    fn sizes_are_decoded() {
        let geometry = good().geometry().unwrap();
        assert_eq!(geometry.cluster_bytes, 4096);
        assert_eq!(geometry.clusters, 25_599);
        assert_eq!(geometry.record_bytes, 1024);
        assert_eq!(geometry.index_block_bytes, 4096);
    }

    #[test]
    fn clusters_above_128_sectors_are_a_power_of_two_in_the_exponent() {
        let mut sector = good();
        sector.sectors_per_cluster = 0xf8;
        sector.index_block_size = 0xf4;
        let geometry = sector.geometry().unwrap();
        assert_eq!(geometry.cluster_bytes, 131_072);
        assert_eq!(geometry.index_block_bytes, 4096);
    }

    #[test]
    fn code_size_is_what_is_decoded() {
        assert_eq!(code_size(1024, 4096), 0xf6);
        assert_eq!(code_size(4096, 4096), 1);
        assert_eq!(code_size(4096, 65_536), 0xf4);
        assert_eq!(coded_size(0xf4, 65_536), Some(4096));
    }

    #[test]
    fn one_wrong_field_is_named() {
        let changed = |change: fn(&mut BootSector)| {
            let mut sector = good();
            change(&mut sector);
            sector.geometry().unwrap_err()
        };
        use BootSectorError as E;
        assert!(matches!(changed(|s| s.oem_id[0] = 0), E::OemId { .. }));
        assert!(matches!(
            changed(|s| s.signature[0] = 0),
            E::Signature { .. }
        ));
        assert!(matches!(
            changed(|s| s.bytes_per_sector = 513.into()),
            E::BytesPerSector { .. }
        ));
        for found in [0, 3, 0x81, 0xf0] {
            let mut sector = good();
            sector.sectors_per_cluster = found;
            assert_eq!(sector.geometry(), Err(E::SectorsPerCluster { found }));
        }
        for found in [0, 3, 0x80, 0xff] {
            let mut sector = good();
            sector.record_size = found;
            assert_eq!(sector.geometry(), Err(E::RecordSize { found }));
        }
        assert!(matches!(
            changed(|s| s.total_sectors = u64::MAX.into()),
            E::TotalSectors { .. }
        ));
        assert!(matches!(
            changed(|s| s.mft_cluster = 25_599.into()),
            E::Cluster { at: 0x30, .. }
        ));
    }
}
