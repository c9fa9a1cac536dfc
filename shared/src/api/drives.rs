//! What the agent knows of a drive.

use crate::job::SerialSource;
use serde::{Deserialize, Serialize};

/// `GET /api/drives`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrivesReply {
    /// Every drive that the agent sees, erasable or not.
    pub drives: Vec<Drive>,
}

/// One drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drive {
    /// Its path on the agent's machine.
    pub path: String,
    /// Its serial, trimmed, inner blanks removed; empty when it cannot be read.
    pub serial: String,
    /// Where the serial comes from.
    pub serial_source: SerialSource,
    /// What a USB dock says in place of the drive's own serial; empty when it says the same, or
    /// when there is none.
    #[serde(default)]
    pub bridge_serial: String,
    /// Its world-wide name; empty when it has none.
    #[serde(default)]
    pub wwn: String,
    /// Its model; empty when it cannot be read.
    pub model: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its logical sector size in bytes.
    pub sector_bytes: u64,
    /// Bytes that it writes at once, when anybody says.
    #[serde(default)]
    pub physical_sector_bytes: Option<u64>,
    /// How it is attached: `sata`, `usb`, `nvme`, `virtio`, `mmc`, `scsi`, `loop`, `virtual`, `image file`,
    /// `unknown`, or empty.
    pub bus: String,
    /// Whether it may be erased at all.
    pub erasable: bool,
    /// Why it may not be erased; empty when it may.
    pub reasons: Vec<Lock>,
    /// What is on it.
    pub contents: Vec<Content>,
    /// Whether every sampled byte is zero; `None` when it was not looked at.
    pub blank: Option<bool>,
    /// What the person should know before shipping it.
    pub warnings: Vec<String>,
}

/// One reason why a drive may not be erased.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lock {
    /// A stable word in kebab case.
    pub code: String,
    /// The reason in words, with its consequence.
    pub message: String,
}

/// Something on a drive that erasing it destroys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What it is, in words: `NTFS "Photos"`, `BitLocker volume`, `Linux RAID member`.
    pub what: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where it is mounted; empty when it is not.
    pub mounted: String,
}
