//! Every drive, and one drive by its path.

use std::fs::{self, Metadata};
use std::os::unix::fs::FileTypeExt;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use disk::SectorSize;
use rustix::fs::{Access as Permission, access};
use thiserror::Error;

use super::contents::{Contents, Emptiness, Thoroughness, recognised};
use super::drive_info::{DriveInfo, DriveKind, SerialSource};
use super::drive_reader::DriveReader;
use super::hold::is_held;
use super::image_file::identity;
#[cfg(target_os = "linux")]
use super::linux::{Machine, of_block_device, twins_of};
use super::naming::{give, lock_nameless, lock_twin, mark_duplicates};
use super::serial::tidy_serial;

/// A path that could not be looked at as a drive. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescribeError {
    /// The operating system said no.
    #[error("cannot look at {path}: {cause}; nothing was written to it")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// Neither a file nor a block device.
    #[error("{path} is neither a file nor a drive; nothing was written to it")]
    NotADrive {
        /// The path given.
        path: PathBuf,
    },
    /// `PATH.drive.json` says nothing that can be understood.
    #[error(
        "cannot tell which drive {path} stands for: {cause}; nothing was written to it. \
         Mend or remove that file"
    )]
    Sidecar {
        /// The path given.
        path: PathBuf,
        /// What is wrong, and where.
        cause: String,
    },
}

/// Returns every drive of this machine and those at `extra` (image files), those that may not be
/// erased with the reasons why.
///
/// What cannot be looked at is in the list too, with the cause as a reason.
#[must_use]
pub fn list(extra: &[PathBuf]) -> Vec<DriveInfo> {
    let mut drives = machine_drives();
    for path in extra {
        let drive = describe(path, None).unwrap_or_else(|why| unknown(path, why.to_string()));
        if !drives
            .iter()
            .any(|other| is_same_node(&other.path, &drive.path))
        {
            drives.push(drive);
        }
    }
    drives.iter_mut().for_each(lock_nameless);
    drives.iter_mut().for_each(lock_held);
    mark_duplicates(&mut drives);
    drives
}

/// Locks a drive that is being filled.
fn lock_held(drive: &mut DriveInfo) {
    // What is locked anyway needs no other reason, and what is no drive is not opened.
    if drive.reasons.is_empty() && is_held(&drive.path) {
        drive
            .reasons
            .push("a job is filling it, or another program has locked it".to_owned());
    }
}

#[cfg(target_os = "linux")]
fn machine_drives() -> Vec<DriveInfo> {
    let machine = Machine::this();
    let devices = machine.block_devices();
    devices
        .iter()
        .map(|device| of_block_device(&device.node, &machine, device))
        .collect()
}

#[cfg(target_os = "macos")]
fn machine_drives() -> Vec<DriveInfo> {
    super::macos::drives().unwrap_or_else(|why| vec![unknown(Path::new("/dev"), why)])
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn machine_drives() -> Vec<DriveInfo> {
    Vec::new()
}

fn is_same_node(one: &Path, other: &Path) -> bool {
    one == other
        || fs::canonicalize(one)
            .is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Returns what is known of the drive at `path`; `serial_override` is the serial printed on its
/// label. A drive that tells another serial itself, and alone, is locked then.
///
/// # Errors
/// [`DescribeError`] when `path` is not there, is neither a file nor a block device, or cannot be
/// read.
pub fn describe(path: &Path, serial_override: Option<&str>) -> Result<DriveInfo, DescribeError> {
    let facts = fs::metadata(path).map_err(|why| io(path, &why))?;
    let mut drive = if facts.is_file() {
        of_image(path, &facts)?
    } else if facts.file_type().is_block_device() {
        of_node(path, &facts)?
    } else {
        return Err(DescribeError::NotADrive {
            path: path.to_owned(),
        });
    };
    let given = serial_override
        .map(tidy_serial)
        .filter(|given| !given.is_empty());
    let twins = twins(&drive, &facts);
    match given {
        Some(given) => give(&mut drive, given, !twins.is_empty()),
        None => lock_twin(&mut drive, &twins),
    }
    lock_nameless(&mut drive);
    drive.erasable = drive.reasons.is_empty();
    Ok(drive)
}

/// Returns the other real drives that tell the same serial.
#[cfg(target_os = "linux")]
fn twins(drive: &DriveInfo, facts: &Metadata) -> Vec<String> {
    if drive.kind != DriveKind::BlockDevice || drive.serial.is_empty() {
        return Vec::new();
    }
    twins_of(&Machine::this(), facts.rdev(), &drive.serial)
}

#[cfg(not(target_os = "linux"))]
fn twins(_drive: &DriveInfo, _facts: &Metadata) -> Vec<String> {
    Vec::new()
}

fn io(path: &Path, why: &std::io::Error) -> DescribeError {
    DescribeError::Io {
        path: path.to_owned(),
        cause: why.to_string(),
    }
}

fn of_image(path: &Path, facts: &Metadata) -> Result<DriveInfo, DescribeError> {
    let identity = identity(path).map_err(|cause| DescribeError::Sidecar {
        path: path.to_owned(),
        cause,
    })?;
    let mut reasons = Vec::new();
    let sector_bytes = identity.sector.bytes();
    if facts.len() == 0 {
        reasons.push("the file is empty: argosy new-drive makes one that can be filled".to_owned());
    } else if !facts.len().is_multiple_of(sector_bytes) {
        reasons.push(format!(
            "its {} bytes are not a whole number of sectors of {sector_bytes}",
            facts.len()
        ));
    }
    #[cfg(target_os = "linux")]
    for node in Machine::this().loops_over(facts.dev(), facts.ino()) {
        reasons.push(format!(
            "it is attached as {}: name that, or detach it first",
            node.display()
        ));
    }
    let contents = look(path, &mut reasons);
    Ok(DriveInfo {
        path: path.to_owned(),
        kind: DriveKind::ImageFile,
        serial: identity.serial,
        serial_source: identity.serial_source,
        bridge_serial: String::new(),
        model: identity.model,
        wwn: String::new(),
        bus: "image file".to_owned(),
        bytes: facts.len(),
        sector: identity.sector,
        physical_sector_bytes: None,
        own_sector_bytes: None,
        removable: false,
        rotational: None,
        is_shingled: false,
        is_failing: None,
        mounts: Vec::new(),
        contents,
        erasable: reasons.is_empty(),
        reasons,
    })
}

/// Returns what is on the drive; adds why it cannot be read or written.
pub(super) fn look(path: &Path, reasons: &mut Vec<String>) -> Contents {
    if access(path, Permission::WRITE_OK).is_err() {
        reasons.push("the user who runs this may not write it".to_owned());
    }
    match DriveReader::look(path) {
        Ok(reader) => {
            let signatures = recognised(&reader);
            let emptiness = if signatures.is_empty() {
                reader.blank(Thoroughness::Sampled).unwrap_or_default()
            } else {
                Emptiness::HoldsData
            };
            Contents {
                emptiness,
                signatures,
            }
        }
        Err(why) => {
            reasons.push(format!("it cannot be read: {why}"));
            Contents::default()
        }
    }
}

#[cfg(target_os = "linux")]
fn of_node(path: &Path, facts: &Metadata) -> Result<DriveInfo, DescribeError> {
    let machine = Machine::this();
    let device = machine
        .by_number(facts.rdev())
        .map_err(|why| io(path, &why))?;
    Ok(of_block_device(path, &machine, &device))
}

#[cfg(not(target_os = "linux"))]
fn of_node(path: &Path, _facts: &Metadata) -> Result<DriveInfo, DescribeError> {
    let cause = "block devices are served on Linux only so far; use an image file".to_owned();
    Err(DescribeError::Io {
        path: path.to_owned(),
        cause,
    })
}

/// A drive of which only the path is known.
fn unknown(path: &Path, why: String) -> DriveInfo {
    DriveInfo {
        path: path.to_owned(),
        kind: DriveKind::Other,
        serial: String::new(),
        serial_source: SerialSource::Unknown,
        bridge_serial: String::new(),
        model: String::new(),
        wwn: String::new(),
        bus: "unknown".to_owned(),
        bytes: 0,
        sector: SectorSize::B512,
        physical_sector_bytes: None,
        own_sector_bytes: None,
        removable: false,
        rotational: None,
        is_shingled: false,
        is_failing: None,
        mounts: Vec::new(),
        contents: Contents::default(),
        erasable: false,
        reasons: vec![why],
    }
}
