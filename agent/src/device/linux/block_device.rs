//! One block device, as its folder in `/sys` describes it.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::machine::{Machine, attribute, names};
use super::mounts::{mounts, swaps};
use crate::device::serial::tidy_serial;

/// Units that `/sys` gives lengths in, whatever the sector.
const SYSFS_UNIT: u64 = 512;
/// Loop devices over loop devices are followed this far.
const LOOP_DEPTH_MAX: u32 = 8;

/// What the kernel says of a block device.
#[derive(Clone, Debug)]
pub(crate) struct BlockDevice {
    /// Its node below `/dev`.
    pub(crate) node: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) sector_bytes: u64,
    pub(crate) is_partition: bool,
    pub(crate) removable: bool,
    pub(crate) rotational: Option<bool>,
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
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let units = number(folder, "size").ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        // A slash in a device's name is an exclamation mark in its folder's.
        let node = machine.dev.join(name.replace('!', "/"));
        let family = family(machine, folder);
        let numbers: Vec<String> = family
            .iter()
            .filter_map(|folder| attribute(folder, "dev"))
            .collect();
        let nodes = family.iter().filter_map(|folder| folder.file_name());
        let nodes: Vec<PathBuf> = nodes.map(|name| machine.dev.join(name)).collect();
        let (serial, serial_of_bridge) = serial(folder);
        Ok(Self {
            node,
            bytes: units.saturating_mul(SYSFS_UNIT),
            sector_bytes: number(folder, "queue/logical_block_size").unwrap_or(SYSFS_UNIT),
            is_partition: folder.join("partition").exists(),
            removable: number(folder, "removable") == Some(1),
            rotational: number(folder, "queue/rotational").map(|value| value == 1),
            read_only: number(folder, "ro") == Some(1),
            model: model(folder),
            serial,
            serial_of_bridge,
            wwn: attribute(folder, "device/wwid")
                .or_else(|| attribute(folder, "wwid"))
                .unwrap_or_default(),
            bus: bus(folder),
            backing_path: attribute(folder, "loop/backing_file").map(PathBuf::from),
            is_loop: folder.join("loop").is_dir(),
            loop_offset: number(folder, "loop/offset"),
            holders: holders(folder),
            mounts: mounts(machine, &numbers, &nodes),
            is_swap: swaps(machine).iter().any(|swap| nodes.contains(swap)),
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

fn number(folder: &Path, name: &str) -> Option<u64> {
    attribute(folder, name)?.parse().ok()
}

/// Returns the folders of a device's partitions.
fn partition_folders(folder: &Path) -> Vec<PathBuf> {
    let below = names(folder).into_iter().map(|name| folder.join(name));
    below
        .filter(|below| below.join("partition").exists())
        .collect()
}

/// Returns the folders of the device, its partitions, and all that is stacked on them.
fn family(machine: &Machine, folder: &Path) -> Vec<PathBuf> {
    let mut family = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = family.get(seen).cloned() {
        let stacked = names(&folder.join("holders")).into_iter();
        let stacked = stacked.map(|name| machine.sys.join("class/block").join(name));
        let stacked = stacked.filter_map(|folder| fs::canonicalize(folder).ok());
        for new in partition_folders(&folder).into_iter().chain(stacked) {
            if !family.contains(&new) {
                family.push(new);
            }
        }
        seen = seen.saturating_add(1);
    }
    family
}

fn holders(folder: &Path) -> Vec<String> {
    let mut holders = names(&folder.join("holders"));
    for partition in partition_folders(folder) {
        holders.extend(names(&partition.join("holders")));
    }
    holders
}

/// Returns the model: for SCSI and ATA the maker stands apart and is often only `ATA`.
fn model(folder: &Path) -> String {
    let model = attribute(folder, "device/model")
        .or_else(|| attribute(folder, "device/name"))
        .unwrap_or_default();
    match attribute(folder, "device/vendor") {
        Some(maker) if maker != "ATA" && !maker.starts_with("0x") => {
            format!("{maker} {model}").trim().to_owned()
        }
        _ => model,
    }
}

/// Returns the serial and whether it is a bridge's. SCSI and ATA tell it in a page of vital product
/// data, behind 4 bytes; NVMe, SD cards and virtual disks in a file; a USB stick or bridge in the
/// folder of the USB device above.
fn serial(folder: &Path) -> (String, bool) {
    let is_usb = bus(folder) == "usb";
    let page = fs::read(folder.join("device/vpd_pg80")).ok();
    let page = page
        .as_deref()
        .and_then(|page| page.get(4..))
        .map(|page| String::from_utf8_lossy(page).into_owned());
    let told = page
        .or_else(|| attribute(folder, "device/serial"))
        .or_else(|| attribute(folder, "serial"));
    let told = tidy_serial(&told.unwrap_or_default());
    if !told.is_empty() || !is_usb {
        return (told, is_usb);
    }
    let above = folder
        .ancestors()
        .filter(|above| above.join("idVendor").exists());
    let told = above.filter_map(|above| attribute(above, "serial")).next();
    (tidy_serial(&told.unwrap_or_default()), true)
}

/// Returns how the device is attached, from the folders that it lies in.
fn bus(folder: &Path) -> String {
    let parts: Vec<_> = folder
        .components()
        .filter_map(|part| part.as_os_str().to_str())
        .collect();
    let has = |start: &str| {
        let is_numbered = |part: &&str| {
            part.strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
        };
        parts.iter().any(is_numbered)
    };
    let kinds = [
        ("usb", "usb"),
        ("nvme", "nvme"),
        ("ata", "sata"),
        ("virtio", "virtio"),
        ("mmc", "mmc"),
        ("loop", "loop"),
    ];
    if let Some((_, bus)) = kinds.iter().find(|(start, _)| has(start)) {
        return (*bus).to_owned();
    }
    if parts.contains(&"virtual") {
        return "virtual".to_owned();
    }
    if folder.join("device/vendor").exists() {
        "scsi".to_owned()
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes files into a folder that looks like `/sys`, and its links.
    struct Sys(tempfile::TempDir);

    impl Sys {
        fn new(device: &str, files: &[(&str, &[u8])]) -> (Self, Machine) {
            let root = tempfile::tempdir().expect("a folder");
            let sys = root.path().join("sys");
            for (name, bytes) in [("size", b"2048\n".as_slice()), ("dev", b"8:0\n")]
                .iter()
                .chain(files)
            {
                let path = sys.join("devices").join(device).join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("room");
                fs::write(path, bytes).expect("room");
            }
            fs::create_dir_all(sys.join("block")).expect("room");
            let name = device.rsplit('/').next().expect("a name");
            std::os::unix::fs::symlink(
                sys.join("devices").join(device),
                sys.join("block").join(name),
            )
            .expect("room");
            let machine = Machine {
                sys,
                proc: root.path().join("proc"),
                dev: "/dev".into(),
            };
            (Self(root), machine)
        }
    }

    fn only(machine: &Machine) -> BlockDevice {
        machine.block_devices().pop().expect("one device")
    }

    #[test]
    fn a_sata_drive_tells_its_serial_behind_four_bytes() {
        let device = "pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda";
        let (_root, machine) = Sys::new(
            device,
            &[
                ("device/vpd_pg80", b"\0\x80\0\x14     WD-WX12345678"),
                ("device/vendor", b"ATA     \n"),
                ("device/wwid", b"naa.50014ee2b1234567\n"),
                ("device/model", b"WDC WD40EFRX-68W\n"),
                ("queue/rotational", b"1\n"),
                ("queue/logical_block_size", b"512\n"),
            ],
        );
        let drive = only(&machine);
        assert_eq!(
            (drive.serial.as_str(), drive.serial_of_bridge),
            ("WD-WX12345678", false)
        );
        assert_eq!(
            (drive.model.as_str(), drive.bus.as_str()),
            ("WDC WD40EFRX-68W", "sata")
        );
        assert_eq!(drive.wwn, "naa.50014ee2b1234567");
        assert_eq!(
            (drive.bytes, drive.sector_bytes, drive.rotational),
            (1 << 20, 512, Some(true))
        );
        assert_eq!(drive.node, Path::new("/dev/sda"));
    }

    #[test]
    fn a_usb_drive_has_the_serial_of_the_usb_device_above_it() {
        let device = "pci0000:00/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb";
        let (root, machine) = Sys::new(
            device,
            &[
                ("device/vendor", b"Seagate \n"),
                ("device/model", b"Expansion\n"),
            ],
        );
        let usb = root.0.path().join("sys/devices/pci0000:00/usb2/2-1");
        fs::write(usb.join("idVendor"), "0bc2\n").expect("room");
        fs::write(usb.join("serial"), "NA8F 1234\n").expect("room");
        let drive = only(&machine);
        assert_eq!(
            (drive.serial.as_str(), drive.serial_of_bridge),
            ("NA8F1234", true)
        );
        assert_eq!(
            (drive.model.as_str(), drive.bus.as_str()),
            ("Seagate Expansion", "usb")
        );
    }

    #[test]
    fn nvme_and_virtio_tell_their_serial_in_a_file() {
        let (_root, machine) = Sys::new(
            "pci0000:00/nvme/nvme0/nvme0n1",
            &[("device/serial", b"S5GX 99  \n")],
        );
        assert_eq!(
            (only(&machine).serial, only(&machine).bus),
            ("S5GX99".to_owned(), "nvme".to_owned())
        );
        let (_root, machine) = Sys::new("pci0000:00/virtio3/block/vda", &[("serial", b"QM0001")]);
        assert_eq!(
            (only(&machine).serial, only(&machine).bus),
            ("QM0001".to_owned(), "virtio".to_owned())
        );
    }

    #[test]
    fn what_is_mounted_or_swapped_on_a_partition_locks_the_whole_drive() {
        let (root, machine) = Sys::new(
            "pci0000:00/virtio3/block/vdx",
            &[
                ("vdx1/partition", b"1\n"),
                ("vdx1/dev", b"8:1\n"),
                ("vdx2/partition", b"2\n"),
                ("vdx2/dev", b"8:2\n"),
                ("vdx2/holders/dm-0/x", b""),
            ],
        );
        let proc = root.0.path().join("proc");
        fs::create_dir_all(proc.join("self")).expect("room");
        let mounts = "22 1 8:1 / /mnt/old\\040films rw - ext4 /dev/vdx1 rw\n\
             23 1 0:5 / /x rw - btrfs /dev/vdx2 rw\n";
        fs::write(proc.join("self/mountinfo"), mounts).expect("room");
        fs::write(
            proc.join("swaps"),
            "Filename Type Size Used Priority\n/dev/vdx2 partition 1 0 -2\n",
        )
        .expect("room");
        let drive = only(&machine);
        assert_eq!(drive.mounts, [Path::new("/mnt/old films"), Path::new("/x")]);
        assert!(drive.is_swap);
        assert_eq!(drive.holders, ["dm-0"]);
    }

    #[test]
    fn memory_disks_and_idle_devices_are_no_drives() {
        let (_root, machine) = Sys::new("virtual/block/zram0", &[]);
        assert!(machine.block_devices().is_empty());
        let (_root, machine) = Sys::new("virtual/block/loop7", &[("size", b"0\n")]);
        assert!(machine.block_devices().is_empty());
    }

    #[test]
    fn a_loop_device_over_a_missing_file_stands_on_nothing_known() {
        let files: [(&str, &[u8]); 1] = [("loop/backing_file", b"/nowhere/a.img (deleted)\n")];
        let (_root, machine) = Sys::new("virtual/block/loop7", &files);
        let device = only(&machine);
        assert!(device.is_loop);
        assert_eq!(device.backing(&machine), Backing::Unknown);
    }
}
