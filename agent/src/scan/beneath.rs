//! Opening source files without leaving the source folder.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use ntfs_image::FileTime;
use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use thiserror::Error;

/// The kernel takes paths of less than 4096 bytes; longer ones are gone along in stages.
const STAGE_BYTES_MAX: usize = 4000;

/// A source file that could not be opened.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenSourceError {
    /// A part of its path is a symbolic link now, or leads out of the source.
    #[error("{path}: its path leads through a symbolic link or out of the source folder")]
    Escapes {
        /// Path below the root.
        path: String,
    },
    /// It, or a folder above it, is not there any more.
    #[error("{path} is not there any more")]
    Gone {
        /// Path below the root.
        path: String,
    },
    /// It is not a regular file any more.
    #[error("{path} is not a regular file any more")]
    NotAFile {
        /// Path below the root.
        path: String,
    },
    /// The operating system said no.
    #[error("cannot open {path}: {cause}")]
    Io {
        /// Path below the root.
        path: String,
        /// What the operating system said.
        cause: String,
    },
}

/// A source folder, held open: files are found from it, wherever its path leads later.
#[derive(Debug)]
pub struct SourceRoot {
    folder: OwnedFd,
}

impl SourceRoot {
    /// Opens a source folder. Its own path may lead through symbolic links.
    ///
    /// # Errors
    /// [`OpenSourceError::Io`] when it is not there, is no folder or may not be read.
    pub fn open(root: &Path) -> Result<Self, OpenSourceError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(root, flags, Mode::empty()).map_err(|why| OpenSourceError::Io {
            path: root.display().to_string(),
            cause: std::io::Error::from(why).to_string(),
        })?;
        Ok(Self { folder })
    }

    /// Opens the file at `path` (as in the listing), following no symbolic link. Whether it is a regular one still, its
    /// [`SourceFile::state`] says: it is asked anyway, and before or after the bytes is the same, for no reading takes
    /// anything from a pipe or a socket.
    ///
    /// # Errors
    /// [`OpenSourceError`].
    pub fn open_file(&self, path: &str) -> Result<SourceFile, OpenSourceError> {
        // Without O_NONBLOCK, opening a named pipe that took the file's place would wait for ever.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self.open_below(path, flags).map_err(|why| {
            let path = path.to_owned();
            match why {
                Errno::LOOP | Errno::XDEV | Errno::INVAL => OpenSourceError::Escapes { path },
                Errno::NXIO | Errno::ISDIR => OpenSourceError::NotAFile { path },
                Errno::NOENT | Errno::NOTDIR => OpenSourceError::Gone { path },
                why => {
                    let cause = std::io::Error::from(why).to_string();
                    OpenSourceError::Io { path, cause }
                }
            }
        })?;
        let file = File::from(file);
        Ok(SourceFile { file })
    }

    /// Opens the folder at `path`; the source itself when it is empty.
    pub(super) fn open_folder(&self, path: &str) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        if path.is_empty() {
            return openat(&self.folder, c".", flags | OFlags::CLOEXEC, Mode::empty());
        }
        self.open_below(path, flags)
    }

    fn open_below(&self, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Errno::INVAL);
        }
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut held: Option<OwnedFd> = None;
        let mut rest = path;
        loop {
            let from = held.as_ref().map_or(self.folder.as_fd(), AsFd::as_fd);
            let (stage, behind) = first_stage(rest);
            let Some(behind) = behind else {
                return open_stage(from, stage, flags);
            };
            held = Some(open_stage(from, stage, STEP)?);
            rest = behind;
        }
    }
}

/// How folders on the way are opened: only to go on from them.
#[cfg(target_os = "linux")]
const STEP: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);
#[cfg(not(target_os = "linux"))]
const STEP: OFlags = OFlags::DIRECTORY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// Cuts a path at the last slash within one stage; the second part is `None` when it is short
/// enough whole.
fn first_stage(path: &str) -> (&str, Option<&str>) {
    let start = path
        .as_bytes()
        .get(..STAGE_BYTES_MAX)
        .filter(|start| start.len() < path.len());
    let cut = start.and_then(|start| start.iter().rposition(|byte| *byte == b'/'));
    match cut.and_then(|cut| path.split_at_checked(cut)) {
        Some((stage, behind)) => (stage, Some(behind.trim_start_matches('/'))),
        None => (path, None),
    }
}

/// Opens a path of plain names below a folder, through no symbolic link.
#[cfg(target_os = "linux")]
fn open_stage(from: BorrowedFd<'_>, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(from, path, flags, Mode::empty(), resolve) {
        // An old kernel, or a sandbox that does not know the call: name by name.
        Err(Errno::NOSYS | Errno::PERM) => open_names(from, path, flags),
        done => done,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_stage(from: BorrowedFd<'_>, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    open_names(from, path, flags)
}

/// The same with a call for each name.
fn open_names(from: BorrowedFd<'_>, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let (folders, name) = path
        .rsplit_once('/')
        .map_or((None, path), |(folders, name)| (Some(folders), name));
    let mut held: Option<OwnedFd> = None;
    for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
        let from = held.as_ref().map_or(from, AsFd::as_fd);
        held = Some(
            openat(from, part, STEP, Mode::empty()).map_err(|why| not_a_folder(from, part, why))?,
        );
    }
    let from = held.as_ref().map_or(from, AsFd::as_fd);
    openat(from, name, flags, Mode::empty())
}

/// A symbolic link in place of a folder is "not a folder" to some kernels: says what it is.
fn not_a_folder(from: BorrowedFd<'_>, part: &str, why: Errno) -> Errno {
    use rustix::fs::{AtFlags, FileType, statat};
    let found = statat(from, part, AtFlags::SYMLINK_NOFOLLOW)
        .map(|found| FileType::from_raw_mode(found.st_mode));
    if why == Errno::NOTDIR && found == Ok(FileType::Symlink) {
        Errno::LOOP
    } else {
        why
    }
}

/// A source file, open for reading.
#[derive(Debug)]
pub struct SourceFile {
    file: File,
}

/// What tells whether a source file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Length in bytes.
    pub bytes: u64,
    /// Last change, seconds since 1970.
    pub modified_seconds: i64,
    /// Last change, nanoseconds within the second.
    pub modified_nanoseconds: u32,
}

impl SourceState {
    /// Returns the time of the last change as a listing has it.
    #[must_use]
    pub fn file_time(&self) -> FileTime {
        FileTime::from_unix(self.modified_seconds, self.modified_nanoseconds)
    }
}

impl SourceFile {
    /// Returns its length and time as they are now; compare with the listing before the first and
    /// after the last read.
    ///
    /// # Errors
    /// What the operating system says; a stale handle when it is not a regular file any more.
    pub fn state(&self) -> std::io::Result<SourceState> {
        let facts = self.file.metadata()?;
        if !facts.is_file() {
            return Err(std::io::ErrorKind::StaleNetworkFileHandle.into());
        }
        Ok(SourceState {
            bytes: facts.len(),
            modified_seconds: facts.mtime(),
            modified_nanoseconds: u32::try_from(facts.mtime_nsec()).unwrap_or(0),
        })
    }

    /// Asks the system to forget what it has of the file in memory, so that the next reading is one of the disk. It is
    /// advice, and changes nothing of the file.
    pub fn forget_cached(&self) {
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed);
    }

    /// Reads up to `into.len()` bytes at `at`; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = at.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match self.file.read_at(rest, at) {
                Ok(0) => break,
                Ok(count) => done = done.saturating_add(count),
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Read, Write};
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("in/a/b")).expect("room");
        fs::write(root.path().join("in/a/b/film"), "0123456789").expect("room");
        fs::write(root.path().join("secret"), "not yours").expect("room");
        symlink("../secret", root.path().join("in/link")).expect("room");
        symlink("/etc", root.path().join("in/etc")).expect("room");
        symlink("a", root.path().join("in/alias")).expect("room");
        root
    }

    fn escapes(path: &str) -> OpenSourceError {
        OpenSourceError::Escapes {
            path: path.to_owned(),
        }
    }

    #[test]
    fn a_file_is_read_at_any_place_up_to_its_end() {
        let root = tree();
        let source = SourceRoot::open(&root.path().join("in")).expect("there");
        let file = source.open_file("a/b/film").expect("there");
        assert_eq!(file.state().expect("open").bytes, 10);
        let mut piece = [0; 8];
        assert_eq!(file.read_at(4, &mut piece).expect("open"), 6);
        assert_eq!(&piece[..6], b"456789");
        assert_eq!(file.read_at(99, &mut piece).expect("open"), 0);
    }

    #[test]
    fn no_symbolic_link_and_no_dots_lead_out_or_around() {
        let root = tree();
        let source = SourceRoot::open(&root.path().join("in")).expect("there");
        for path in [
            "link",
            "etc/passwd",
            "alias/b/film",
            "../secret",
            "a/../../secret",
            "/etc/passwd",
            "",
            "a//b/film",
        ] {
            assert_eq!(source.open_file(path).err(), Some(escapes(path)), "{path}");
        }
    }

    #[test]
    fn going_name_by_name_refuses_the_same() {
        let root = tree();
        let source = SourceRoot::open(&root.path().join("in")).expect("there");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let by_names = |path| open_names(source.folder.as_fd(), path, flags).map(drop);
        assert_eq!(by_names("a/b/film"), Ok(()));
        for path in ["link", "etc/passwd", "alias/b/film"] {
            assert_eq!(by_names(path), Err(Errno::LOOP), "{path}");
        }
        assert_eq!(by_names("a/nothing"), Err(Errno::NOENT));
    }

    #[test]
    fn what_took_the_place_of_a_file_gives_nothing_and_is_not_waited_for() {
        let root = tree();
        let folder = root.path().join("in");
        let source = SourceRoot::open(&folder).expect("there");
        let assert_is_no_file = |path: &str| {
            let file = source.open_file(path).expect("there");
            let state = file.state().map_err(|why| why.kind());
            assert_eq!(state, Err(ErrorKind::StaleNetworkFileHandle), "{path}");
            assert!(file.read_at(0, &mut [0; 8]).is_err(), "{path}");
        };
        assert_is_no_file("a");
        let made = std::process::Command::new("mkfifo")
            .arg(folder.join("pipe"))
            .status();
        if made.is_ok_and(|made| made.success()) {
            let pipe = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(folder.join("pipe"));
            let mut pipe = pipe.expect("there");
            pipe.write_all(b"not ours").expect("room");
            assert_is_no_file("pipe");
            let mut kept = [0; 8];
            pipe.read_exact(&mut kept).expect("nobody took it");
        }
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("room");
        assert_eq!(
            source.open_file("socket").err(),
            Some(OpenSourceError::NotAFile {
                path: "socket".to_owned()
            })
        );
    }

    #[test]
    fn a_folder_that_moved_away_is_still_the_source() {
        let root = tree();
        let source = SourceRoot::open(&root.path().join("in")).expect("there");
        fs::rename(root.path().join("in"), root.path().join("moved")).expect("room");
        assert!(source.open_file("a/b/film").is_ok());
    }

    #[test]
    fn a_path_is_cut_into_stages_that_the_kernel_takes() {
        let name = "n".repeat(255);
        let path = vec![name.as_str(); 40].join("/");
        let (mut rest, mut parts) = (Some(path.as_str()), Vec::new());
        while let Some(path) = rest {
            let (stage, behind) = first_stage(path);
            assert!(stage.len() <= STAGE_BYTES_MAX);
            parts.extend(stage.split('/'));
            rest = behind;
        }
        assert_eq!(parts, vec![name.as_str(); 40]);
    }
}
