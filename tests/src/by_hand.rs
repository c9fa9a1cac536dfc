//! A drive written to by other people's programs, as Windows would.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::argosy::text;
use crate::oracle;

/// Where the volume of a drive that `prepare` made begins.
pub const PARTITION: u64 = 1 << 20;

/// A volume unlocked by dislocker and mounted by ntfs-3g, to be written to; let go when dropped.
#[derive(Debug)]
pub struct Mounted {
    unlocked: tempfile::TempDir,
    volume: tempfile::TempDir,
}

impl Mounted {
    /// Opens the volume at byte `at` of an image.
    ///
    /// # Errors
    /// When dislocker or ntfs-3g refuses.
    pub fn new(image: &Path, at: u64, password: &str) -> Result<Self> {
        let (unlocked, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let (offset, key) = (at.to_string(), format!("-p{password}"));
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
            let mut let_go = Err(anyhow::anyhow!("not tried"));
            // ntfs-3g lets go of the file below it a moment after its own folder is free.
            for _ in 0..50 {
                let_go = oracle::run("umount", &[text(folder.path())]);
                if let_go.is_ok() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            if let Err(error) = let_go {
                eprintln!("{error:#}");
            }
        }
    }
}
