//! `cargo xtask dist`: one static binary with the page inside, proven by starting it where there is nothing else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{shell, single_file, site};

/// More than the stripped binary has, less than it would have with line tables.
const BYTES_MAX: u64 = 24 << 20;

/// Builds `target/dist/argosy` and starts it in an empty root directory.
///
/// # Errors
/// When the build fails, the binary needs something from outside, or it does not serve its page there.
pub(crate) fn dist() -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "a static musl binary is built on Linux"
    );
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    site::ensure_target(&target)?;
    single_file::build()?;
    shell::run(
        shell::cargo()
            .args([
                "build",
                "--quiet",
                "--profile",
                "shipped",
                "--package",
                "agent",
                "--target",
                &target,
            ])
            // The toolchain's own linker and start-up files: no musl compiler is needed; the one dependency that holds C is
            // told the machine's own in .cargo/config.toml.
            .env(linker_variable(&target), "rust-lld")
            .env(
                flags_variable(&target),
                "-Clink-self-contained=yes -Clinker-flavor=ld.lld",
            ),
    )?;
    let built = shell::target(&target).join("shipped").join("argosy");
    let dist = shell::target("dist");
    fs::create_dir_all(&dist)?;
    let binary = dist.join("argosy");
    fs::copy(&built, &binary)?;
    let bytes = fs::metadata(&binary)?.len();
    eprintln!("{}: {bytes} bytes", binary.display());
    // With line tables it has 48 MB: a profile that lost its `strip` is noticed here.
    ensure!(
        bytes < BYTES_MAX,
        "the binary has {bytes} bytes, {BYTES_MAX} are expected at most: is it not stripped?"
    );
    prove(&binary)
}

fn linker_variable(target: &str) -> String {
    format!(
        "CARGO_TARGET_{}_LINKER",
        target.replace('-', "_").to_uppercase()
    )
}

fn flags_variable(target: &str) -> String {
    format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        target.replace('-', "_").to_uppercase()
    )
}

/// Starts the binary in a root directory that holds only itself and an empty state folder, and reads its page.
fn prove(binary: &Path) -> Result<()> {
    let id = Command::new("id").arg("-u").output()?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        eprintln!("not root: starting it in an empty root directory was skipped");
        return Ok(());
    }
    let root = shell::target("dist-root");
    fs::create_dir_all(root.join("state"))?;
    fs::copy(binary, root.join("argosy"))?;
    let mut child = Command::new("chroot")
        .arg(&root)
        .args(["/argosy", "serve", "--no-open", "--state-dir", "/state"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start chroot")?;
    let outcome = read_page(child.stdout.take().context("no output")?);
    child.kill()?;
    child.wait()?;
    outcome?;
    eprintln!("started in an empty root directory: it served its page");
    Ok(())
}

/// Reads the address that the agent prints, asks for the page there, and looks whether it is ours.
fn read_page(output: impl std::io::Read) -> Result<()> {
    use std::io::{Read, Write};
    for line in BufReader::new(output).lines() {
        let line = line?;
        let Some(at) = line.find("http://127.0.0.1:") else {
            continue;
        };
        let host: String = line
            .chars()
            .skip(at)
            .skip("http://".len())
            .take_while(|c| *c != '/')
            .collect();
        let mut stream = std::net::TcpStream::connect(&host)?;
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        ensure!(
            page.starts_with("HTTP/1.1 200"),
            "the page was not served: {}",
            page.lines().next().unwrap_or("")
        );
        ensure!(
            page.contains("<title>Argosy"),
            "what was served is not our page"
        );
        return Ok(());
    }
    bail!("the agent ended without printing its address")
}
