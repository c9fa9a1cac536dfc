//! Real folders, and a file system of their own where mounting is allowed.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::*;

fn with_threads(threads: usize) -> ScanOptions {
    ScanOptions {
        threads,
        ..ScanOptions::default()
    }
}

fn paths(report: &ScanReport) -> Vec<String> {
    report.entries.iter().map(|entry| entry.path()).collect()
}

fn skipped(report: &ScanReport) -> Vec<(&str, &SkippedReason)> {
    report
        .skipped
        .iter()
        .map(|skipped| (skipped.path.as_str(), &skipped.reason))
        .collect()
}

#[test]
fn folders_come_first_and_files_follow_with_their_lengths_and_times() {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("b/empty")).expect("room");
    fs::create_dir(root.path().join("a")).expect("room");
    fs::write(root.path().join("b/one"), "1").expect("room");
    fs::write(root.path().join("none"), "").expect("room");
    let file = fs::File::options()
        .write(true)
        .open(root.path().join("b/one"))
        .expect("ours");
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_700);
    file.set_modified(time).expect("ours");
    let report = scan(root.path(), &with_threads(2)).expect("there");
    assert_eq!(paths(&report)[..3], ["a", "b", "b/empty"]);
    let files: Vec<_> = report
        .entries
        .iter()
        .filter(|entry| !entry.is_folder)
        .collect();
    assert_eq!(files.len(), 2);
    let one = files
        .iter()
        .find(|file| file.path() == "b/one")
        .expect("listed");
    assert_eq!(
        (one.bytes, one.modified_seconds, one.modified_nanoseconds),
        (1, 1_000_000_000, 123_456_700)
    );
    assert!(report.skipped.is_empty() && report.crossed.is_empty());
}

#[test]
fn what_is_no_file_is_named_with_its_reason() {
    let root = tempfile::tempdir().expect("a folder");
    symlink("/etc", root.path().join("link")).expect("room");
    symlink("nothing", root.path().join("dangling")).expect("room");
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).expect("room");
    let bad = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(root.path().join(bad), "x").expect("room");
    let report = scan(root.path(), &with_threads(2)).expect("there");
    let expected = [
        ("caf\\xe9", &SkippedReason::NameNotUtf8),
        ("dangling", &SkippedReason::SymbolicLink),
        ("link", &SkippedReason::SymbolicLink),
        ("socket", &SkippedReason::Socket),
    ];
    assert_eq!(skipped(&report), expected);
    assert!(paths(&report).is_empty());
    for (tool, arguments, reason) in [
        ("mkfifo", &[][..], SkippedReason::Fifo),
        ("mknod", &["c", "1", "3"], SkippedReason::DeviceNode),
    ] {
        let path = root.path().join(tool);
        let made = Command::new(tool).arg(&path).args(arguments).status();
        if made.is_ok_and(|made| made.success()) {
            let report = scan(root.path(), &with_threads(2)).expect("there");
            assert!(skipped(&report).contains(&(tool, &reason)));
        } else {
            println!("skipped: {tool} is not there or not allowed");
        }
    }
}

#[test]
fn a_tree_12_deep_with_names_of_255_units_is_listed_and_can_be_opened() {
    let root = tempfile::tempdir().expect("a folder");
    // 255 UTF-16 units of three bytes each are more than ext4 holds; 85 fill its 255 bytes.
    let name = "漢".repeat(85);
    let mut folder = SourceRoot::open(root.path())
        .expect("there")
        .open_folder("")
        .expect("there");
    for _ in 0..20 {
        rustix::fs::mkdirat(&folder, &name, rustix::fs::Mode::RWXU).expect("room");
        let flags = rustix::fs::OFlags::DIRECTORY;
        folder =
            rustix::fs::openat(&folder, &name, flags, rustix::fs::Mode::empty()).expect("there");
    }
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    rustix::fs::openat(&folder, "film", flags, rustix::fs::Mode::RUSR).expect("room");
    let report = scan(root.path(), &with_threads(4)).expect("there");
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let file = report.entries.iter().last().expect("listed").path();
    assert_eq!(file.len(), 20 * 256 + 4);
    assert!(
        SourceRoot::open(root.path())
            .expect("there")
            .open_file(&file)
            .is_ok()
    );
    assert_eq!(paths(&report).len(), 21);
}

#[test]
fn twenty_thousand_entries_in_a_folder_are_all_there_and_two_scans_agree() {
    let root = tempfile::tempdir().expect("a folder");
    for index in 0..20_000 {
        fs::write(root.path().join(format!("file {index}")), "").expect("room");
    }
    let report = scan(root.path(), &with_threads(8)).expect("there");
    assert_eq!(paths(&report).len(), 20_000);
    let again = scan(root.path(), &with_threads(1)).expect("there");
    assert!(report.entries.iter().eq(again.entries.iter()));
}

#[test]
fn every_name_of_a_file_is_listed_and_a_sparse_file_has_its_full_length() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("one"), "x").expect("room");
    fs::hard_link(root.path().join("one"), root.path().join("two")).expect("room");
    let sparse = fs::File::create(root.path().join("sparse")).expect("room");
    sparse.set_len(5 << 30).expect("room");
    let report = scan(root.path(), &with_threads(2)).expect("there");
    assert_eq!(
        (paths(&report).len(), report.hard_linked, report.sparse),
        (3, 2, 1)
    );
    assert_eq!(
        report.entries.iter().map(|entry| entry.bytes).max(),
        Some(5 << 30)
    );
}

#[test]
fn a_file_as_source_is_listed_alone_in_its_folder() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("film"), "123").expect("room");
    fs::write(root.path().join("other"), "x").expect("room");
    let report = scan(&root.path().join("film"), &with_threads(2)).expect("there");
    assert_eq!(paths(&report), ["film"]);
    assert!(
        SourceRoot::open(&report.root)
            .expect("there")
            .open_file("film")
            .is_ok()
    );
    assert!(scan(&root.path().join("nothing"), &with_threads(2)).is_err());
    assert!(matches!(
        scan(Path::new("/dev/null"), &with_threads(2)),
        Err(ScanError::NotAFolder { .. })
    ));
}

#[test]
fn a_folder_of_another_file_system_is_named_and_entered_only_when_asked_for() {
    let root = tempfile::tempdir().expect("a folder");
    let point = root.path().join("mounted");
    fs::create_dir(&point).expect("room");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "none"])
        .arg(&point)
        .status();
    if !mounted.is_ok_and(|mounted| mounted.success()) {
        println!("skipped: mount is not allowed here");
        return;
    }
    fs::write(point.join("film"), "x").expect("room");
    let stays = scan(root.path(), &with_threads(2));
    let told = ScanOptions {
        other_file_systems: true,
        ..ScanOptions::default()
    };
    let report = scan(root.path(), &told);
    let unmounted = Command::new("umount").arg(&point).status();
    assert!(unmounted.is_ok_and(|unmounted| unmounted.success()));
    let report = report.expect("there");
    assert_eq!(report.crossed, ["mounted"]);
    assert_eq!(paths(&report), ["mounted", "mounted/film"]);
    let stays = stays.expect("there");
    assert_eq!(
        skipped(&stays),
        [("mounted", &SkippedReason::OtherFileSystem)]
    );
    assert!(paths(&stays).is_empty() && stays.crossed.is_empty());
}

#[test]
fn a_scan_counts_what_it_found_and_one_that_is_stopped_gives_no_report() {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("a/b")).expect("room");
    fs::write(root.path().join("a/one"), "1").expect("room");
    fs::write(root.path().join("a/b/two"), "22").expect("room");
    let how = with_threads(2);
    scan(root.path(), &how).expect("there");
    let done = how.watch.progress();
    assert_eq!(
        (done.files, done.bytes, done.folders, done.folders_left),
        (2, 3, 3, 0)
    );
    how.watch.cancel();
    assert_eq!(
        scan(root.path(), &how).map(|_| ()),
        Err(ScanError::Cancelled)
    );
}

#[test]
fn each_name_of_a_file_counts_and_its_content_once_beside() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("one"), "12345").expect("room");
    fs::write(root.path().join("other"), "12").expect("room");
    for name in ["two", "three"] {
        fs::hard_link(root.path().join("one"), root.path().join(name)).expect("room");
    }
    let report = scan(root.path(), &with_threads(2)).expect("there");
    let all: u64 = report.entries.iter().map(|entry| entry.bytes).sum();
    assert_eq!((all, report.unique_bytes, report.hard_linked), (17, 7, 3));
    let once = Command::new("du")
        .arg("-sb")
        .arg("--apparent-size")
        .args(["--", "."])
        .current_dir(root.path())
        .output();
    let Ok(once) = once else {
        println!("skipped: du is not there");
        return;
    };
    // du counts the folder's own length too.
    let folder = fs::metadata(root.path()).expect("there").len();
    let text = String::from_utf8_lossy(&once.stdout).into_owned();
    let counted: u64 = text
        .split_whitespace()
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    assert_eq!(counted, folder.saturating_add(report.unique_bytes));
}

/// As root, everything can be read: this test then runs itself again as nobody.
#[test]
fn what_may_not_be_read_is_named() {
    const AS_NOBODY: &str = "ARGOSY_TEST_AS_NOBODY";
    if rustix::process::geteuid().is_root() {
        let this = std::env::current_exe().expect("running");
        let test = "scan::walk::tests::what_may_not_be_read_is_named";
        let ids = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        let done = Command::new("setpriv")
            .args(ids)
            .arg(this)
            .args(["--exact", test])
            .env(AS_NOBODY, "1")
            .output();
        match done {
            Ok(done) if done.status.success() => {
                assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"))
            }
            Ok(done) if done.status.code() != Some(101) => {
                println!("skipped: nobody may not run the test")
            }
            Ok(done) => panic!("{}", String::from_utf8_lossy(&done.stdout)),
            Err(why) => println!("skipped: setpriv: {why}"),
        }
        return;
    }
    let root = tempfile::tempdir().expect("a folder");
    for name in ["closed", "open"] {
        fs::create_dir(root.path().join(name)).expect("room");
        fs::write(root.path().join(name).join("film"), "x").expect("room");
    }
    fs::set_permissions(
        root.path().join("closed"),
        fs::Permissions::from_mode(0o000),
    )
    .expect("ours");
    fs::set_permissions(
        root.path().join("open/film"),
        fs::Permissions::from_mode(0o200),
    )
    .expect("ours");
    let report = scan(root.path(), &with_threads(2)).expect("there");
    fs::set_permissions(
        root.path().join("closed"),
        fs::Permissions::from_mode(0o700),
    )
    .expect("ours");
    assert_eq!(paths(&report), ["open"]);
    let named: Vec<_> = skipped(&report).into_iter().map(|(path, _)| path).collect();
    assert_eq!(named, ["closed", "open/film"]);
    assert!(
        report
            .skipped
            .iter()
            .all(|it| matches!(it.reason, SkippedReason::Unreadable(_)))
    );
}
