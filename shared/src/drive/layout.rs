//! The layout of one drive.

use std::ops::Range;

use bitlocker_image::{Cipher, Regions};
use disk::SectorSize;
use ntfs_image::{FileTime, Node, NtfsLayout};
use thiserror::Error;

use super::{DriveIds, DriveSegment, Mend, SealParts};
use crate::plan::{Listing, Mapping, SpaceError};

/// What a drive is made from, beside its files.
#[derive(Clone, Debug)]
pub struct DriveSpec {
    /// Length of the disk.
    pub disk_bytes: u64,
    /// Logical sectors.
    pub sector: SectorSize,
    /// How its sectors are encrypted.
    pub cipher: Cipher,
    /// Serial of the hardware: the manifest's drive id.
    pub serial: String,
    /// Label of the NTFS volume.
    pub label: String,
    /// The job's one start time: every time that no source gives.
    pub started: FileTime,
    /// What looks random.
    pub ids: DriveIds,
}

/// Where the content of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeSource {
    /// A file or folder of the listing.
    Entry(u32),
    /// A folder that the listing does not name.
    Implied,
    /// The properties file of an entry's blob: [`crate::plan::PROPERTIES_BYTES`] long, known once the entry's file is hashed.
    Properties(u32),
    /// The metadata file of target `n` of the mapping (from 0).
    TargetMetadata(u32),
    /// The properties file of target `n` of the mapping (from 0).
    TargetProperties(u32),
    /// `\DriveManifest.xml`, known once everything else is.
    Manifest,
}

/// A drive that cannot be laid out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriveLayoutError {
    /// The disk cannot be made into a drive.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The files do not fit.
    #[error("{missing_bytes} bytes are missing on drive {serial}")]
    DoesNotFit {
        /// The drive.
        serial: String,
        /// How much more room is needed.
        missing_bytes: u64,
    },
    /// A name that cannot be on the drive; a plan would have left it out.
    #[error("{path}: {cause}")]
    Name {
        /// The path in the listing.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// The file system cannot be laid out.
    #[error(transparent)]
    Ntfs(ntfs_image::LayoutError),
    /// The partition table cannot be made.
    #[error(transparent)]
    Gpt(gpt_image::GptError),
}

/// One drive, to the byte, before anything is written.
#[derive(Debug)]
pub struct DriveLayout {
    spec: DriveSpec,
}

impl DriveLayout {
    /// Lays out a drive that holds `entries` (ascending) of `listing`.
    ///
    /// # Errors
    /// [`DriveLayoutError`]: most of all when they do not fit, with how much is missing.
    pub fn new(
        spec: DriveSpec,
        listing: &Listing,
        entries: &[u32],
        mapping: &Mapping,
    ) -> Result<Self, DriveLayoutError> {
        todo!("{spec:?} {listing:?} {entries:?} {mapping:?}")
    }

    /// Returns what the drive is made from.
    #[must_use]
    pub const fn spec(&self) -> &DriveSpec {
        &self.spec
    }

    /// Returns the partition's place on the disk, in bytes.
    #[must_use]
    pub fn partition(&self) -> Range<u64> {
        todo!()
    }

    /// Returns BitLocker's places in the partition.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        todo!()
    }

    /// Returns the file system.
    #[must_use]
    pub fn ntfs(&self) -> &NtfsLayout {
        todo!()
    }

    /// Returns the listing entry that a file or folder is; `None` for what the listing does not name.
    #[must_use]
    pub fn entry_of(&self, node: Node) -> Option<u32> {
        todo!("{node:?}")
    }

    /// Returns where a node's content comes from.
    #[must_use]
    pub fn source_of(&self, node: Node) -> NodeSource {
        todo!("{node:?}")
    }

    /// Returns the node of a listing entry; `None` when the entry is not on this drive.
    #[must_use]
    pub fn node_of(&self, entry: u32) -> Option<Node> {
        todo!("{entry}")
    }

    /// Returns `\DriveManifest.xml`.
    #[must_use]
    pub fn manifest(&self) -> Node {
        todo!()
    }

    /// Returns the length planned for the manifest. It is an upper bound: the final one is set by [`Self::mend`].
    #[must_use]
    pub fn manifest_bytes(&self) -> u64 {
        todo!()
    }

    /// Returns what lies where: disk offsets, ascending, no gap, no overlap, the whole disk once.
    pub fn segments(&self) -> impl Iterator<Item = DriveSegment> + '_ {
        std::iter::empty()
    }

    /// Fills `into` with the plaintext at disk offset `at`, for a range inside one [`What::Metadata`](super::What) or
    /// [`What::HeaderCopy`](super::What) segment, starting and ending on multiples of 4096 from the segment's start or at
    /// its end. `resident` fills the slot of every small file whose content lies in the range.
    pub fn render(&self, at: u64, into: &mut [u8], resident: &mut dyn FnMut(Node, &mut [u8])) {
        todo!("{at} {} {}", into.len(), std::mem::size_of_val(resident))
    }

    /// Returns the small files whose slots lie in `bytes` bytes of metadata from disk offset `at`.
    pub fn resident_files(&self, at: u64, bytes: u64) -> impl Iterator<Item = Node> + '_ {
        let _ = (at, bytes);
        std::iter::empty()
    }

    /// Returns the parts of the Seal phase. `information_area` is the 65,536 bytes that
    /// [`bitlocker_image::seal`] gave, from the frozen plan.
    #[must_use]
    pub fn seal_parts(&self, information_area: &[u8]) -> SealParts {
        todo!("{}", information_area.len())
    }

    /// Returns what changes when the files `left_out` are not on the drive and the manifest is `manifest_bytes` long.
    ///
    /// # Errors
    /// [`DriveLayoutError`] when the manifest is longer than planned.
    pub fn mend(
        &self,
        left_out: &dyn Fn(Node) -> bool,
        manifest_bytes: u64,
    ) -> Result<Mend<'_>, DriveLayoutError> {
        todo!("{manifest_bytes} {}", std::mem::size_of_val(left_out))
    }
}
