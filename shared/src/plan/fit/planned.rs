//! What goes where.

use disk::SectorSize;
use sha2::{Digest, Sha256};

use crate::left_out::LeftOut;
use crate::plan::{KeptVolume, Listing, Problem, Space, SpaceError};

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The drives that are needed, in the order given; drives not needed are not here.
    pub drives: Vec<PlannedDrive>,
    /// No plan has fewer drives.
    pub lower_bound: u32,
    /// True when `drives` are as few as the lower bound.
    pub proven: bool,
    /// Why fewer cannot do, in words.
    pub why: String,
    /// What was taken for granted, in words.
    pub assumed: Vec<String>,
    /// Every entry that goes onto no drive, in listing order.
    pub left_out: Vec<LeftOut>,
    /// The names that leave them out, with a proposal each.
    pub problems: Vec<Problem>,
}

/// One drive of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDrive {
    /// As given.
    pub serial: String,
    /// The whole disk, in bytes.
    pub disk_bytes: u64,
    /// Logical sectors.
    pub sector: SectorSize,
    /// The encrypted volume on it that keeps its place and keys; `None` for a new one.
    pub kept: Option<KeptVolume>,
    /// Clusters of its NTFS volume less the headroom left for Windows, in bytes.
    pub capacity_bytes: u64,
    /// Clusters taken: files, folders, manifest, the file system's own and BitLocker's.
    pub used_bytes: u64,
    /// Files on it.
    pub files: u32,
    /// Bytes in those files.
    pub file_bytes: u64,
    /// The entries on it, files and folders, ascending: the order they are written in.
    pub entries: Vec<u32>,
}

impl PlannedDrive {
    /// Returns the drive's places.
    ///
    /// # Errors
    /// [`SpaceError`] for a disk that was never planned.
    pub fn space(&self) -> Result<Space, SpaceError> {
        Space::of(self.disk_bytes, self.sector, self.kept.as_ref())
    }
}

/// Drives that one import job takes (azure-import-export.md, 1).
pub const DRIVES_PER_JOB: usize = 10;

impl Plan {
    /// Returns the drives by import job, in their order: ten each, and what is left in the last.
    pub fn jobs(&self) -> impl Iterator<Item = &[PlannedDrive]> {
        self.drives.chunks(DRIVES_PER_JOB)
    }

    /// Returns the SHA-256 over the drives and what goes where, as path, length and time: plans
    /// with one hash put the same files in the same order onto the same drives.
    #[must_use]
    pub fn hash(&self, listing: &Listing) -> [u8; 32] {
        let mut state = Sha256::new();
        let mut text = |text: &str| {
            state.update(length(text).to_le_bytes());
            state.update(text);
        };
        text("Argosy plan, version 1");
        for drive in &self.drives {
            text(&drive.serial);
            text(&format!(
                "{} {} {}",
                drive.disk_bytes,
                drive.sector.bytes(),
                drive.entries.len()
            ));
            for entry in drive.entries.iter().map(|number| listing.entry(*number)) {
                let kind = if entry.is_folder { "folder" } else { "file" };
                text(entry.path);
                text(&format!("{kind} {} {}", entry.bytes, entry.modified.0));
            }
        }
        state.finalize().into()
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
