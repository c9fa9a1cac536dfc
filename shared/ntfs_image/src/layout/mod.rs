//! A volume planned to the byte before its first byte is written.

use std::ops::Range;

use disk::SectorSize;
use thiserror::Error;

use crate::{FileTime, Node, Tree};

/// A file in `\System Volume Information` that owns exactly one given extent: an area of BitLocker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedFile {
    /// Name in the folder.
    pub name: String,
    /// Byte offset on the volume, a multiple of the cluster.
    pub at: u64,
    /// Bytes of the file, not 0.
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
    /// Volume label, at most 32 characters.
    pub label: String,
    /// The time of everything whose time no source gives.
    pub created: FileTime,
    /// Extents that belong to BitLocker.
    pub reserved: Vec<ReservedFile>,
}

/// A volume that cannot be laid out.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// The files need more than there is.
    #[error(
        "the files do not fit: {missing_bytes} bytes are missing on a volume of {volume_bytes}"
    )]
    DoesNotFit {
        /// Bytes by which the volume is too small.
        missing_bytes: u64,
        /// Bytes of the volume.
        volume_bytes: u64,
    },
    /// Two names of one folder that differ in case only.
    #[error("{first:?} and {second:?} in one folder are the same file to Windows")]
    CaseTwins {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The folder.
        folder: Node,
    },
}

/// A part of the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Byte offset on the volume.
    pub at: u64,
    /// Bytes, a multiple of the sector.
    pub bytes: u64,
    /// What belongs there.
    pub what: Content,
}

/// What belongs into a [`Segment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What [`NtfsLayout::render`] gives.
    Metadata,
    /// A file's bytes; zeros past its end.
    FileData {
        /// The file.
        file: Node,
        /// Offset in the file.
        from: u64,
    },
    /// The extent of a reserved file.
    Reserved {
        /// Index into [`VolumeSpec::reserved`].
        index: usize,
    },
    /// Nobody's.
    Free,
}

/// A volume on which everything has its place.
#[derive(Clone, Debug)]
pub struct NtfsLayout {}

/// Returns the bytes of a cluster: 4096 up to 16 TiB, larger beyond.
#[must_use]
pub fn cluster_bytes(_volume_bytes: u64, _sector: SectorSize) -> u64 {
    todo!()
}

impl NtfsLayout {
    /// Lays out.
    ///
    /// # Errors
    /// [`LayoutError`].
    pub fn new(_spec: VolumeSpec, _tree: Tree) -> Result<Self, LayoutError> {
        todo!()
    }
    /// Returns the spec.
    #[must_use]
    pub fn spec(&self) -> &VolumeSpec {
        todo!()
    }
    /// Returns the tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        todo!()
    }
    /// Returns the bytes of a cluster.
    #[must_use]
    pub fn cluster_bytes(&self) -> u64 {
        todo!()
    }
    /// Returns the bytes in use.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        todo!()
    }
    /// Returns the bytes free.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        todo!()
    }
    /// Iterates over all parts, ascending, without gaps.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        std::iter::from_fn(|| todo!())
    }
    /// Returns whether the file's bytes lie in its record.
    #[must_use]
    pub fn is_resident(&self, _file: Node) -> bool {
        todo!()
    }
    /// Renders the volume's bytes from `at` on, files' clusters as zeros.
    pub fn render(&self, _at: u64, _into: &mut [u8], _resident: &mut dyn FnMut(Node, &mut [u8])) {
        todo!()
    }
    /// Iterates over the files whose bytes lie in records in that range.
    pub fn resident_files(&self, _at: u64, _bytes: u64) -> impl Iterator<Item = Node> + '_ {
        std::iter::from_fn(|| todo!())
    }
    /// Returns the same volume without some files.
    ///
    /// # Errors
    /// [`LayoutError`].
    pub fn without(
        &self,
        _left_out: &dyn Fn(Node) -> bool,
        _resized: Option<(Node, u64)>,
    ) -> Result<Self, LayoutError> {
        todo!()
    }
    /// Iterates over the metadata that differs.
    pub fn differences(&self, _mended: &Self) -> impl Iterator<Item = Range<u64>> + '_ {
        std::iter::from_fn(|| todo!())
    }
    /// Iterates over the data extents that became free.
    pub fn freed(&self, _mended: &Self) -> impl Iterator<Item = Range<u64>> + '_ {
        std::iter::from_fn(|| todo!())
    }
}
