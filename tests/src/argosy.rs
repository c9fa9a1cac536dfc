//! The real `argosy` binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Returns the binary's path: `ARGOSY_BIN`, or the one that cargo builds now.
///
/// # Errors
/// When cargo cannot build it.
pub fn binary() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("ARGOSY_BIN") {
        return Ok(named.into());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = [
        "build",
        "--package",
        "agent",
        "--bin",
        "argosy",
        "--message-format",
        "json",
    ];
    let output = Command::new(cargo)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "cargo cannot build argosy");
    let text = String::from_utf8(output.stdout)?;
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built = messages
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    built.context("cargo named no executable")
}

/// Runs `argosy` with `arguments` to its end.
///
/// # Errors
/// When it cannot be started.
pub fn argosy(arguments: &[&str]) -> Result<Output> {
    let binary = binary()?;
    Command::new(&binary)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))
}

/// Runs `argosy … --json` and returns its exit code and its one object.
///
/// # Errors
/// When it cannot be started or standard output is not one JSON object.
pub fn json(arguments: &[&str]) -> Result<(i32, Value)> {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let output = argosy(&arguments)?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = serde_json::from_slice(&output.stdout).with_context(|| {
        format!("{arguments:?} printed no JSON object; standard error: {errors}")
    })?;
    Ok((output.status.code().unwrap_or(-1), value))
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}
