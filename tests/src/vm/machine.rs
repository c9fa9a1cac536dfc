//! The computer: what is plugged into it, and its run from power-on to power-off.

use std::fs;
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::answers::Answers;
use super::kernel::Kernel;
use super::monitor::Monitor;
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
    /// The sector of 512 bytes that cannot be written, where there is one.
    pub bad_sector: Option<u64>,
}

impl Drive {
    /// Returns the next SATA port for a drive that needs one.
    fn port(&self, ports: &mut RangeFrom<u32>) -> u32 {
        match self.attached {
            Attached::Sata => ports.next().unwrap_or(0),
            _ => 0,
        }
    }

    /// Returns what is behind the device of this number.
    fn medium(&self, number: usize, file: &str) -> String {
        let file = json!({"driver": "file", "filename": file});
        let (node, raw) = (
            format!("drive{number}"),
            json!({"driver": "raw", "file": file}),
        );
        let medium = match self.bad_sector {
            None => json!({"driver": "raw", "file": file, "node-name": node}),
            Some(sector) => {
                let fault =
                    json!({"event": "none", "iotype": "write", "sector": sector, "errno": 5});
                json!({"driver": "blkdebug", "image": raw, "node-name": node, "inject-error": [fault]})
            }
        };
        medium.to_string()
    }
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
        self.start()?.finish(patience)
    }

    /// Switches it on.
    ///
    /// # Errors
    /// When a part cannot be made or it does not start.
    pub fn start(&self) -> Result<Running> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        self.system.write(&at("system.img"), SYSTEM_BYTES)?;
        self.kernel
            .initial_disk(&self.system.busybox, &at("initial.cpio"))?;
        let child = self.command(folder.path())?.spawn();
        Ok(Running {
            child: child.context("cannot start qemu-system-x86_64")?,
            devices: self.devices(),
            folder,
        })
    }

    /// Returns what each drive is plugged in as, in the order of [`Machine::drives`]; the system disk is device 0.
    fn devices(&self) -> Vec<String> {
        let mut ports = 1..;
        let drives = (1..).zip(&self.drives);
        let devices = drives.map(|(number, drive)| device(drive, number, drive.port(&mut ports)));
        devices.collect()
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
        .args([
            "-qmp",
            &format!("unix:{},server=on,wait=off", at("monitor")),
        ])
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
            bad_sector: None,
        };
        let mut ports = 0..;
        for (number, drive) in [&system].into_iter().chain(&self.drives).enumerate() {
            let file = drive.file.to_str().context("a plain path")?;
            // What is plugged out goes on to be there, to be plugged in again.
            qemu.args(["-blockdev", &drive.medium(number, file)]);
            let port = drive.port(&mut ports);
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
            "ide-hd,id=device{number},drive=drive{number},bus=ide.{port},serial={serial},model=ARGOSY TEST DISK,\
             rotation_rate=7200,physical_block_size=4096"
        ),
        Attached::Usb => {
            format!("usb-storage,id=device{number},drive=drive{number},serial={serial}")
        }
        Attached::Uas => {
            format!(
                "scsi-hd,id=device{number},bus=bridge{number}.0,drive=drive{number},serial={serial},{sectors}"
            )
        }
        Attached::Nvme => {
            format!("nvme,id=device{number},drive=drive{number},serial={serial},{sectors}")
        }
        Attached::Virtio => format!(
            "virtio-blk-pci,id=device{number},drive=drive{number},serial={serial},{sectors}"
        ),
    }
}

/// A switched-on computer; switched off when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    devices: Vec<String>,
    folder: tempfile::TempDir,
}

impl Running {
    /// Waits until its script said `@! word`.
    ///
    /// # Errors
    /// When it does not within `patience`; the message ends with what its console showed last.
    pub fn wait_for(&mut self, word: &str, patience: Duration) -> Result<()> {
        let line = format!("@! {word}");
        let says = |this: &mut Self| {
            let said = fs::read(this.folder.path().join("answers")).unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            Ok(said.lines().any(|found| found.trim_end() == line))
        };
        self.until(&line, patience, says)
    }

    /// Pulls the plug of the drive of this number, as in [`Machine::drives`].
    ///
    /// # Errors
    /// When there is no such drive, or it stays.
    pub fn unplug(&self, number: usize) -> Result<()> {
        let mut monitor = Monitor::open(&self.folder.path().join("monitor"))?;
        let id = format!("device{}", number.saturating_add(1));
        monitor.ask("device_del", &json!({"id": id}))?;
        monitor.hears("DEVICE_DELETED")
    }

    /// Plugs it in again.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn plug(&self, number: usize) -> Result<()> {
        let device = self.devices.get(number).context("a drive")?;
        let mut words = device.split(',');
        let mut wanted = json!({"driver": words.next()});
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            wanted[name] = json!(value);
        }
        Monitor::open(&self.folder.path().join("monitor"))?.ask("device_add", &wanted)
    }

    /// Waits until its script is through.
    ///
    /// # Errors
    /// When it does not switch itself off within `patience`; the message ends with what its console showed last.
    pub fn finish(mut self, patience: Duration) -> Result<Answers> {
        let is_off = |this: &mut Self| Ok(this.child.try_wait()?.is_some());
        self.until("its end", patience, is_off)?;
        // Where the test's own output is shown, what commands complained of is shown too.
        println!("{}", complaints(&self.console()));
        let said = fs::read(self.folder.path().join("answers"))?;
        Answers::parse(&String::from_utf8_lossy(&said))
    }

    fn until(
        &mut self,
        what: &str,
        patience: Duration,
        is_so: impl Fn(&mut Self) -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        while !is_so(self)? {
            if start.elapsed() > patience {
                let console = self.console();
                let from = console.len().saturating_sub(4000);
                let end = console.get(from..).unwrap_or(&console);
                bail!("no {what} after {patience:?}; the console ends with\n{end}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn console(&self) -> String {
        let console = fs::read(self.folder.path().join("console")).unwrap_or_default();
        String::from_utf8_lossy(&console).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is gone already when all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the lines of the console that argosy wrote.
fn complaints(console: &str) -> String {
    let lines = console.lines().filter(|line| !line.starts_with('['));
    lines.collect::<Vec<_>>().join("\n")
}
