//! One block device, as its folder in `/sys` describes it.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::identity::{bus, model, serial, wwn};
use super::machine::{Machine, attribute, name_of, number};
use super::mounts::{mounts, swaps};
use super::stack::{family, file_systems_over, holders};

/// Units that `/sys` gives lengths in, whatever the sector.
const SYSFS_UNIT: u64 = 512;
/// Loop devices over loop devices are followed this far.
const LOOP_DEPTH_MAX: u32 = 8;

/// What the kernel says of a block device.
#[derive(Clone, Debug)]
pub(crate) struct BlockDevice {
    /// The kernel's name of it.
    pub(crate) name: String,
    /// Its node below `/dev`.
    pub(crate) node: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) sector_bytes: u64,
    pub(crate) physical_sector_bytes: Option<u64>,
    pub(crate) is_partition: bool,
    /// Why it is no drive that could be filled, when it is none: a partition, a part of an array.
    pub(crate) not_a_drive: Option<&'static str>,
    /// Whether ATA commands may be sent to it in SCSI ones.
    pub(crate) takes_scsi: bool,
    pub(crate) removable: bool,
    pub(crate) rotational: Option<bool>,
    /// Whether its tracks overlap and the kernel knows.
    pub(crate) is_shingled: bool,
    pub(crate) read_only: bool,
    pub(crate) model: String,
    /// Tidied; empty when there is none.
    pub(crate) serial: String,
    /// Whether the serial is that of a USB bridge or stick, not certainly the drive's own.
    pub(crate) serial_of_bridge: bool,
    /// World-wide name, as the kernel writes it; empty when there is none.
    pub(crate) wwn: String,
    pub(crate) bus: String,
    /// A loop device's file, as the kernel names it.
    pub(crate) backing_path: Option<PathBuf>,
    pub(crate) is_loop: bool,
    /// Where in its file a loop device starts.
    pub(crate) loop_offset: Option<u64>,
    /// What is stacked on it or on a partition of it: RAID, LVM, LUKS.
    pub(crate) holders: Vec<String>,
    /// Mounted file systems of several drives that it is one of.
    pub(crate) file_systems: Vec<String>,
    pub(crate) mounts: Vec<PathBuf>,
    pub(crate) is_swap: bool,
}

/// What a loop device stands on in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// A regular file.
    File(PathBuf),
    /// A block device that is not a loop device: a real drive, seen through a loop device.
    RealDrive(PathBuf),
    /// It cannot be found: deleted, or in another mount namespace.
    Unknown,
}

impl BlockDevice {
    /// Reads the device whose folder is `folder`, a path without symbolic links.
    pub(super) fn read(machine: &Machine, folder: &Path) -> Result<Self> {
        let name = name_of(folder);
        let units = number(folder, "size").ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        let family = family(machine, folder);
        let numbers: Vec<String> = family
            .iter()
            .filter_map(|folder| attribute(folder, "dev"))
            .collect();
        let names: Vec<String> = family.iter().map(|folder| name_of(folder)).collect();
        let (serial, serial_of_bridge) = serial(folder);
        let zoned = attribute(folder, "queue/zoned").unwrap_or_default();
        Ok(Self {
            // A slash in a device's name is an exclamation mark in its folder's.
            node: machine.dev.join(name.replace('!', "/")),
            bytes: units.saturating_mul(SYSFS_UNIT),
            sector_bytes: number(folder, "queue/logical_block_size").unwrap_or(SYSFS_UNIT),
            physical_sector_bytes: number(folder, "queue/physical_block_size"),
            is_partition: folder.join("partition").exists(),
            not_a_drive: not_a_drive(folder, &zoned),
            takes_scsi: attribute(folder, "device/type").as_deref() == Some("0")
                && folder.join("device/vendor").exists(),
            removable: number(folder, "removable") == Some(1),
            rotational: number(folder, "queue/rotational").map(|value| value == 1),
            is_shingled: matches!(zoned.as_str(), "host-aware" | "host-managed"),
            read_only: number(folder, "ro") == Some(1),
            model: model(folder),
            serial,
            serial_of_bridge,
            wwn: wwn(folder),
            bus: bus(folder),
            backing_path: attribute(folder, "loop/backing_file").map(PathBuf::from),
            is_loop: folder.join("loop").is_dir(),
            loop_offset: number(folder, "loop/offset"),
            holders: holders(folder),
            file_systems: file_systems_over(machine, &names),
            mounts: mounts(machine, &numbers, &names),
            is_swap: swaps(machine).iter().any(|swap| names.contains(swap)),
            name,
        })
    }

    /// Returns what stands behind a loop device, through any chain of them.
    pub(crate) fn backing(&self, machine: &Machine) -> Backing {
        let mut path = self.backing_path.clone();
        for _ in 0..LOOP_DEPTH_MAX {
            let Some(at) = path else {
                return Backing::Unknown;
            };
            let Ok(facts) = fs::metadata(&at) else {
                return Backing::Unknown;
            };
            if facts.is_file() {
                return Backing::File(at);
            }
            if !facts.file_type().is_block_device() {
                return Backing::Unknown;
            }
            match machine.by_number(facts.rdev()) {
                Ok(below) if below.is_loop => path = below.backing_path,
                Ok(_) => return Backing::RealDrive(at),
                Err(_) => return Backing::Unknown,
            }
        }
        Backing::Unknown
    }

    /// Returns why the kernel's word forbids writing to it, each a sentence for the person at the
    /// drive; nothing when it is a whole drive that nothing uses.
    pub(crate) fn locks(&self, machine: &Machine) -> Vec<String> {
        let mut locks: Vec<String> = self.not_a_drive.iter().map(|&why| why.to_owned()).collect();
        if self.is_loop && !self.is_partition {
            match self.backing(machine) {
                Backing::File(_) => {}
                Backing::RealDrive(path) => locks.push(format!(
                    "it leads to {}: name that drive itself",
                    path.display()
                )),
                Backing::Unknown => locks.push("the file behind it cannot be found".to_owned()),
            }
        }
        locks.extend(self.uses());
        if self.read_only {
            locks.push("it is write-protected".to_owned());
        }
        locks
    }

    fn uses(&self) -> Vec<String> {
        let mut uses = Vec::new();
        if self.mounts.iter().any(|place| is_of_the_system(place)) {
            uses.push("this machine runs from it".to_owned());
        }
        if !self.mounts.is_empty() {
            let places: Vec<String> = self
                .mounts
                .iter()
                .map(|place| place.display().to_string())
                .collect();
            uses.push(format!("it is in use: mounted at {}", places.join(", ")));
        }
        if self.is_swap {
            uses.push("it is in use: this machine swaps to it".to_owned());
        }
        if !self.holders.is_empty() {
            uses.push(format!("it is in use: part of {}", self.holders.join(", ")));
        }
        if !self.file_systems.is_empty() {
            uses.push(format!(
                "it is in use: one of the drives of the mounted file system {}",
                self.file_systems.join(", ")
            ));
        }
        uses
    }
}

/// Returns the regular file behind an open loop device.
pub(crate) fn backing_of(device: &File) -> Option<PathBuf> {
    let machine = Machine::this();
    let device = machine.by_number(device.metadata().ok()?.rdev()).ok()?;
    match device.backing(&machine) {
        Backing::File(path) if device.is_loop => Some(path),
        _ => None,
    }
}

/// Returns the regular file right behind an open loop device, when byte 0 of the device is byte 0
/// of the file.
pub(crate) fn backing_from_start(device: &File) -> Option<PathBuf> {
    let machine = Machine::this();
    let device = machine.by_number(device.metadata().ok()?.rdev()).ok()?;
    let path = device.backing_path.filter(|path| path.is_file())?;
    (device.is_loop && device.loop_offset == Some(0)).then_some(path)
}

fn is_of_the_system(place: &Path) -> bool {
    ["/", "/usr", "/boot", "/boot/efi", "/efi"]
        .map(Path::new)
        .contains(&place)
}

/// Returns why a block device is no drive that could be filled, judged by where its folder lies.
fn not_a_drive(folder: &Path, zoned: &str) -> Option<&'static str> {
    let name = name_of(folder);
    let is_below_another = folder
        .parent()
        .is_some_and(|parent| parent.join("dev").exists());
    let is_virtual = folder
        .components()
        .any(|part| part.as_os_str() == "virtual");
    if folder.join("partition").exists() {
        Some("it is a partition, not a whole drive")
    } else if is_below_another {
        Some("it is a part of another drive, such as a card's boot area")
    } else if name.starts_with("sr") || attribute(folder, "device/type").as_deref() == Some("5") {
        Some("it takes discs, not files")
    } else if is_virtual && !folder.join("loop").is_dir() && bus(folder) != "nvme" {
        Some("this machine makes it out of other drives, memory or the network")
    } else if zoned == "host-managed" {
        Some(
            "it takes writes only in the order of its zones, which the data centre cannot read back",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sys;
    use super::*;

    #[test]
    fn lengths_sectors_and_kinds_are_read() {
        let sys = Sys::new();
        let drive = sys.device(
            "pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda",
            "8:0",
            &[
                ("device/type", "0\n"),
                ("device/vendor", "ATA     \n"),
                ("queue/rotational", "1\n"),
                ("queue/logical_block_size", "512\n"),
                ("queue/physical_block_size", "4096\n"),
                ("queue/zoned", "host-aware\n"),
            ],
        );
        assert_eq!(
            (drive.bytes, drive.sector_bytes, drive.physical_sector_bytes),
            (1 << 20, 512, Some(4096))
        );
        assert_eq!(drive.rotational, Some(true));
        assert!(drive.takes_scsi && drive.is_shingled);
        assert_eq!(drive.node, sys.machine.dev.join("sda"));
        assert_eq!(drive.locks(&sys.machine), [""; 0]);
    }

    #[test]
    fn only_whole_drives_of_their_own_are_drives() {
        let sys = Sys::new();
        let why =
            |folder: &str, files: &[(&str, &str)]| sys.device(folder, "8:0", files).not_a_drive;
        assert_eq!(why("pci0000:00/ata1/block/sda", &[]), None);
        assert_eq!(why("virtual/block/loop7", &[("loop/offset", "0\n")]), None);
        assert_eq!(
            why("virtual/nvme-subsystem/nvme-subsys0/nvme0n1", &[]),
            None
        );
        assert_eq!(why("pci0000:00/virtio3/block/vda", &[]), None);
        for (folder, file) in [
            ("pci0000:00/ata1/block/sda/sda1", ("partition", "1\n")),
            ("platform/mmc0/block/mmcblk0/mmcblk0boot0", ("ro", "0\n")),
            ("pci0000:00/ata2/block/sr0", ("ro", "1\n")),
            ("pci0000:00/ata2/block/sdz", ("device/type", "5\n")),
            (
                "pci0000:00/ata2/block/sdy",
                ("queue/zoned", "host-managed\n"),
            ),
            ("virtual/block/dm-0", ("dm/name", "root\n")),
            ("virtual/block/md127", ("md/level", "raid1\n")),
            ("virtual/block/nbd0", ("pid", "1\n")),
        ] {
            if folder.contains("mmcblk0/") {
                sys.device("platform/mmc0/block/mmcblk0", "179:0", &[]);
            }
            assert!(why(folder, &[file]).is_some(), "{folder}");
        }
    }

    #[test]
    fn what_is_mounted_or_swapped_on_a_partition_locks_the_whole_drive() {
        let sys = Sys::new();
        sys.mounts(
            "22 1 8:1 / /mnt/old\\040films rw - ext4 /dev/vdx1 rw\n\
             23 1 0:5 / /x rw - btrfs /dev/vdx2 rw\n",
        );
        sys.proc_file(
            "swaps",
            "Filename Type Size Used Priority\n/dev/vdx2 partition 1 0 -2\n",
        );
        let drive = sys.device(
            "pci0000:00/virtio3/block/vdx",
            "8:0",
            &[
                ("vdx1/partition", "1\n"),
                ("vdx1/dev", "8:1\n"),
                ("vdx2/partition", "2\n"),
                ("vdx2/dev", "8:2\n"),
                ("vdx2/holders/dm-0/x", ""),
                ("ro", "1\n"),
            ],
        );
        assert_eq!(drive.mounts, [Path::new("/mnt/old films"), Path::new("/x")]);
        assert!(drive.is_swap);
        assert_eq!(drive.holders, ["dm-0"]);
        assert_eq!(drive.locks(&sys.machine).len(), 4);
    }

    #[test]
    fn the_drive_that_the_machine_runs_from_is_called_that_through_any_stack() {
        let sys = Sys::new();
        sys.device("virtual/block/dm-0", "253:0", &[("dm/name", "vg-root\n")]);
        sys.mounts("22 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n");
        let drive = sys.device(
            "pci0000:00/ata1/block/sda",
            "8:0",
            &[
                ("sda3/partition", "3\n"),
                ("sda3/dev", "8:3\n"),
                ("sda3/holders/dm-0/x", ""),
            ],
        );
        let locks = drive.locks(&sys.machine);
        assert_eq!(
            locks.first().map(String::as_str),
            Some("this machine runs from it")
        );
    }

    #[test]
    fn every_drive_of_a_mounted_file_system_of_several_is_locked() {
        let sys = Sys::new();
        sys.mounts("23 1 0:41 / /pool rw - btrfs /dev/sdb rw\n");
        for name in ["sdb", "sdc"] {
            sys.sys_file(&format!("fs/btrfs/0f0f/devices/{name}/x"), "");
        }
        let second = sys.device("pci0000:00/ata3/block/sdc", "8:32", &[]);
        assert_eq!(second.file_systems, ["0f0f"]);
        assert_eq!(second.locks(&sys.machine).len(), 1);
        let other = sys.device("pci0000:00/ata4/block/sdd", "8:48", &[]);
        assert_eq!(other.locks(&sys.machine), [""; 0]);
    }

    #[test]
    fn memory_disks_and_idle_devices_are_no_drives() {
        let sys = Sys::new();
        sys.device("virtual/block/zram0", "252:0", &[]);
        sys.device("virtual/block/loop7", "7:7", &[("size", "0\n")]);
        assert!(sys.machine.block_devices().is_empty());
    }

    #[test]
    fn a_loop_device_over_a_missing_file_stands_on_nothing_known() {
        let sys = Sys::new();
        let files = [("loop/backing_file", "/nowhere/a.img (deleted)\n")];
        let device = sys.device("virtual/block/loop7", "7:7", &files);
        assert!(device.is_loop);
        assert_eq!(device.backing(&sys.machine), Backing::Unknown);
        assert_eq!(device.locks(&sys.machine).len(), 1);
    }
}
