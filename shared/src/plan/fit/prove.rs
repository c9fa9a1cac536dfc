//! Laying out what was packed.

use ntfs_image::{FileTime, LayoutError, Tree, VolumeSpec};

use super::bin::{Goods, Unit};
use super::error::FitError;
use super::marks::Marks;
use super::options::DriveSize;
use crate::plan::listing::{FolderId, index};
use crate::plan::{DriveTree, Listing, Mapping, Space};

/// Lengths that a layout depends on are those of the real drive; what it is called and dated does
/// not matter.
const LABEL: &str = "Argosy";
const TIME: FileTime = FileTime(0);

/// A drive's volume before anything is on it.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    pub(super) space: Space,
    /// Clusters in bytes, less the headroom.
    pub(super) capacity: u64,
    /// What of that the file system and BitLocker take for themselves.
    pub(super) own: u64,
}

/// A drive that was laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Everything has its place.
    Fits { used: u64, files: u32 },
    /// So much more room is needed.
    Missing(u64),
}

impl Volume {
    /// Lays out an empty volume, whose costs are those that every drive has.
    pub(super) fn new(drive: &DriveSize) -> Result<Self, FitError> {
        let serial = || drive.serial.clone();
        let space = Space::of(drive.bytes, drive.sector, drive.kept.as_ref()).map_err(|cause| {
            let serial = serial();
            FitError::Drive { serial, cause }
        })?;
        let layout = space.lay_out(space.volume_spec(0, LABEL, TIME), Tree::new());
        let layout = layout.map_err(|cause| {
            let serial = serial();
            FitError::Layout { serial, cause }
        })?;
        let whole = layout.used_bytes().saturating_add(layout.free_bytes());
        Ok(Self {
            capacity: whole.saturating_sub(space.headroom_bytes()),
            own: layout.used_bytes(),
            space,
        })
    }

    /// Says to the last cluster whether `entries` (ascending) fit: counted, which is what a layout
    /// comes to, or laid out.
    pub(super) fn prove(
        &self,
        goods: &Goods<'_>,
        entries: &[u32],
        mapping: &Mapping,
        serial: &str,
    ) -> Result<Proof, FitError> {
        let found = match self.count(goods, entries, mapping, serial) {
            Some(counted) => counted.map(|counted| (counted.costed.used_bytes, counted.files)),
            None => self.lay_out(goods.listing, entries, mapping, serial)?,
        };
        match found {
            Ok((used, files)) => Ok(Proof::Fits { used, files }),
            Err(LayoutError::DoesNotFit { missing_bytes, .. }) => {
                Ok(Proof::Missing(missing_bytes.max(1)))
            }
            Err(cause) => {
                let serial = serial.to_owned();
                Err(FitError::Layout { serial, cause })
            }
        }
    }

    /// Lays out `entries`: the bytes they take, and the files among them.
    pub(super) fn lay_out(
        &self,
        listing: &Listing,
        entries: &[u32],
        mapping: &Mapping,
        serial: &str,
    ) -> Result<Result<(u64, u32), LayoutError>, FitError> {
        let before = self.space.manifest_before();
        let DriveTree { tree, nodes } =
            DriveTree::new(listing, entries, mapping, serial, TIME, before)?;
        let layout = self.space.lay_out(self.spec(), tree);
        Ok(layout.map(|layout| (layout.used_bytes(), nodes.files)))
    }

    pub(super) fn spec(&self) -> VolumeSpec {
        self.space.volume_spec(0, LABEL, TIME)
    }
}

/// Volumes of equal drives are laid out once.
pub(super) fn volumes(drives: &[DriveSize]) -> Result<Vec<Volume>, FitError> {
    let mut known: Vec<(&DriveSize, Volume)> = Vec::new();
    let volume = |drive| {
        let same = known.iter().find(|(other, _)| are_equal(other, drive));
        if let Some((_, volume)) = same {
            return Ok(volume.clone());
        }
        let volume = Volume::new(drive)?;
        known.push((drive, volume.clone()));
        Ok(volume)
    };
    drives.iter().map(volume).collect()
}

fn are_equal(one: &DriveSize, other: &DriveSize) -> bool {
    (one.bytes, one.sector, &one.kept) == (other.bytes, other.sector, &other.kept)
}

/// Returns the entries that `units` stand for, with the folders above them that the listing names;
/// ascending.
pub(super) fn entries(goods: &Goods<'_>, units: &[Unit]) -> Vec<u32> {
    let listing = goods.listing;
    let mut seen = vec![false; index(listing.folder_count())];
    let mut marks = Marks::new(listing.len());
    let mut waiting = units.to_vec();
    while let Some(unit) = waiting.pop() {
        let mut id = match unit {
            Unit::File(number) => {
                marks.set(number);
                listing.facts(number).folder
            }
            Unit::Folder(id) => {
                for number in goods.contents.files_in(id) {
                    marks.set(*number);
                }
                let below = goods.contents.folders_in(id).iter();
                waiting.extend(below.map(|id| Unit::Folder(*id)));
                FolderId(id)
            }
        };
        while !std::mem::replace(&mut seen[index(id.0)], true) {
            let folder = listing.folder(id);
            if let Some(number) = folder.entry {
                marks.set(number);
            }
            id = folder.parent.unwrap_or(FolderId::TOP);
        }
    }
    marks.entries()
}
