//! The parallel walk.

use std::ffi::{CStr, CString};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::{Scope, ThreadPoolBuilder};
use rustix::fs::{Dir, DirEntry, FileType};
use rustix::io::Errno;
use thiserror::Error;

use super::beneath::SourceRoot;
use super::facts::{Facts, facts, may_read};
use super::options::{ScanOptions, ScanWatch};
use super::report::{Found, ScanReport, SkippedReason, VANISHED};

/// A source that could not be scanned at all.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// It is not there or may not be read.
    #[error("cannot read the source {path}: {cause}")]
    Io {
        /// The path given.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// It is neither a folder nor a file.
    #[error("the source {path} is neither a folder nor a file")]
    NotAFolder {
        /// The path given.
        path: PathBuf,
    },
    /// Its own name has no NTFS name.
    #[error("the name of the source {path} is not UTF-8, so it has no NTFS name; rename it")]
    NameNotUtf8 {
        /// The path given.
        path: PathBuf,
    },
    /// Somebody wished that it ends.
    #[error("the scan was stopped")]
    Cancelled,
}

/// Returns everything below `root`; the same tree gives the same report.
///
/// Only `root` itself may be reached through symbolic links. A `root` that is a file gives a report
/// with one file, whose root is the folder that holds it. Folders on other file systems are named, and
/// entered only when asked for. No loop is possible: links are not followed, and a folder lies in one
/// place of its file system.
///
/// # Errors
/// [`ScanError`] when `root` itself cannot be read, or the scan was stopped; anything below it that
/// cannot be read is in [`ScanReport::skipped`].
pub fn scan(root: &Path, how: &ScanOptions) -> Result<ScanReport, ScanError> {
    let io = |cause: String| ScanError::Io {
        path: root.to_owned(),
        cause,
    };
    let place = std::fs::canonicalize(root).map_err(|why| io(why.to_string()))?;
    let kind = std::fs::metadata(&place).map_err(|why| io(why.to_string()))?;
    if kind.is_file() {
        return one_file(root, &place);
    }
    if !kind.is_dir() {
        return Err(ScanError::NotAFolder {
            path: root.to_owned(),
        });
    }
    let source = SourceRoot::open(&place).map_err(|why| io(why.to_string()))?;
    let top = source
        .open_folder("")
        .map_err(|why| io(std::io::Error::from(why).to_string()))?;
    // The source itself must be readable: below it, what is not is a line in the report.
    let top = Dir::new(top).map_err(|why| io(std::io::Error::from(why).to_string()))?;
    let pool = ThreadPoolBuilder::new()
        .num_threads(how.threads.max(1))
        .build()
        .map_err(|why| io(why.to_string()))?;
    let walk = Walk {
        source,
        is_root: rustix::process::geteuid().is_root(),
        other_file_systems: how.other_file_systems,
        watch: &how.watch,
        found: Mutex::default(),
    };
    how.watch.folder_found();
    pool.scope(|scope| walk.folder(scope, String::new(), top, None));
    if how.watch.is_cancelled() {
        return Err(ScanError::Cancelled);
    }
    let found = walk
        .found
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(found.into_report(place))
}

fn one_file(root: &Path, place: &Path) -> Result<ScanReport, ScanError> {
    let io = |cause: String| ScanError::Io {
        path: root.to_owned(),
        cause,
    };
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(ScanError::NotAFolder {
            path: root.to_owned(),
        });
    };
    let name = name.to_str().ok_or_else(|| ScanError::NameNotUtf8 {
        path: root.to_owned(),
    })?;
    let source = SourceRoot::open(folder).map_err(|why| io(why.to_string()))?;
    let told = CString::new(name).map_err(|why| io(why.to_string()))?;
    let facts = source
        .open_folder("")
        .and_then(|folder| facts(std::os::fd::AsFd::as_fd(&folder), &told));
    let mut found = Found::default();
    found.add_file(
        name.to_owned(),
        &facts.map_err(|why| io(std::io::Error::from(why).to_string()))?,
    );
    Ok(found.into_report(folder.to_owned()))
}

/// A walk under way; each folder is a task.
struct Walk<'a> {
    source: SourceRoot,
    is_root: bool,
    other_file_systems: bool,
    watch: &'a ScanWatch,
    found: Mutex<Found>,
}

/// Where in the system's tree of file systems a folder is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileSystem {
    device: u64,
    mount: Option<u64>,
}

impl FileSystem {
    const fn of(facts: &Facts) -> Self {
        Self {
            device: facts.device,
            mount: facts.mount,
        }
    }

    /// Returns whether a folder below one of this file system is on another: a device of its own is not
    /// enough, since a subvolume of Btrfs has one.
    fn differs(self, below: Self) -> bool {
        let same_mount = self.mount.is_some() && self.mount == below.mount;
        self.device != below.device && !same_mount
    }
}

/// An open folder whose names are gone through.
struct Level<'a> {
    path: &'a str,
    folder: BorrowedFd<'a>,
    on: FileSystem,
}

impl Walk<'_> {
    /// Lists an open folder, and gives each folder in it a task of its own.
    fn folder<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        path: String,
        folder: Dir,
        above: Option<FileSystem>,
    ) {
        let mut here = Found::default();
        if let Err(why) = self.list(scope, &path, folder, above, &mut here) {
            here.skip(path, unreadable(why));
        }
        let (files, bytes) = here.files_and_bytes();
        self.watch.folder_done(files, bytes);
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(here);
    }

    /// Goes through the names of an open folder, unless it is on a file system that is not entered.
    fn list<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        path: &str,
        mut folder: Dir,
        above: Option<FileSystem>,
        here: &mut Found,
    ) -> rustix::io::Result<()> {
        let own = facts(folder.fd()?, c"")?;
        let on = FileSystem::of(&own);
        if above.is_some_and(|above| above.differs(on)) {
            if !self.other_file_systems {
                here.skip(path.to_owned(), SkippedReason::OtherFileSystem);
                return Ok(());
            }
            here.crossed.push(path.to_owned());
        }
        if !path.is_empty() {
            here.add_folder(path.to_owned(), &own);
        }
        let mut names = Vec::new();
        while let Some(entry) = folder.read() {
            let entry = entry?;
            if entry.file_name() != c"." && entry.file_name() != c".." {
                names.push(entry);
            }
        }
        // In the order of inodes, a disk is asked from one end to the other.
        names.sort_unstable_by_key(DirEntry::ino);
        let level = Level {
            path,
            folder: folder.fd()?,
            on,
        };
        for name in &names {
            if self.watch.is_cancelled() {
                break;
            }
            self.name(scope, &level, name.file_name(), name.file_type(), here);
        }
        Ok(())
    }

    fn name<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        level: &Level<'_>,
        name: &CStr,
        kind: FileType,
        here: &mut Found,
    ) {
        let Ok(text) = name.to_str() else {
            return here.skip(
                joined(level.path, &escaped(name)),
                SkippedReason::NameNotUtf8,
            );
        };
        let path = joined(level.path, text);
        let found = match kind {
            FileType::RegularFile | FileType::Unknown => facts(level.folder, name).map(Some),
            _ => Ok(None),
        };
        let found = match found {
            Ok(found) => found,
            Err(why) => return here.skip(path, unreadable(why)),
        };
        match (found.map_or(kind, |found| found.kind), found) {
            (FileType::RegularFile, Some(found)) => {
                match self.check_readable(level.folder, name, &found) {
                    Ok(()) => here.add_file(path, &found),
                    Err(why) => here.skip_file(path, unreadable(why), found.bytes),
                }
            }
            (FileType::Directory, _) => {
                let above = level.on;
                self.watch.folder_found();
                scope.spawn(move |scope| self.open_and_list(scope, path, above));
            }
            (kind, _) => here.skip(path, reason(kind)),
        }
    }

    fn open_and_list<'scope>(&'scope self, scope: &Scope<'scope>, path: String, above: FileSystem) {
        if self.watch.is_cancelled() {
            return;
        }
        match self.source.open_folder(&path).and_then(Dir::new) {
            Ok(folder) => self.folder(scope, path, folder, Some(above)),
            Err(why) => {
                self.watch.folder_done(0, 0);
                let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                found.skip(
                    path,
                    if why == Errno::LOOP {
                        SkippedReason::SymbolicLink
                    } else {
                        unreadable(why)
                    },
                );
            }
        }
    }

    fn check_readable(
        &self,
        folder: BorrowedFd<'_>,
        name: &CStr,
        found: &Facts,
    ) -> rustix::io::Result<()> {
        if self.is_root || found.is_open_to_all {
            Ok(())
        } else {
            may_read(folder, name)
        }
    }
}

fn reason(kind: FileType) -> SkippedReason {
    match kind {
        FileType::Symlink => SkippedReason::SymbolicLink,
        FileType::Socket => SkippedReason::Socket,
        FileType::Fifo => SkippedReason::Fifo,
        FileType::BlockDevice | FileType::CharacterDevice => SkippedReason::DeviceNode,
        _ => SkippedReason::Unreadable("it is of no kind that we know".to_owned()),
    }
}

fn unreadable(why: Errno) -> SkippedReason {
    let cause = if why == Errno::NOENT {
        VANISHED.to_owned()
    } else {
        std::io::Error::from(why).to_string()
    };
    SkippedReason::Unreadable(cause)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        let mut path =
            String::with_capacity(folder.len().saturating_add(name.len()).saturating_add(1));
        path.push_str(folder);
        path.push('/');
        path.push_str(name);
        path
    }
}

/// Returns a name that is not UTF-8 with each byte that does not belong as `\xNN`.
fn escaped(name: &CStr) -> String {
    let mut text = String::new();
    for chunk in name.to_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
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

    fn paths(report: &ScanReport) -> Vec<&str> {
        report
            .entries
            .iter()
            .map(|entry| entry.path.as_str())
            .collect()
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
            .find(|file| file.path == "b/one")
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
        let _socket =
            std::os::unix::net::UnixListener::bind(root.path().join("socket")).expect("room");
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
        assert!(report.entries.is_empty());
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
            folder = rustix::fs::openat(&folder, &name, flags, rustix::fs::Mode::empty())
                .expect("there");
        }
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
        rustix::fs::openat(&folder, "film", flags, rustix::fs::Mode::RUSR).expect("room");
        let report = scan(root.path(), &with_threads(4)).expect("there");
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
        let file = report.entries.last().expect("listed");
        assert_eq!(file.path.len(), 20 * 256 + 4);
        assert!(
            SourceRoot::open(root.path())
                .expect("there")
                .open_file(&file.path)
                .is_ok()
        );
        assert_eq!(report.entries.len(), 21);
    }

    #[test]
    fn twenty_thousand_entries_in_a_folder_are_all_there_and_two_scans_agree() {
        let root = tempfile::tempdir().expect("a folder");
        for index in 0..20_000 {
            fs::write(root.path().join(format!("file {index}")), "").expect("room");
        }
        let report = scan(root.path(), &with_threads(8)).expect("there");
        assert_eq!(report.entries.len(), 20_000);
        let again = scan(root.path(), &with_threads(1)).expect("there");
        assert_eq!(report.entries, again.entries);
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
            (report.entries.len(), report.hard_linked, report.sparse),
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
    fn a_folder_of_another_file_system_is_followed_and_noted() {
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
        assert!(stays.entries.is_empty() && stays.crossed.is_empty());
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
}
