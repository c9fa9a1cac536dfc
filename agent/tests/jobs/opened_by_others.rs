//! One drive opened by other people's programs; the whole matrix is in the package `tests`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::support::{Place, has, noise, text, tree};

/// A loop device over the partition, detached when dropped.
struct Loop(PathBuf);

impl Loop {
    fn new(image: &std::path::Path) -> Option<Self> {
        let output = Command::new("losetup")
            .args(["-f", "--show", "-r", "-o", "1048576", text(image)])
            .output()
            .ok()?;
        let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!name.is_empty()).then(|| Self(name.into()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(Command::new("losetup").args(["-d", text(&self.0)]).status());
    }
}

/// Mounts, does something, and unmounts.
fn mounted<T>(mount: &mut Command, at: &std::path::Path, act: impl FnOnce() -> T) -> T {
    std::fs::create_dir_all(at).unwrap();
    assert!(
        mount.stdout(Stdio::null()).status().unwrap().success(),
        "{mount:?}"
    );
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
    assert!(Command::new("umount").arg(at).status().unwrap().success());
    result.unwrap()
}

#[test]
fn cryptsetup_and_dislocker_with_ntfs_3g_read_every_file() {
    if !["cryptsetup", "dislocker-fuse", "ntfs-3g", "losetup"]
        .into_iter()
        .all(has)
    {
        return;
    }
    let place = Place::new();
    for number in 0..200 {
        place.file(
            &format!("small/{number}"),
            &noise(number, 3 * usize::try_from(number).unwrap()),
        );
    }
    place.file("reel \u{1f3ac}.mov", &noise(1, (9 << 20) + 1));
    let image = place.drive("OTHERS", "120MB");
    let (code, report) = place.prepare("others", &image, &[]);
    assert_eq!(code, 0, "{report}");
    let password = super::support::password(&place.journal("OTHERS"));
    let Some(device) = Loop::new(&image) else {
        println!("skipped: no loop device can be made here");
        return;
    };
    let mut opened = Command::new("cryptsetup")
        .args([
            "open",
            "--type",
            "bitlk",
            "--test-passphrase",
            "--key-file",
            "-",
            text(&device.0),
        ])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut opened.stdin.take().unwrap(), password.as_bytes()).unwrap();
    assert!(opened.wait().unwrap().success(), "cryptsetup");

    let (unlocked, files) = (place.path("unlocked"), place.path("files"));
    let mut dislocker = Command::new("dislocker-fuse");
    dislocker
        .args(["-r", "-V", text(&device.0)])
        .arg(format!("-p{password}"))
        .args(["--", text(&unlocked)]);
    mounted(&mut dislocker, &unlocked, || {
        let volume = unlocked.join("dislocker-file");
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "ntfs-3g",
            "-o",
            "ro,loop",
            text(&volume),
            text(&files),
        ]);
        mounted(&mut mount, &files, || {
            assert_eq!(tree(&files.join("others")), tree(&place.source()))
        });
    });
}
