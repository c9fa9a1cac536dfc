//! A kernel for the tests' virtual computer: Debian's package, unpacked into `target/vm`, never installed.
//!
//! It must be newer than Debian 12's own, which has no ntfs3; the one in backports has it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::shell;

const SOURCE: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
     http://deb.debian.org/debian bookworm-backports main\n";

/// Brings the kernel when it is not there yet.
///
/// # Errors
/// When it cannot be had here.
pub(crate) fn unpack() -> Result<()> {
    let folder = shell::target("vm");
    let stamp = folder.join("unpacked.txt");
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) || stamp.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder.join("lists/partial"))?;
    let list = folder.join("sources.list");
    fs::write(&list, SOURCE)?;
    // Lists of its own: what this machine installs from stays as it is.
    let options = [
        format!("-oDir::Etc::sourcelist={}", list.display()),
        "-oDir::Etc::sourceparts=/dev/null".to_owned(),
        format!("-oDir::State::Lists={}", folder.join("lists").display()),
        // Its other user could not write into our folder.
        "-oAPT::Sandbox::User=root".to_owned(),
    ];
    let in_folder = |program: &str| {
        let mut command = shell::program(program);
        command.current_dir(&folder).args(&options);
        command
    };
    shell::run(in_folder("apt-get").args(["update", "-qq"]))?;
    let depends = in_folder("apt-cache")
        .args(["depends", "linux-image-amd64"])
        .output()?;
    let depends = String::from_utf8_lossy(&depends.stdout).into_owned();
    let package = depends
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .context("linux-image-amd64 names no kernel")?;
    shell::run(in_folder("apt-get").args(["download", "-qq", package]))?;
    let file = file_of(&folder, package)?;
    shell::run(shell::program("dpkg-deb").arg("-x").arg(&file).arg(&folder))?;
    fs::remove_file(file)?;
    let version = package.trim_start_matches("linux-image-");
    shell::run(
        shell::program("depmod")
            // Not where people who are not root look for programs.
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .arg("-b")
            .arg(&folder)
            .arg(version),
    )?;
    fs::write(stamp, package)?;
    Ok(())
}

fn file_of(folder: &Path, package: &str) -> Result<std::path::PathBuf> {
    let mut found = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "deb"));
    let file = found
        .next()
        .with_context(|| format!("{package} did not come"))?;
    ensure!(
        found.next().is_none(),
        "more than {} is there",
        file.display()
    );
    Ok(file)
}
