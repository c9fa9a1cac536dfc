//! Other people's programs: the judges.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Returns whether all `programs` are there.
///
/// # Errors
/// When one is missing although `ARGOSY_REQUIRE_ORACLES=1` says that all must be there.
pub fn have(programs: &[&str]) -> Result<bool> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| !on_path(program))
        .collect();
    if missing.is_empty() {
        return Ok(true);
    }
    ensure!(
        std::env::var("ARGOSY_REQUIRE_ORACLES").is_err(),
        "missing: {missing:?}; `cargo xtask test` installs them"
    );
    eprintln!("skipped: {missing:?} not installed");
    Ok(false)
}

/// Returns the Python that has libbde, dissect and libfsntfs; `None` when it is not there and need not be.
///
/// # Errors
/// When it must be there and is not.
pub fn python() -> Result<Option<PathBuf>> {
    let folder = std::env::var_os("ARGOSY_ORACLES")
        .map_or_else(|| repository().join("target/oracles"), PathBuf::from);
    let python = folder.join("bin/python3");
    if python.exists() {
        return Ok(Some(python));
    }
    ensure!(
        std::env::var("ARGOSY_REQUIRE_ORACLES").is_err(),
        "missing: {}",
        python.display()
    );
    eprintln!("skipped: no {}", python.display());
    Ok(None)
}

/// Returns the repository's root folder.
#[must_use]
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|f| f.join(program).is_file())
}

/// Runs a program to its end and returns its standard output.
///
/// # Errors
/// When it does not end with 0; the message holds all it said.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    run_with_input(program, arguments, "")
}

/// The same, with `input` on its standard input.
///
/// # Errors
/// When it does not end with 0; the message holds all it said.
pub fn run_with_input(program: &str, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    // A program that does not read its input has closed the pipe: no fault.
    let _ = child
        .stdin
        .take()
        .context("no input")?
        .write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{program} {arguments:?} ended with {}:\n{said}\n{errors}",
            output.status
        );
    }
    Ok(said)
}

/// A loop device over a part of a file; detached when dropped.
#[derive(Debug)]
pub struct Loop(PathBuf);

impl Loop {
    /// Attaches the bytes of `file` from `offset` on.
    ///
    /// # Errors
    /// When losetup refuses (it needs root).
    pub fn attach(file: &Path, offset: u64, bytes: u64, sector_bytes: u64) -> Result<Self> {
        let (offset, bytes, sector) = (
            offset.to_string(),
            bytes.to_string(),
            sector_bytes.to_string(),
        );
        let file = file.to_str().context("path")?;
        let arguments = [
            "--find",
            "--show",
            "--offset",
            &offset,
            "--sizelimit",
            &bytes,
            "--sector-size",
            &sector,
            file,
        ];
        Ok(Self(PathBuf::from(run("losetup", &arguments)?.trim())))
    }

    /// Returns the device's path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Err(error) = run("losetup", &["--detach", self.path()]) {
            eprintln!("{error:#}");
        }
    }
}

/// An NTFS volume mounted by ntfs-3g; unmounted when dropped.
#[derive(Debug)]
pub struct Mount {
    folder: tempfile::TempDir,
}

impl Mount {
    /// Mounts an image file that holds a bare NTFS volume.
    ///
    /// # Errors
    /// When ntfs-3g refuses the volume.
    pub fn ntfs(image: &Path, writable: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let options = if writable { "big_writes" } else { "ro" };
        let place = folder.path().to_str().context("path")?;
        run(
            "ntfs-3g",
            &["-o", options, image.to_str().context("path")?, place],
        )?;
        Ok(Self { folder })
    }

    /// Returns the folder it is mounted on.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(error) = run("umount", &[self.path().to_str().unwrap_or_default()]) {
            eprintln!("{error:#}");
        }
    }
}
