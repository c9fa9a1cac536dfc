//! The destination folder: everything goes below it, nothing out of it, and nothing in it is
//! replaced.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ntfs_image::FileTime;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;
use thiserror::Error;

use super::names::beside_folder;

/// Something that could not be put into the destination.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HomeError {
    /// A name that no file can have, or that would lead elsewhere.
    #[error("the name {name:?} cannot be used for a file")]
    Name {
        /// The name.
        name: String,
    },
    /// Another file or folder has the name.
    #[error("{path} is there already and is different; it was left as it is")]
    Exists {
        /// Path below the destination.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot write {path}: {cause}")]
    Io {
        /// Path below the destination.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
    /// Another argosy copies the same drive to the same place.
    #[error("another argosy is copying this drive to {path}")]
    InUse {
        /// The side folder.
        path: PathBuf,
    },
}

/// The destination folder, held open; for many threads.
pub struct Home {
    root: Arc<OwnedFd>,
    /// The folders that were used last, the latest first: files come folder by folder, to be written and, later, to get
    /// their names.
    recent: Mutex<Vec<(PathBuf, Arc<OwnedFd>)>>,
}

/// Folders that are held open.
const RECENT_MAX: usize = 4;

/// What to do where a file or a link stands in the way of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InTheWay {
    /// It is an error.
    Refuse,
    /// The folder gets another name, always the same.
    GoBeside,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Home {
    /// Opens the destination, making it when it is not there.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub fn open(root: &Path) -> Result<Self, HomeError> {
        std::fs::create_dir_all(root).map_err(|cause| io_failed(root, cause))?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(root, flags, Mode::empty());
        Ok(Self {
            root: Arc::new(opened.map_err(|error| io_error(root, error))?),
            recent: Mutex::default(),
        })
    }

    /// Makes a folder; its parents are there already. One that is there is as good: returns whether there was none.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn make_folder(&self, path: &Path) -> Result<bool, HomeError> {
        let name = name_of(path)?;
        let parent = self.folder(path.parent().unwrap_or(Path::new("")))?;
        match make(&parent, name) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => {
                let found = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_err(|error| io_error(path, error))?;
                let is_folder = rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir();
                is_folder.then_some(false).ok_or_else(|| exists(path))
            }
            Err(error) => Err(io_error(path, error)),
        }
    }

    /// Returns where the folder `path` really is: itself, or with [`InTheWay::GoBeside`] another name
    /// for each part that a file or link stands in the way of. Folders that are not there are made
    /// when `makes` says so, and else taken as free.
    pub(super) fn settle(
        &self,
        path: &Path,
        in_the_way: InTheWay,
        makes: bool,
    ) -> Result<PathBuf, HomeError> {
        if self.known(path).is_some() {
            return Ok(path.to_owned());
        }
        let mut settled = PathBuf::new();
        let mut folder = Arc::clone(&self.root);
        let mut parts = path.components();
        while let Some(part) = parts.next() {
            let Component::Normal(wanted) = part else {
                return Err(wrong_name(path));
            };
            let mut name: OsString = wanted.to_owned();
            loop {
                match rustix::fs::openat(&folder, name.as_os_str(), FOLDER, Mode::empty()) {
                    Ok(inner) => {
                        folder = Arc::new(inner);
                        break;
                    }
                    Err(Errno::NOENT) if makes => match make(&folder, &name) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(io_error(path, error)),
                    },
                    Err(Errno::NOENT) => {
                        settled.push(&name);
                        settled.extend(parts);
                        return Ok(settled);
                    }
                    Err(Errno::NOTDIR | Errno::LOOP) => {
                        let beside = beside_folder(wanted);
                        if in_the_way == InTheWay::Refuse || name == beside {
                            return Err(exists(&settled.join(&name)));
                        }
                        name = beside;
                    }
                    Err(error) => return Err(io_error(path, error)),
                }
            }
            settled.push(&name);
        }
        self.remember(&settled, &folder);
        Ok(settled)
    }

    /// Opens a file that is there already; `None` when there is none.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when the name is that of something other than a regular file, [`HomeError::Io`] when nothing can
    /// have it: it is too long.
    pub fn existing(&self, path: &Path) -> Result<Option<File>, HomeError> {
        let name = name_of(path)?;
        let parent = match self.folder(path.parent().unwrap_or(Path::new(""))) {
            Ok(parent) => parent,
            Err(HomeError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&parent, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            // A link, a socket, a device, or what we may not read: something has the name.
            Err(Errno::LOOP | Errno::NXIO | Errno::NODEV | Errno::ACCESS | Errno::PERM) => {
                return Err(exists(path));
            }
            Err(error) => return Err(io_error(path, error)),
        };
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        is_file
            .then_some(file)
            .map(Some)
            .ok_or_else(|| exists(path))
    }

    /// Gives a finished file, `name` in the folder `from`, its place. Its folder is there.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when something has that name by now.
    pub(super) fn bring(&self, from: &OwnedFd, name: &str, path: &Path) -> Result<(), HomeError> {
        let folder = self.folder(path.parent().unwrap_or(Path::new("")))?;
        let flags = RenameFlags::NOREPLACE;
        let renamed = rustix::fs::renameat_with(from, name, &folder, name_of(path)?, flags);
        renamed.map_err(|error| match error {
            Errno::EXIST => exists(path),
            Errno::XDEV => {
                let why = "it lies on another file system than the destination folder";
                io_failed(path, io::Error::other(why))
            }
            error => io_error(path, error),
        })
    }

    /// Sets when a folder was last changed.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn set_folder_time(&self, path: &Path, modified: FileTime) -> Result<(), HomeError> {
        let folder = self.folder(path)?;
        set_times(&folder, modified).map_err(|error| io_error(path, error))
    }

    /// Removes an empty folder; one that is not empty, or not there, stays as it is.
    pub(super) fn remove_empty(&self, path: &Path) {
        let parent = self.folder(path.parent().unwrap_or(Path::new("")));
        if let (Ok(parent), Ok(name)) = (parent, name_of(path)) {
            self.forget();
            // It is not empty where somebody else uses it.
            let _kept = rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR);
        }
    }

    /// Returns once everything written would survive a power cut.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub fn sync(&self) -> Result<(), HomeError> {
        #[cfg(target_os = "linux")]
        let synced = rustix::fs::syncfs(&self.root);
        // Elsewhere there is only the call for all file systems.
        #[cfg(not(target_os = "linux"))]
        let synced = {
            rustix::fs::sync();
            Ok(())
        };
        synced.map_err(|error| io_error(Path::new("."), error))
    }

    /// Opens a folder below the destination part by part, following no link.
    pub(super) fn folder(&self, path: &Path) -> Result<Arc<OwnedFd>, HomeError> {
        let mut folder = Arc::clone(&self.root);
        if path.as_os_str().is_empty() {
            return Ok(folder);
        }
        if let Some(folder) = self.known(path) {
            return Ok(folder);
        }
        for part in path.components() {
            let Component::Normal(part) = part else {
                return Err(wrong_name(path));
            };
            let opened = rustix::fs::openat(&folder, part, FOLDER, Mode::empty());
            folder = Arc::new(opened.map_err(|error| io_error(path, error))?);
        }
        self.remember(path, &folder);
        Ok(folder)
    }

    fn known(&self, path: &Path) -> Option<Arc<OwnedFd>> {
        let recent = self.recent();
        let found = recent.iter().find(|(known, _)| known == path);
        found.map(|(_, folder)| Arc::clone(folder))
    }

    fn remember(&self, path: &Path, folder: &Arc<OwnedFd>) {
        let mut recent = self.recent();
        recent.truncate(RECENT_MAX.saturating_sub(1));
        recent.insert(0, (path.to_owned(), Arc::clone(folder)));
    }

    fn forget(&self) {
        self.recent().clear();
    }

    fn recent(&self) -> MutexGuard<'_, Vec<(PathBuf, Arc<OwnedFd>)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make(parent: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755))
}

/// Returns the last part of `path` when it is a name and nothing else.
fn name_of(path: &Path) -> Result<&OsStr, HomeError> {
    path.file_name()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| wrong_name(path))
}

/// Sets when an open file or folder was last changed.
pub(super) fn set_times(of: impl AsFd, modified: FileTime) -> Result<(), Errno> {
    let (seconds, nanos) = modified.to_unix();
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanos.into(),
    };
    rustix::fs::futimens(
        of,
        &Timestamps {
            last_access: time,
            last_modification: time,
        },
    )
}

fn exists(path: &Path) -> HomeError {
    let path = path.to_owned();
    HomeError::Exists { path }
}

fn wrong_name(path: &Path) -> HomeError {
    let name = path.to_string_lossy().into_owned();
    HomeError::Name { name }
}

pub(super) fn io_failed(path: &Path, cause: io::Error) -> HomeError {
    let path = path.to_owned();
    HomeError::Io { path, cause }
}

pub(super) fn io_error(path: &Path, error: Errno) -> HomeError {
    io_failed(path, error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_destination_is_never_followed() {
        let (folder, outside) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).expect("a folder");
        let home = Home::open(folder.path()).expect("a folder");
        assert!(home.make_folder(Path::new("link/below")).is_err());
        assert!(home.existing(Path::new("link/file")).is_err());
        for makes in [false, true] {
            let refused = home.settle(Path::new("link/below"), InTheWay::Refuse, makes);
            assert!(matches!(refused, Err(HomeError::Exists { .. })));
        }
        assert!(matches!(
            home.make_folder(Path::new("link")),
            Err(HomeError::Exists { .. })
        ));
        assert!(
            home.settle(Path::new("../below"), InTheWay::GoBeside, true)
                .is_err()
        );
        let beside = home.settle(Path::new("link/below"), InTheWay::GoBeside, true);
        let beside = beside.expect("another name");
        assert!(!beside.starts_with("link"), "{beside:?}");
        assert!(folder.path().join(&beside).is_dir());
        let again = home.settle(Path::new("link/below"), InTheWay::GoBeside, false);
        assert_eq!(again.expect("the same name"), beside);
        let untouched = std::fs::read_dir(outside.path()).expect("a folder");
        assert_eq!(untouched.count(), 0);
    }

    #[test]
    fn a_name_that_nothing_can_have_is_not_said_to_be_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::open(folder.path()).expect("a folder");
        let long = "é".repeat(200);
        let refused = home.existing(Path::new(&long));
        assert!(matches!(&refused, Err(HomeError::Io { .. })), "{refused:?}");
        std::fs::create_dir(folder.path().join("taken")).expect("a folder");
        let taken = home.existing(Path::new("taken"));
        assert!(matches!(&taken, Err(HomeError::Exists { .. })), "{taken:?}");
    }

    #[test]
    fn nothing_that_has_the_name_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::open(folder.path()).expect("a folder");
        home.make_folder(Path::new("parts")).expect("new");
        let parts = home.folder(Path::new("parts")).expect("made");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("parts/1"), b"new").expect("room");
        std::fs::write(at("taken"), b"old").expect("room");
        let taken = home.bring(&parts, "1", Path::new("taken"));
        assert!(matches!(taken, Err(HomeError::Exists { .. })));
        assert_eq!(std::fs::read(at("taken")).expect("there"), b"old");
        home.bring(&parts, "1", Path::new("free")).expect("free");
        assert_eq!(std::fs::read(at("free")).expect("there"), b"new");
    }
}
