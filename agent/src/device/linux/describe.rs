//! A block device as a person can recognise it.

use std::path::Path;

use disk::SectorSize;

use super::block_device::{Backing, BlockDevice};
use super::machine::Machine;
use crate::device::contents::Contents;
use crate::device::drive_info::{DriveInfo, DriveKind, SerialSource};
use crate::device::image_file::identity;
use crate::device::list::look;

/// Why no real drive may be erased in this version.
const REAL_DRIVE: &str = "real drives are not enabled yet";

/// Returns what is known of a block device, and why it may not be erased.
pub(crate) fn of_block_device(path: &Path, machine: &Machine, device: &BlockDevice) -> DriveInfo {
    let mut drive = DriveInfo {
        path: path.to_owned(),
        kind: DriveKind::BlockDevice,
        serial: device.serial.clone(),
        serial_source: match (device.serial.is_empty(), device.serial_of_bridge) {
            (true, _) => SerialSource::Unknown,
            (false, true) => SerialSource::Bridge,
            (false, false) => SerialSource::Hardware,
        },
        model: device.model.clone(),
        wwn: device.wwn.clone(),
        bus: device.bus.clone(),
        bytes: device.bytes,
        sector: SectorSize::B512,
        removable: device.removable,
        rotational: device.rotational,
        mounts: device.mounts.clone(),
        contents: Contents::default(),
        erasable: false,
        reasons: Vec::new(),
    };
    if device.is_partition {
        drive.kind = DriveKind::Partition;
        drive
            .reasons
            .push("it is a partition, not a whole drive".to_owned());
    } else if device.is_loop {
        stand_for(&mut drive, machine, device);
    } else {
        drive.reasons.push(REAL_DRIVE.to_owned());
    }
    match SectorSize::try_from(device.sector_bytes) {
        Ok(sector) => drive.sector = sector,
        Err(why) => drive.reasons.push(why.to_string()),
    }
    drive.reasons.extend(in_use(device));
    drive.contents = look(path, &mut drive.reasons);
    drive.erasable = drive.reasons.is_empty();
    drive
}

/// Gives a loop device the identity of the file behind it.
fn stand_for(drive: &mut DriveInfo, machine: &Machine, device: &BlockDevice) {
    let backing = device.backing(machine);
    drive.kind = DriveKind::LoopDevice {
        backing: match &backing {
            Backing::File(path) => Some(path.clone()),
            Backing::RealDrive(_) | Backing::Unknown => None,
        },
    };
    match backing {
        Backing::File(path) => match identity(&path) {
            Ok(identity) => {
                drive.serial = identity.serial;
                drive.serial_source = identity.serial_source;
                drive.model = identity.model;
            }
            Err(why) => drive
                .reasons
                .push(format!("which drive it stands for cannot be told: {why}")),
        },
        Backing::RealDrive(path) => {
            drive
                .reasons
                .push(format!("it leads to {}, and {REAL_DRIVE}", path.display()));
        }
        Backing::Unknown => drive
            .reasons
            .push("the file behind it cannot be found".to_owned()),
    }
}

fn in_use(device: &BlockDevice) -> Vec<String> {
    let mut reasons = Vec::new();
    if !device.mounts.is_empty() {
        let places: Vec<String> = device
            .mounts
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        reasons.push(format!("it is in use: mounted at {}", places.join(", ")));
    }
    if device.is_swap {
        reasons.push("it is in use: this machine swaps to it".to_owned());
    }
    if !device.holders.is_empty() {
        reasons.push(format!(
            "it is in use: part of {}",
            device.holders.join(", ")
        ));
    }
    if device.read_only {
        reasons.push("it is write-protected".to_owned());
    }
    reasons
}
