//! `cargo xtask run`: from a fresh clone to a working page, without asking and without root.

use anyhow::Result;

use crate::{sample, shell, single_file};

/// Builds the page and the agent, makes sample data once, and serves until Ctrl-C.
///
/// # Errors
/// When a build fails or the agent ends with an error.
pub(crate) fn run(rest: &[&str]) -> Result<()> {
    eprintln!("1 of 4  building the page (WebAssembly); the first time takes a few minutes");
    single_file::build()?;
    eprintln!("2 of 4  building the agent");
    shell::run(shell::cargo().args(["build", "--quiet", "--release", "--package", "agent"]))?;
    let argosy = shell::target("release").join(if cfg!(windows) {
        "argosy.exe"
    } else {
        "argosy"
    });
    eprintln!("3 of 4  sample data and virtual drives");
    let sample = sample::prepare(&argosy)?;
    eprintln!("4 of 4  starting; Ctrl-C ends it");
    eprintln!();
    eprintln!("        a folder to send:  {}", sample.source.display());
    for drive in &sample.drives {
        eprintln!("        a virtual drive:   {}", drive.display());
    }
    eprintln!();
    let mut serve = shell::program(&argosy.to_string_lossy());
    serve.arg("serve").arg("--state-dir").arg(&sample.state);
    for drive in &sample.drives {
        serve.arg("--drive").arg(drive);
    }
    serve.args(rest);
    // Ctrl-C reaches both of us; the agent ends itself and its status is ours.
    let status = serve.status()?;
    match status.code() {
        Some(0) | None => Ok(()),
        Some(code) => anyhow::bail!("the agent ended with exit code {code}"),
    }
}
