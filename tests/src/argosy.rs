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
    built(&mut build())
}

/// Returns what is measured: `ARGOSY_BIN`, or the release build, made now.
///
/// # Errors
/// When cargo cannot build it.
pub fn release() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("ARGOSY_BIN") {
        return Ok(named.into());
    }
    built(build().arg("--release"))
}

fn build() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--package", "agent", "--bin", "argosy"]);
    cargo.args(["--message-format", "json"]);
    // What cargo says of the package of tests would have build scripts run again that ask for their own.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Runs cargo and returns the path of what it built.
fn built(cargo: &mut Command) -> Result<PathBuf> {
    let output = cargo.stderr(Stdio::inherit()).output()?;
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

/// Makes an image file of a size (`80MB`) that stands for a drive; `more` are further arguments.
///
/// # Errors
/// When the binary does not make it.
pub fn new_drive(image: &Path, size: &str, serial: &str, more: &[&str]) -> Result<()> {
    let drive = ["new-drive", text(image), "--size", size, "--serial", serial];
    let made = argosy(&[&drive[..], more].concat())?;
    ensure!(made.status.success(), "{made:?}");
    Ok(())
}

/// Has the binary read a drive back and compare it with its journal.
///
/// # Errors
/// When it does not say that all of it is verified.
pub fn assert_verified(drive: &Path, journal: &Path) -> Result<()> {
    let verify = ["verify", "--drive", text(drive), "--journal", text(journal)];
    let (code, said) = json(&verify)?;
    ensure!(
        code == 0 && said["verdict"] == "verified",
        "verify says {code}: {said}"
    );
    Ok(())
}

/// Returns the recovery password that the journal of one drive holds.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn recovery_password(journal: &Path) -> Result<String> {
    let journal = std::fs::read_to_string(journal)?;
    let key = journal
        .split("<BitLockerKey>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    Ok(key.context("no key in the journal")?.to_owned())
}

/// Returns a binary that runs where there is nothing else: `ARGOSY_STATIC`, or the one that cargo builds now; `None` when
/// it cannot be built here and need not be.
///
/// # Errors
/// When it must be there and is not, or cargo cannot build it.
pub fn static_binary() -> Result<Option<PathBuf>> {
    if let Some(named) = std::env::var_os("ARGOSY_STATIC") {
        return Ok(Some(named.into()));
    }
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", &target])
        .output()?;
    let libraries = String::from_utf8_lossy(&libraries.stdout).into_owned();
    if !Path::new(libraries.trim()).is_dir() {
        ensure!(
            std::env::var("ARGOSY_REQUIRE_ORACLES").is_err(),
            "missing: the target {target}; `rustup target add` brings it"
        );
        eprintln!("skipped: no target {target}");
        return Ok(None);
    }
    let named = target.replace('-', "_").to_uppercase();
    let mut cargo = build();
    cargo
        // As it is given away, and quick: a computer without hardware help is slow enough.
        .args(["--release", "--target", &target])
        .env(format!("CARGO_TARGET_{named}_LINKER"), "rust-lld")
        .env(
            format!("CARGO_TARGET_{named}_RUSTFLAGS"),
            "-Clink-self-contained=yes -Clinker-flavor=ld.lld",
        );
    built(&mut cargo).map(Some)
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

/// Returns the details of a shipment that a hand-over asks for, with an address filled in.
///
/// # Errors
/// When `argosy` does not give the template.
pub fn details() -> Result<Value> {
    let (_, mut details) = json(&["journal", "handoff", "--template"])?;
    for field in [
        "recipientName",
        "streetAddress1",
        "city",
        "stateOrProvince",
        "postalCode",
        "countryOrRegion",
        "phone",
        "email",
    ] {
        details["returnAddress"][field] = "Ann O'Neill".into();
    }
    details["returnShipping"]["carrierAccountNumber"] = "4711".into();
    Ok(details)
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}
