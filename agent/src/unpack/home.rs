//! The destination folder: everything goes below it, nothing out of it, and nothing in it is
//! replaced.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use ntfs_image::FileTime;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Timespec, Timestamps};
use thiserror::Error;

/// A half-written file has this name, so that an interrupted run leaves nothing that looks whole.
const PART_NAME: &str = ".argosy-part";
/// Runs of zeros from this length on become holes.
const HOLE_BYTES: usize = 65_536;

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
}

/// The destination folder, held open.
pub struct Home {
    root: OwnedFd,
    /// The folder that was used last, for files come folder by folder.
    last: Option<(PathBuf, OwnedFd)>,
}

/// A file being written under a name that nothing else has.
pub struct Part {
    folder: OwnedFd,
    file: File,
    path: PathBuf,
}

impl Home {
    /// Opens the destination, making it when it is not there.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub fn open(root: &Path) -> Result<Self, HomeError> {
        let failed = |cause: io::Error| HomeError::Io {
            path: root.to_owned(),
            cause,
        };
        std::fs::create_dir_all(root).map_err(failed)?;
        let opened = rustix::fs::open(
            root,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        Ok(Self {
            root: opened.map_err(|error| failed(error.into()))?,
            last: None,
        })
    }

    /// Makes a folder; its parents are there already. One that is there is as good.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn make_folder(&mut self, path: &Path) -> Result<(), HomeError> {
        let name = name_of(path)?;
        let parent = self.folder(path.parent().unwrap_or(Path::new("")))?;
        match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => Ok(()),
            Err(rustix::io::Errno::EXIST) => {
                let found = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_err(|error| io_error(path, error))?;
                let is_folder = rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir();
                if is_folder {
                    Ok(())
                } else {
                    Err(HomeError::Exists {
                        path: path.to_owned(),
                    })
                }
            }
            Err(error) => Err(io_error(path, error)),
        }
    }

    /// Opens a file that is there already; `None` when there is none.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when the name is that of something other than a regular file.
    pub fn existing(&mut self, path: &Path) -> Result<Option<File>, HomeError> {
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
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(_) => {
                return Err(HomeError::Exists {
                    path: path.to_owned(),
                });
            }
        };
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file {
            Ok(Some(file))
        } else {
            Err(HomeError::Exists {
                path: path.to_owned(),
            })
        }
    }

    /// Begins a new file; it gets its name once it is whole.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn create(&mut self, path: &Path) -> Result<Part, HomeError> {
        name_of(path)?;
        let folder = self.folder(path.parent().unwrap_or(Path::new("")))?;
        let failed = |error| io_error(path, error);
        match rustix::fs::unlinkat(&folder, PART_NAME, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(failed(error)),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, PART_NAME, flags, Mode::from_raw_mode(0o644))
            .map_err(failed)?;
        Ok(Part {
            folder,
            file: File::from(file),
            path: path.to_owned(),
        })
    }

    /// Sets when a folder was last changed.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn set_folder_time(&mut self, path: &Path, modified: FileTime) -> Result<(), HomeError> {
        let folder = self.folder(path)?;
        rustix::fs::futimens(&folder, &times(modified)).map_err(|error| io_error(path, error))
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
    fn folder(&mut self, path: &Path) -> Result<OwnedFd, HomeError> {
        let again = |folder: &OwnedFd| {
            folder.try_clone().map_err(|cause| HomeError::Io {
                path: path.to_owned(),
                cause,
            })
        };
        if path.as_os_str().is_empty() {
            return again(&self.root);
        }
        if let Some((known, folder)) = &self.last
            && known == path
        {
            return again(folder);
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut folder = again(&self.root)?;
        for part in path.components() {
            let Component::Normal(part) = part else {
                let name = path.to_string_lossy().into_owned();
                return Err(HomeError::Name { name });
            };
            folder = rustix::fs::openat(&folder, part, flags, Mode::empty())
                .map_err(|error| io_error(path, error))?;
        }
        self.last = Some((path.to_owned(), again(&folder)?));
        Ok(folder)
    }
}

impl Part {
    /// Writes `bytes` at `at`; longer runs of zeros are left as holes.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub fn write(&self, at: u64, bytes: &[u8]) -> Result<(), HomeError> {
        let mut at = at;
        for piece in bytes.chunks(HOLE_BYTES) {
            if !is_zero(piece) {
                self.file
                    .write_all_at(piece, at)
                    .map_err(|cause| HomeError::Io {
                        path: self.path.clone(),
                        cause,
                    })?;
            }
            at = at.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// Gives the file its length, time and name.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when something has that name by now.
    pub fn keep(self, bytes: u64, modified: FileTime) -> Result<(), HomeError> {
        let failed = |cause| HomeError::Io {
            path: self.path.clone(),
            cause,
        };
        self.file.set_len(bytes).map_err(failed)?;
        rustix::fs::futimens(&self.file, &times(modified)).map_err(|error| failed(error.into()))?;
        let name = name_of(&self.path)?;
        let renamed = rustix::fs::renameat_with(
            &self.folder,
            PART_NAME,
            &self.folder,
            name,
            RenameFlags::NOREPLACE,
        );
        renamed.map_err(|error| match error {
            rustix::io::Errno::EXIST => HomeError::Exists {
                path: self.path.clone(),
            },
            error => failed(error.into()),
        })
    }

    /// Takes the file away again.
    pub fn discard(self) {
        // It is named so that nobody takes it for whole, should it stay.
        let _gone = rustix::fs::unlinkat(&self.folder, PART_NAME, AtFlags::empty());
    }
}

/// Returns the last part of `path` when it is a name and nothing else.
fn name_of(path: &Path) -> Result<&OsStr, HomeError> {
    let wrong = || HomeError::Name {
        name: path.to_string_lossy().into_owned(),
    };
    path.file_name()
        .filter(|name| !name.is_empty())
        .ok_or_else(wrong)
}

/// Returns whether a name on the drive can be a name here, and only that.
#[must_use]
pub(super) fn is_safe_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0']) && name != PART_NAME
}

fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<32>();
    chunks.iter().all(|chunk| *chunk == [0; 32]) && rest.iter().all(|byte| *byte == 0)
}

fn times(modified: FileTime) -> Timestamps {
    let (seconds, nanos) = modified.to_unix();
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanos.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

fn io_error(path: &Path, error: rustix::io::Errno) -> HomeError {
    HomeError::Io {
        path: path.to_owned(),
        cause: error.into(),
    }
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
        let mut home = Home::open(folder.path()).expect("a folder");
        assert!(home.create(Path::new("link/file")).is_err());
        assert!(home.make_folder(Path::new("link/below")).is_err());
        assert!(matches!(
            home.make_folder(Path::new("link")),
            Err(HomeError::Exists { .. })
        ));
        assert!(home.create(Path::new("../file")).is_err());
        assert_eq!(
            std::fs::read_dir(outside.path()).expect("a folder").count(),
            0
        );
    }

    #[test]
    fn zeros_become_holes_and_the_file_has_its_length_and_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut home = Home::open(folder.path()).expect("a folder");
        home.make_folder(Path::new("a")).expect("new");
        let part = home.create(Path::new("a/file")).expect("new");
        assert!(!folder.path().join("a/file").exists());
        part.write(0, &vec![0; 1 << 20]).expect("room");
        part.write(1 << 20, b"end").expect("room");
        part.keep((1 << 20) + 3, FileTime::from_unix(1_000_000_000, 500))
            .expect("a new name");
        let path = folder.path().join("a/file");
        let content = std::fs::read(&path).expect("just written");
        assert_eq!(
            (content.len(), &content[1 << 20..]),
            ((1 << 20) + 3, &b"end"[..])
        );
        let metadata = std::fs::metadata(&path).expect("just written");
        assert!(std::os::unix::fs::MetadataExt::blocks(&metadata) < 1000);
        assert_eq!(
            std::os::unix::fs::MetadataExt::mtime(&metadata),
            1_000_000_000
        );
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_safe() {
        for name in ["", ".", "..", "a/b", "a\\b", "a\0", PART_NAME] {
            assert!(!is_safe_name(name), "{name:?}");
        }
        assert!(is_safe_name("..a"));
    }
}
