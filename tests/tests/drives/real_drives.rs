//! What argosy does to real drives, in a virtual computer that has some: SATA, USB, NVMe, virtio.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::oracle::run;
use tests::source::{self, Contents};
use tests::vm::{self, Answers, Attached, Drive, Machine, SystemDisk};

const MIB: u64 = 1 << 20;
const SCRIPT: &str = include_str!("../../vm/real_drives.sh");
/// It takes about a minute on an idle machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is plugged in: how, its serial, its sectors.
const DRIVES: [(Attached, &str, u32); 6] = [
    (Attached::Sata, "TARGET01", 512),
    (Attached::Uas, "USB4096", 4096),
    (Attached::Usb, "TWIN01", 512),
    (Attached::Usb, "TWIN01", 512),
    (Attached::Nvme, "NVME01", 512),
    (Attached::Virtio, "SWAP01", 512),
];

/// A computer that ran, and what is left of it.
struct Ran {
    answers: Answers,
    source: Contents,
    /// SHA-256 of each drive before and after, in the order of [`DRIVES`].
    drives: Vec<(String, String)>,
}

#[test]
fn real_drives_are_told_apart_refused_or_filled_and_the_kernel_reads_what_was_written() -> Result<()>
{
    let Some(ran) = run_all()? else {
        return Ok(());
    };
    listed(&ran.answers)?;
    refused(&ran.answers)?;
    for ((_, serial, _), (before, after)) in DRIVES.iter().zip(&ran.drives) {
        let is_target = *serial == "TARGET01";
        ensure!(
            (before != after) == is_target,
            "{serial}: was {before}, is {after}"
        );
    }
    filled(&ran)
}

fn run_all() -> Result<Option<Ran>> {
    let Some((kernel, argosy)) = vm::parts()? else {
        return Ok(None);
    };
    let folder = tempfile::tempdir()?;
    let system = SystemDisk::new(&argosy, SCRIPT)?;
    source::write_tree(&system.root().join("source"), 150)?;
    let source = source::contents(&system.root().join("source"), &[])?;
    let drives = DRIVES.iter().enumerate().map(|(number, drive)| {
        let (attached, serial, sector_bytes) = *drive;
        let file = folder.path().join(format!("{number}-{serial}"));
        make(&file, serial)?;
        Ok(Drive {
            file,
            attached,
            serial: serial.to_owned(),
            sector_bytes,
            bad_sector: None,
        })
    });
    let drives = drives.collect::<Result<Vec<_>>>()?;
    let sums = |drives: &[Drive]| -> Result<Vec<String>> {
        let files = drives.iter().map(|drive| Ok(fs::File::open(&drive.file)?));
        files
            .map(|file: Result<_>| source::sha256(&mut file?))
            .collect()
    };
    let before = sums(&drives)?;
    let machine = Machine {
        kernel: &kernel,
        system: &system,
        drives: drives.clone(),
    };
    let answers = machine.run(PATIENCE)?;
    Ok(Some(Ran {
        answers,
        source,
        drives: before.into_iter().zip(sums(&drives)?).collect(),
    }))
}

/// Makes a drive's file with what it holds at the start.
fn make(file: &Path, serial: &str) -> Result<()> {
    fs::File::create(file)?.set_len(128 * MIB)?;
    let path = file.to_str().context("a plain path")?;
    match serial {
        "NVME01" => run("mke2fs", &["-q", "-t", "ext4", "-L", "FILMS", path])?,
        "SWAP01" => run("mkswap", &[path])?,
        _ => String::new(),
    };
    Ok(())
}

/// Every drive is in the list with what the kernel and the drive itself say of it, and with its locks.
fn listed(answers: &Answers) -> Result<()> {
    let list = answers.json("drives", 0)?;
    let drives = list["drives"].as_array().context("a list")?;
    let of = |serial: &str| -> Vec<&Value> {
        let found = drives.iter().filter(|drive| drive["serial"] == serial);
        found.collect()
    };
    // serial, bus, sector, who told the serial, the drive's own word on its sectors, a word of its locks, one of its warnings
    let expected = [
        (
            "SYSTEM01",
            "sata",
            512,
            "drive",
            Some(512),
            "runs from it",
            "",
        ),
        ("TARGET01", "sata", 512, "drive", Some(512), "", ""),
        (
            "USB4096",
            "usb",
            4096,
            "bridge",
            None,
            "",
            "UnsupportedDrive",
        ),
        ("TWIN01", "usb", 512, "bridge", None, "TWIN01 too", "label"),
        (
            "NVME01",
            "nvme",
            512,
            "drive",
            None,
            "mounted at /mnt",
            "NVMe",
        ),
        ("SWAP01", "virtio", 512, "drive", None, "swaps to it", ""),
    ];
    for (serial, bus, sector, told_by, own, lock, warning) in expected {
        let found = of(serial);
        let count = if serial == "TWIN01" { 2 } else { 1 };
        ensure!(found.len() == count, "{serial}: {found:?} in {list}");
        for drive in found {
            ensure!(drive["bus"] == bus, "{drive}");
            ensure!(drive["sector_bytes"] == sector, "{drive}");
            ensure!(drive["serial_source"] == told_by, "{drive}");
            ensure!(drive["own_sector_bytes"].as_u64() == own, "{drive}");
            ensure!(drive["erasable"] == lock.is_empty(), "{drive}");
            ensure!(says(&drive["reasons"], lock), "{drive}");
            ensure!(says(&drive["warnings"], warning), "{drive}");
        }
    }
    let target = of("TARGET01");
    let target = target.first().context("the target")?;
    ensure!(target["model"] == "ARGOSY TEST DISK", "{target}");
    ensure!(target["physical_sector_bytes"] == 4096, "{target}");
    ensure!(target["rotational"] == true, "{target}");
    ensure!(target["failing"] == false, "{target}");
    ensure!(target["warnings"].as_array().is_some_and(Vec::is_empty));
    Ok(())
}

/// Returns whether one of these sentences has the word in it; without a word, whether there is none of them at all.
fn says(sentences: &Value, word: &str) -> bool {
    let sentences = sentences.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut texts = sentences.iter().filter_map(Value::as_str);
    if word.is_empty() {
        sentences.is_empty()
    } else {
        texts.any(|text| text.contains(word))
    }
}

/// Exit code 3, whatever was said, and the reason named.
fn refused(answers: &Answers) -> Result<()> {
    let expected = [
        ("system", "runs from it"),
        ("partition", "partition"),
        ("mounted", "mounted at /mnt"),
        ("swapped", "swaps to it"),
        ("twin", "TWIN01 too"),
        ("sectors", "4096"),
        ("labelled", "nobody confirmed"),
        ("accepted", "nobody confirmed"),
        ("wrong-label", "TARGET01, not OTHER001"),
        ("wrong-word", "nobody confirmed"),
    ];
    for (name, word) in expected {
        let said = answers.json(name, 3)?;
        let message = said["error"]["message"].as_str().unwrap_or_default();
        ensure!(message.contains(word), "{name}: {said}");
    }
    Ok(())
}

fn filled(ran: &Ran) -> Result<()> {
    let said = ran.answers.json("prepared", 0)?;
    ensure!(said["verdict"] == "verified", "{said}");
    ran.answers.kernel_read(&ran.source)
}
