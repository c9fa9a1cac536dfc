//! A drive whose plug can be pulled, and put in again: nbdkit over an image file, which nbdfuse shows as a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::argosy::text;
use crate::oracle;

/// How long the two programs may take to be ready.
const START: Duration = Duration::from_secs(30);

/// A drive over an image file, called as the image is; gone when dropped.
#[derive(Debug)]
pub struct PulledDrive {
    folder: tempfile::TempDir,
    file: PathBuf,
    server: Child,
    mount: Option<Child>,
}

impl PulledDrive {
    /// Plugs in the drive that `image` holds; `None` where a program is missing and need not be there. What is done with
    /// it while the plug is out fails with `EIO`.
    ///
    /// # Errors
    /// When a program must be there and is not, or does not start.
    pub fn over(image: &Path) -> Result<Option<Self>> {
        if !oracle::have(&["nbdkit", "nbdfuse", "fusermount3"])? {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        // Nothing says beside it what it is: an image's name is its serial then.
        let (mount, name) = (
            folder.path().join("mount"),
            image.file_name().context("a name")?,
        );
        fs::create_dir(&mount)?;
        let (file, socket) = (mount.join(name), folder.path().join("socket"));
        // The socket is there a moment before anybody listens to it; this comes after that.
        let listens = folder.path().join("listens");
        let server = Command::new("nbdkit")
            .args(["-f", "--exit-with-parent", "-P", text(&listens)])
            .args(["-U", text(&socket)])
            .args([
                "--filter=error",
                "file",
                text(image),
                "error=EIO",
                "error-rate=100%",
            ])
            .arg(format!(
                "error-file={}",
                text(&folder.path().join("pulled"))
            ))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut drive = Self {
            file,
            server,
            mount: None,
            folder,
        };
        drive.wait_for(&listens)?;
        let ready = drive.folder.path().join("ready");
        let mount = Command::new("nbdfuse")
            .args([
                "-P",
                text(&ready),
                text(&drive.file),
                "--unix",
                text(&socket),
            ])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        drive.mount = Some(mount);
        drive.wait_for(&ready)?;
        Ok(Some(drive))
    }

    /// Returns the file that stands for the drive.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Pulls the plug.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn pull(&self) -> Result<()> {
        Ok(fs::write(self.folder.path().join("pulled"), "")?)
    }

    /// Puts it in again.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn plug(&self) -> Result<()> {
        Ok(fs::remove_file(self.folder.path().join("pulled"))?)
    }

    fn wait_for(&mut self, path: &Path) -> Result<()> {
        let begun = Instant::now();
        while !path.exists() {
            ensure!(
                begun.elapsed() < START,
                "no {} within {START:?}",
                path.display()
            );
            ensure!(self.server.try_wait()?.is_none(), "nbdkit ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for PulledDrive {
    fn drop(&mut self) {
        let mount = self.folder.path().join("mount");
        if let Err(error) = oracle::run("fusermount3", &["-u", "-z", text(&mount)]) {
            eprintln!("{error:#}");
        }
        for child in self.mount.iter_mut().chain([&mut self.server]) {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
