//! S7: what the user part can do, and what it cannot, each with real rights and a real loop device.
//!
//! The user part is this test program once more, started by the root part as a person without rights: the tests below
//! that begin with `as_user_` are its side, and do nothing when they are run by themselves.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agent::device::{AlignedBuffer, DriveInfo, DriveKind};
use agent::root_part::{
    Channel, Descriptors, Keeper, Person, Reading, RootPart, RootPartError, Said, enter, pair,
    start,
};

use super::support::{NOBODY, is_root, new_drive, text, wait_until};

/// Tells the child which drive is meant; the child cannot do anything with it but compare.
const DRIVE: &str = "ARGOSY_TEST_DRIVE";
/// And one beside it that the command line does not name.
const UNNAMED: &str = "ARGOSY_TEST_UNNAMED";
/// Its serial.
const SERIAL: &str = "ARGOSY_TEST_SERIAL";

/// A loop device for root alone; detached when it is dropped.
pub(crate) struct Loop(pub(crate) PathBuf);

impl Loop {
    pub(crate) fn over(image: &Path) -> Option<Self> {
        let output = Command::new("losetup")
            .args(["-f", "--show", text(image)])
            .output();
        match output {
            Ok(output) if output.status.success() => {
                let node = String::from_utf8(output.stdout).unwrap();
                Some(Self(node.trim().into()))
            }
            other => {
                println!("skipped: no loop device: {other:?}");
                None
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(Command::new("losetup").arg("-d").arg(&self.0).status());
    }
}

fn person(reading: Reading) -> Person {
    Person {
        uid: NOBODY,
        gid: NOBODY,
        groups: vec![NOBODY],
        reading,
    }
}

/// Runs one of the tests below as the user part, over a drive of root's; returns whether it went well.
fn as_user(name: &str, reading: Reading) {
    as_user_beside(name, reading, None);
}

/// The same, with a drive of root's beside it that the command line does not name.
fn as_user_beside(name: &str, reading: Reading, unnamed: Option<&Path>) {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Tests run beside each other, and two drives of one serial are refused.
    let serial = format!("{}{}4711", name.to_uppercase(), std::process::id());
    let image = new_drive(folder.path(), &serial, "80MB");
    let Some(drive) = Loop::over(&image) else {
        return;
    };
    let program = folder.path().join("user_part");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    // Somebody without rights has to reach the program; the drive stays root's.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let mut command = Command::new(&program);
    command
        .args([&format!("root_part::{name}"), "--exact", "--nocapture"])
        .args(["--include-ignored", "--test-threads=1"])
        .env(DRIVE, &drive.0)
        .env(SERIAL, &serial)
        .env(UNNAMED, unnamed.unwrap_or(Path::new("")))
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (child, channel) = start(command, &person(reading)).unwrap();
    let keeper = Keeper::new(channel, vec![drive.0.clone()]);
    let heard = keeper.run();
    let output = child.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    if name == "as_user_nonsense_ends_the_talk" {
        assert!(
            matches!(heard, Err(RootPartError::Nonsense(_))),
            "{heard:?}"
        );
    } else {
        heard.unwrap();
    }
    // Whatever it held is let go. (A child of another test, between fork and exec, may have it for a moment.)
    let alone = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::EXCL;
    wait_until("the drive is let go", || {
        rustix::fs::open(&drive.0, alone, rustix::fs::Mode::empty()).is_ok()
    });
}

/// Returns the way to the root part and the drive's path; `None` when nobody started us for that.
fn entered() -> Option<(RootPart, PathBuf)> {
    let drive = std::env::var_os(DRIVE)?;
    Some((enter().unwrap(), drive.into()))
}

fn serial() -> String {
    std::env::var(SERIAL).unwrap()
}

fn erase() -> Said {
    Said::Erase(serial())
}

#[test]
fn s7_the_user_part_has_no_rights_and_gets_none_back() {
    as_user("as_user_there_are_no_rights", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_there_are_no_rights() {
    let Some((_root_part, drive)) = entered() else {
        return;
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let nobody = NOBODY.to_string();
    assert_eq!(line("Uid:"), [nobody.as_str(); 4].join(" "));
    assert_eq!(line("Gid:"), [nobody.as_str(); 4].join(" "));
    assert_eq!(line("Groups:"), nobody);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(line(set), "0000000000000000", "{set}");
    }
    assert_eq!(line("NoNewPrivs:"), "1");
    for flags in [rustix::fs::OFlags::RDONLY, rustix::fs::OFlags::RDWR] {
        let opened = rustix::fs::open(&drive, flags, rustix::fs::Mode::empty());
        assert_eq!(opened.unwrap_err(), rustix::io::Errno::ACCESS);
    }
    assert!(File::open("/etc/shadow").is_err());
    // Not even a program that gives root to everybody gives it to us.
    let id = Command::new("su")
        .args(["-c", "id -u"])
        .stdin(Stdio::null())
        .output();
    assert!(id.is_err() || !id.unwrap().stdout.starts_with(b"0"));
}

#[test]
fn s7_reading_as_root_is_reading_and_nothing_else() {
    as_user("as_user_root_is_for_reading", Reading::AsRoot);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_root_is_for_reading() {
    let Some((_root_part, drive)) = entered() else {
        return;
    };
    assert!(File::open("/etc/shadow").is_ok());
    assert!(File::options().append(true).open("/etc/shadow").is_err());
    assert!(File::options().write(true).open(&drive).is_err());
    assert!(std::fs::write("/etc/argosy-test", "").is_err());
    assert!(rustix::thread::set_thread_uid(rustix::process::Uid::ROOT).is_err());
}

#[test]
fn s7_a_confirmed_drive_is_written_through_its_descriptor() {
    as_user("as_user_a_drive_is_written", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_a_drive_is_written() {
    let Some((root_part, path)) = entered() else {
        return;
    };
    let drives = root_part.list().unwrap();
    let drive = drives.iter().find(|drive| drive.info.path == path).unwrap();
    assert_eq!(drive.info.serial, serial());
    root_part
        .confirm(drive.drive, &drive.info, erase())
        .unwrap();
    let opened = root_part.open(drive.drive).unwrap();
    opened.buffered.write_all_at(&[7; 4096], 1 << 20).unwrap();
    opened.buffered.sync_data().unwrap();
    root_part.forget_partitions(drive.drive).unwrap();
    let mut back = AlignedBuffer::zeroed(4096);
    let direct = opened.direct.expect("a loop device is read past the cache");
    direct.read_exact_at(&mut back, 1 << 20).unwrap();
    assert!(back.iter().all(|byte| *byte == 7));
    assert_eq!(
        root_part.identify(drive.drive, None).unwrap().serial,
        serial()
    );
    // It is held: a second confirmation is refused, and so is a second descriptor.
    assert!(matches!(
        root_part.confirm(drive.drive, &drive.info, erase()),
        Err(RootPartError::Refused(_))
    ));
    assert!(matches!(
        root_part.open(drive.drive),
        Err(RootPartError::Refused(_))
    ));
    root_part.close(drive.drive).unwrap();
    assert!(matches!(
        root_part.forget_cache(drive.drive),
        Err(RootPartError::Refused(_))
    ));
}

#[test]
fn s7_no_drive_without_the_right_words_and_none_that_was_not_listed() {
    as_user("as_user_every_other_drive_is_refused", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_every_other_drive_is_refused() {
    use agent::root_part::DriveNumber;
    let Some((root_part, path)) = entered() else {
        return;
    };
    let refused = |done: Result<Descriptors, RootPartError>| {
        assert!(matches!(done, Err(RootPartError::Refused(_))), "{done:?}");
    };
    // Before any list there is no drive at all.
    refused(root_part.open(DriveNumber(1)));
    let drives = root_part.list().unwrap();
    let drive = drives.iter().find(|drive| drive.info.path == path).unwrap();
    let (drive, seen) = (drive.drive, &drive.info);
    refused(root_part.open(drive));
    let unknown = root_part.identify(DriveNumber(u32::MAX), None);
    assert!(
        matches!(unknown, Err(RootPartError::Refused(_))),
        "{unknown:?}"
    );
    for said in [
        Said::Erase("ROOT4712".into()),
        Said::Erase(String::new()),
        Said::LastFour("4712".into()),
        Said::LastFour("711".into()),
        Said::BlankImage,
    ] {
        let confirmed = root_part.confirm(drive, seen, said);
        assert!(
            matches!(confirmed, Err(RootPartError::Refused(_))),
            "{confirmed:?}"
        );
        refused(root_part.open(drive));
    }
    refused(root_part.open(DriveNumber(u32::MAX)));
    // Every drive that may not be erased is refused by the lowest layer, whatever is said about it.
    for other in drives.iter().filter(|other| !other.info.erasable) {
        let whole = Said::Erase(other.info.serial.clone());
        // Nor when it is said to have been seen as one that may be.
        let open = DriveInfo {
            erasable: true,
            reasons: Vec::new(),
            ..other.info.clone()
        };
        for seen in [&other.info, &open] {
            let confirmed = root_part.confirm(other.drive, seen, whole.clone());
            // What others attach and detach beside this test may have lost its reason by now.
            let now = root_part.identify(other.drive, None);
            let is_locked = now.is_ok_and(|now| !now.erasable);
            assert!(confirmed.is_err() || !is_locked, "{other:?}");
            // A drive of others is not even opened: the next list makes that word void.
            if confirmed.is_err() {
                refused(root_part.open(other.drive));
            }
        }
    }
    // A number of an old list is nobody's, also right after it was confirmed.
    root_part.confirm(drive, seen, erase()).unwrap();
    root_part.list().unwrap();
    refused(root_part.open(drive));
    // A confirmation counts once.
    let drives = root_part.list().unwrap();
    let drive = drives
        .iter()
        .find(|drive| drive.info.path == path)
        .unwrap()
        .drive;
    root_part.confirm(drive, seen, erase()).unwrap();
    drop(root_part.open(drive).unwrap());
    root_part.close(drive).unwrap();
    refused(root_part.open(drive));
}

#[test]
fn s7_a_drive_that_the_job_reads_from_is_refused_by_the_root_part() {
    as_user("as_user_a_drive_that_is_kept_is_refused", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_a_drive_that_is_kept_is_refused() {
    let Some((root_part, path)) = entered() else {
        return;
    };
    let drives = root_part.list().unwrap();
    let drive = drives.iter().find(|drive| drive.info.path == path).unwrap();
    // The drive's own node stands for a folder on it: what is shown is an open descriptor of it.
    let kept = [PathBuf::from("/"), path.clone()];
    let taken = root_part.take(&drive.info, erase(), &kept);
    match taken {
        Err(RootPartError::Refused(why)) => assert!(why.contains(text(&path)), "{why}"),
        taken => panic!("{taken:?}"),
    }
    // What was shown counts for one confirmation.
    let (number, _) = root_part.take(&drive.info, erase(), &kept[..1]).unwrap();
    root_part.close(number).unwrap();
}

#[test]
fn s7_what_root_holds_is_held_until_the_user_part_closes_it_too() {
    as_user("as_user_the_hold_is_in_the_descriptor", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_the_hold_is_in_the_descriptor() {
    let Some((root_part, path)) = entered() else {
        return;
    };
    let drives = root_part.list().unwrap();
    let drive = drives.iter().find(|drive| drive.info.path == path).unwrap();
    let (number, opened) = root_part.take(&drive.info, erase(), &[]).unwrap();
    root_part.close(number).unwrap();
    let reasons = root_part.describe(&path, None).unwrap().unwrap().reasons;
    let again = root_part.take(&drive.info, erase(), &[]);
    assert!(
        matches!(again, Err(RootPartError::Refused(_))),
        "{again:?} {reasons:?}"
    );
    drop(opened);
    let (number, _) = root_part.take(&drive.info, erase(), &[]).unwrap();
    root_part.close(number).unwrap();
}

#[test]
fn s7_a_drive_is_read_only_when_the_command_line_names_it_or_it_is_sealed() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let serial = format!("UNNAMED{}", std::process::id());
    let Some(unnamed) = Loop::over(&new_drive(folder.path(), &serial, "80MB")) else {
        return;
    };
    let name = "as_user_only_a_named_drive_is_read";
    as_user_beside(name, Reading::AsPerson, Some(&unnamed.0));
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_only_a_named_drive_is_read() {
    let Some((root_part, path)) = entered() else {
        return;
    };
    let (info, opened) = root_part.read(&path).unwrap().unwrap();
    assert_eq!(info.serial, serial());
    assert!(
        opened.buffered.write_at(&[1], 0).is_err(),
        "it was opened for reading"
    );
    opened.buffered.read_exact_at(&mut [0; 512], 0).unwrap();
    let unnamed = PathBuf::from(std::env::var_os(UNNAMED).unwrap());
    let mut has_refused_it = false;
    for other in root_part.list().unwrap() {
        let is_it = other.info.path == unnamed;
        // Those of other tests may be sealed meanwhile.
        let is_theirs = !is_it && matches!(other.info.kind, DriveKind::LoopDevice { .. });
        if !is_theirs && !other.info.contents.is_sealed() {
            let read = root_part.read(&other.info.path);
            assert!(matches!(read, Err(RootPartError::Refused(_))), "{read:?}");
            has_refused_it |= is_it;
        }
    }
    assert!(has_refused_it, "the drive beside it is listed");
}

#[test]
fn s7_nonsense_from_the_user_part_ends_the_talk() {
    as_user("as_user_nonsense_ends_the_talk", Reading::AsPerson);
}

#[test]
#[ignore = "the user part of a test above"]
fn as_user_nonsense_ends_the_talk() {
    use rustix::net::{SendFlags, send};
    if std::env::var_os(DRIVE).is_none() {
        return;
    }
    let socket = rustix::io::dup(std::io::stdin()).unwrap();
    let root_part = enter().unwrap();
    root_part.list().unwrap();
    let path = br#"{"ask":"open","path":"/dev/sda"}"#;
    send(&socket, path, SendFlags::NOSIGNAL).unwrap();
    assert!(matches!(root_part.list(), Err(RootPartError::Gone)));
}

#[test]
fn s7_messages_that_are_no_messages_are_not_believed() {
    use rustix::net::{SendFlags, send};
    for bytes in [&b"x"[..], b"{}", b"[1,2]", b"\0\0\0\0", &[b' '; 200_000]] {
        let (ours, theirs) = pair().unwrap();
        // Too long for a packet is refused by the kernel already.
        if send(&theirs, bytes, SendFlags::NOSIGNAL).is_err() {
            continue;
        }
        drop(theirs);
        let heard = Keeper::new(ours, Vec::new()).run();
        assert!(
            matches!(heard, Err(RootPartError::Nonsense(_))),
            "{heard:?}"
        );
    }
    let (ours, theirs) = pair().unwrap();
    drop(theirs);
    assert!(
        Keeper::new(ours, Vec::new()).run().is_ok(),
        "an end is an end"
    );
}

#[test]
fn s7_where_the_root_part_ended_nothing_is_done() {
    let (ours, theirs) = pair().unwrap();
    let root_part = RootPart::new(Channel::new(theirs));
    drop(ours);
    assert!(matches!(root_part.list(), Err(RootPartError::Gone)));
}

#[test]
fn s7_a_person_of_roots_own_groups_is_no_user_part() {
    assert!(Person::of(0, Reading::AsPerson).is_err());
    assert!(Person::of(u32::MAX - 7, Reading::AsPerson).is_err());
    if let Ok(nobody) = Person::of(NOBODY, Reading::AsPerson) {
        assert_eq!((nobody.uid, nobody.groups.contains(&0)), (NOBODY, false));
    }
}
