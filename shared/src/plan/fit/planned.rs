//! What goes where.

use disk::SectorSize;
use sha2::{Digest, Sha256};

use crate::left_out::LeftOut;
use crate::plan::{KeptVolume, ListedPath, Listing, Problem, Space, SpaceError};

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
        PlanHasher::default().finish(self, listing)
    }
}

/// Hashes a plan bit by bit, as [`Plan::hash`] does at once: ten million paths take a browser seconds.
#[derive(Clone, Debug)]
pub struct PlanHasher {
    state: Sha256,
    /// Drives that are hashed whole.
    drives: usize,
    /// Entries of the next one that are.
    entries: usize,
}

impl Default for PlanHasher {
    fn default() -> Self {
        let mut hasher = Self {
            state: Sha256::new(),
            drives: 0,
            entries: 0,
        };
        hasher.text("Argosy plan, version 1");
        hasher
    }
}

impl PlanHasher {
    /// Goes on by at most `entries` entries of one drive; always of the same plan. Returns the hash at the end.
    pub fn go_on(&mut self, plan: &Plan, listing: &Listing, entries: usize) -> Option<[u8; 32]> {
        let Some(drive) = plan.drives.get(self.drives) else {
            return Some(self.state.clone().finalize().into());
        };
        if self.entries == 0 {
            self.text(&drive.serial);
            self.text(&format!(
                "{} {} {}",
                drive.disk_bytes,
                drive.sector.bytes(),
                drive.entries.len()
            ));
        }
        let left = drive.entries.get(self.entries..).unwrap_or_default();
        for number in left.iter().take(entries) {
            let entry = listing.entry(*number);
            let kind = if entry.is_folder { "folder" } else { "file" };
            self.path(entry.path);
            self.text(&format!("{kind} {} {}", entry.bytes, entry.modified.0));
        }
        self.entries = self.entries.saturating_add(entries);
        if left.len() <= entries {
            (self.drives, self.entries) = (self.drives.saturating_add(1), 0);
        }
        None
    }

    /// Hashes what is left, always of the same plan, and returns the hash.
    pub fn finish(&mut self, plan: &Plan, listing: &Listing) -> [u8; 32] {
        loop {
            if let Some(hash) = self.go_on(plan, listing, usize::MAX) {
                return hash;
            }
        }
    }

    fn path(&mut self, path: ListedPath<'_>) {
        self.length(path.bytes());
        if let Some(folder) = path.folder {
            self.state.update(folder);
            self.state.update("/");
        }
        self.state.update(path.name);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.state.update(text);
    }

    fn length(&mut self, bytes: usize) {
        let length = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.state.update(length.to_le_bytes());
    }
}
