//! Drives that `argosy prepare` fills to be measured.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::argosy::text;
use crate::oracle::{self, Loop};

/// An image file that is a drive of nothing but zeros, behind a loop device where we may make one.
pub struct Target {
    path: String,
    serial: String,
    _loop: Option<Loop>,
}

impl Target {
    /// Makes it anew.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn fresh(image: &Path, bytes: u64) -> Result<Self> {
        let _ = fs::remove_file(image);
        fs::File::create(image)?.set_len(bytes)?;
        Ok(Self::over(image, 0, bytes))
    }

    /// Makes it of the bytes of an image file from `at` on, as they are.
    #[must_use]
    pub fn over(image: &Path, at: u64, bytes: u64) -> Self {
        // An image file without a card beside it is called by its name, and so is what stands on it.
        let serial = image
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match Loop::attach(image, at, bytes, 512) {
            Ok(device) => {
                // Where it cannot pass by the cache, everybody is as slow.
                let _ = oracle::run("losetup", &["--direct-io=on", device.path()]);
                Self {
                    path: device.path().to_owned(),
                    serial,
                    _loop: Some(device),
                }
            }
            Err(_) => Self {
                path: text(image).to_owned(),
                serial,
                _loop: None,
            },
        }
    }

    /// Has the device take no discards, as many a drive takes none: the file below it keeps its room.
    ///
    /// # Errors
    /// When it is no device.
    pub fn keep_discarded(&self) -> Result<()> {
        let name = self.path.trim_start_matches("/dev/");
        let limit = format!("/sys/block/{name}/queue/discard_max_bytes");
        fs::write(&limit, "0").context(limit)
    }

    /// Returns the loop device, or the file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Returns `argosy prepare` of `source` onto `drives`, one JSON object at its end.
#[must_use]
pub fn prepare(argosy: &Path, journals: &Path, source: &Path, drives: &[Target]) -> Command {
    let mut prepare = Command::new(argosy);
    prepare.args([
        "prepare",
        "--session",
        "bench",
        "--journal-dir",
        text(journals),
    ]);
    prepare.args(["--source", text(source), "--to", "bench/"]);
    prepare.args(["--check", "none", "--show-keys", "--json", "--drive"]);
    prepare.args(drives.iter().map(|drive| &drive.path));
    prepare.arg("--erase");
    prepare.args(drives.iter().map(|drive| &drive.serial));
    prepare
}

/// Returns `dd` that writes zeros to `device` past the cache.
#[must_use]
pub fn dd_write(device: &str, bytes: u64) -> Command {
    let mut dd = Command::new("dd");
    let count = format!("count={}", bytes.div_ceil(4 << 20));
    let of = format!("of={device}");
    dd.args([
        "if=/dev/zero",
        &of,
        "bs=4M",
        &count,
        "oflag=direct",
        "conv=notrunc,fsync",
    ]);
    dd
}

/// Returns `dd` that reads from `device` past the cache.
#[must_use]
pub fn dd_read(device: &str, bytes: u64) -> Command {
    let mut dd = Command::new("dd");
    let count = format!("count={}", bytes.div_ceil(4 << 20));
    let from = format!("if={device}");
    dd.args([&from, "of=/dev/null", "bs=4M", &count, "iflag=direct"]);
    dd
}
