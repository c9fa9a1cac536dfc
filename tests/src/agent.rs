//! A running agent with its page, on loopback, over virtual drives of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::argosy::{binary, new_drive, text};
use crate::source::noise;

/// An `argosy serve` with a source folder and virtual drives; ended when dropped.
pub struct Agent {
    /// The one-time address that it printed.
    pub address: String,
    /// A folder to send.
    pub source: PathBuf,
    folder: tempfile::TempDir,
    images: Vec<PathBuf>,
    child: Child,
}

impl Agent {
    /// Makes a source of a few files and an image file per serial, and starts the agent over them.
    ///
    /// # Errors
    /// When a file cannot be written or the agent does not start.
    pub fn start(serials: &[&str]) -> Result<Self> {
        Self::with_drives_of("128MB", serials)
    }

    /// Does the same with image files of `size`, as `new-drive` understands it.
    ///
    /// # Errors
    /// When a file cannot be written or the agent does not start.
    pub fn with_drives_of(size: &str, serials: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("footage");
        std::fs::create_dir_all(source.join("A001"))?;
        std::fs::create_dir_all(source.join("notes/empty"))?;
        std::fs::write(source.join("A001/clip one.mov"), noise(9_000_001, 1))?;
        std::fs::write(source.join("A001/clip two.mov"), noise(5_000_000, 2))?;
        std::fs::write(source.join("notes/Überblick 🎬.txt"), "Day 3")?;
        let mut images = Vec::new();
        for serial in serials {
            let image = folder.path().join(format!("{serial}.img"));
            new_drive(&image, size, serial, &[])?;
            images.push(image);
        }
        let (child, address) = serve(&folder.path().join("state"), &images, &[])?;
        Ok(Self {
            address,
            source,
            folder,
            images,
            child,
        })
    }

    /// Returns a folder for what a test needs besides.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the agent, as a power cut would, and starts another over the same state and drives, under another address.
    ///
    /// # Errors
    /// When it cannot be ended or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.kill()?;
        let state = self.folder().join("state");
        (self.child, self.address) = serve(&state, &self.images, &[])?;
        Ok(())
    }

    /// Starts another instead, under `sudo` as the person of this number, whose state is their own.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_for(&mut self, person: u32) -> Result<()> {
        self.kill()?;
        let state = self.folder().join("state of the person");
        std::fs::set_permissions(self.folder(), std::fs::Permissions::from_mode(0o755))?;
        std::fs::create_dir(&state)?;
        std::os::unix::fs::chown(&state, Some(person), Some(person))?;
        let person = person.to_string();
        (self.child, self.address) = serve(&state, &self.images, &[("SUDO_UID", &person)])?;
        Ok(())
    }

    /// Starts another instead, which trusts nobody but whom this certificate is of.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_trusting(&mut self, certificate: &Path) -> Result<()> {
        self.kill()?;
        let (state, trusted) = (self.folder().join("state"), text(certificate));
        (self.child, self.address) = serve(&state, &self.images, &[("SSL_CERT_FILE", trusted)])?;
        Ok(())
    }

    /// Leaves a drive out when an agent is started again: it is not plugged in any more.
    pub fn forget_drive(&mut self, serial: &str) {
        let name = format!("{serial}.img");
        self.images.retain(|image| !image.ends_with(&name));
    }

    /// Returns the path of a drive's journal.
    #[must_use]
    pub fn journal(&self, serial: &str) -> PathBuf {
        self.folder()
            .join("state/journals")
            .join(format!("{serial}.jrn"))
    }

    /// Asks the agent to end, as Ctrl-C does, and returns how it ended.
    ///
    /// # Errors
    /// When it has not ended after `patience`.
    pub fn interrupt(&mut self, patience: Duration) -> Result<ExitStatus> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status()?;
        ensure!(asked.success(), "kill says {asked}");
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("still running {patience:?} after Ctrl-C")
    }

    /// Ends the agent, as a power cut would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Starts an agent with these variables in its environment; returns it with its address.
fn serve(state: &Path, images: &[PathBuf], more: &[(&str, &str)]) -> Result<(Child, String)> {
    let mut serve = Command::new(binary()?);
    serve.args(["serve", "--no-open", "--state-dir", text(state)]);
    serve.envs(more.iter().copied());
    for image in images {
        serve.arg("--drive").arg(image);
    }
    let mut child = serve
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let address = lines.find_map(|line| {
        let line = line.ok()?;
        line.split_whitespace()
            .find(|word| word.starts_with("http://127.0.0.1:"))
            .map(str::to_owned)
    });
    let Some(address) = address else {
        child.kill()?;
        bail!("the agent printed no address");
    };
    Ok((child, address))
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("cannot end the agent: {error}");
        }
    }
}
