//! Running other programs from the repository's root.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Returns the repository's root folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Returns `target/<name>` in the repository's root.
pub(crate) fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// Returns a cargo command in the repository's root: the cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What is built is looked for in `target`, so nothing else decides where it goes.
    cargo
        .current_dir(root())
        // Tests that become another person do so themselves; the others mean the root that runs them.
        .env_remove("SUDO_UID")
        .env_remove("PKEXEC_UID")
        .env("CARGO_TARGET_DIR", root().join("target"));
    // What cargo tells this program of its own package. Build scripts that ask for theirs are run again when it changes, and
    // with them everything that depends on them: for every turn from `cargo xtask` to `cargo` and back.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Returns `program` as a command in the repository's root.
pub(crate) fn program(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or does not end with 0; the message holds the whole command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start: {line}"))?;
    if !status.success() {
        bail!("{status}: {line}");
    }
    Ok(())
}

/// Returns whether `program` is on the PATH.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|folder| folder.join(program).is_file())
}

/// Returns the command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
