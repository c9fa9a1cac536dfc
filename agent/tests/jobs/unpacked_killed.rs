//! `unpack` with the real binary, killed while it copies and run again.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bitlocker_image::Credential;
use ntfs_image::read::Volume;
use sha2::Digest;
use shared::verify::open_drive;

use super::support::{Place, has, json, noise, text};

const SERIAL: &str = "BACK-1";
const SESSION: &str = "back-1";

/// A finished drive with thousands of small files, some longer ones, and one so long that it is gone
/// on with in the middle.
fn filled(place: &Place, long: usize) -> PathBuf {
    for number in 0..4500_u64 {
        let folder = number / 500;
        let length = usize::try_from(number * 7919 % 4000).unwrap();
        place.file(&format!("small {folder}/{number}"), &noise(number, length));
    }
    for number in 0..6_u64 {
        place.file(&format!("deep/er/{number}"), &noise(number, (5 << 20) + 77));
    }
    place.file("long", &noise(99, long));
    fs::create_dir_all(place.source().join("empty folder")).unwrap();
    let image = place.drive(SERIAL, "400MB");
    let (code, said) = place.prepare(SESSION, &image, &["--no-verify"]);
    assert_eq!(code, 0, "{said}");
    image
}

struct Unpack {
    arguments: Vec<String>,
    home: PathBuf,
}

impl Unpack {
    fn new(place: &Place, image: &Path) -> Self {
        let (home, key) = (place.path("home"), place.key(SERIAL));
        let arguments = ["unpack", "--drive", text(image), "--key-file", text(&key)];
        let arguments = arguments.into_iter().chain(["--to", text(&home)]);
        let arguments = arguments.map(str::to_owned).collect();
        Self { arguments, home }
    }

    fn start(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argosy"));
        command.args(&self.arguments).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn to_the_end(&self) {
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        let (code, said) = json(&arguments);
        assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    }

    /// Returns the state's text, when there is one.
    fn state(&self) -> String {
        let folders = fs::read_dir(self.home.join(".argosy"));
        let folder = folders.ok().and_then(|mut folders| folders.next());
        let folder = folder.and_then(Result::ok).map(|folder| folder.path());
        let state = folder.and_then(|folder| fs::read(folder.join("home.state")).ok());
        String::from_utf8_lossy(&state.unwrap_or_default()).into_owned()
    }

    /// Returns what tells a file that was written anew: inode and the time of its last change.
    fn marks(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let mut marks = BTreeMap::new();
        let mut folders = vec![self.home.join(SESSION)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap();
                let facts = entry.metadata().unwrap();
                if facts.is_dir() {
                    folders.push(entry.path());
                } else {
                    let mark = (facts.ino(), facts.ctime(), facts.ctime_nsec());
                    marks.insert(entry.path(), mark);
                }
            }
        }
        marks
    }
}

fn diff(one: &Path, other: &Path) {
    if has("diff") {
        let output = Command::new("diff")
            .args(["-r", text(one), text(other)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn an_unpack_killed_at_any_moment_is_gone_on_with_and_copies_nothing_twice() {
    let place = Place::new();
    let image = filled(&place, 128 << 20);
    let unpack = Unpack::new(&place, &image);
    let mut draw = noise(5, 400).into_iter();
    let (mut kills, mut kept, mut gone_on) = (0, 0, false);
    let mut state_bytes = 0;
    // Until both a file that is home and a long one in part were noted before a kill.
    for round in 0..80 {
        if kills >= 12 && kept > 0 && gone_on {
            break;
        }
        let before = unpack.marks();
        let noted = unpack.state();
        let mut child = unpack.start();
        let begun = Instant::now();
        let pause = Duration::from_millis(u64::from(draw.next().unwrap()) * 6);
        // Every other time at any moment, else once more was noted.
        while round % 2 == 1 && unpack.state().len() <= state_bytes {
            if child.try_wait().unwrap().is_some() || begun.elapsed() > Duration::from_secs(60) {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(if round % 2 == 1 { pause / 10 } else { pause });
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            diff(&place.source(), &unpack.home.join(SESSION));
            fs::remove_dir_all(&unpack.home).unwrap();
            state_bytes = 0;
            continue;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        state_bytes = unpack.state().len();
        gone_on |= noted.contains("\"part\"");
        let after = unpack.marks();
        let written_again = before
            .iter()
            .filter(|(path, mark)| after.get(*path) != Some(mark));
        assert_eq!(written_again.count(), 0);
        kept = kept.max(before.len());
        // No file has its name before it is whole.
        for path in after.keys() {
            let below = path.strip_prefix(unpack.home.join(SESSION)).unwrap();
            let source = place.source().join(below);
            assert_eq!(
                fs::metadata(path).unwrap().len(),
                fs::metadata(source).unwrap().len()
            );
        }
    }
    println!("{kills} kills; up to {kept} files home before one; a part gone on with: {gone_on}");
    assert!(kept > 0 && gone_on, "no kill came when something was noted");
    let before = unpack.marks();
    unpack.to_the_end();
    let after = unpack.marks();
    assert!(
        before
            .iter()
            .all(|(path, mark)| after.get(path) == Some(mark))
    );
    diff(&place.source(), &unpack.home.join(SESSION));
    assert!(!unpack.home.join(".argosy").exists());
}

/// Serial of the volume, and when `long` was changed, as the state has both.
fn facts(image: &Path, key: &Path) -> (u64, u64) {
    let disk = fs::read(image).unwrap();
    let key = fs::read_to_string(key).unwrap();
    let credential = Credential::RecoveryPassword(key.parse().unwrap());
    let opened = open_drive(&disk, &credential).unwrap();
    let volume = Volume::open(&opened).unwrap();
    let entry = volume.find(&format!("\\{SESSION}\\long")).unwrap().unwrap();
    let modified = volume.open_file(entry.id).unwrap().modified();
    (volume.serial(), modified.0)
}

/// How much of `long` is durable.
const THROUGH: usize = 21 << 20;

/// A finished drive with nothing but `long`.
fn filled_with_long(place: &Place) -> PathBuf {
    place.file("long", &noise(99, 70 << 20));
    let image = place.drive(SERIAL, "120MB");
    let (code, said) = place.prepare(SESSION, &image, &["--no-verify"]);
    assert_eq!(code, 0, "{said}");
    image
}

/// Leaves a part of `long`, of which the `blob` is this, in a side folder, as a run that was killed does.
fn leave_part(side: &Path, (serial, modified): (u64, u64), blob: &str, proven: bool, part: &[u8]) {
    fs::create_dir_all(side.join("parts")).unwrap();
    let key = format!("\\{SESSION}\\long\u{0}{blob}");
    let digest = sha2::Sha256::digest(key.as_bytes());
    let name: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    fs::write(side.join("parts").join(name), part).unwrap();
    let records = [
        serde_json::json!({"begun": {"version": 1, "volume": serial}}),
        serde_json::json!({"part": {"key": key, "modified": modified, "through": THROUGH, "proven": proven}}),
    ];
    let lines = records.map(|record| {
        let json = record.to_string();
        format!("{json} {:08x}\n", crc32fast::hash(json.as_bytes()))
    });
    let state = lines.concat() + "{\"part\":{\"torn";
    fs::write(side.join("home.state"), state).unwrap();
}

#[test]
fn what_is_durable_of_a_long_file_is_not_copied_again_and_what_was_torn_is() {
    let place = Place::new();
    let image = filled_with_long(&place);
    let unpack = Unpack::new(&place, &image);
    let facts = facts(&image, &place.key(SERIAL));
    let side = unpack
        .home
        .join(".argosy")
        .join(format!("{:016x}", facts.0));
    let content = fs::read(place.source().join("long")).unwrap();
    // As a power cut leaves it: torn behind what is durable. The first byte tells whether the durable
    // part was read from the drive again; the last whole range ends at 20 MiB.
    let mut part = content[..THROUGH].to_vec();
    part[0] ^= 1;
    part[(20 << 20) + 5] ^= 1;
    part.resize(content.len(), 0x55);
    leave_part(&side, facts, "", true, &part);
    unpack.to_the_end();
    let mut expected = content;
    expected[0] ^= 1;
    assert!(fs::read(unpack.home.join(SESSION).join("long")).unwrap() == expected);
}

#[test]
fn a_part_that_is_begun_anew_is_noted_so_before_it_goes() {
    let place = Place::new();
    let image = filled_with_long(&place);
    let home = place.path("home");
    let side = home.join(".argosy").join(SERIAL);
    let facts = facts(&image, &place.key(SERIAL));
    // Copied when nothing proved it, so that this run does not go on with it.
    leave_part(&side, facts, "film/reels/long", false, &[0x55; 70 << 20]);
    let key = place.key(SERIAL);
    let from = ["receive", "--drive", text(&image), "--keys", text(&key)];
    let (code, said) = json(&[&from[..], &["--to", text(&home)]].concat());
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    let state = fs::read_to_string(side.join("home.state")).unwrap();
    let of_long = state.lines().filter(|line| line.contains("long"));
    let said: Vec<(bool, Option<u64>)> = of_long
        .map(|line| {
            let (json, _) = line.rsplit_once(' ').unwrap();
            let record: serde_json::Value = serde_json::from_str(json).unwrap();
            (record["home"].is_null(), record["part"]["through"].as_u64())
        })
        .collect();
    let through = u64::try_from(THROUGH).unwrap();
    assert_eq!(
        said[..2],
        [(true, Some(through)), (true, Some(0))],
        "{state}"
    );
    assert_eq!(said.last(), Some(&(false, None)), "{state}");
    let content = fs::read(place.source().join("long")).unwrap();
    assert!(fs::read(home.join("film/reels/long")).unwrap() == content);
}
