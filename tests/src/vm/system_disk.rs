//! The disk that the computer runs from: `argosy`, a few tools, and what the test puts on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::kernel::text;
use crate::oracle::run;

const MIB: u64 = 1 << 20;
/// What every script begins with.
const BEFORE: &str = include_str!("../../vm/before.sh");

/// A folder that becomes the first partition of a disk.
#[derive(Debug)]
pub struct SystemDisk {
    root: tempfile::TempDir,
    /// The one program that is many: static, so that it runs anywhere.
    pub(super) busybox: PathBuf,
}

impl SystemDisk {
    /// Makes the folder with `argosy`, busybox and cryptsetup in it; `script` is what runs.
    ///
    /// # Errors
    /// When a program is missing.
    pub fn new(argosy: &Path, script: &str) -> Result<Self> {
        let root = tempfile::tempdir()?;
        let at = |name: &str| root.path().join(name);
        for folder in ["bin", "dev", "proc", "sys", "tmp", "run", "mnt", "root"] {
            fs::create_dir(at(folder))?;
        }
        let busybox = PathBuf::from(run("sh", &["-c", "command -v busybox"])?.trim());
        fs::copy(&busybox, at("bin/busybox"))?;
        fs::copy(argosy, at("bin/argosy"))?;
        fs::write(at("run.sh"), format!("{BEFORE}\n{script}"))?;
        let disk = Self { root, busybox };
        disk.add_dynamic("cryptsetup")?;
        Ok(disk)
    }

    /// Returns the folder, to put more in it.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Adds a program of this machine with its libraries, where it looks for them.
    fn add_dynamic(&self, program: &str) -> Result<()> {
        let find = format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}");
        let program = PathBuf::from(run("sh", &["-c", &find])?.trim());
        let name = program.file_name().context("a name")?;
        fs::copy(&program, self.root().join("bin").join(name))?;
        let libraries = run("ldd", &[text(&program)?])?;
        let paths = libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'));
        // What ends a thread is loaded late and not named.
        let late = "/lib/x86_64-linux-gnu/libgcc_s.so.1";
        for path in paths.chain([late]) {
            let to = self.root().join(path.trim_start_matches('/'));
            fs::create_dir_all(to.parent().context("a folder")?)?;
            fs::copy(path, to).with_context(|| path.to_owned())?;
        }
        Ok(())
    }

    /// Writes the disk to `path`: a table, and one ext4 partition of `bytes`.
    ///
    /// # Errors
    /// When it does not fit.
    pub(super) fn write(&self, path: &Path, bytes: u64) -> Result<()> {
        let whole = bytes.saturating_add(MIB.saturating_mul(2));
        fs::File::create(path)?.set_len(whole)?;
        let table = format!("label: dos\nstart=2048, size={}, type=83\n", bytes / 512);
        crate::oracle::run_with_input("sfdisk", &["--quiet", text(path)?], &table)?;
        let made = Command::new("mke2fs")
            .args([
                "-q",
                "-t",
                "ext4",
                "-O",
                "^has_journal",
                "-E",
                "offset=1048576",
            ])
            .arg("-d")
            .arg(self.root())
            .arg(path)
            .arg(format!("{}k", bytes / 1024))
            .output()?;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "mke2fs: {said}");
        Ok(())
    }
}
