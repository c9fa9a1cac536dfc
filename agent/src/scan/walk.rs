//! The parallel walk.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::{Scope, ThreadPoolBuilder};
use rustix::fs::FileType;
use rustix::io::Errno;
use thiserror::Error;

use super::beneath::SourceRoot;
use super::facts::{Facts, facts, may_read};
use super::names::Names;
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
    Ok(pool.install(|| found.into_report(place)))
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
        .and_then(|folder| facts(folder.as_fd(), &told));
    let mut found = Found::default();
    found.begin_folder(String::new(), None);
    found.add_file(
        name,
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
        folder: OwnedFd,
        above: Option<FileSystem>,
    ) {
        let mut here = Found::default();
        if let Err(why) = self.list(scope, &path, folder.as_fd(), above, &mut here) {
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
        folder: BorrowedFd<'_>,
        above: Option<FileSystem>,
        here: &mut Found,
    ) -> rustix::io::Result<()> {
        let own = facts(folder, c"")?;
        let on = FileSystem::of(&own);
        if above.is_some_and(|above| above.differs(on)) {
            if !self.other_file_systems {
                here.skip(path.to_owned(), SkippedReason::OtherFileSystem);
                return Ok(());
            }
            here.crossed.push(path.to_owned());
        }
        here.begin_folder(path.to_owned(), (!path.is_empty()).then_some(&own));
        let level = Level { path, folder, on };
        for (name, kind) in Names::of(folder)?.iter() {
            if self.watch.is_cancelled() {
                break;
            }
            self.name(scope, &level, name, kind, here);
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
        let path = || joined(level.path, text);
        let found = match kind {
            FileType::RegularFile | FileType::Unknown => facts(level.folder, name).map(Some),
            _ => Ok(None),
        };
        let found = match found {
            Ok(found) => found,
            Err(why) => return here.skip(path(), unreadable(why)),
        };
        match (found.map_or(kind, |found| found.kind), found) {
            (FileType::RegularFile, Some(found)) => {
                match self.check_readable(level.folder, name, &found) {
                    Ok(()) => here.add_file(text, &found),
                    Err(why) => here.skip_file(path(), unreadable(why), found.bytes),
                }
            }
            (FileType::Directory, _) => {
                let (path, above) = (path(), level.on);
                self.watch.folder_found();
                scope.spawn(move |scope| self.open_and_list(scope, path, above));
            }
            (kind, _) => here.skip(path(), reason(kind)),
        }
    }

    fn open_and_list<'scope>(&'scope self, scope: &Scope<'scope>, path: String, above: FileSystem) {
        if self.watch.is_cancelled() {
            return;
        }
        match self.source.open_folder(&path) {
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
mod tests;
