//! A folder to work in, sources to copy, and the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bitlocker_image::Credential;
use ntfs_image::read::{Place as Lies, Volume};
use serde_json::Value;
use shared::verify::open_drive;

/// A folder of its own, with journals in `journals` and sources in `source`.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("source")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.path("source")
    }

    pub(crate) fn journals(&self) -> PathBuf {
        self.path("journals")
    }

    /// Writes a source file, making its folders.
    pub(crate) fn file(&self, path: &str, content: &[u8]) -> PathBuf {
        let file = self.source().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        file
    }

    /// Makes an image file that stands for a drive.
    pub(crate) fn drive(&self, serial: &str, size: &str) -> PathBuf {
        let image = self.path(&format!("{serial}.img"));
        let output = argosy(&[
            "new-drive",
            text(&image),
            "--size",
            size,
            "--serial",
            serial,
        ]);
        assert!(output.status.success(), "{output:?}");
        image
    }

    /// Runs `prepare` for one drive, with more arguments behind; returns exit code and object.
    pub(crate) fn prepare(&self, session: &str, image: &Path, more: &[&str]) -> (i32, Value) {
        let (source, journals) = (self.source(), self.journals());
        let mut arguments = vec![
            "prepare",
            "--session",
            session,
            "--journal-dir",
            text(&journals),
        ];
        arguments.extend([
            "--source",
            text(&source),
            "--to",
            "film/reels/",
            "--drive",
            text(image),
        ]);
        arguments.extend(more);
        json(&arguments)
    }

    /// Returns the journal of a drive.
    pub(crate) fn journal(&self, serial: &str) -> PathBuf {
        self.journals().join(format!("{serial}.jrn"))
    }

    /// Writes a drive's recovery password into a file and returns its path.
    pub(crate) fn key(&self, serial: &str) -> PathBuf {
        let file = self.path(&format!("{serial}.key"));
        fs::write(&file, password(&self.journal(serial))).unwrap();
        file
    }
}

/// Returns the recovery password that a journal holds.
pub(crate) fn password(journal: &Path) -> String {
    let replay = shared::journal::replay(&fs::read(journal).unwrap()).unwrap();
    replay.recovery_password.unwrap().reveal().to_string()
}

pub(crate) fn argosy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argosy"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs the binary with `--json`; its standard output must be one object and nothing else.
pub(crate) fn json(arguments: &[&str]) -> (i32, Value) {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let output = argosy(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_slice(&output.stdout);
    let value: Value =
        value.unwrap_or_else(|error| panic!("{arguments:?}: {error}; standard error: {errors}"));
    assert!(value.is_object());
    (output.status.code().unwrap(), value)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Bytes that no compressor would shorten, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = std::iter::repeat_with(|| next().to_le_bytes());
    words.flatten().take(length).collect()
}

/// Returns every file and folder below `root` with its content; `None` for a folder.
pub(crate) fn tree(root: &Path) -> std::collections::BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let below = entry.path().strip_prefix(root).unwrap().to_owned();
            if kind.is_dir() {
                folders.push(entry.path());
                found.insert(below, None);
            } else if kind.is_file() {
                found.insert(below, Some(fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

/// Returns the disk offset of byte `at` of a file on the drive.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets in small images of our own"
)]
pub(crate) fn offset_of(image: &Path, key: &str, path: &str, at: u64) -> u64 {
    let disk = fs::read(image).unwrap();
    let credential = Credential::RecoveryPassword(key.parse().unwrap());
    let opened = open_drive(&disk, &credential).unwrap();
    let volume = Volume::open(&opened).unwrap();
    let entry = volume.find(path).unwrap().unwrap();
    let file = volume.open_file(entry.id).unwrap();
    let extent = file
        .extents()
        .iter()
        .find(|extent| (extent.file_at..extent.file_at + extent.bytes).contains(&at));
    let extent = extent.unwrap();
    let Lies::At(place) = extent.place else {
        panic!("{extent:?}")
    };
    opened.volume_at + place + at - extent.file_at
}

/// Flips one bit of a file.
pub(crate) fn flip(path: &Path, at: u64) {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    byte[0] ^= 1;
    file.write_all_at(&byte, at).unwrap();
}

/// Returns whether an outside program is installed; where it is required, its absence is a failure.
pub(crate) fn has(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file());
    if !found {
        assert!(
            std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_none(),
            "{program} is not installed"
        );
        println!("skipped: {program} is not installed");
    }
    found
}

/// A loop device, detached when it is dropped; `None`, and a line that says so, without root.
pub(crate) struct Loop(pub(crate) PathBuf);

impl Loop {
    pub(crate) fn over(image: &Path) -> Option<Self> {
        if !can_attach() {
            return None;
        }
        let mut losetup = Command::new("losetup");
        let output = losetup.args(["-f", "--show"]).arg(image).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let node = String::from_utf8(output.stdout).unwrap();
        Some(Self(PathBuf::from(node.trim())))
    }

    /// Attaches `image` so that every read and write reaches it. Its number is one that a search for a free one does not
    /// give away while lower ones are free, and the next one's is another: what was there can come back there.
    pub(crate) fn past_cache(image: &Path) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !can_attach() {
            return None;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % 32;
        let node = format!("/dev/loop{}", number.saturating_add(64));
        Some(Self::attached(&["--direct-io=on"], Path::new(&node), image))
    }

    /// Attaches `image` at the path that another one had, once that is free.
    pub(crate) fn at(node: &Path, image: &Path) -> Self {
        Self::attached(&[], node, image)
    }

    fn attached(how: &[&str], node: &Path, image: &Path) -> Self {
        let begun = Instant::now();
        loop {
            let mut losetup = Command::new("losetup");
            let output = losetup.args(how).args([node, image]).output().unwrap();
            if output.status.success() {
                return Self(node.to_owned());
            }
            // Who had it before may not be gone yet.
            assert!(begun.elapsed() < Duration::from_secs(60), "{output:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns whether loop devices are to be had here; says so when they are not.
fn can_attach() -> bool {
    let can = rustix::process::geteuid().is_root() && has("losetup");
    if !can {
        println!("skipped: loop devices need root and losetup");
    }
    can
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

/// A file system in memory that holds little, unmounted when it is dropped; `None`, and a line that
/// says so, without root.
pub(crate) struct SmallDisk(pub(crate) PathBuf);

impl SmallDisk {
    pub(crate) fn new(at: PathBuf, bytes: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() || !has("mount") {
            println!("skipped: mounting needs root");
            return None;
        }
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={bytes}");
        let arguments = ["-t", "tmpfs", "-o", &size, "tmpfs", text(&at)];
        let output = Command::new("mount").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
