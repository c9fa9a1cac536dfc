//! Everybody else's way to bring files onto a drive or off it, as children of this process, so that their time is counted.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::argosy::text;
use crate::cost::said_by;
use crate::oracle;

/// Copies `source` into a fresh NTFS volume on `device`: mkntfs, ntfs-3g, `cp -r`. Nothing is hashed or encrypted.
///
/// # Errors
/// When one of them fails.
pub fn by_ntfs_3g(device: &str, source: &Path) -> Result<()> {
    oracle::run("mkntfs", &["-Q", "-F", "-q", device])?;
    let volume = tempfile::tempdir()?;
    let mut mount = Command::new("ntfs-3g");
    mount.args(["-o", "big_writes,no_detach", device, text(volume.path())]);
    let mut mount = mounted(&mut mount, volume.path())?;
    let copied = said_by(Command::new("cp").args(["-r", text(source), text(volume.path())]));
    oracle::run("umount", &[text(volume.path())])?;
    mount.wait()?;
    copied.map(drop)
}

/// Copies `source` onto a drive that is a BitLocker volume with NTFS in it already: dislocker, ntfs-3g, `cp -r`. Nothing
/// is hashed.
///
/// # Errors
/// When one of them fails.
pub fn by_dislocker(device: &str, password: &str, source: &Path) -> Result<()> {
    let (unlocked, volume) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let password = format!("-p{password}");
    let mut dislocker = Command::new("dislocker-fuse");
    dislocker.args(["-V", device, "-O", "1048576", &password, "--"]);
    dislocker.args([text(unlocked.path()), "-f", "-o", "big_writes"]);
    let file = unlocked.path().join("dislocker-file");
    let mut dislocker = served(&mut dislocker, &file)?;
    let mut mount = Command::new("ntfs-3g");
    mount.args([
        "-o",
        "big_writes,no_detach",
        text(&file),
        text(volume.path()),
    ]);
    let mut mount = mounted(&mut mount, volume.path())?;
    let copied = said_by(Command::new("cp").args(["-r", text(source), text(volume.path())]));
    for (folder, server) in [(&volume, &mut mount), (&unlocked, &mut dislocker)] {
        oracle::run("umount", &[text(folder.path())])?;
        server.wait()?;
    }
    copied.map(drop)
}

/// Writes an encrypted archive of `source` to `device`: tar, openssl, dd. Nothing is hashed, and no file is found in it. A
/// file of several names is in it as often.
///
/// # Errors
/// When one of them fails.
pub fn by_tar(device: &str, source: &Path) -> Result<()> {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let line = format!(
        "tar -cf - --hard-dereference -C '{}' . | openssl enc -aes-256-ctr -K {key} -iv 0 | \
         dd of='{device}' bs=4M iflag=fullblock oflag=direct conv=notrunc,fsync",
        text(source)
    );
    said_by(Command::new("sh").args(["-c", &line])).map(drop)
}

/// Copies `source` into the folder `to` with `rclone copy --checksum`, then syncs.
///
/// # Errors
/// When it fails.
pub fn by_rclone(source: &Path, to: &Path) -> Result<()> {
    said_by(Command::new("rclone").args(["copy", "--checksum", text(source), text(to)]))?;
    said_by(Command::new("sync").args(["-f", text(to)])).map(drop)
}

/// Starts a file system that stays in the foreground, and waits until it serves `path`.
///
/// # Errors
/// When it does not within a minute.
pub fn served(command: &mut Command, path: &Path) -> Result<Child> {
    started(command, &|| path.exists())
}

/// The same, and waits until something is mounted on `folder`.
fn mounted(command: &mut Command, folder: &Path) -> Result<Child> {
    let place = format!(" {} ", text(folder));
    started(command, &|| {
        fs::read_to_string("/proc/mounts").is_ok_and(|mounts| mounts.contains(&place))
    })
}

fn started(command: &mut Command, is_there: &dyn Fn() -> bool) -> Result<Child> {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = quiet.spawn()?;
    let begun = Instant::now();
    while !is_there() {
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "{command:?} serves nothing"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}
