//! Whole drives beside everybody else's programs onto the same device in the same run: `argosy prepare` (which hashes,
//! encrypts and journals), `dd`, ntfs-3g, dislocker + ntfs-3g, tar + openssl + dd, rclone. Big files (64 MiB) and small
//! ones (4 to 64 KiB); wall and CPU seconds.
//!
//! `cargo xtask bench drive_speed` (a release build). As root it uses a loop device, in memory where there is room, else an
//! image file, and leaves out who needs root. Sources are in memory. `ARGOSY_BENCH_ROUNDS` is another number of rounds than 3.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use tests::backing::Backing;
use tests::cost::{Cost, gigabytes, multiply, said_by, warm, write_big, write_small};
use tests::filled::{Target, dd_write, prepare};
use tests::{rivals, rows};

const ROUNDS: usize = 3;
const DISK_BYTES: u64 = 9_000_000_000;
const SMALL_FILES: usize = 100_000;
/// So often every big file is there, under another name: what is done once for a drive, whatever its size, is to weigh
/// little, as it does on a drive of terabytes.
const BIG_TIMES: usize = 4;
/// What ntfs-3g gets of the small files, with which it takes much longer; `prepare` gets it once more, so that what
/// everybody does once for a drive (the file system, opening it with a password) weighs the same.
const FEW_SMALL: usize = 30_000;

/// A source, and what ntfs-3g gets of its kind: the same, or less.
struct Source {
    name: &'static str,
    folder: PathBuf,
    bytes: u64,
    few: PathBuf,
    few_bytes: u64,
    /// The goals: GB per CPU second.
    goal: f64,
}

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let folder = tempfile::tempdir_in(release)?;
    let rounds = match std::env::var("ARGOSY_BENCH_ROUNDS") {
        Ok(text) => text.parse().context("ARGOSY_BENCH_ROUNDS is no number")?,
        Err(_) => ROUNDS,
    };
    let backing = Backing::new(folder.path(), DISK_BYTES)?;
    println!("| source | command | MB/s | GB per CPU s |");
    println!("|---|---|---|---|");
    for source in [big(folder.path())?, small(folder.path())?] {
        measure(&argosy, folder.path(), &backing, &source, rounds)?;
        fs::remove_dir_all(&source.folder)?;
        if source.few != source.folder {
            fs::remove_dir_all(&source.few)?;
        }
    }
    Ok(())
}

fn big(folder: &Path) -> Result<Source> {
    let (once, all) = (folder.join("once"), folder.join("big"));
    write_big(&once)?;
    let bytes = multiply(&once, &all, BIG_TIMES)?;
    fs::remove_dir_all(&once)?;
    Ok(Source {
        name: "64 MiB files",
        few: all.clone(),
        few_bytes: bytes,
        folder: all,
        bytes,
        goal: 2.0,
    })
}

fn small(folder: &Path) -> Result<Source> {
    let (all, few) = (folder.join("small"), folder.join("few small"));
    Ok(Source {
        name: "100,000 files of 4-64 KiB",
        bytes: write_small(&all, SMALL_FILES)?,
        folder: all,
        few_bytes: write_small(&few, FEW_SMALL)?,
        few,
        goal: 1.2,
    })
}

/// A way to bring a folder onto a device, and what it took, each round.
struct Way<'a> {
    name: &'static str,
    from: &'a Path,
    bytes: u64,
    costs: Vec<Cost>,
}

/// Runs every way once a round and prints medians.
fn measure(
    argosy: &Path,
    folder: &Path,
    backing: &Backing,
    source: &Source,
    rounds: usize,
) -> Result<()> {
    let way = |name, from, bytes| Way {
        name,
        from,
        bytes,
        costs: Vec::new(),
    };
    let all = |name| way(name, source.folder.as_path(), source.bytes);
    let few = |name| way(name, source.few.as_path(), source.few_bytes);
    let mut ways = [
        all("dd oflag=direct"),
        all("prepare --no-verify"),
        all("prepare, read back"),
        few("prepare --no-verify, what ntfs-3g gets"),
        few("ntfs-3g + cp"),
        few("dislocker + ntfs-3g + cp"),
        all("tar + openssl + dd"),
        all("rclone copy --checksum"),
    ];
    for _ in 0..rounds {
        for (number, way) in ways.iter_mut().enumerate() {
            let target = backing.target("BENCH0001", DISK_BYTES)?;
            warm(way.from)?;
            let cost = one_way(number, argosy, folder, backing, way, target);
            match cost {
                Ok(cost) => way.costs.push(cost),
                Err(error) if number > 3 => eprintln!("left out: {}: {error:#}", way.name),
                Err(error) => return Err(error),
            }
        }
    }
    show(source, &ways);
    Ok(())
}

/// Goes one of the ways.
fn one_way(
    number: usize,
    argosy: &Path,
    folder: &Path,
    backing: &Backing,
    way: &Way<'_>,
    target: Target,
) -> Result<Cost> {
    let device = target.path().to_owned();
    match number {
        0 => Cost::of(|| said_by(&mut dd_write(&device, way.bytes)).map(drop)),
        1..=3 => {
            let (cost, _) = prepared(argosy, folder, way.from, &[target], number == 2)?;
            Ok(cost)
        }
        4 => Cost::of(|| rivals::by_ntfs_3g(&device, way.from)),
        5 => {
            let nothing = folder.join("nothing");
            fs::create_dir(&nothing)?;
            fs::write(nothing.join("note.txt"), "a drive to be filled by others")?;
            let targets = [target];
            let made = prepared(argosy, folder, &nothing, &targets, false);
            fs::remove_dir_all(&nothing)?;
            let (_, said) = made?;
            let password = said["drives"][0]["recovery_password"].as_str();
            let password = password.context("no password")?;
            Cost::of(|| rivals::by_dislocker(&device, password, way.from))
        }
        6 => Cost::of(|| rivals::by_tar(&device, way.from)),
        _ => {
            // A folder, with no device in its way: memory, where the devices of the others are.
            let to = backing.folder().join("copied");
            let cost = Cost::of(|| rivals::by_rclone(way.from, &to));
            fs::remove_dir_all(&to)?;
            cost
        }
    }
}

/// Fills drives; returns what that took, and what was said.
fn prepared(
    argosy: &Path,
    folder: &Path,
    source: &Path,
    targets: &[Target],
    verify: bool,
) -> Result<(Cost, Value)> {
    let journals = folder.join("journals");
    fs::create_dir(&journals)?;
    let mut command = prepare(argosy, &journals, source, targets);
    if !verify {
        command.arg("--no-verify");
    }
    let mut said = String::new();
    let cost = Cost::of(|| {
        said = said_by(&mut command)?;
        Ok(())
    });
    fs::remove_dir_all(&journals)?;
    Ok((cost?, serde_json::from_str(&said)?))
}

fn show(source: &Source, ways: &[Way<'_>]) {
    let per_gigabyte = |name: &str| {
        let way = ways
            .iter()
            .find(|way| way.name == name && !way.costs.is_empty())?;
        let (middle, size) = (Cost::median(&way.costs), gigabytes(way.bytes));
        Some((middle.seconds / size, middle.cpu_seconds / size))
    };
    for way in ways {
        if let Some((wall, cpu)) = per_gigabyte(way.name) {
            let name = source.name;
            println!(
                "| {name} | {} | {:.0} | {:.3} |",
                way.name,
                1000.0 / wall,
                1.0 / cpu
            );
        }
    }
    let Some((wall, cpu)) = per_gigabyte("prepare --no-verify") else {
        return;
    };
    let work = format!("prepare, {}", source.name);
    rows::at_least(&work, "GB per CPU second", source.goal, 1.0 / cpu);
    if let Some((their_wall, _)) = per_gigabyte("dd oflag=direct") {
        rows::only(
            &work,
            "of the speed of dd on a device without a limit",
            their_wall / wall,
        );
    }
    if let Some((their_wall, _)) = per_gigabyte("tar + openssl + dd") {
        rows::at_least(
            &work,
            "times as fast as tar + openssl + dd",
            3.0,
            their_wall / wall,
        );
    }
    if let Some((their_wall, _)) = per_gigabyte("rclone copy --checksum") {
        rows::only(
            &work,
            "times as fast as rclone copy --checksum",
            their_wall / wall,
        );
    }
    let Some((wall, cpu)) = per_gigabyte("prepare --no-verify, what ntfs-3g gets") else {
        return;
    };
    if let Some((their_wall, their_cpu)) = per_gigabyte("dislocker + ntfs-3g + cp") {
        let rivals = "dislocker + ntfs-3g + cp";
        rows::at_least(
            &work,
            &format!("times as fast as {rivals}"),
            25.0,
            their_wall / wall,
        );
        rows::at_least(
            &work,
            &format!("times less CPU than {rivals}"),
            20.0,
            their_cpu / cpu,
        );
    }
    if let Some((their_wall, _)) = per_gigabyte("ntfs-3g + cp") {
        rows::at_least(
            &work,
            "times as fast as ntfs-3g + cp",
            5.0,
            their_wall / wall,
        );
    }
}
