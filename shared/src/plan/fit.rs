//! Which files go onto which drive.

use disk::SectorSize;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Listing, Mapping, Problem};
use crate::left_out::LeftOut;

/// What a plan is made for, beside the listing and the drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOptions {
    /// Session, destinations and new names.
    pub mapping: Mapping,
    /// Counts bytes only: a drive holds exactly its bytes, a file takes exactly its own; no file system, no manifest.
    pub bare: bool,
    /// Takes the (one) drive size as many times as needed, serials numbered.
    pub as_many_as_needed: bool,
}

/// A drive to plan onto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveSize {
    /// Its serial, or a made-up name for a drive that is only a size.
    pub serial: String,
    /// The whole disk, in bytes.
    pub bytes: u64,
    /// Logical sectors.
    pub sector: SectorSize,
}

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
    /// Clusters of its NTFS volume less the headroom left for Windows, in bytes.
    pub capacity_bytes: u64,
    /// Clusters taken: files, folders, the file system's own and BitLocker's.
    pub used_bytes: u64,
    /// Files on it.
    pub files: u32,
    /// The entries on it, files and folders, ascending: the order they are written in.
    pub entries: Vec<u32>,
}

/// A plan that cannot be made; nothing is written for it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FitError {
    /// There is no drive to plan onto.
    #[error("no drive is given")]
    NoDrives,
    /// Two drives have one serial.
    #[error("two drives are both called {serial}; give one of them another serial")]
    SameSerial {
        /// The serial.
        serial: String,
    },
    /// One file is larger than what any of the drives holds.
    #[error(
        "{path} needs {needed_bytes} bytes on a drive; the largest drive here, {serial}, has room for {capacity_bytes}: {missing_bytes} bytes are missing"
    )]
    FileTooLarge {
        /// The file.
        path: String,
        /// What it takes on the drive.
        needed_bytes: u64,
        /// The largest drive.
        serial: String,
        /// What that drive holds.
        capacity_bytes: u64,
        /// The difference.
        missing_bytes: u64,
    },
    /// The drives together are too small.
    #[error("{what}; {missing_bytes} bytes are missing")]
    DoesNotFit {
        /// What does not fit into what, in words.
        what: String,
        /// How much more room is needed.
        missing_bytes: u64,
    },
    /// A drive that cannot be made at all.
    #[error("drive {serial}: {cause}")]
    Drive {
        /// The drive.
        serial: String,
        /// What is wrong with it.
        cause: super::SpaceError,
    },
}

/// Fits the listing onto the drives: every file whole, folders kept together where that costs no drive, as few drives as
/// can be found, each proven by laying it out. The same input always gives the same plan.
///
/// # Errors
/// [`FitError`] saying what does not fit and by how much.
pub fn fit(
    listing: &Listing,
    options: &PlanOptions,
    drives: &[DriveSize],
) -> Result<Plan, FitError> {
    todo!("{listing:?} {options:?} {drives:?}")
}

impl Plan {
    /// Returns the SHA-256 over the listing, the drives and what goes where: two plans with one hash write the same drives.
    #[must_use]
    pub fn hash(&self, listing: &Listing) -> [u8; 32] {
        todo!("{listing:?}")
    }
}
