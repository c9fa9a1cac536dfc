//! The ASC's own tool for its media hash lists, and what it is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::argosy::text;

/// Runs a program of the Python environment; returns its exit code and all that it said.
///
/// # Errors
/// When it is not there or does not start.
pub fn tool(python: &Path, name: &str, arguments: &[&str]) -> Result<(i32, String)> {
    let program = python.with_file_name(name);
    ensure!(program.exists(), "missing: {}", program.display());
    let output = Command::new(python).arg(program).args(arguments).output()?;
    let all = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&all).into_owned();
    Ok((output.status.code().unwrap_or(-1), said))
}

/// Returns exit code and words of `ascmhl-debug verify` for all below a root.
///
/// # Errors
/// When it is not there or does not start.
pub fn judged(python: &Path, root: &Path) -> Result<(i32, String)> {
    tool(python, "ascmhl-debug", &["verify", "-v", text(root)])
}

/// Changes one byte in the middle of a file.
///
/// # Errors
/// When it cannot be changed, or is empty.
pub fn flip(file: &Path) -> Result<()> {
    let mut content = fs::read(file)?;
    let middle = content.len() / 2;
    *content.get_mut(middle).context("an empty file")? ^= 1;
    Ok(fs::write(file, content)?)
}

/// Returns the one list below a root.
///
/// # Errors
/// When there is none, or another one.
pub fn list_below(root: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("ascmhl"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mhl") {
            found.push(path);
        }
    }
    ensure!(found.len() == 1, "{found:?}");
    found.pop().context("no list")
}
