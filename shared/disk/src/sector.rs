//! Logical sectors.

use thiserror::Error;

/// Bytes of a logical sector: what the drive itself addresses by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectorSize {
    /// 512 bytes: the only size that Azure Import/Export takes for hard disks.
    B512,
    /// 4096 bytes ("4Kn").
    B4096,
}

impl SectorSize {
    /// Returns the size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::B512 => 512,
            Self::B4096 => 4096,
        }
    }
}

/// A logical sector size other than 512 and 4096.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("logical sectors of {found} bytes; drives have 512 or 4096")]
pub struct UnsupportedSectorSize {
    /// The size asked for.
    pub found: u64,
}

impl TryFrom<u64> for SectorSize {
    type Error = UnsupportedSectorSize;
    fn try_from(found: u64) -> Result<Self, UnsupportedSectorSize> {
        match found {
            512 => Ok(Self::B512),
            4096 => Ok(Self::B4096),
            _ => Err(UnsupportedSectorSize { found }),
        }
    }
}

/// A logical block address: a sector counted from the start of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lba(pub u64);

impl Lba {
    /// Returns the byte offset of the sector's first byte; `None` when it leaves 64 bits.
    #[must_use]
    pub const fn offset(self, sector: SectorSize) -> Option<u64> {
        self.0.checked_mul(sector.bytes())
    }
}
