//! The computer: what is plugged into it, and its run from power-on to power-off.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::answers::Answers;
use super::kernel::Kernel;
use super::system_disk::SystemDisk;

const SYSTEM_BYTES: u64 = 256 << 20;

/// How a drive is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// A hard disk on a SATA port; its sectors have 512 bytes whatever is said.
    Sata,
    /// Behind a USB bridge that passes no ATA commands on; its sectors have 512 bytes whatever is said.
    Usb,
    /// The same behind a bridge of the newer kind, USB Attached SCSI.
    Uas,
    /// On the PCI bus.
    Nvme,
    /// As hypervisors show their disks.
    Virtio,
}

/// A file that the computer inside takes for a drive.
#[derive(Clone, Debug)]
pub struct Drive {
    /// The file.
    pub file: PathBuf,
    /// How it is plugged in.
    pub attached: Attached,
    /// Its serial.
    pub serial: String,
    /// Its logical sector size, where its kind can have another than 512.
    pub sector_bytes: u32,
}

/// A computer that was not switched on yet.
#[derive(Debug)]
pub struct Machine<'a> {
    /// What boots.
    pub kernel: &'a Kernel,
    /// What it runs from, on the first SATA port, with the serial `SYSTEM01`.
    pub system: &'a SystemDisk,
    /// What else is plugged in.
    pub drives: Vec<Drive>,
}

impl Machine<'_> {
    /// Switches it on and waits until its script is through.
    ///
    /// # Errors
    /// When it does not switch itself off within `patience`; the message ends with what its console showed last.
    pub fn run(&self, patience: Duration) -> Result<Answers> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        self.system.write(&at("system.img"), SYSTEM_BYTES)?;
        self.kernel
            .initial_disk(&self.system.busybox, &at("initial.cpio"))?;
        let mut running = Running(
            self.command(folder.path())?
                .spawn()
                .context("cannot start qemu-system-x86_64")?,
        );
        let ended = running.wait(patience)?;
        let console = fs::read(at("console")).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).into_owned();
        if !ended {
            let from = console.len().saturating_sub(4000);
            bail!(
                "not through after {patience:?}; the console ends with\n{}",
                console.get(from..).unwrap_or(&console)
            );
        }
        // Where the test's own output is shown, what commands complained of is shown too.
        println!("{}", complaints(&console));
        Answers::parse(&String::from_utf8_lossy(&fs::read(at("answers"))?))
    }

    fn command(&self, folder: &Path) -> Result<Command> {
        let at = |name: &str| folder.join(name).display().to_string();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args([
            "-machine",
            "q35",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
        ])
        .args(["-smp", "2", "-m", "1024", "-nic", "none", "-vga", "none"])
        .args(["-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-serial", &format!("file:{}", at("console"))])
        .args(["-serial", &format!("file:{}", at("answers"))])
        .arg("-kernel")
        .arg(&self.kernel.image)
        .args(["-initrd", &at("initial.cpio")])
        .args(["-append", "console=ttyS0 quiet panic=-1"])
        .args(["-device", "qemu-xhci"])
        .stdin(Stdio::null());
        let system = Drive {
            file: folder.join("system.img"),
            attached: Attached::Sata,
            serial: "SYSTEM01".to_owned(),
            sector_bytes: 512,
        };
        let mut ports = 0..;
        for (number, drive) in [&system].into_iter().chain(&self.drives).enumerate() {
            let file = drive.file.to_str().context("a plain path")?;
            qemu.args([
                "-drive",
                &format!("if=none,id=drive{number},format=raw,file={file}"),
            ]);
            let port = match drive.attached {
                Attached::Sata => ports.next().unwrap_or(0),
                _ => 0,
            };
            if drive.attached == Attached::Uas {
                qemu.args(["-device", &format!("usb-uas,id=bridge{number}")]);
            }
            qemu.args(["-device", &device(drive, number, port)]);
        }
        Ok(qemu)
    }
}

fn device(drive: &Drive, number: usize, port: u32) -> String {
    let (serial, sector) = (&drive.serial, drive.sector_bytes);
    let sectors = format!("logical_block_size={sector},physical_block_size=4096");
    match drive.attached {
        Attached::Sata => format!(
            "ide-hd,drive=drive{number},bus=ide.{port},serial={serial},model=ARGOSY TEST DISK,\
             rotation_rate=7200,physical_block_size=4096"
        ),
        Attached::Usb => format!("usb-storage,drive=drive{number},serial={serial}"),
        Attached::Uas => {
            format!("scsi-hd,bus=bridge{number}.0,drive=drive{number},serial={serial},{sectors}")
        }
        Attached::Nvme => format!("nvme,drive=drive{number},serial={serial},{sectors}"),
        Attached::Virtio => format!("virtio-blk-pci,drive=drive{number},serial={serial},{sectors}"),
    }
}

/// A switched-on computer; switched off when dropped.
#[derive(Debug)]
struct Running(Child);

impl Running {
    /// Returns whether it switched itself off in time.
    fn wait(&mut self, patience: Duration) -> Result<bool> {
        let start = Instant::now();
        while start.elapsed() < patience {
            if self.0.try_wait()?.is_some() {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is gone already when all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the lines of the console that argosy wrote.
fn complaints(console: &str) -> String {
    let lines = console.lines().filter(|line| !line.starts_with('['));
    lines.collect::<Vec<_>>().join("\n")
}
