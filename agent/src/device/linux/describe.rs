//! A block device as a person can recognise it.

use std::path::Path;

use disk::SectorSize;

use super::ata;
use super::block_device::{Backing, BlockDevice};
use super::boots::boot_partitions;
use super::machine::Machine;
use crate::device::contents::{Contents, Signature};
use crate::device::drive_info::{DriveInfo, DriveKind, SerialSource};
use crate::device::drive_reader::DriveReader;
use crate::device::identify::Identify;
use crate::device::image_file::identity;
use crate::device::list::look;
use crate::device::naming::told_apart;

/// What is only a piece of something larger, which may be whole and only not running now.
const MEMBERSHIPS: [&str; 5] = ["Linux RAID", "LVM", "ZFS", "bcache", "Ceph"];

/// Returns what is known of a block device, and why it may not be erased.
pub(crate) fn of_block_device(path: &Path, machine: &Machine, device: &BlockDevice) -> DriveInfo {
    let asks = device.takes_scsi && !device.is_partition;
    let told = asks.then(|| ata::identify(path)).flatten();
    let mut drive = of_facts(path, machine, device, told.as_ref());
    if told.is_some() {
        drive.is_failing = ata::is_failing(path);
    }
    drive.contents = look(path, &mut drive.reasons);
    if drive.kind == DriveKind::BlockDevice {
        drive.reasons.extend(membership(&drive.contents.signatures));
        drive.reasons.extend(booted(machine, path));
    }
    drive.erasable = drive.reasons.is_empty();
    drive
}

/// Returns the other drives of this machine that tell this serial, each with what tells it apart.
///
/// Two docks of one make often have one serial: the drives in them are asked.
pub(crate) fn twins_of(machine: &Machine, number: u64, serial: &str) -> Vec<String> {
    let own = machine.by_number(number).map(|device| device.name);
    let mut twins = Vec::new();
    for device in machine.block_devices() {
        let is_other = own.as_ref().is_ok_and(|own| *own != device.name);
        if !is_other || device.is_loop || device.not_a_drive.is_some() {
            continue;
        }
        let asks = device.serial_of_bridge && device.takes_scsi;
        let told = asks.then(|| ata::identify(&device.node)).flatten();
        let other = of_facts(&device.node, machine, &device, told.as_ref());
        if other.serial.eq_ignore_ascii_case(serial) {
            twins.push(told_apart(&other.path, &other.wwn, other.bytes));
        }
    }
    twins
}

/// Returns what the kernel and the drive itself say; its contents are not looked at.
fn of_facts(
    path: &Path,
    machine: &Machine,
    device: &BlockDevice,
    told: Option<&Identify>,
) -> DriveInfo {
    let mut drive = DriveInfo {
        path: path.to_owned(),
        kind: DriveKind::BlockDevice,
        serial: device.serial.clone(),
        serial_source: match (device.serial.is_empty(), device.serial_of_bridge) {
            (true, _) => SerialSource::Unknown,
            (false, true) => SerialSource::Bridge,
            (false, false) => SerialSource::Hardware,
        },
        bridge_serial: String::new(),
        model: device.model.clone(),
        wwn: device.wwn.clone(),
        bus: device.bus.clone(),
        bytes: device.bytes,
        sector: SectorSize::B512,
        physical_sector_bytes: device.physical_sector_bytes,
        own_sector_bytes: None,
        removable: device.removable,
        rotational: device.rotational,
        is_shingled: device.is_shingled,
        is_failing: None,
        mounts: device.mounts.clone(),
        contents: Contents::default(),
        erasable: false,
        reasons: device.locks(machine),
    };
    if device.is_partition {
        drive.kind = DriveKind::Partition;
    } else if device.is_loop {
        stand_for(&mut drive, machine, device);
    } else if let Some(told) = told {
        take(&mut drive, told);
    }
    match SectorSize::try_from(device.sector_bytes) {
        Ok(sector) => drive.sector = sector,
        Err(why) => drive.reasons.push(why.to_string()),
    }
    drive
}

/// What the drive says of itself counts more than what a bridge or the kernel says of it.
fn take(drive: &mut DriveInfo, told: &Identify) {
    if !told.serial.is_empty() {
        if drive.serial_source == SerialSource::Bridge && drive.serial != told.serial {
            drive.bridge_serial = std::mem::take(&mut drive.serial);
        }
        drive.serial.clone_from(&told.serial);
        drive.serial_source = SerialSource::Hardware;
    }
    drive.model.clone_from(&told.model);
    if !told.wwn.is_empty() {
        drive.wwn.clone_from(&told.wwn);
    }
    drive.own_sector_bytes = Some(told.sector_bytes);
    drive.physical_sector_bytes = Some(told.physical_sector_bytes);
    drive.rotational = told.spins.or(drive.rotational);
    drive.is_shingled |= told.is_shingled;
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
    let Backing::File(path) = backing else {
        return;
    };
    match identity(&path) {
        Ok(identity) => {
            drive.serial = identity.serial;
            drive.serial_source = identity.serial_source;
            drive.model = identity.model;
        }
        Err(why) => drive
            .reasons
            .push(format!("which drive it stands for cannot be told: {why}")),
    }
}

/// Returns why a drive that is a piece of something larger is locked, although nothing uses it now.
fn membership(signatures: &[Signature]) -> Option<String> {
    let found = signatures
        .iter()
        .find(|found| MEMBERSHIPS.contains(&found.what))?;
    Some(format!(
        "it is a member of a {} group, which may only be switched off: if that is given up, \
         remove its mark with wipefs first",
        found.what
    ))
}

/// Returns why a drive that holds a system is locked, although nothing uses it now: the firmware has
/// an entry that boots from it.
fn booted(machine: &Machine, path: &Path) -> Option<String> {
    let entries = boot_partitions(machine);
    if entries.is_empty() {
        return None;
    }
    let table = gpt_image::read(&DriveReader::look(path).ok()?).ok()?;
    let mut guids = table.partitions.iter().filter_map(|one| one.guid);
    guids.any(|guid| entries.contains(&guid)).then(|| {
        "this machine can be started from it: if that system is given up, remove its entry with \
         efibootmgr first"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use gpt_image::GptSpec;

    use super::super::sample::Sys;
    use super::*;
    use crate::device::identify::tests::page;

    const DOCKED: &str = "pci0000:00/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb";

    fn docked(sys: &Sys, sector: &str) -> BlockDevice {
        sys.sys_file("devices/pci0000:00/usb2/2-1/idVendor", "152d\n");
        sys.sys_file("devices/pci0000:00/usb2/2-1/serial", "DB98765432100\n");
        sys.device(
            DOCKED,
            "8:16",
            &[
                ("device/vendor", "JMicron \n"),
                ("device/model", "Tech\n"),
                ("queue/logical_block_size", sector),
                ("queue/rotational", "1\n"),
            ],
        )
    }

    #[test]
    fn the_drives_own_serial_counts_and_the_docks_is_kept_beside_it() {
        let sys = Sys::new();
        let device = docked(&sys, "512\n");
        let told = Identify::parse(&page("WD-WX12345678", "WDC WD40EFRX")).expect("an answer");
        let drive = of_facts(&device.node, &sys.machine, &device, Some(&told));
        assert_eq!(
            (drive.serial.as_str(), drive.serial_source),
            ("WD-WX12345678", SerialSource::Hardware)
        );
        assert_eq!(drive.bridge_serial, "DB98765432100");
        assert_eq!(drive.model, "WDC WD40EFRX");
        assert_eq!(drive.sector_doubt(), None);
        assert_eq!(drive.warnings().len(), 1, "{:?}", drive.warnings());
    }

    #[test]
    fn a_dock_that_lets_no_question_through_is_all_that_is_known() {
        let sys = Sys::new();
        let device = docked(&sys, "512\n");
        let drive = of_facts(&device.node, &sys.machine, &device, None);
        assert_eq!(
            (drive.serial.as_str(), drive.serial_source),
            ("DB98765432100", SerialSource::Bridge)
        );
        assert!(drive.bridge_serial.is_empty());
        assert!(
            drive.warnings()[0].contains("label"),
            "{:?}",
            drive.warnings()
        );
    }

    #[test]
    fn a_dock_that_shows_other_sectors_than_the_drive_has_is_in_doubt() {
        let sys = Sys::new();
        let device = docked(&sys, "4096\n");
        let told = Identify::parse(&page("WD-WX12345678", "WDC WD40EFRX")).expect("an answer");
        let drive = of_facts(&device.node, &sys.machine, &device, Some(&told));
        assert_eq!(drive.sector, SectorSize::B4096);
        let doubt = drive.sector_doubt().expect("512 behind 4096");
        assert!(doubt.contains("512") && doubt.contains("4096"), "{doubt}");
    }

    #[test]
    fn a_drive_that_the_firmware_boots_from_is_locked_and_another_is_not() {
        let spec = GptSpec {
            disk_bytes: 4 << 20,
            sector: SectorSize::B512,
            disk_guid: [1; 16],
            partition_guid: [2; 16],
            name: String::new(),
        };
        let file = tempfile::NamedTempFile::new().expect("a file");
        let primary = spec.primary().expect("it fits");
        std::fs::write(file.path(), &primary).expect("room");
        file.as_file().set_len(spec.disk_bytes).expect("room");
        let sys = Sys::new();
        assert_eq!(booted(&sys.machine, file.path()), None);
        for (guid, locks) in [([3; 16], false), ([2; 16], true)] {
            let mut entry = vec![7, 0, 0, 0, 1, 0, 0, 0, 42, 0, 0, 0, 4, 1, 42, 0];
            entry.extend([0; 20]);
            entry.extend(guid);
            entry.extend([2, 2]);
            let name = "Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c";
            let folder = sys.machine.sys.join("firmware/efi/efivars");
            std::fs::create_dir_all(&folder).expect("room");
            std::fs::write(folder.join(name), &entry).expect("room");
            assert_eq!(booted(&sys.machine, file.path()).is_some(), locks);
        }
    }

    #[test]
    fn members_of_groups_that_are_switched_off_are_locked() {
        let of = |what| {
            membership(&[Signature {
                what,
                name: String::new(),
                at: 0,
                bytes: 1,
            }])
        };
        for what in MEMBERSHIPS {
            assert!(of(what).is_some_and(|why| why.contains(what)));
        }
        assert_eq!(of("BitLocker"), None);
        assert_eq!(of("NTFS"), None);
    }
}
