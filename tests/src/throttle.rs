//! A block device that is as slow as one likes, for the processes that are put behind it: the kernel's own throttling of
//! control groups, first version or second. Needs root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

const FIRST: &str = "/sys/fs/cgroup/blkio";
const SECOND: &str = "/sys/fs/cgroup";

/// What is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// Reading.
    Reads,
    /// Writing.
    Writes,
}

/// A group of processes to which devices are slow; removed when dropped, once all of them have ended.
#[derive(Debug)]
pub struct Throttle(PathBuf);

impl Throttle {
    /// Makes `devices` slow, each for itself; `None` where the kernel has no throttling that we may use.
    ///
    /// # Errors
    /// When a device is not there.
    pub fn new(devices: &[&str], slow: Slow, bytes_a_second: u64) -> Result<Option<Self>> {
        let name = format!("argosy-bench-{}", std::process::id());
        let is_first = Path::new(FIRST)
            .join("blkio.throttle.write_bps_device")
            .exists();
        let parent = if is_first { FIRST } else { SECOND };
        if !is_first && fs::write(Path::new(SECOND).join("cgroup.subtree_control"), "+io").is_err()
        {
            return Ok(None);
        }
        let group = Self(Path::new(parent).join(name));
        if fs::create_dir(&group.0).is_err() {
            return Ok(None);
        }
        for device in devices {
            let number = fs::metadata(device).context((*device).to_owned())?.rdev();
            let number = format!("{}:{}", major(number), minor(number));
            let (file, line) = match (is_first, slow) {
                (true, Slow::Reads) => (
                    "blkio.throttle.read_bps_device",
                    format!("{number} {bytes_a_second}"),
                ),
                (true, Slow::Writes) => (
                    "blkio.throttle.write_bps_device",
                    format!("{number} {bytes_a_second}"),
                ),
                (false, Slow::Reads) => ("io.max", format!("{number} rbps={bytes_a_second}")),
                (false, Slow::Writes) => ("io.max", format!("{number} wbps={bytes_a_second}")),
            };
            if fs::write(group.0.join(file), line).is_err() {
                return Ok(None);
            }
        }
        Ok(Some(group))
    }

    /// Returns `command` as one that runs in the group, from its first moment.
    #[must_use]
    pub fn around(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        let enter = format!(
            "echo $$ > '{}' && exec \"$@\"",
            self.0.join("cgroup.procs").display()
        );
        inside.args(["-c", &enter, "sh"]);
        inside.arg(command.get_program()).args(command.get_args());
        inside
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

const fn major(device: u64) -> u64 {
    (device >> 8) & 0xfff
}

const fn minor(device: u64) -> u64 {
    (device & 0xff) | ((device >> 12) & 0xf_ff00)
}
