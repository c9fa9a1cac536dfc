//! The page: `web` compiled to WebAssembly, bound, and laid into `target/site` beside its HTML and CSS.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::shell;

/// The compilation target of the page.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Files of `web/` that go to the site as they are.
const STATIC: [&str; 3] = ["index.html", "boot.js", "style.css"];

/// Adds the WebAssembly target to the toolchain when it is not there yet (`RUSTUP_AUTO_INSTALL=0` may be set).
///
/// # Errors
/// When rustup cannot add it.
pub(crate) fn ensure_target(target: &str) -> Result<()> {
    let installed = shell::program("rustup")
        .args(["target", "list", "--installed"])
        .output();
    let installed =
        installed.context("cannot start rustup; Argosy needs Rust from https://rustup.rs")?;
    if String::from_utf8_lossy(&installed.stdout)
        .lines()
        .any(|line| line == target)
    {
        return Ok(());
    }
    shell::run(shell::program("rustup").args(["target", "add", target]))
}

/// Builds the page and returns its folder.
///
/// # Errors
/// When the compiler or the binding generator fails, or a file cannot be written.
pub(crate) fn build() -> Result<PathBuf> {
    let site = build_with(&[], "site")?;
    pack(&site)?;
    Ok(site)
}

/// Lays the page into `target/packed`, as the agent embeds it: what is large is compressed. A file that is the same stays
/// as it is, so that nothing is built anew for it.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn pack(site: &Path) -> Result<()> {
    let packed = shell::target("packed");
    std::fs::create_dir_all(&packed)?;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(site)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let content = std::fs::read(file.path())?;
        let (name, content) = if content.len() > LARGE {
            let mut out = GzEncoder::new(Vec::new(), Compression::best());
            out.write_all(&content)?;
            (format!("{name}.gz"), out.finish()?)
        } else {
            (name, content)
        };
        let path = packed.join(&name);
        if std::fs::read(&path).ok().as_ref() != Some(&content) {
            std::fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        kept.push(name);
    }
    for file in std::fs::read_dir(&packed)? {
        let file = file?;
        if !kept.contains(&file.file_name().to_string_lossy().into_owned()) {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Files of more bytes are compressed.
const LARGE: usize = 1 << 20;

/// Builds the page with these features into a folder of this name. What measures itself is compiled for speed: a rival is
/// not held back by a page that is small before fast.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_with(features: &[&str], folder: &str) -> Result<PathBuf> {
    ensure_target(WASM)?;
    let build = shell::target("web-build");
    shell::run(
        shell::cargo()
            .args([
                "build",
                "--quiet",
                "--package",
                "web",
                "--lib",
                "--profile",
                "web",
                "--target",
                WASM,
            ])
            .args(features.iter().flat_map(|feature| {
                let fast = "profile.web.package.web.opt-level=3";
                ["--features", feature, "--config", fast]
            }))
            .arg("--target-dir")
            .arg(&build),
    )?;
    let site = shell::target(folder);
    std::fs::create_dir_all(&site)?;
    Bindgen::new()
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .input_path(build.join(WASM).join("web").join("web.wasm"))
        .generate(&site)
        .context("cannot bind the WebAssembly module")?;
    for name in STATIC {
        let from = shell::root().join("web").join(name);
        std::fs::copy(&from, site.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(site)
}
