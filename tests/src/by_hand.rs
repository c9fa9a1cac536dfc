//! Drives that other people's programs write to: dislocker opens the volume, ntfs-3g mounts it.

use std::path::Path;

use anyhow::Result;

use crate::argosy::text;
use crate::oracle;

/// Where the partition of a drive of ours begins.
const PARTITION: u64 = 1 << 20;

/// A volume unlocked by dislocker and mounted by ntfs-3g, to be written to as Windows would; unmounted when dropped.
pub struct Mounted {
    unlocked: tempfile::TempDir,
    volume: tempfile::TempDir,
}

impl Mounted {
    /// Mounts the volume of a drive that `prepare` made.
    ///
    /// # Errors
    /// When one of the programs refuses.
    pub fn new(image: &Path, password: &str) -> Result<Self> {
        let (unlocked, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let (offset, key) = (PARTITION.to_string(), format!("-p{password}"));
        let place = text(unlocked.path());
        let arguments = ["-V", text(image), "-O", &offset, &key, "--", place];
        oracle::run("dislocker-fuse", &arguments)?;
        let opened = Self { unlocked, volume };
        let file = opened.unlocked.path().join("dislocker-file");
        oracle::run("ntfs-3g", &[text(&file), text(opened.volume.path())])?;
        Ok(opened)
    }

    /// Returns the folder it is mounted on.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.volume.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for folder in [&self.volume, &self.unlocked] {
            if let Err(error) = oracle::run("umount", &[text(folder.path())]) {
                eprintln!("{error:#}");
            }
        }
    }
}
