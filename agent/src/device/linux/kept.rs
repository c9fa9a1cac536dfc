//! Which drives hold a path: through partitions, arrays, mapped devices, loop devices, and file
//! systems that have no device number.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags, major, minor, statx};

use super::machine::{Machine, names};
use super::mounts::{Mount, table};
use super::stack::descend;

/// Files behind loop devices, and layers of overlays, are followed this far.
const DEPTH_MAX: u32 = 8;

/// Returns the kernel's names of all devices that `path` lies on, or would when it is made: down to
/// the drives.
pub(crate) fn devices_under(machine: &Machine, path: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    follow(machine, path, &mut found, DEPTH_MAX);
    found
}

fn follow(machine: &Machine, path: &Path, found: &mut BTreeSet<String>, depth: u32) {
    let Some(place) = Place::of(path) else {
        return;
    };
    let layers = match machine.folder_of(place.device) {
        Ok(folder) => descend(machine, &folder, found),
        Err(_) => under_mount(machine, &place, found),
    };
    if let Some(depth) = depth.checked_sub(1) {
        for layer in layers {
            follow(machine, &layer, found, depth);
        }
    }
}

/// Where a path, or its nearest folder that is there, lies.
struct Place {
    path: PathBuf,
    device: u64,
    mount: Option<u64>,
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let absolute = std::path::absolute(path).ok()?;
        // Asked by the path as it was given: one below `/proc/self/fd` is the open file itself, whatever
        // the name that it was opened by leads to now.
        let (nearest, facts) = absolute
            .ancestors()
            .find_map(|above| Some((above, fs::metadata(above).ok()?)))?;
        let real = fs::canonicalize(nearest).unwrap_or_else(|_| nearest.to_owned());
        let is_node = facts.file_type().is_block_device();
        let mount = statx(CWD, nearest, AtFlags::empty(), StatxFlags::MNT_ID).ok();
        Some(Self {
            device: if is_node { facts.rdev() } else { facts.dev() },
            mount: mount
                .filter(|mount| mount.stx_mask & StatxFlags::MNT_ID.bits() != 0)
                .map(|mount| mount.stx_mnt_id),
            path: real,
        })
    }

    /// Returns the mount that it lies in: the one with its id, or of its device's number, or else
    /// the last one over the nearest folder above.
    fn mount_in<'a>(&self, table: &'a [Mount]) -> Option<&'a Mount> {
        let by_id = table.iter().find(|mount| Some(mount.id) == self.mount);
        let number = format!("{}:{}", major(self.device), minor(self.device));
        let above = |mount: &&Mount| self.path.starts_with(&mount.point);
        by_id
            .or_else(|| table.iter().rfind(|mount| mount.number == number))
            .or_else(|| {
                let above = table.iter().filter(above);
                above.max_by_key(|mount| mount.point.components().count())
            })
    }
}

/// Adds what a file system without a device number stands on; returns the folders that it is made
/// of.
fn under_mount(machine: &Machine, place: &Place, found: &mut BTreeSet<String>) -> Vec<PathBuf> {
    let table = table(machine);
    let Some(mount) = place.mount_in(&table) else {
        return Vec::new();
    };
    let mut devices = mount.devices(machine);
    if mount.kind == "btrfs" {
        let all = machine.sys.join("fs/btrfs");
        let members = names(&all).into_iter();
        let members = members.map(|id| names(&all.join(id).join("devices")));
        let mut groups = members.filter(|group| group.iter().any(|one| devices.contains(one)));
        devices.extend(groups.next().unwrap_or_default());
    }
    let mut layers = Vec::new();
    for device in devices {
        let folder = machine.sys.join("class/block").join(device);
        if let Ok(folder) = fs::canonicalize(folder) {
            layers.extend(descend(machine, &folder, found));
        }
    }
    if mount.kind == "overlay" {
        layers.extend(overlay_layers(&mount.options));
    }
    layers
}

/// Returns the folders of an overlay. Source: the kernel's `overlayfs.rst`.
fn overlay_layers(options: &str) -> Vec<PathBuf> {
    let values = options.split(',').filter_map(|option| {
        let (name, value) = option.split_once('=')?;
        ["lowerdir", "upperdir", "workdir", "lowerdir+", "datadir+"]
            .contains(&name)
            .then_some(value)
    });
    let layers = values.flat_map(|value| value.split(':'));
    layers
        .filter(|layer| layer.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sys;
    use super::*;

    fn under(sys: &Sys, place: &Place) -> Vec<String> {
        let mut found = BTreeSet::new();
        let layers = under_mount(&sys.machine, place, &mut found);
        assert!(layers.is_empty(), "{layers:?}");
        found.into_iter().collect()
    }

    fn in_mount(id: u64) -> Place {
        Place {
            path: "/data/films".into(),
            device: 77,
            mount: Some(id),
        }
    }

    fn beneath(sys: &Sys, name: &str) -> Vec<String> {
        let folder = fs::canonicalize(sys.machine.sys.join("class/block").join(name));
        let mut found = BTreeSet::new();
        descend(&sys.machine, &folder.expect("there"), &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn a_mapped_volume_over_an_array_leads_to_every_drive_of_the_array() {
        let sys = Sys::new();
        for (ata, name, number) in [(1, "sda", "8:0"), (2, "sdb", "8:16"), (3, "sdc", "8:32")] {
            let part = format!("{name}1");
            sys.device(
                &format!("pci0000:00/ata{ata}/block/{name}"),
                number,
                &[
                    (&format!("{part}/partition"), "1\n"),
                    (&format!("{part}/dev"), &format!("9{ata}:1\n")),
                ],
            );
        }
        sys.device(
            "virtual/block/md0",
            "9:0",
            &[("slaves/sda1/x", ""), ("slaves/sdb1/x", "")],
        );
        sys.device("virtual/block/dm-3", "253:3", &[("slaves/md0/x", "")]);
        assert_eq!(
            beneath(&sys, "dm-3"),
            ["dm-3", "md0", "sda", "sda1", "sdb", "sdb1"]
        );
        // The same, mounted as btrfs, whose files have no device number, through udev's link.
        sys.dev_link("mapper/pool", "dm-3");
        sys.mounts("50 1 0:44 / /data rw - btrfs /dev/mapper/pool rw\n");
        assert_eq!(
            under(&sys, &in_mount(50)),
            ["dm-3", "md0", "sda", "sda1", "sdb", "sdb1"]
        );
    }

    #[test]
    fn a_file_system_of_several_drives_leads_to_all_of_them() {
        let sys = Sys::new();
        sys.device("pci0000:00/ata1/block/sdb", "8:16", &[]);
        sys.device("pci0000:00/ata2/block/sdc", "8:32", &[]);
        sys.device("pci0000:00/ata3/block/sdd", "8:48", &[]);
        sys.sys_file("fs/btrfs/0f0f/devices/sdb/x", "");
        sys.sys_file("fs/btrfs/0f0f/devices/sdc/x", "");
        sys.sys_file("fs/btrfs/features/x", "");
        sys.mounts("50 1 0:44 / /data rw - btrfs /dev/sdb rw,space_cache\n");
        assert_eq!(under(&sys, &in_mount(50)), ["sdb", "sdc"]);
        // Without the id of the mount, the nearest folder above tells.
        let place = Place {
            mount: None,
            ..in_mount(0)
        };
        assert_eq!(under(&sys, &place), ["sdb", "sdc"]);
    }

    #[test]
    fn an_overlay_is_made_of_its_folders() {
        let options = "rw,lowerdir=/cdrom:/opt/base,upperdir=/home/x/up,workdir=/home/x/work";
        assert_eq!(
            overlay_layers(options),
            ["/cdrom", "/opt/base", "/home/x/up", "/home/x/work"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_share_of_another_machine_lies_on_no_drive_here() {
        let sys = Sys::new();
        sys.mounts("50 1 0:44 / /data rw - nfs4 server:/films rw,addr=10.0.0.1\n");
        assert_eq!(under(&sys, &in_mount(50)), [""; 0]);
    }

    #[test]
    fn a_path_that_is_not_there_yet_lies_where_its_folder_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Machine::this();
        let here = devices_under(&machine, folder.path());
        let later = devices_under(&machine, &folder.path().join("not/there/yet"));
        assert_eq!(here, later);
    }
}
