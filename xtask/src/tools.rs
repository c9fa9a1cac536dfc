//! Outside programs that the tests use as judges: installed on Debian, named elsewhere.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{kernel, shell};

/// A program that must be on the PATH, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 42] = [
    ("cryptsetup", "cryptsetup-bin"),
    ("dislocker-fuse", "dislocker"),
    ("bdeinfo", "libbde-utils"),
    ("ntfs-3g", "ntfs-3g"),
    ("mkntfs", "ntfs-3g"),
    ("ntfsfix", "ntfs-3g"),
    ("ntfsresize", "ntfs-3g"),
    ("fls", "sleuthkit"),
    ("7z", "p7zip-full"),
    ("sfdisk", "fdisk"),
    ("sgdisk", "gdisk"),
    ("losetup", "mount"),
    ("partx", "util-linux"),
    ("blkid", "util-linux"),
    ("fusermount3", "fuse3"),
    ("nbdkit", "nbdkit"),
    ("nbdfuse", "libnbd-bin"),
    ("xmllint", "libxml2-utils"),
    ("xxd", "xxd"),
    ("xz", "xz-utils"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("python3", "python3"),
    ("cc", "gcc"),
    ("mke2fs", "e2fsprogs"),
    ("mkswap", "util-linux"),
    ("cpio", "cpio"),
    ("depmod", "kmod"),
    ("busybox", "busybox-static"),
    ("dpkg-deb", "dpkg"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("du", "coreutils"),
    ("fdfind", "fd-find"),
    ("rclone", "rclone"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    ("pdftotext", "poppler-utils"),
    ("pdfinfo", "poppler-utils"),
    ("smbd", "samba"),
    ("pdbedit", "samba"),
    ("smbclient", "smbclient"),
];

/// Packages without a program to look for: what their presence shows is this file.
const FILES: [(&str, &str); 3] = [
    ("/usr/lib/python3/dist-packages/pip", "python3-pip"),
    ("/usr/share/fonts/truetype/dejavu", "fonts-dejavu-core"),
    (
        "/usr/share/doc/nbdkit-plugin-python",
        "nbdkit-plugin-python",
    ),
];

/// Python readers of BitLocker and NTFS, the SDKs of the services that drives are handed over to and of the store that
/// they end in, the ASC's own tool for its media hash lists, and axe-core for the accessibility audit; exact versions, test use only.
const PYTHON: [&str; 10] = [
    "libbde-python==20260916",
    "dissect.fve==4.6",
    "dissect.ntfs==3.16",
    "libfsntfs-python==20260827",
    "pycryptodome==4.4.0",
    "azure-mgmt-databox==4.0.0",
    "azure-mgmt-storageimportexport==0.1.0",
    "azure-storage-blob==12.31.1",
    "msrest==0.7.1",
    "ascmhl==1.2",
];
const AXE: &str = "axe-playwright-python==0.1.8";
/// Microsoft's own emulator of Blob storage: what drives are sent to in tests. Later ones want a newer node than Debian has.
const AZURITE: &str = "azurite@3.35.0";

/// Installs what is missing and returns the Python environment's folder.
///
/// # Errors
/// When something is missing that cannot be installed here: all of it is named at once.
pub(crate) fn install() -> Result<PathBuf> {
    let missing = missing();
    if !missing.is_empty() {
        if !shell::has("apt-get") {
            bail!(
                "install these yourself, then run this again (Debian's names): {}",
                missing.join(" ")
            );
        }
        eprintln!("installing from Debian: {}", missing.join(" "));
        let mut update = as_root("apt-get")?;
        shell::run(update.args(["update", "-qq"]))?;
        let mut install = as_root("apt-get")?;
        install.env("DEBIAN_FRONTEND", "noninteractive").args([
            "install",
            "-qq",
            "-y",
            "--no-install-recommends",
        ]);
        shell::run(install.args(&missing))?;
        let still = self::missing();
        if !still.is_empty() {
            bail!("still missing after installation: {}", still.join(" "));
        }
    }
    kernel::unpack()?;
    azurite()?;
    python()
}

fn missing() -> Vec<&'static str> {
    let programs = PROGRAMS
        .iter()
        .filter(|(program, _)| !shell::has(program))
        .map(|(_, package)| *package);
    let files = FILES
        .iter()
        .filter(|(file, _)| cfg!(target_os = "linux") && !std::path::Path::new(file).exists());
    let mut missing: Vec<_> = programs.chain(files.map(|(_, package)| *package)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn as_root(program: &str) -> Result<std::process::Command> {
    let id = shell::program("id")
        .arg("-u")
        .output()
        .context("cannot start id")?;
    if String::from_utf8_lossy(&id.stdout).trim() == "0" {
        return Ok(shell::program(program));
    }
    if !shell::has("sudo") {
        bail!("installing packages needs root: run `cargo xtask test` as root, or install sudo");
    }
    let mut sudo = shell::program("sudo");
    sudo.args(["-n", program]);
    Ok(sudo)
}

/// Puts Azurite into `target/azurite`. No script of a package is run.
fn azurite() -> Result<()> {
    let folder = shell::target("azurite");
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == AZURITE) {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    let mut npm = shell::program("npm");
    npm.arg("install").arg("--prefix").arg(&folder);
    npm.args(["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
    shell::run(npm.args(["--save-exact", AZURITE]))?;
    std::fs::write(stamp, AZURITE)?;
    Ok(())
}

/// Makes `target/oracles`, a Python environment of its own, and returns its folder.
fn python() -> Result<PathBuf> {
    let folder = shell::target("oracles");
    let wanted = format!("{}\n{AXE}\n", PYTHON.join("\n"));
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(folder);
    }
    // --without-pip needs no python3-venv package; Debian's own pip then installs into the environment.
    shell::run(
        shell::program("python3")
            .args(["-m", "venv", "--clear", "--without-pip"])
            .arg(&folder),
    )?;
    let python = folder.join("bin").join("python3");
    let pip = |arguments: &[&str]| {
        let mut pip = shell::program("python3");
        pip.args(["-m", "pip", "--python"]).arg(&python);
        shell::run(
            pip.args(["install", "--quiet", "--disable-pip-version-check"])
                .args(arguments),
        )
    };
    pip(&PYTHON)?;
    // Only the script inside is wanted, not the browser driver that the package depends on.
    pip(&["--no-deps", AXE])?;
    std::fs::write(stamp, wanted)?;
    Ok(folder)
}
