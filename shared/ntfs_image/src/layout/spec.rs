//! What a volume is, apart from its files.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of a volume below 2^48 bytes, checked first"
)]

use std::collections::BTreeSet;

use disk::SectorSize;

use super::error::LayoutError;
use super::index_tree::BLOCK_BYTES;
use crate::FileTime;
use crate::name;

/// A file in `\System Volume Information` that owns exactly one given extent: an area of BitLocker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedFile {
    /// Name in the folder.
    pub name: String,
    /// Byte offset on the volume, a multiple of the cluster.
    pub at: u64,
    /// Bytes of the file, not 0. Whole clusters are taken.
    pub bytes: u64,
}

/// What a volume is, apart from its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Bytes of the partition, a multiple of the sector.
    pub bytes: u64,
    /// Logical sectors of the drive.
    pub sector: SectorSize,
    /// The partition's first sector on the drive.
    pub start_lba: u64,
    /// Volume serial number.
    pub serial: u64,
    /// Volume label, at most 32 UTF-16 units; empty for none.
    pub label: String,
    /// The time of everything whose time no source gives.
    pub created: FileTime,
    /// Extents that belong to BitLocker, at most 16. On the plain volume they hold zeros.
    pub reserved: Vec<ReservedFile>,
}

/// Returns the bytes of a cluster: 4096 up to 16 TiB, twice as much for each doubling beyond.
///
/// Windows formats the same way (MS KB140365), since it counts clusters in 32 bits.
#[must_use]
pub fn cluster_bytes(volume_bytes: u64, sector: SectorSize) -> u64 {
    let mut bytes = CLUSTER_BYTES_MIN.max(sector.bytes());
    while bytes < CLUSTER_BYTES_MAX && volume_bytes > bytes << 32 {
        bytes <<= 1;
    }
    bytes
}

/// Sizes that follow from the spec alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) sector_bytes: u64,
    pub(super) cluster_bytes: u64,
    /// Whole clusters; what follows them is the tail with the copy of the boot sector.
    pub(super) clusters: u64,
    /// Bytes of a FILE record.
    pub(super) record_bytes: u64,
    /// Clusters of `$Boot`, from cluster 0 on.
    pub(super) boot_clusters: u64,
}

impl Shape {
    /// Checks everything about a spec that has nothing to do with its files.
    pub(super) fn new(spec: &VolumeSpec, cluster_bytes: u64) -> Result<Self, LayoutError> {
        let sector_bytes = spec.sector.bytes();
        if spec.bytes > VOLUME_BYTES_MAX {
            return Err(LayoutError::TooLarge { bytes: spec.bytes });
        }
        if !spec.bytes.is_multiple_of(sector_bytes) || spec.bytes < VOLUME_BYTES_MIN {
            return Err(LayoutError::TooSmall { bytes: spec.bytes });
        }
        let units = spec.label.encode_utf16().count();
        if units > LABEL_UNITS_MAX {
            return Err(LayoutError::LabelTooLong { units });
        }
        let shape = Self {
            sector_bytes,
            cluster_bytes,
            clusters: clusters(spec.bytes, sector_bytes, cluster_bytes),
            record_bytes: match spec.sector {
                SectorSize::B512 => 1024,
                SectorSize::B4096 => 4096,
            },
            boot_clusters: BOOT_BYTES.div_ceil(cluster_bytes),
        };
        shape.check_reserved(&spec.reserved)?;
        Ok(shape)
    }

    fn check_reserved(&self, reserved: &[ReservedFile]) -> Result<(), LayoutError> {
        if reserved.len() > RESERVED_MAX {
            let count = reserved.len();
            return Err(LayoutError::TooManyReserved { count });
        }
        let mut extents = Vec::new();
        let mut names = BTreeSet::new();
        for file in reserved {
            if !names.insert(name::folded(&file.name)) {
                let name = file.name.clone();
                return Err(LayoutError::ReservedTwins { name });
            }
            let named = || file.name.clone();
            name::check(&file.name).map_err(|problem| LayoutError::ReservedName {
                name: named(),
                problem,
            })?;
            let end = file.at.checked_add(file.bytes);
            let end = end
                .filter(|end| end.div_ceil(self.cluster_bytes) <= self.clusters)
                .filter(|_| file.bytes > 0 && file.at >= self.boot_clusters * self.cluster_bytes)
                .filter(|_| file.at.is_multiple_of(self.cluster_bytes));
            let Some(end) = end else {
                return Err(LayoutError::ReservedPlace {
                    name: named(),
                    at: file.at,
                    bytes: file.bytes,
                    cluster_bytes: self.cluster_bytes,
                });
            };
            let clusters = file.at / self.cluster_bytes..end.div_ceil(self.cluster_bytes);
            extents.push((clusters.start, clusters.end, &file.name));
        }
        extents.sort_unstable();
        for pair in extents.windows(2) {
            if let [(_, end, first), (start, _, second)] = pair
                && end > start
            {
                return Err(LayoutError::ReservedOverlap {
                    first: (*first).clone(),
                    second: (*second).clone(),
                });
            }
        }
        Ok(())
    }

    /// Returns the clusters that hold `bytes`.
    pub(super) const fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster_bytes)
    }

    /// Returns how an index root tells the size of a block: in clusters, or in 512 bytes when a cluster is larger.
    pub(super) const fn clusters_per_block(&self) -> u8 {
        if self.cluster_bytes > BLOCK_BYTES {
            8
        } else {
            1
        }
    }

    /// Returns the clusters of a volume of another size with the same clusters.
    pub(super) const fn clusters_of_volume(&self, bytes: u64) -> u64 {
        clusters(bytes, self.sector_bytes, self.cluster_bytes)
    }
}

/// The last sector belongs to the copy of the boot sector and is in no cluster.
const fn clusters(volume_bytes: u64, sector_bytes: u64, cluster_bytes: u64) -> u64 {
    (volume_bytes - sector_bytes) / cluster_bytes
}

/// Bytes of `$Boot`.
pub(super) const BOOT_BYTES: u64 = 8192;

const CLUSTER_BYTES_MIN: u64 = 4096;
const CLUSTER_BYTES_MAX: u64 = 65_536;
/// 2^32 clusters of 64 KiB.
const VOLUME_BYTES_MAX: u64 = 1 << 48;
/// Far below what the system files need; it only keeps the arithmetic above zero.
const VOLUME_BYTES_MIN: u64 = 65_536;
const LABEL_UNITS_MAX: usize = 32;
/// Keeps every run list short enough for its FILE record.
const RESERVED_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_grow_beyond_16_tib() {
        const TIB: u64 = 1 << 40;
        for (bytes, cluster) in [
            (TIB, 4096),
            (16 * TIB, 4096),
            (16 * TIB + 1, 8192),
            (33 * TIB, 16_384),
            (256 * TIB, 65_536),
        ] {
            assert_eq!(cluster_bytes(bytes, SectorSize::B512), cluster);
        }
    }

    fn spec(reserved: &[(u64, u64)]) -> VolumeSpec {
        VolumeSpec {
            bytes: 64 << 20,
            sector: SectorSize::B512,
            start_lba: 2048,
            serial: 1,
            label: String::new(),
            created: FileTime(0),
            reserved: reserved
                .iter()
                .enumerate()
                .map(|(number, &(at, bytes))| ReservedFile {
                    name: format!("r{number}"),
                    at,
                    bytes,
                })
                .collect(),
        }
    }

    #[test]
    fn reserved_extents_are_checked() {
        let shape = |reserved: &[(u64, u64)]| Shape::new(&spec(reserved), 4096);
        assert!(shape(&[(1 << 20, 65_536), ((1 << 20) + 65_536, 8192)]).is_ok());
        for bad in [
            (0, 4096),
            (8193, 4096),
            (1 << 20, 0),
            ((64 << 20) - 4096, 4096),
            (u64::MAX - 4095, 65_536),
        ] {
            assert!(
                matches!(shape(&[bad]), Err(LayoutError::ReservedPlace { .. })),
                "{bad:?}"
            );
        }
        assert!(matches!(
            shape(&[(1 << 20, 8193), ((1 << 20) + 8192, 1)]),
            Err(LayoutError::ReservedOverlap { .. })
        ));
        assert!(matches!(
            shape(&[(1 << 20, 1); 17]),
            Err(LayoutError::TooManyReserved { .. })
        ));
    }
}
