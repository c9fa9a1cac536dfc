//! Drives brought home: MB/s and GB per CPU second of `argosy unpack`, which compares every block with the manifest, beside
//! dislocker-fuse + ntfs-3g + `cp -r`, which compare nothing, in the same run, and beside `cp -r` of the source, which only
//! makes the files. All end with everything synced. Big files (64 MiB) and small ones (4 to 64 KiB).
//!
//! Each arrives in a file system of its own, made anew: how full and how old another one is would be measured too. (For
//! some minutes ext4 passes by the inodes of what was removed, one after the other.)
//!
//! `cargo xtask bench unpack_speed` (a release build). Needs root, dislocker and ntfs-3g.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tests::argosy::text;
use tests::backing::Backing;
use tests::cost::{Cost, gigabytes, said_by, warm, write_big, write_small};
use tests::filled::Target;
use tests::oracle;
use tests::rivals::served;
use tests::rows;

const ROUNDS: usize = 3;
const SMALL_FILES: usize = 60_000;
const SERIAL: &str = "BENCH0001";
/// Of the file systems that files arrive in.
const HOME_BYTES: u64 = 3_000_000_000;

/// Writes a source and returns its bytes.
type Fill = fn(&Path) -> Result<u64>;

/// A finished drive.
struct Drive {
    source: PathBuf,
    image: PathBuf,
    key: PathBuf,
    bytes: u64,
}

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let folder = tempfile::tempdir_in(release)?;
    println!("| drive | command | MB/s | GB per CPU s | CPU s beside |");
    println!("|---|---|---|---|---|");
    let backing = Backing::new(folder.path(), HOME_BYTES)?;
    let kinds: [(&str, Fill); 2] = [
        ("64 MiB files", write_big),
        ("4-64 KiB files", |folder| write_small(folder, SMALL_FILES)),
    ];
    for (name, write) in kinds {
        let place = folder.path().join(name);
        fs::create_dir(&place)?;
        let drive = filled(&argosy, &place, write)?;
        measure(&argosy, &backing, name, &drive)?;
        fs::remove_dir_all(place)?;
    }
    Ok(())
}

fn filled(argosy: &Path, place: &Path, write: Fill) -> Result<Drive> {
    let (source, image, key) = (
        place.join("source"),
        place.join("drive.img"),
        place.join("key"),
    );
    let bytes = write(&source)?;
    let mut new = Command::new(argosy);
    new.args([
        "new-drive",
        text(&image),
        "--size",
        "2.6GB",
        "--serial",
        SERIAL,
    ]);
    said_by(&mut new)?;
    let mut prepare = Command::new(argosy);
    prepare.args([
        "prepare",
        "--session",
        "bench",
        "--journal-dir",
        text(&place.join("journals")),
    ]);
    prepare.args([
        "--source",
        text(&source),
        "--to",
        "bench/",
        "--drive",
        text(&image),
    ]);
    prepare.args(["--no-verify", "--show-keys", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said_by(&mut prepare)?)?;
    let password = said["drives"][0]["recovery_password"].as_str();
    fs::write(&key, password.context("no password")?)?;
    Ok(Drive {
        source,
        image,
        key,
        bytes,
    })
}

/// Goes every way, `ROUNDS` times in turn, and prints the medians.
fn measure(argosy: &Path, backing: &Backing, name: &str, drive: &Drive) -> Result<()> {
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (way, costs) in costs.iter_mut().enumerate() {
            let home = Home::new(backing)?;
            warm(&drive.source)?;
            forget(&drive.image)?;
            let to = home.folder.path().join("home");
            costs.push(Cost::of(|| match way {
                0 => by_fuse(drive, &to),
                1 => copied(&drive.source, &to),
                _ => unpacked(argosy, drive, &to),
            })?);
        }
    }
    let [theirs, only_made, ours] = costs.map(|costs| Cost::median(&costs));
    let rivals = "dislocker + ntfs-3g + cp";
    let size = gigabytes(drive.bytes);
    for (command, cost) in [
        (rivals, theirs),
        ("cp of the source", only_made),
        ("unpack", ours),
    ] {
        println!(
            "| {name} | {command} | {:.0} | {:.2} | {:.2} |",
            size * 1000.0 / cost.seconds,
            size / cost.cpu_seconds,
            cost.cpu_seconds / theirs.cpu_seconds
        );
    }
    let work = format!("unpack, {name}");
    rows::at_least(&work, "GB per CPU second", 1.5, size / ours.cpu_seconds);
    let (wall, cpu) = (
        theirs.seconds / ours.seconds,
        theirs.cpu_seconds / ours.cpu_seconds,
    );
    rows::at_least(&work, &format!("times less CPU than {rivals}"), 10.0, cpu);
    rows::only(&work, &format!("times as fast as {rivals}"), wall);
    let beside = ours.cpu_seconds / only_made.cpu_seconds;
    rows::only(&work, "times the CPU of cp -r of the source", beside);
    Ok(())
}

/// A file system of its own, mounted until it is dropped.
struct Home {
    folder: TempDir,
    _device: Target,
}

impl Home {
    fn new(backing: &Backing) -> Result<Self> {
        let device = backing.target("HOME", HOME_BYTES)?;
        let options = "lazy_itable_init=0,lazy_journal_init=0";
        oracle::run("mkfs.ext4", &["-q", "-F", "-E", options, device.path()])?;
        let folder = tempfile::tempdir()?;
        oracle::run("mount", &[device.path(), text(folder.path())])?;
        Ok(Self {
            folder,
            _device: device,
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Err(error) = oracle::run("umount", &[text(self.folder.path())]) {
            eprintln!("{}: {error:#}", self.folder.path().display());
        }
    }
}

fn unpacked(argosy: &Path, drive: &Drive, home: &Path) -> Result<()> {
    let mut unpack = Command::new(argosy);
    unpack.args(["unpack", "--drive", text(&drive.image)]);
    unpack.args(["--key-file", text(&drive.key), "--to", text(home)]);
    said_by(&mut unpack).map(drop)
}

fn copied(from: &Path, home: &Path) -> Result<()> {
    said_by(Command::new("cp").args(["-r", text(from), text(home)]))?;
    said_by(Command::new("sync").args(["-f", text(home)])).map(drop)
}

/// Copies with everybody else's programs, all of them children of this process.
fn by_fuse(drive: &Drive, home: &Path) -> Result<()> {
    let (unlocked, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let password = format!("-p{}", fs::read_to_string(&drive.key)?);
    let mut dislocker = Command::new("dislocker-fuse");
    dislocker.args([
        "-r",
        "-V",
        text(&drive.image),
        "-O",
        "1048576",
        &password,
        "--",
    ]);
    dislocker.args([text(unlocked.path()), "-f"]);
    let file = unlocked.path().join("dislocker-file");
    let mut dislocker = served(&mut dislocker, &file)?;
    let mut mount = Command::new("ntfs-3g");
    mount.args(["-o", "ro,no_detach", text(&file), text(volume.path())]);
    let mut mount = served(&mut mount, &volume.path().join("bench"))?;
    let copied = copied(volume.path(), home);
    for (folder, server) in [(&volume, &mut mount), (&unlocked, &mut dislocker)] {
        oracle::run("umount", &[text(folder.path())])?;
        server.wait()?;
    }
    copied
}

/// Makes the next reader read the image from the disk.
fn forget(image: &Path) -> Result<()> {
    let of = format!("of={}", text(image));
    oracle::run(
        "dd",
        &[
            &of,
            "oflag=nocache",
            "conv=notrunc,fdatasync",
            "count=0",
            "status=none",
        ],
    )
    .map(drop)
}
