//! What a drive of a given size has room for.

use std::ops::Range;

use bitlocker_image::{Cipher, Regions};
use disk::SectorSize;
use gpt_image::GptSpec;
use ntfs_image::{FileTime, Ground, LayoutError, NtfsLayout, ReservedFile, Tree, VolumeSpec};
use thiserror::Error;

/// A BitLocker volume that somebody made before, whose keys stay: where it lies, and how it is
/// encrypted. What is outside of it is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptVolume {
    /// Its place on the disk, in bytes.
    pub partition: Range<u64>,
    /// BitLocker's own places in it, wherever Windows found room.
    pub regions: Regions,
    /// How its sectors are encrypted.
    pub cipher: Cipher,
    /// What is on it that stays and gets company; `None` when it gets a new file system.
    pub onto: Option<Onto>,
}

/// Sessions that a volume holds already, and what it has to offer to a further one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onto {
    /// What is free on it.
    pub ground: Ground,
    /// SHA-256 over NTFS's own files, as whoever keeps this reads them: it tells whether anything was changed since.
    pub digest: [u8; 32],
    /// MD5 of its manifest.
    pub manifest_md5: [u8; 16],
    /// Length of its manifest, which the new one repeats.
    pub manifest_bytes: u64,
    /// Files in that.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Places on a drive that follow from its size alone, or from the volume that is kept on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The whole disk, in bytes.
    pub disk_bytes: u64,
    /// Logical sectors.
    pub sector: SectorSize,
    /// Where the one partition lies, in bytes.
    pub partition: Range<u64>,
    /// BitLocker's own places in the partition.
    pub regions: Regions,
    /// Whether the partition and BitLocker's places were there before, and stay as they are.
    pub is_kept: bool,
    /// What is on the volume and stays, when the files come beside it.
    pub onto: Option<Onto>,
}

/// The smallest drive: 64 MiB.
pub const DISK_BYTES_MIN: u64 = 64 << 20;

/// A disk that cannot be made into a drive.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpaceError {
    /// Too small for the file system and BitLocker's places.
    #[error("it has {found} bytes; the smallest drive has {least}")]
    TooSmall {
        /// Bytes of the disk.
        found: u64,
        /// Bytes needed.
        least: u64,
    },
    /// The partition table cannot describe it.
    #[error(transparent)]
    Partition(#[from] gpt_image::GptError),
    /// BitLocker's places do not fit.
    #[error(transparent)]
    Regions(#[from] bitlocker_image::RegionsError),
    /// A kept volume is not on the disk.
    #[error("its volume ends at {end}, behind the disk's {disk_bytes} bytes")]
    Outside {
        /// Where the volume ends.
        end: u64,
        /// Bytes of the disk.
        disk_bytes: u64,
    },
}

/// What Windows wants for itself when it first mounts a volume; reference/ntfs.md 4.2 proposes it,
/// nobody documents it.
const HEADROOM_BYTES_MAX: u64 = 256 << 20;
const HEADROOM_SHARE: u64 = 2048;

impl Space {
    /// Returns the places of a disk of `disk_bytes`: those of the volume that is `kept`, or of a new
    /// one.
    ///
    /// # Errors
    /// [`SpaceError`] when it is too small or not whole sectors.
    pub fn of(
        disk_bytes: u64,
        sector: SectorSize,
        kept: Option<&KeptVolume>,
    ) -> Result<Self, SpaceError> {
        let Some(kept) = kept else {
            return Self::new(disk_bytes, sector);
        };
        let (partition, regions) = (kept.partition.clone(), kept.regions);
        if partition.end > disk_bytes {
            let end = partition.end;
            return Err(SpaceError::Outside { end, disk_bytes });
        }
        Ok(Self {
            disk_bytes,
            sector,
            partition,
            regions,
            is_kept: true,
            onto: kept.onto.clone(),
        })
    }

    /// Returns the places of a disk of `disk_bytes` that gets a new volume.
    ///
    /// # Errors
    /// [`SpaceError`] when it is too small or not whole sectors.
    pub fn new(disk_bytes: u64, sector: SectorSize) -> Result<Self, SpaceError> {
        if disk_bytes < DISK_BYTES_MIN {
            return Err(SpaceError::TooSmall {
                found: disk_bytes,
                least: DISK_BYTES_MIN,
            });
        }
        let partition = gpt(disk_bytes, sector, [0; 16], [0; 16]).partition()?;
        let volume_bytes = partition.end.saturating_sub(partition.start);
        let cluster_bytes = ntfs_image::cluster_bytes(volume_bytes, sector);
        let regions = Regions::new(volume_bytes, cluster_bytes)?;
        Ok(Self {
            disk_bytes,
            sector,
            partition,
            regions,
            is_kept: false,
            onto: None,
        })
    }

    /// Returns the bytes of the volume inside the partition.
    #[must_use]
    pub const fn volume_bytes(&self) -> u64 {
        self.partition.end.saturating_sub(self.partition.start)
    }

    /// Returns the length of the manifest that is on the volume already and that a new one repeats.
    #[must_use]
    pub fn manifest_before(&self) -> u64 {
        self.onto.as_ref().map_or(0, |onto| onto.manifest_bytes)
    }

    /// Returns the bytes left free for Windows: min(256 MiB, volume/2048), in whole clusters.
    #[must_use]
    pub fn headroom_bytes(&self) -> u64 {
        let volume_bytes = self.volume_bytes();
        let bytes = HEADROOM_BYTES_MAX.min(volume_bytes / HEADROOM_SHARE);
        bytes.next_multiple_of(ntfs_image::cluster_bytes(volume_bytes, self.sector))
    }

    /// Returns what the partition table is made from.
    #[must_use]
    pub fn gpt_spec(&self, disk_guid: [u8; 16], partition_guid: [u8; 16]) -> GptSpec {
        gpt(self.disk_bytes, self.sector, disk_guid, partition_guid)
    }

    /// Returns what the NTFS layout is asked for: the volume, with BitLocker's places owned by its
    /// control files, in the order of [`Regions::control_files`].
    #[must_use]
    pub fn volume_spec(&self, serial: u64, label: &str, created: FileTime) -> VolumeSpec {
        let own = |(name, at, bytes)| ReservedFile { name, at, bytes };
        VolumeSpec {
            bytes: self.volume_bytes(),
            sector: self.sector,
            start_lba: self.partition.start.div_euclid(self.sector.bytes()),
            serial,
            label: label.to_owned(),
            created,
            reserved: self.regions.control_files().into_iter().map(own).collect(),
        }
    }

    /// Lays out the volume; what fits, but leaves less than [`Self::headroom_bytes`], does not fit.
    ///
    /// # Errors
    /// [`LayoutError`], [`LayoutError::DoesNotFit`] counting the headroom.
    pub fn lay_out(&self, volume: VolumeSpec, tree: Tree) -> Result<NtfsLayout, LayoutError> {
        let layout = match &self.onto {
            None => NtfsLayout::new(volume, tree),
            Some(onto) => NtfsLayout::onto(volume, onto.ground.clone(), tree),
        };
        self.with_headroom(layout, NtfsLayout::free_bytes)
    }

    /// Judges a volume that was laid out or counted: what fits, but leaves less than
    /// [`Self::headroom_bytes`] free, does not fit.
    pub(super) fn with_headroom<T>(
        &self,
        volume: Result<T, LayoutError>,
        free_bytes: impl Fn(&T) -> u64,
    ) -> Result<T, LayoutError> {
        let headroom = self.headroom_bytes();
        let volume_bytes = self.volume_bytes();
        match volume {
            Ok(volume) => match headroom.checked_sub(free_bytes(&volume)) {
                Some(missing_bytes) if missing_bytes > 0 => Err(LayoutError::DoesNotFit {
                    missing_bytes,
                    volume_bytes,
                }),
                _ => Ok(volume),
            },
            Err(LayoutError::DoesNotFit { missing_bytes, .. }) => Err(LayoutError::DoesNotFit {
                missing_bytes: missing_bytes.saturating_add(headroom),
                volume_bytes,
            }),
            Err(error) => Err(error),
        }
    }
}

fn gpt(
    disk_bytes: u64,
    sector: SectorSize,
    disk_guid: [u8; 16],
    partition_guid: [u8; 16],
) -> GptSpec {
    // The name Windows gives to a data partition.
    let name = "Basic data partition".to_owned();
    GptSpec {
        disk_bytes,
        sector,
        disk_guid,
        partition_guid,
        name,
    }
}
