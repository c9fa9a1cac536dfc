//! What stands on a block device, and what it stands on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::machine::{Machine, attribute, name_of, names};

/// Returns the folders of the device, its partitions, and all that is stacked on them.
pub(super) fn family(machine: &Machine, folder: &Path) -> Vec<PathBuf> {
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

/// Returns what is stacked on the device or on a partition of it: RAID, LVM, LUKS.
pub(super) fn holders(folder: &Path) -> Vec<String> {
    let mut holders = names(&folder.join("holders"));
    for partition in partition_folders(folder) {
        holders.extend(names(&partition.join("holders")));
    }
    holders
}

/// Returns the ids of mounted btrfs file systems that one of these devices belongs to: their mounts
/// name only one of their devices.
pub(super) fn file_systems_over(machine: &Machine, devices: &[String]) -> Vec<String> {
    let all = machine.sys.join("fs/btrfs");
    let mut found = names(&all);
    found.retain(|id| {
        let members = names(&all.join(id).join("devices"));
        members.len() > 1 && members.iter().any(|member| devices.contains(member))
    });
    found
}

/// Adds to `found` the kernel's names of the device and of all that it stands on: the drive of a
/// partition, the members of an array, the device behind a mapped one. Returns the files behind loop
/// devices on the way.
pub(super) fn descend(
    machine: &Machine,
    folder: &Path,
    found: &mut BTreeSet<String>,
) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        if !found.insert(name_of(&folder)) {
            continue;
        }
        let below = names(&folder.join("slaves")).into_iter();
        let below = below.map(|name| machine.sys.join("class/block").join(name));
        left.extend(below.filter_map(|folder| fs::canonicalize(folder).ok()));
        files.extend(attribute(&folder, "loop/backing_file").map(PathBuf::from));
        let parent = folder.parent().filter(|parent| parent.join("dev").exists());
        left.extend(parent.map(Path::to_owned));
    }
    files
}

/// Returns the folders of a device's partitions.
fn partition_folders(folder: &Path) -> Vec<PathBuf> {
    let below = names(folder).into_iter().map(|name| folder.join(name));
    below
        .filter(|below| below.join("partition").exists())
        .collect()
}
