//! The kernel that is booted, and the part of its modules that is needed, as an initial RAM disk.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::argosy::static_binary;
use crate::oracle::{self, repository, run};

/// What must be there to see drives, and to open and mount what argosy wrote on them.
const MODULES: [&str; 14] = [
    "ahci",
    "sd_mod",
    "xhci-pci",
    "usb-storage",
    "uas",
    "nvme",
    "virtio_blk",
    "crc32c_generic",
    "ext4",
    "dm-crypt",
    "dm-zero",
    "gf128mul",
    "xts",
    "ntfs3",
];

/// Loads the modules, looks for the system disk by its serial, and goes on from there.
const INIT: &str = "#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs none /dev
$bb mount -t proc none /proc
$bb mount -t sysfs none /sys
for module in $($bb cat /modules/order); do $bb insmod /modules/$module || echo \"no $module\"; done
while :; do
    for disk in /sys/block/sd*; do
        $bb grep -qa SYSTEM01 $disk/device/vpd_pg80 && $bb mount -t ext4 /dev/${disk##*/}1 /root && break 2
    done
    $bb sleep 0.2
done
for tree in dev proc sys; do $bb mount --move /$tree /root/$tree; done
exec $bb switch_root /root /bin/busybox sh /run.sh
";

/// Returns the kernel and an `argosy` that needs nothing of this machine; `None` when a part of a virtual computer is not
/// here and need not be.
///
/// # Errors
/// When it must be there and is not.
pub fn parts() -> Result<Option<(Kernel, PathBuf)>> {
    let programs = [
        "qemu-system-x86_64",
        "busybox",
        "cpio",
        "mke2fs",
        "mkswap",
        "sfdisk",
        "xz",
        "ldd",
        "cryptsetup",
    ];
    if !cfg!(target_arch = "x86_64") || !oracle::have(&programs)? {
        return Ok(None);
    }
    let Some(kernel) = Kernel::find()? else {
        return Ok(None);
    };
    Ok(static_binary()?.map(|argosy| (kernel, argosy)))
}

/// A kernel unpacked from Debian's package.
#[derive(Debug)]
pub struct Kernel {
    /// The kernel itself.
    pub image: PathBuf,
    modules: PathBuf,
}

impl Kernel {
    /// Returns the kernel in `target/vm` (or `ARGOSY_VM`); `None` when it is not there and need not be.
    ///
    /// # Errors
    /// When it must be there and is not.
    pub fn find() -> Result<Option<Self>> {
        let folder = std::env::var_os("ARGOSY_VM")
            .map_or_else(|| repository().join("target/vm"), PathBuf::from);
        let image = only(&folder.join("boot"), "vmlinuz-");
        let modules = only(&folder.join("lib/modules"), "");
        if let (Some(image), Some(modules)) = (image, modules) {
            return Ok(Some(Self { image, modules }));
        }
        ensure!(
            std::env::var("ARGOSY_REQUIRE_ORACLES").is_err(),
            "missing: a kernel in {}; `cargo xtask test` brings one",
            folder.display()
        );
        eprintln!("skipped: no kernel in {}", folder.display());
        Ok(None)
    }

    /// Makes the initial RAM disk at `path`.
    ///
    /// # Errors
    /// When a module or tool is missing.
    pub(super) fn initial_disk(&self, busybox: &Path, path: &Path) -> Result<()> {
        let stage = tempfile::tempdir()?;
        let root = stage.path();
        for folder in ["bin", "dev", "proc", "sys", "root", "modules"] {
            fs::create_dir(root.join(folder))?;
        }
        fs::copy(busybox, root.join("bin/busybox"))?;
        fs::write(root.join("init"), INIT)?;
        run("chmod", &["755", text(&root.join("init"))?])?;
        let mut order = Vec::new();
        for module in self.in_order()? {
            let from = self.modules.join(&module);
            let name = from
                .file_name()
                .context("a module's name")?
                .to_string_lossy();
            let name = name.trim_end_matches(".xz").to_owned();
            let bytes = if module.ends_with(".xz") {
                let unpacked = Command::new("xz").args(["-dc", text(&from)?]).output()?;
                ensure!(unpacked.status.success(), "xz -dc {module}");
                unpacked.stdout
            } else {
                fs::read(&from)?
            };
            fs::write(root.join("modules").join(&name), bytes)?;
            order.push(name);
        }
        fs::write(root.join("modules/order"), order.join("\n"))?;
        archive(root, path)
    }

    /// Returns the files of the modules, below the modules' folder, each behind those that it needs.
    fn in_order(&self) -> Result<Vec<String>> {
        let table = fs::read_to_string(self.modules.join("modules.dep"))
            .context("modules.dep, which depmod makes")?;
        let mut order: Vec<String> = Vec::new();
        for module in MODULES {
            let is_it = |line: &&str| {
                let file = line.split(':').next().unwrap_or_default();
                let name = file.rsplit('/').next().unwrap_or_default();
                name.split('.').next() == Some(module)
            };
            let line = table
                .lines()
                .find(is_it)
                .with_context(|| format!("the kernel has no module {module}"))?;
            let (file, needs) = line.split_once(':').context("modules.dep")?;
            // The last one named needs nothing of the others.
            for file in needs.split_whitespace().rev().chain([file]) {
                if !order.iter().any(|known| known == file) {
                    order.push(file.to_owned());
                }
            }
        }
        Ok(order)
    }
}

/// Packs the folder the way the kernel unpacks it.
fn archive(root: &Path, path: &Path) -> Result<()> {
    let names = run("find", &[text(root)?, "-mindepth", "1", "-printf", "%P\\n"])?;
    let mut cpio = Command::new("cpio")
        .args(["--quiet", "-o", "-H", "newc", "--owner", "0:0"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(fs::File::create(path)?)
        .spawn()
        .context("cannot start cpio")?;
    let mut input = cpio.stdin.take().context("no input")?;
    input.write_all(names.as_bytes())?;
    drop(input);
    ensure!(cpio.wait()?.success(), "cpio failed");
    Ok(())
}

/// Returns the entry of a folder whose name starts so.
fn only(folder: &Path, start: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut found = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    found.next().map(|entry| entry.path())
}

pub(super) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a plain path")
}
