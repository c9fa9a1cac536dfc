//! What a plan is made for.

use disk::SectorSize;
use serde::{Deserialize, Serialize};

use crate::plan::{KeptVolume, Mapping};

/// What a plan is made for, beside the listing and the drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOptions {
    /// Session, destinations and new names.
    pub mapping: Mapping,
    /// Counts bytes only: a drive holds exactly its bytes, a file takes exactly its own; no file
    /// system, no manifest.
    pub bare: bool,
    /// Takes the (one) drive size as many times as needed, serials numbered `SERIAL-1`, `SERIAL-2`,
    /// ...
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
    /// The encrypted volume on it that keeps its place and keys; `None` for a new one.
    pub kept: Option<KeptVolume>,
}
