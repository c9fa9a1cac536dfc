//! Checks that need nothing but cargo.

use anyhow::Result;

use crate::{licences, shell, site};

/// Packages that run in the browser too.
const WASM_PACKAGES: [&str; 7] = [
    "disk",
    "lanes",
    "gpt_image",
    "ntfs_image",
    "bitlocker_image",
    "shared",
    "web",
];

/// Runs format, lints, licences, documentation and the tests that need no outside tool.
///
/// # Errors
/// At the first check that fails.
pub(crate) fn check() -> Result<()> {
    format()?;
    lint_native()?;
    lint_wasm()?;
    licences::check()?;
    documentation()?;
    shell::run(shell::cargo().args(["test", "--workspace"]))
}

/// Checks that `cargo fmt` would change nothing.
///
/// # Errors
/// When it would.
pub(crate) fn format() -> Result<()> {
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))
}

/// Runs clippy over everything, tests and examples too; a warning is an error.
///
/// # Errors
/// When there is one.
pub(crate) fn lint_native() -> Result<()> {
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ];
    shell::run(shell::cargo().args(arguments))
}

/// Runs clippy over what the browser runs, compiled as the browser runs it.
///
/// # Errors
/// When there is a warning.
pub(crate) fn lint_wasm() -> Result<()> {
    site::ensure_target(site::WASM)?;
    let mut cargo = shell::cargo();
    cargo
        .args(["clippy", "--quiet", "--target", site::WASM, "--target-dir"])
        .arg(shell::target("web-build"));
    for package in WASM_PACKAGES {
        cargo.args(["--package", package]);
    }
    shell::run(cargo.args(["--", "--deny", "warnings"]))
}

/// Builds the documentation; a broken link is an error.
///
/// # Errors
/// When there is one.
pub(crate) fn documentation() -> Result<()> {
    let arguments = [
        "doc",
        "--quiet",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    shell::run(shell::cargo().args(arguments).env(
        "RUSTDOCFLAGS",
        "--deny warnings --allow rustdoc::private-intra-doc-links",
    ))
}
