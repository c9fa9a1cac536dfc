//! Where the devices of a measurement lie: in memory where that can be, so that what is under a device is not what is measured.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::filled::Target;
use crate::oracle;

/// A file system in memory. One folder of one name lies there, so that a measurement that was killed leaves no more than one.
const MEMORY: &str = "/dev/shm";
const NAME: &str = "argosy-bench";
/// Where a device begins in its file in memory: behind its start the file is not asked what of it is a hole, which no drive
/// can tell.
const AT: u64 = 1 << 20;
/// What fills a device before it is used.
const PIECE_BYTES: usize = 4 << 20;

/// A folder for the image files that devices are made of; removed when dropped.
pub struct Backing {
    folder: PathBuf,
    is_memory: bool,
}

impl Backing {
    /// Makes it in memory when devices of `bytes` in all leave a third of what is free there, else in `folder`. Without loop
    /// devices, which root makes, it lies in `folder` too: writing to a file in memory is work of who writes.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn new(folder: &Path, bytes: u64) -> Result<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let is_memory =
            is_root && free_bytes().is_some_and(|free| bytes <= free.saturating_sub(free / 3));
        let parent = if is_memory { Path::new(MEMORY) } else { folder };
        let folder = parent.join(NAME);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder).context(folder.display().to_string())?;
        Ok(Self { folder, is_memory })
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a drive of nothing but zeros. In memory every byte of it has its place already, and keeps it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn target(&self, serial: &str, bytes: u64) -> Result<Target> {
        let image = self.folder.join(format!("{serial}.img"));
        if !self.is_memory {
            return Target::fresh(&image, bytes);
        }
        let mut file = fs::OpenOptions::new();
        let mut file = file.write(true).create(true).truncate(false).open(&image)?;
        let mut left = AT.saturating_add(bytes);
        file.set_len(left)?;
        let zeros = vec![0; PIECE_BYTES];
        while left > 0 {
            let piece = usize::try_from(left)
                .unwrap_or(PIECE_BYTES)
                .min(PIECE_BYTES);
            file.write_all(&zeros[..piece])?;
            left = left.saturating_sub(u64::try_from(piece)?);
        }
        let target = Target::over(&image, AT, bytes);
        target.keep_discarded()?;
        Ok(target)
    }
}

impl Drop for Backing {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{}: {error}", self.folder.display());
        }
    }
}

/// Returns how much can be laid into memory without swapping.
fn free_bytes() -> Option<u64> {
    let room = oracle::run("df", &["--block-size=1", "--output=avail", MEMORY]).ok()?;
    let room: u64 = room.lines().nth(1)?.trim().parse().ok()?;
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let mut lines = text.lines();
    let available = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = available.trim().trim_end_matches(" kB").parse().ok()?;
    Some(room.min(kilobytes.checked_mul(1024)?))
}
