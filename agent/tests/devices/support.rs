//! Image files, loop devices, and other people's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use agent::device::{ConfirmedTarget, Refusal, Said, confirm, describe, new_drive};
use disk::SectorSize;

pub(super) const MIB: u64 = 1 << 20;

/// A folder on a disk, so that unbuffered I/O is what is tested; by the path that the kernel tells, since the
/// build folder may be a symbolic link.
pub(super) fn folder() -> tempfile::TempDir {
    let on_disk = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .canonicalize()
        .expect("a folder");
    tempfile::tempdir_in(on_disk).expect("a folder")
}

/// Runs a tool; `None`, and a line that names it, when it is not there.
pub(super) fn run(tool: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => {
            let out = String::from_utf8_lossy(&output.stdout).into_owned();
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{tool} {arguments:?}: {out}{err}");
            Some(out)
        }
        Err(why) => {
            let required = std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_some_and(|it| it == "1");
            assert!(!required, "{tool} is required: {why}");
            println!("skipped: {tool} is not installed");
            None
        }
    }
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A loop device, detached when it is dropped.
pub(super) struct Loop(pub(super) PathBuf);

impl Loop {
    /// `None`, and a line that says so, without root.
    pub(super) fn over(path: &Path, sector_bytes: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: loop devices need root");
            return None;
        }
        let sector_bytes = sector_bytes.to_string();
        let node = run(
            "losetup",
            &["-f", "--show", "-b", &sector_bytes, text(path)],
        )?;
        Some(Self(PathBuf::from(node.trim())))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

/// Makes an image and returns its path.
pub(super) fn image(folder: &Path, name: &str, serial: &str, sector: SectorSize) -> PathBuf {
    let path = folder.join(name);
    new_drive(&path, 64 * MIB, serial, sector).expect("room");
    path
}

pub(super) fn confirmed(path: &Path, said: &Said) -> Result<ConfirmedTarget, Refusal> {
    confirm(&describe(path, None).expect("there"), said, &[])
}

pub(super) fn noise(length: usize) -> Vec<u8> {
    let step = |word: &mut u32| {
        *word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(word.to_be_bytes()[0])
    };
    std::iter::repeat(())
        .scan(7, |word, ()| step(word))
        .take(length)
        .collect()
}
