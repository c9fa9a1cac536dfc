//! Drives brought home: MB/s and GB per CPU second of `argosy unpack`, which compares every block with the manifest, beside
//! dislocker-fuse + ntfs-3g + `cp -r`, which compare nothing, in the same run. Both end with everything synced. Big files
//! (64 MiB) and small ones (4 to 64 KiB).
//!
//! `cargo xtask bench unpack_speed` (a release build). Needs root, dislocker and ntfs-3g.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tests::argosy::text;
use tests::cost::{Cost, gigabytes, said_by, write_big, write_small};
use tests::oracle;
use tests::rivals::served;
use tests::rows;

const ROUNDS: usize = 3;
const SMALL_FILES: usize = 20_000;
const SERIAL: &str = "BENCH0001";

/// Writes a source and returns its bytes.
type Fill = fn(&Path) -> Result<u64>;

/// A finished drive.
struct Drive {
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
    let kinds: [(&str, Fill, bool); 2] = [
        ("64 MiB files", write_big, false),
        (
            "4-64 KiB files",
            |folder| write_small(folder, SMALL_FILES),
            true,
        ),
    ];
    for (name, write, are_many) in kinds {
        let place = folder.path().join(name);
        fs::create_dir(&place)?;
        let drive = filled(&argosy, &place, write)?;
        measure(&argosy, &place, name, &drive, are_many)?;
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
    Ok(Drive { image, key, bytes })
}

/// Runs both, `ROUNDS` times in turn, and prints the medians; the files `are_many` or few.
fn measure(argosy: &Path, place: &Path, name: &str, drive: &Drive, are_many: bool) -> Result<()> {
    let remove = |home: &Path| match are_many {
        // For some minutes ext4 passes by the inodes of what was, one after the other.
        true => Ok(()),
        false => fs::remove_dir_all(home),
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let home = place.join(format!("home {round}, theirs"));
        forget(&drive.image)?;
        theirs.push(Cost::of(|| by_fuse(drive, &home))?);
        remove(&home)?;
        let home = place.join(format!("home {round}"));
        forget(&drive.image)?;
        ours.push(Cost::of(|| {
            let mut unpack = Command::new(argosy);
            unpack.args([
                "unpack",
                "--drive",
                text(&drive.image),
                "--key-file",
                text(&drive.key),
            ]);
            said_by(unpack.args(["--to", text(&home)])).map(drop)
        })?);
        remove(&home)?;
    }
    let reference = Cost::median(&theirs);
    for (command, costs) in [("dislocker + ntfs-3g + cp", &theirs), ("unpack", &ours)] {
        let middle = Cost::median(costs);
        let size = gigabytes(drive.bytes);
        println!(
            "| {name} | {command} | {:.0} | {:.2} | {:.2} |",
            size * 1000.0 / middle.seconds,
            size / middle.cpu_seconds,
            middle.cpu_seconds / reference.cpu_seconds
        );
    }
    let middle = Cost::median(&ours);
    let work = format!("unpack, {name}");
    let unit = "GB per CPU second";
    rows::at_least(
        &work,
        unit,
        1.5,
        gigabytes(drive.bytes) / middle.cpu_seconds,
    );
    let rivals = "dislocker + ntfs-3g + cp";
    let (wall, cpu) = (
        reference.seconds / middle.seconds,
        reference.cpu_seconds / middle.cpu_seconds,
    );
    rows::at_least(&work, &format!("times less CPU than {rivals}"), 10.0, cpu);
    rows::only(&work, &format!("times as fast as {rivals}"), wall);
    Ok(())
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
    let copied = said_by(Command::new("cp").args(["-r", text(volume.path()), text(home)]))
        .and_then(|_| said_by(Command::new("sync").args(["-f", text(home)])));
    for (folder, server) in [(&volume, &mut mount), (&unlocked, &mut dislocker)] {
        oracle::run("umount", &[text(folder.path())])?;
        server.wait()?;
    }
    copied.map(drop)
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
