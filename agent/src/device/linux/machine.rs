//! Where the kernel tells about its block devices.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

use rustix::fs::{major, minor};

use super::block_device::BlockDevice;

/// The three trees that the kernel shows itself in; in tests, trees that look like them.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(super) sys: PathBuf,
    pub(super) proc: PathBuf,
    pub(super) dev: PathBuf,
}

impl Machine {
    /// Returns the machine that we run on.
    pub(crate) fn this() -> Self {
        Self {
            sys: "/sys".into(),
            proc: "/proc".into(),
            dev: "/dev".into(),
        }
    }

    /// Returns every whole block device with a length: no partitions, no idle loop devices, no
    /// memory disks.
    pub(crate) fn block_devices(&self) -> Vec<BlockDevice> {
        let entries = fs::read_dir(self.sys.join("block"))
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        // Most loop devices are idle: their length tells without reading more.
        let is_drive = |name: &String| {
            let folder = self.sys.join("block").join(name);
            let is_memory = name.starts_with("ram") || name.starts_with("zram");
            !is_memory && attribute(&folder, "size").is_some_and(|size| size != "0")
        };
        names.retain(is_drive);
        names.sort();
        let devices = names
            .iter()
            .filter_map(|name| self.block_device(&self.sys.join("block").join(name)).ok());
        devices.collect()
    }

    /// Returns the block device with this device number.
    pub(crate) fn by_number(&self, number: u64) -> Result<BlockDevice> {
        BlockDevice::read(self, &self.folder_of(number)?)
    }

    /// Returns the folder of the block device with this device number, without symbolic links.
    pub(super) fn folder_of(&self, number: u64) -> Result<PathBuf> {
        let name = format!("{}:{}", major(number), minor(number));
        fs::canonicalize(self.sys.join("dev/block").join(name))
    }

    fn block_device(&self, folder: &Path) -> Result<BlockDevice> {
        BlockDevice::read(self, &fs::canonicalize(folder)?)
    }

    /// Returns the loop devices whose backing file is the file with these numbers.
    pub(crate) fn loops_over(&self, device: u64, inode: u64) -> Vec<PathBuf> {
        use std::os::unix::fs::MetadataExt;
        let is_over = |loop_device: &BlockDevice| {
            let file = loop_device
                .backing_path
                .as_ref()
                .and_then(|path| fs::metadata(path).ok());
            file.is_some_and(|file| file.dev() == device && file.ino() == inode)
        };
        self.block_devices()
            .into_iter()
            .filter(is_over)
            .map(|device| device.node)
            .collect()
    }
}

/// Returns the text of an attribute file, trimmed; `None` when it is not there, cannot be read or
/// is empty.
pub(super) fn attribute(folder: &Path, name: &str) -> Option<String> {
    let text = fs::read(folder.join(name)).ok()?;
    let text = String::from_utf8_lossy(&text)
        .replace('\0', "")
        .trim()
        .to_owned();
    (!text.is_empty()).then_some(text)
}

/// Returns the names of the entries of a folder; none when it is not there.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// Returns the number in an attribute file.
pub(super) fn number(folder: &Path, name: &str) -> Option<u64> {
    attribute(folder, name)?.parse().ok()
}

/// Returns the last name of a path.
pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
