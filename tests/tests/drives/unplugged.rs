//! A drive whose plug is pulled while it is filled, and one with a sector that cannot be written, in a virtual computer: the
//! kernel's own way to lose a drive, and to find it again under another name.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::source;
use tests::vm::{self, Attached, Drive, Machine, SystemDisk};

const SCRIPT: &str = include_str!("../../vm/unplugged.sh");
/// It takes about half a minute on an idle machine.
const PATIENCE: Duration = Duration::from_secs(600);
const BYTES: u64 = 128 << 20;
/// A sector of 512 bytes in the middle of the volume.
const BAD_SECTOR: u64 = 40_970;

#[test]
fn a_drive_that_is_unplugged_in_the_middle_is_finished_when_it_is_back_and_a_bad_sector_is_named()
-> Result<()> {
    let Some((kernel, argosy)) = vm::parts()? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let system = SystemDisk::new(&argosy, SCRIPT)?;
    source::write_tree(&system.root().join("source"), 150)?;
    let source = source::contents(&system.root().join("source"), &[])?;
    let drive = |serial: &str, bad_sector| -> Result<Drive> {
        let file = folder.path().join(serial);
        fs::File::create(&file)?.set_len(BYTES)?;
        Ok(Drive {
            file,
            attached: Attached::Usb,
            serial: serial.to_owned(),
            sector_bytes: 512,
            bad_sector,
        })
    };
    let machine = Machine {
        kernel: &kernel,
        system: &system,
        drives: vec![drive("STICK01", None)?, drive("BAD01", Some(BAD_SECTOR))?],
    };
    let mut running = machine.start()?;
    running.wait_for("filling", PATIENCE)?;
    running.unplug(0)?;
    running.wait_for("gone", PATIENCE)?;
    running.plug(0)?;
    let answers = running.finish(PATIENCE)?;

    let pulled = answers.json("pulled", 4)?;
    ensure!(pulled["verdict"] == "failed", "{pulled}");
    ensure!(pulled.to_string().contains("the drive is gone"), "{pulled}");
    let missing = answers.json("missing", 3)?;
    let message = missing["error"]["message"].as_str().unwrap_or_default();
    ensure!(message.contains("STICK01 is not here"), "{missing}");
    let resumed = answers.json("resumed", 0)?;
    ensure!(resumed["verdict"] == "verified", "{resumed}");
    answers.kernel_read(&source)?;

    let bad = answers.json("bad", 4)?;
    ensure!(bad["verdict"] == "failed", "{bad}");
    ensure!(!bad.to_string().contains("verified"), "{bad}");
    let said = bad.to_string();
    let (start, length) = place(&said).with_context(|| format!("no place is named: {said}"))?;
    let at = BAD_SECTOR * 512;
    ensure!(
        (start..start.saturating_add(length)).contains(&at),
        "{at:#x} is not meant: {said}"
    );
    Ok(())
}

/// Returns the first `LENGTH bytes at offset 0xSTART` of a text.
fn place(text: &str) -> Option<(u64, u64)> {
    let (before, behind) = text.split_once(" bytes at offset 0x")?;
    let length = before.rsplit(' ').next()?.parse().ok()?;
    let digits = behind.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    Some((u64::from_str_radix(digits, 16).ok()?, length))
}
