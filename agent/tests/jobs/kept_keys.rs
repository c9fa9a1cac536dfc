//! A drive that is encrypted already keeps its keys and gets a new file system.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::support::{Place, argosy, json, noise, password, text, tree};

const SERIAL: &str = "KEPT-1";
const MIB: usize = 1 << 20;
/// How often a process is killed in all.
const KILLS: usize = 40;

/// A drive that was filled before, and the rows that say to keep its keys.
struct Filled {
    place: Place,
    image: PathBuf,
    rows: PathBuf,
    before: Vec<u8>,
    password: String,
}

fn filled() -> Filled {
    let place = Place::new();
    place.file("old", &noise(3, 3 * MIB));
    let image = place.drive(SERIAL, "100MB");
    let (code, said) = place.prepare("first-1", &image, &[]);
    assert_eq!(code, 0, "{said}");
    let password = password(&place.journal(SERIAL));
    fs::remove_dir_all(place.source()).unwrap();
    for number in 0..60_u64 {
        let length = usize::try_from(number).unwrap().saturating_mul(173);
        place.file(&format!("small/{number}"), &noise(number, length));
    }
    place.file("large", &noise(100, 9 * MIB));
    let before = fs::read(&image).unwrap();
    let rows = rows(&place, &image, &password);
    Filled {
        place,
        image,
        rows,
        before,
        password,
    }
}

fn rows(place: &Place, image: &Path, key: &str) -> PathBuf {
    let rows = place.path("drives.csv");
    let header = "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";
    let row = format!("{},Format,SilentMode,AlreadyEncrypted,{key}", text(image));
    fs::write(&rows, format!("{header}\n{row}\n")).unwrap();
    rows
}

impl Filled {
    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (source, journals) = (self.place.source(), self.place.journals());
        let mut arguments = vec!["prepare", "--session", "kept-1"];
        arguments.extend(["--journal-dir", text(&journals), "--source", text(&source)]);
        arguments.extend(["--to", "film/reels/", "--driveset", text(&self.rows)]);
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }

    fn prepare(&self, more: &[&str]) -> (i32, serde_json::Value) {
        let arguments = self.arguments(more);
        json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn refused(&self, more: &[&str], code: i32, words: &str) {
        let arguments = self.arguments(more);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = argosy(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{said}");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(!said.contains(&self.password), "{said}");
        assert!(fs::read(&self.image).unwrap() == self.before, "{words}");
    }

    /// Returns the volume's three information areas and what is around it.
    fn stays(&self, image: &[u8]) -> Vec<Vec<u8>> {
        let end = self.before.len();
        let mut stays = vec![image[..MIB].to_vec(), image[end - 33 * 512..].to_vec()];
        for number in 0..3 {
            let from = MIB + 0xb0 + number * 8;
            let place = u64::from_le_bytes(self.before[from..from + 8].try_into().unwrap());
            let area = MIB + usize::try_from(place).unwrap();
            assert_eq!(image[area..area + 8], *b"-FVE-FS-");
            stays.push(image[area..area + 65_536].to_vec());
        }
        stays
    }

    fn is_finished(&self) {
        let journal = self.place.journal(SERIAL);
        assert_eq!(password(&journal), self.password);
        let (code, said) = json(&["journal", "check", text(&journal)]);
        assert_eq!((code, &said["verdict"]), (0, &"valid".into()), "{said}");
        let drive = text(&self.image);
        let (code, said) = json(&["verify", "--drive", drive, "--journal", text(&journal)]);
        assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
        let image = fs::read(&self.image).unwrap();
        assert!(self.stays(&image) == self.stays(&self.before));
        assert!(image[MIB..MIB + 8192] == self.before[MIB..MIB + 8192]);
        assert!(image != self.before);
    }
}

#[test]
fn a_drive_that_is_encrypted_already_keeps_its_keys_and_holds_the_new_files() {
    let filled = filled();
    let (code, said) = filled.prepare(&["--erase", SERIAL, "--wipe"]);
    assert_eq!((code, &said["verdict"]), (0, &"verified".into()), "{said}");
    filled.is_finished();
    let home = filled.place.path("home");
    let key = filled.place.key(SERIAL);
    let drive = text(&filled.image);
    let (code, said) = json(&[
        "unpack",
        "--drive",
        drive,
        "--key-file",
        text(&key),
        "--to",
        text(&home),
    ]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(tree(&home.join("kept-1")), tree(&filled.place.source()));
}

#[test]
fn a_drive_whose_keys_cannot_stay_is_refused_and_left_as_it_is() {
    let mut filled = filled();
    let keep = ["--keep-free-space", "--erase", SERIAL];
    filled.refused(&["--keep-free-space"], 3, "--erase");
    filled.refused(&["--erase", SERIAL], 3, "--keep-free-space");
    filled.refused(&[&keep[..], &["--check", "full"]].concat(), 2, "full check");
    let keys = filled.place.path("keys");
    filled.refused(&[&keep[..], &["--bek", text(&keys)]].concat(), 2, "--bek");
    let wrong = "042647-302313-590458-071500-554323-116567-412181-516978";
    filled.rows = rows(&filled.place, &filled.image, wrong);
    filled.refused(&keep, 3, "does not open");
    filled.rows = rows(&filled.place, &filled.image, &filled.password);
    // One damaged copy of the keys: Windows would repair it, and nobody else knows how.
    let area = MIB + 33 * MIB + 300;
    filled.before[area] ^= 1;
    fs::write(&filled.image, &filled.before).unwrap();
    filled.refused(&keep, 3, "information area");
    filled.before.fill(0);
    fs::write(&filled.image, &filled.before).unwrap();
    filled.refused(&keep, 3, "cannot be kept");
}

#[test]
fn without_the_journal_that_has_its_keys_a_drive_is_not_gone_on_with() {
    let filled = filled();
    let (code, said) = filled.prepare(&["--erase", SERIAL, "--keep-free-space"]);
    assert_eq!(code, 0, "{said}");
    let journals = filled.place.journals();
    fs::remove_file(filled.place.journal(SERIAL)).unwrap();
    let now = fs::read(&filled.image).unwrap();
    let session = ["--session", "kept-1", "--journal-dir", text(&journals)];
    let output = argosy(&[&["resume"], &session[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no journal here has them"), "{said}");
    assert!(fs::read(&filled.image).unwrap() == now);
    let (code, said) = filled.prepare(&["--erase", SERIAL, "--keep-free-space"]);
    assert_eq!(code, 0, "{said}");
    filled.is_finished();
}

#[test]
fn its_plan_holds_what_is_kept_before_the_drive_is_touched_and_no_key() {
    let filled = filled();
    let (code, said) = filled.prepare(&["--erase", SERIAL, "--keep-free-space"]);
    assert_eq!(code, 0, "{said}");
    let plan = fs::read_to_string(filled.place.journals().join("kept-1.plan")).unwrap();
    assert!(plan.contains("\"kept\":{") && !plan.contains(&filled.password));
}

#[test]
fn a_drive_that_keeps_its_keys_is_finished_whenever_its_process_is_killed() {
    let filled = filled();
    let more = ["--erase", SERIAL, "--keep-free-space"];
    let journals = filled.place.journals();
    let session = ["--session", "kept-1", "--journal-dir", text(&journals)];
    let resume: Vec<String> = std::iter::once("resume")
        .chain(session)
        .map(str::to_owned)
        .collect();
    fs::remove_dir_all(&journals).unwrap();
    let begun = Instant::now();
    assert!(start(&filled.arguments(&more)).wait().unwrap().success());
    let whole = begun.elapsed();
    let (mut kills, mut resumed) = (0_usize, 0_usize);
    let mut draw = noise(78, KILLS * 64).into_iter();
    while kills < KILLS {
        fs::remove_dir_all(&journals).unwrap();
        fs::write(&filled.image, &filled.before).unwrap();
        let mut next = filled.arguments(&more);
        loop {
            let mut child = start(&next);
            let moment = u16::from_le_bytes([draw.next().unwrap(), draw.next().unwrap()]);
            std::thread::sleep(whole.mul_f64(f64::from(moment) / f64::from(u16::MAX)));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{next:?}: {status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            let image = fs::read(&filled.image).unwrap();
            assert!(filled.stays(&image) == filled.stays(&filled.before));
            if has_key(&filled.place) {
                next.clone_from(&resume);
                resumed += 1;
            } else {
                // Its key is nowhere of ours yet, so nothing was touched, and it is begun again.
                assert!(image == filled.before);
                if journals.is_dir() {
                    fs::remove_dir_all(&journals).unwrap();
                }
                next = filled.arguments(&more);
            }
        }
        filled.is_finished();
    }
    println!("{kills} kills, {resumed} of them resumed");
    assert!(resumed * 4 > kills, "only {resumed} of {kills}");
}

fn has_key(place: &Place) -> bool {
    fs::read(place.journal(SERIAL)).is_ok_and(|bytes| {
        shared::journal::replay(&bytes).is_ok_and(|replay| replay.recovery_password.is_some())
    })
}

fn start(arguments: &[String]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argosy"));
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
