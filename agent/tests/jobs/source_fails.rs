//! A source disk with a bad place in it: a volume of ntfs-3g whose image loses its end while it is mounted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::support::{Place, has, json, noise, text};

/// A mounted image, unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: PathBuf, options: &str) -> Self {
        fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("ntfs-3g");
        mount.args(["-o", options]).args([image, &at]);
        assert!(mount.stdout(Stdio::null()).status().unwrap().success());
        Self(at)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Busy for as long as a program that another test just started holds a copy of an open file of ours.
        let unmounted = (0..100).any(|_| {
            let ended = Command::new("fusermount").arg("-u").arg(&self.0).output();
            let done = ended.is_ok_and(|output| output.status.success());
            if !done {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            done
        });
        assert!(unmounted, "{} stays mounted", self.0.display());
    }
}

/// Returns where that page of `content` lies in a volume that is the last one there.
fn last_page(volume: &[u8], content: &[u8]) -> usize {
    let wanted: BTreeSet<&[u8]> = content.chunks(4096).collect();
    let mut pages = volume.chunks(4096).enumerate();
    let last = pages.rfind(|(_, page)| wanted.contains(page));
    last.unwrap().0.saturating_mul(4096)
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_left_out_by_name_and_the_rest_is_proven() {
    if !["mkntfs", "ntfs-3g", "fusermount"].into_iter().all(has) {
        return;
    }
    let place = Place::new();
    let volume = place.path("source.ntfs");
    fs::File::create_new(&volume)
        .unwrap()
        .set_len(48 << 20)
        .unwrap();
    let mut make = Command::new("mkntfs");
    make.args(["-q", "-Q", "-F", text(&volume)]);
    assert!(make.stderr(Stdio::null()).status().unwrap().success());
    let contents = [("one", noise(1, 9 << 20)), ("two", noise(2, 9 << 20))];
    {
        let mounted = Mounted::new(&volume, place.source(), "rw");
        for (name, content) in &contents {
            fs::write(mounted.0.join(name), content).unwrap();
        }
    }
    let bytes = fs::read(&volume).unwrap();
    let ends = contents.map(|(name, content)| (last_page(&bytes, &content), name));
    let (end, bad) = *ends.iter().max().unwrap();
    let _mounted = Mounted::new(&volume, place.source(), "ro");
    let end = u64::try_from(end).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&volume).unwrap();
    file.set_len(end).unwrap();

    let image = place.drive("EIO1", "80MB");
    let (code, report) = place.prepare("bad-disk", &image, &[]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"incomplete".into()),
        "{report}"
    );
    let drive = &report["drives"][0];
    assert_eq!(drive["files"], 1, "{report}");
    assert_eq!(
        drive["left_out"],
        serde_json::json!([{"path": bad, "reason": "read-failed"}])
    );
    let journal = place.journal("EIO1");
    let verify = [
        "verify",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
    ];
    let (code, report) = json(&verify);
    assert_eq!((code, &report["files"]), (0, &1.into()), "{report}");
    let listed = fs::read_to_string(place.journals().join("EIO1.left-out.csv")).unwrap();
    assert!(
        listed.contains(&format!("\"{bad}\",9437184,read-failed")),
        "{listed}"
    );
}
