//! What is known of a drive before anybody decides anything about it.

use std::path::PathBuf;

use disk::SectorSize;
use serde::{Deserialize, Serialize};

use super::contents::Contents;
use super::told;

/// A drive as a person can recognise it: what it is, which one it is, what is on it, and why it may
/// not be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DriveInfo {
    /// The path it was named by, or its node below `/dev`.
    #[serde(with = "told::path")]
    pub path: PathBuf,
    /// What stands behind the path.
    pub kind: DriveKind,
    /// Serial number, trimmed, inner blanks removed; empty when none is known.
    pub serial: String,
    /// Where the serial number comes from.
    pub serial_source: SerialSource,
    /// What a USB dock says in place of the drive's own serial; empty when it says the same, or
    /// when there is none.
    pub bridge_serial: String,
    /// Maker's model name; empty when none is known.
    pub model: String,
    /// World-wide name, such as `naa.50014ee2b1234567`; empty when none is known.
    pub wwn: String,
    /// How it is attached: `usb`, `sata`, `nvme`, `virtio`, `loop`, `image file`, or what the
    /// kernel calls it.
    pub bus: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Logical sector size. 512 also when the drive could not be asked (then a reason says so).
    #[serde(with = "told::sector")]
    pub sector: SectorSize,
    /// Bytes that it writes at once, when anybody says.
    pub physical_sector_bytes: Option<u64>,
    /// Logical sector size by the drive's own word, whatever is in front of it; `None` when it did
    /// not answer.
    pub own_sector_bytes: Option<u64>,
    /// Whether the kernel calls it removable.
    pub removable: bool,
    /// Whether it has spinning disks, when the kernel says.
    pub rotational: Option<bool>,
    /// Whether its tracks overlap (SMR) and it, or the kernel, says so.
    pub is_shingled: bool,
    /// Whether it expects to fail soon (SMART); `None` when it does not tell.
    pub is_failing: Option<bool>,
    /// Where it, or a partition of it, is mounted.
    #[serde(with = "told::paths")]
    pub mounts: Vec<PathBuf>,
    /// What is on it now.
    pub contents: Contents,
    /// Whether `confirm` could ever accept it: there are no reasons against it.
    pub erasable: bool,
    /// Why it may not be erased, each a sentence for the person at the drive.
    pub reasons: Vec<String>,
}

impl DriveInfo {
    /// Returns the file that an image file or a loop device stands on, without symbolic links.
    #[must_use]
    pub fn backing(&self) -> Option<PathBuf> {
        let file = match &self.kind {
            DriveKind::ImageFile => &self.path,
            DriveKind::LoopDevice { backing } => backing.as_ref()?,
            _ => return None,
        };
        Some(std::fs::canonicalize(file).unwrap_or_else(|_| file.clone()))
    }
}

/// What stands behind a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriveKind {
    /// A regular file that stands for a drive.
    ImageFile,
    /// A loop device, and the regular file behind it when that can be found.
    LoopDevice {
        /// The file behind it, through any chain of loop devices.
        #[serde(with = "told::maybe_path")]
        backing: Option<PathBuf>,
    },
    /// Any other whole block device.
    BlockDevice,
    /// A part of a drive: a partition's own node.
    Partition,
    /// Neither a file nor a block device, or not there.
    Other,
}

/// Where a serial number comes from; the journal records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SerialSource {
    /// Given by the person: printed on the label.
    Given,
    /// Told by the drive.
    Hardware,
    /// Told by a USB bridge or stick, which may have a serial of its own.
    Bridge,
    /// `PATH.drive.json` beside the image file (a loop device has its backing file's).
    Sidecar,
    /// The image file's name without its last extension.
    FileStem,
    /// There is none.
    Unknown,
}
