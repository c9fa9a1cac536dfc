//! What all bad drives are tried with: a few files, one drive, and what must be said of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Place, json, noise, offset_of, password, text, tree};

/// Length of the drive.
pub(super) const BYTES: u64 = 68 << 20;
/// What is on its label.
pub(super) const SERIAL: &str = "BAD-1";
/// The session, and the folder on the drive.
pub(super) const SESSION: &str = "bad-1";

/// Sources and a drive's image.
pub(super) struct Bench {
    place: Place,
    /// What the drive holds.
    pub(super) image: PathBuf,
}

impl Bench {
    /// Makes files, one of them of `mib` MiB and 5 bytes, and a drive that held something before.
    pub(super) fn new(mib: usize) -> Self {
        let place = Place::new();
        let length = mib.saturating_mul(1 << 20).saturating_add(5);
        place.file("reel", &noise(3, length));
        for (number, length) in (0..20_u64).zip((0..).step_by(317)) {
            place.file(&format!("small/{number}"), &noise(number, length));
        }
        let image = place.path("bad.img");
        fs::write(&image, noise(1, usize::try_from(BYTES).unwrap())).unwrap();
        Self { place, image }
    }

    /// Makes another drive's image beside it.
    pub(super) fn image(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.place.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(super) fn source(&self) -> PathBuf {
        self.place.source()
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.place.journal(SERIAL)
    }

    /// Prepares the drive at `node` anew, whose serial cannot be read.
    pub(super) fn prepare(&self, node: &Path, more: &[&str]) -> (i32, Value) {
        drop(fs::remove_dir_all(self.place.journals()));
        let drive = format!("{}={SERIAL}", node.display());
        let more = [&["--erase", SERIAL, "--keep-free-space"], more].concat();
        self.place.prepare(SESSION, Path::new(&drive), &more)
    }

    /// Goes on with it.
    pub(super) fn resume(&self, more: &[&str]) -> (i32, Value) {
        let journals = self.place.journals();
        let resume = ["resume", "--session", SESSION, "--journal-dir"];
        json(&[&resume[..], &[text(&journals)], more].concat())
    }

    /// Returns where on the drive byte `at` of the large file lies, once the drive is whole.
    pub(super) fn reel(&self, at: u64) -> u64 {
        let key = password(&self.journal());
        offset_of(&self.image, &key, &format!("\\{SESSION}\\reel"), at)
    }

    /// Asserts that a run ended verified, and that the files that come off the drive are the
    /// source's.
    #[track_caller]
    pub(super) fn assert_verified(&self, (code, report): &(i32, Value), node: &Path) {
        assert_eq!(
            (*code, &report["verdict"]),
            (0, &"verified".into()),
            "{report}"
        );
        let (home, key) = (self.place.path("home"), self.place.key(SERIAL));
        let drive = ["unpack", "--drive", text(node), "--key-file", text(&key)];
        let (code, unpacked) = json(&[&drive[..], &["--to", text(&home)]].concat());
        assert_eq!(code, 0, "{unpacked}");
        assert_eq!(tree(&home.join(SESSION)), tree(&self.place.source()));
        fs::remove_dir_all(home).unwrap();
    }
}

/// Asserts that a run failed with one of `codes`; returns what is told about the drive.
#[track_caller]
pub(super) fn assert_failed((code, report): &(i32, Value), codes: &[i32]) -> String {
    assert!(codes.contains(code), "{code}: {report}");
    assert_eq!(report["verdict"], "failed", "{report}");
    let drive = &report["drives"][0];
    assert_eq!(
        (&drive["serial"], &drive["verdict"]),
        (&SERIAL.into(), &"failed".into())
    );
    drive["state"].as_str().unwrap().to_owned()
}

/// Asserts that a sentence names a stretch of the drive that holds `at`: "5 bytes at offset 0x10",
/// or an offset within 4 MiB before it.
#[track_caller]
pub(super) fn assert_names(sentence: &str, at: u64) {
    let (before, behind) = sentence.split_once(" at offset 0x").unwrap_or_else(|| {
        panic!("no offset: {sentence}");
    });
    let digits: String = behind.chars().take_while(char::is_ascii_hexdigit).collect();
    let start = u64::from_str_radix(&digits, 16).unwrap();
    let length = before
        .strip_suffix(" bytes")
        .and_then(|before| before.rsplit(' ').next())
        .map_or(4 << 20, |length| length.parse().unwrap());
    assert!(
        (start..start.saturating_add(length)).contains(&at),
        "{at:#x} is not meant: {sentence}"
    );
}
