//! The layout of one drive.

use std::ops::Range;

use bitlocker_image::{Cipher, Regions};
use disk::SectorSize;
use gpt_image::GptSpec;
use ntfs_image::{FileTime, LayoutError, Node, NtfsLayout};
use thiserror::Error;

use super::segment::{self, DriveSegment};
use super::{DriveIds, Kept, Mend, SealParts, seal};
use crate::plan::{
    DriveTree, DriveTreeError, HashListNodes, Listing, Mapping, NodeMap, NodeSource, Onto, Space,
    SpaceError,
};

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
    /// The volume that is on it already and keeps its keys; `None` for a new one.
    pub kept: Option<Kept>,
}

/// A drive that cannot be laid out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriveLayoutError {
    /// The disk cannot be made into a drive.
    #[error("drive {serial}: {cause}")]
    Space {
        /// The drive.
        serial: String,
        /// What is wrong with it.
        cause: SpaceError,
    },
    /// The files do not fit, or leave Windows less room than it needs.
    #[error("drive {serial}: the files do not fit; {missing_bytes} bytes are missing")]
    DoesNotFit {
        /// The drive.
        serial: String,
        /// How much more room is needed.
        missing_bytes: u64,
    },
    /// The files are no tree that NTFS can hold; a plan would have left them out.
    #[error(transparent)]
    Tree(#[from] DriveTreeError),
    /// The file system cannot be laid out.
    #[error(transparent)]
    Ntfs(LayoutError),
    /// The manifest came out longer than planned.
    #[error("a manifest of {found} bytes; {planned} were planned")]
    ManifestTooLong {
        /// Bytes it has.
        found: u64,
        /// Bytes planned.
        planned: u64,
    },
}

/// One drive, to the byte, before anything is written.
#[derive(Debug)]
pub struct DriveLayout {
    spec: DriveSpec,
    space: Space,
    nodes: NodeMap,
    ntfs: NtfsLayout,
}

impl DriveLayout {
    /// Lays out a drive that holds `entries` (ascending) of `listing`: succeeds exactly when a plan
    /// may put them there.
    ///
    /// # Errors
    /// [`DriveLayoutError`]: most of all when they do not fit, with how much is missing.
    pub fn new(
        spec: DriveSpec,
        listing: &Listing,
        entries: &[u32],
        mapping: &Mapping,
    ) -> Result<Self, DriveLayoutError> {
        let serial = || spec.serial.clone();
        let kept = spec.kept.as_ref().map(|kept| &kept.volume);
        let space = Space::of(spec.disk_bytes, spec.sector, kept).map_err(|cause| {
            let serial = serial();
            DriveLayoutError::Space { serial, cause }
        })?;
        let before = space.manifest_before();
        let DriveTree { tree, nodes } = DriveTree::new(
            listing,
            entries,
            mapping,
            &spec.serial,
            spec.started,
            before,
        )?;
        let volume = space.volume_spec(spec.ids.ntfs_serial, &spec.label, spec.started);
        let ntfs = match space.lay_out(volume, tree) {
            Err(LayoutError::DoesNotFit { missing_bytes, .. }) => {
                let serial = serial();
                return Err(DriveLayoutError::DoesNotFit {
                    serial,
                    missing_bytes,
                });
            }
            laid_out => laid_out.map_err(DriveLayoutError::Ntfs)?,
        };
        Ok(Self {
            spec,
            space,
            nodes,
            ntfs,
        })
    }

    /// Returns what the drive is made from.
    #[must_use]
    pub const fn spec(&self) -> &DriveSpec {
        &self.spec
    }

    /// Returns the partition's place on the disk, in bytes.
    #[must_use]
    pub fn partition(&self) -> Range<u64> {
        self.space.partition.clone()
    }

    /// Returns BitLocker's places in the partition.
    #[must_use]
    pub const fn regions(&self) -> &Regions {
        &self.space.regions
    }

    /// Returns what BitLocker's metadata is made for: [`bitlocker_image::seal`] takes it.
    #[must_use]
    pub fn volume_bytes(&self) -> u64 {
        self.space.volume_bytes()
    }

    /// Returns what is on the drive already and stays; `None` for a new file system.
    #[must_use]
    pub const fn onto(&self) -> Option<&Onto> {
        self.space.onto.as_ref()
    }

    /// Returns the file system.
    #[must_use]
    pub const fn ntfs(&self) -> &NtfsLayout {
        &self.ntfs
    }

    /// Returns the listing entry that a file or folder is; `None` for what the listing does not
    /// name.
    #[must_use]
    pub fn entry_of(&self, node: Node) -> Option<u32> {
        match self.nodes.source_of(node) {
            NodeSource::Entry(entry) => Some(entry),
            _ => None,
        }
    }

    /// Returns where a node's content comes from.
    #[must_use]
    pub fn source_of(&self, node: Node) -> NodeSource {
        self.nodes.source_of(node)
    }

    /// Returns the node of a listing entry; `None` when the entry is not on this drive.
    #[must_use]
    pub fn node_of(&self, entry: u32) -> Option<Node> {
        self.nodes.node_of(entry)
    }

    /// Returns `\DriveManifest.xml`.
    #[must_use]
    pub const fn manifest(&self) -> Node {
        self.nodes.manifest
    }

    /// Returns the length planned for the manifest. It is an upper bound: the final one is set by
    /// [`Self::mend`].
    #[must_use]
    pub const fn manifest_bytes(&self) -> u64 {
        self.nodes.manifest_bytes
    }

    /// Returns where the ASC MHL is, where one is wanted.
    #[must_use]
    pub const fn hash_list(&self) -> Option<&HashListNodes> {
        self.nodes.hash_list.as_ref()
    }

    /// Returns whether a file is known only when the pass is over, and written then: the manifest, the ASC MHL.
    #[must_use]
    pub fn is_written_last(&self, node: Node) -> bool {
        let list = self.hash_list();
        node == self.manifest()
            || list.is_some_and(|nodes| node == nodes.list || node == nodes.chain)
    }

    /// Returns what lies where: disk offsets, ascending, no gap, no overlap, the whole disk once.
    pub fn segments(&self) -> impl Iterator<Item = DriveSegment> + '_ {
        let around = if self.space.is_kept {
            segment::around_kept(&self.space)
        } else {
            let (primary_bytes, backup_at, backup_bytes) = seal::gpt_places(&self.gpt_spec());
            let backup = backup_at..backup_at.saturating_add(backup_bytes);
            segment::around_new(&self.space, primary_bytes, backup)
        };
        segment::stack(&self.space, &self.ntfs, around)
    }

    /// Fills `into` with the plaintext at disk offset `at`, for a range inside one
    /// [`What::Metadata`](super::What) or [`What::HeaderCopy`](super::What) segment, starting and
    /// ending on multiples of 4096 bytes of the disk or at the segment's end. `resident` fills the
    /// slot of every small file whose content lies in the range.
    pub fn render(&self, at: u64, into: &mut [u8], resident: &mut dyn FnMut(Node, &mut [u8])) {
        self.ntfs.render(self.volume_at(at), into, resident);
    }

    /// Returns the small files whose slots lie in `bytes` bytes of metadata from disk offset `at`.
    pub fn resident_files(&self, at: u64, bytes: u64) -> impl Iterator<Item = Node> + '_ {
        self.ntfs.resident_files(self.volume_at(at), bytes)
    }

    /// Returns the parts of the Seal phase. `information_area` is the 65,536 bytes that
    /// [`bitlocker_image::seal`] gave, from the frozen plan; a kept volume has its own.
    ///
    /// # Panics
    /// When the area has another length.
    #[must_use]
    pub fn seal_parts(&self, information_area: &[u8]) -> SealParts {
        if let Some(kept) = &self.spec.kept {
            return seal::kept(kept);
        }
        seal::parts(
            &self.space,
            &self.ntfs,
            &self.spec.ids,
            &self.gpt_spec(),
            information_area,
        )
    }

    /// Returns what changes when the files `left_out` are not on the drive and the manifest is
    /// `manifest_bytes` long. A file's own properties file goes with it.
    ///
    /// # Errors
    /// [`DriveLayoutError`] when the manifest is longer than planned.
    pub fn mend(
        &self,
        left_out: &dyn Fn(Node) -> bool,
        manifest_bytes: u64,
    ) -> Result<Mend<'_>, DriveLayoutError> {
        Mend::new(self, left_out, manifest_bytes)
    }

    /// Returns where a further session leaves clusters of this one free, beside its manifest's: whoever comes then may
    /// write there. Disk offsets.
    #[must_use]
    pub fn given_up(&self) -> Vec<Range<u64>> {
        let on_disk = |range: Range<u64>| {
            let at = self.disk_at(range.start);
            at..at.saturating_add(range.end.saturating_sub(range.start))
        };
        self.ntfs.given_up().into_iter().map(on_disk).collect()
    }

    /// Returns the volume offset of the plaintext that is stored, encrypted, at disk offset `at`.
    pub(super) fn volume_at(&self, at: u64) -> u64 {
        let at = at
            .checked_sub(self.space.partition.start)
            .expect("only the partition is rendered");
        let header = self.space.regions.header;
        at.checked_sub(header)
            .filter(|in_header| *in_header < segment::HEADER_BYTES)
            .unwrap_or(at)
    }

    /// Returns the disk offset where the plaintext of volume offset `at` is stored.
    #[must_use]
    pub fn disk_at(&self, at: u64) -> u64 {
        let stored = if at < segment::HEADER_BYTES {
            self.space.regions.header.saturating_add(at)
        } else {
            at
        };
        self.space.partition.start.saturating_add(stored)
    }

    fn gpt_spec(&self) -> GptSpec {
        self.space
            .gpt_spec(self.spec.ids.disk_guid, self.spec.ids.partition_guid)
    }
}
