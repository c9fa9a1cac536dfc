//! A block device that fails or lies as it is told: nbdkit with a plugin of ours over an image file,
//! nbdfuse, and a loop device that caches nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Loop, has, text};

/// What answers for the drive.
const PLUGIN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/jobs/bad_drives/drive.py"
);

/// A drive over an image file, whose faults a file of rules says (`drive.py` has the list); gone
/// when it is dropped.
pub(crate) struct BadDrive {
    folder: tempfile::TempDir,
    server: Child,
    mount: Option<Child>,
    node: Option<Loop>,
}

impl BadDrive {
    /// Plugs in the drive that `image` holds; `None`, and a line that says so, without root or the
    /// programs.
    pub(crate) fn over(image: &Path) -> Option<Self> {
        let has_all = ["nbdkit", "nbdfuse", "fusermount3", "losetup"]
            .into_iter()
            .all(has);
        if !has_all || !is_there("the Python plugin of nbdkit", has_plugin()) || !is_root() {
            println!("skipped: bad drives need root, nbdkit with its Python plugin, and nbdfuse");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("mount")).unwrap();
        let rules = folder.path().join("rules");
        let socket = folder.path().join("socket");
        // The socket is there a moment before anybody listens to it; this comes after that.
        let listens = folder.path().join("listens");
        let server = Command::new("nbdkit")
            .args(["-f", "--exit-with-parent", "-P", text(&listens)])
            .args(["-U", text(&socket), "python"])
            .arg(PLUGIN)
            .arg(format!("image={}", text(image)))
            .arg(format!("rules={}", text(&rules)))
            .stdin(Stdio::null())
            // It tells each fault that it plays, with a trace.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut drive = Self {
            folder,
            server,
            mount: None,
            node: None,
        };
        wait_for(&listens, &mut drive.server);
        let mounted = drive.folder.path().join("mounted");
        let mount = Command::new("nbdfuse")
            .args(["-P", text(&mounted), text(&drive.file()), "--unix"])
            .arg(&socket)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for(&mounted, drive.mount.insert(mount));
        drive.node = Loop::past_cache(&drive.file());
        assert!(drive.node.is_some());
        Some(drive)
    }

    /// Returns the block device's path.
    pub(crate) fn node(&self) -> &Path {
        &self.node.as_ref().unwrap().0
    }

    /// Sets the rules that stand from now on, one a line.
    pub(crate) fn told(&self, rules: &str) {
        let (next, place) = (
            self.folder.path().join("next"),
            self.folder.path().join("rules"),
        );
        fs::write(&next, rules).unwrap();
        // Never half a rule.
        fs::rename(&next, &place).unwrap();
    }

    /// Waits until what answers for the drive is gone, which closes its socket a moment before it has ended.
    #[track_caller]
    pub(crate) fn assert_gone(&mut self) {
        let begun = Instant::now();
        while self.server.try_wait().unwrap().is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it still answers"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("mount").join("drive")
    }
}

impl Drop for BadDrive {
    fn drop(&mut self) {
        drop(self.node.take());
        // Detaching may go on for a moment after the program that asks for it has ended.
        let begun = Instant::now();
        let mount = self.folder.path().join("mount");
        while self.mount.is_some() && begun.elapsed() < Duration::from_secs(20) {
            let mut unmount = Command::new("fusermount3");
            unmount.args(["-u", text(&mount)]).stderr(Stdio::null());
            if unmount.status().is_ok_and(|status| status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        for child in self.mount.iter_mut().chain([&mut self.server]) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn is_root() -> bool {
    is_there("root", rustix::process::geteuid().is_root())
}

fn has_plugin() -> bool {
    let output = Command::new("nbdkit")
        .args(["--dump-plugin", "python"])
        .output();
    output.is_ok_and(|output| output.status.success())
}

/// Returns whether something is there; where it is required, its absence is a failure.
fn is_there(what: &str, found: bool) -> bool {
    let required = std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_some();
    assert!(found || !required, "missing: {what}");
    found
}

/// Waits until a program has made the file that says it is ready.
fn wait_for(file: &Path, program: &mut Child) {
    let begun = Instant::now();
    while !file.exists() {
        let ended = program.try_wait().unwrap();
        assert!(ended.is_none(), "{}: {ended:?}", file.display());
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{} does not come",
            file.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
