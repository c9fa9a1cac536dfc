//! Files that only grow, kept in several folders at once: journals, their side files and plans.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file that could not be made or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// It is there already.
    #[error("{path} is there already; it was left as it is")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot write {path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
}

/// One file, written to each of several folders; nobody but its owner may read it (mode 0600).
///
/// A write that failed in one folder is never taken back in another: whoever gets an error stops.
#[derive(Debug)]
pub struct AppendFile {
    copies: Vec<(PathBuf, File)>,
    bytes: u64,
}

impl AppendFile {
    /// Makes the file anew in each of `folders`, and makes its name durable.
    ///
    /// # Errors
    /// [`AppendError::Exists`] when one of them has it already; the others may then have an empty
    /// one, which is removed.
    pub fn create(folders: &[PathBuf], name: &str) -> Result<Self, AppendError> {
        let mut copies: Vec<(PathBuf, File)> = Vec::with_capacity(folders.len());
        for folder in folders {
            match create_one(folder, name) {
                Ok(copy) => copies.push(copy),
                Err(error) => {
                    for (path, _) in &copies {
                        // The name was made a moment ago by this very call and holds nothing.
                        drop(std::fs::remove_file(path));
                    }
                    return Err(error);
                }
            }
        }
        Ok(Self { copies, bytes: 0 })
    }

    /// Appends; durable after [`AppendFile::sync`].
    ///
    /// # Errors
    /// [`AppendError::Io`]. What was appended is then unknown, and nothing more may be.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), AppendError> {
        for (path, file) in &mut self.copies {
            file.write_all(bytes).map_err(|cause| AppendError::Io {
                path: path.clone(),
                cause,
            })?;
        }
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Returns once everything appended would survive a power cut.
    ///
    /// # Errors
    /// [`AppendError::Io`]; never retried.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        for (path, file) in &mut self.copies {
            file.sync_all().map_err(|cause| AppendError::Io {
                path: path.clone(),
                cause,
            })?;
        }
        Ok(())
    }

    /// Returns the bytes appended so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the path of the copy in the first folder; an empty path when there is no folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.copies.first().map_or(Path::new(""), |(path, _)| path)
    }
}

/// Makes what was done to the names in `folder` durable.
///
/// # Errors
/// [`AppendError::Io`].
pub fn sync_folder(folder: &Path) -> Result<(), AppendError> {
    let synced = File::open(folder).and_then(|open| open.sync_all());
    synced.map_err(|cause| AppendError::Io {
        path: folder.to_owned(),
        cause,
    })
}

fn create_one(folder: &Path, name: &str) -> Result<(PathBuf, File), AppendError> {
    let path = folder.join(name);
    let opened = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    let file = opened.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => AppendError::Exists { path: path.clone() },
        _ => AppendError::Io {
            path: path.clone(),
            cause,
        },
    })?;
    sync_folder(folder)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_grows_in_every_folder_alike_and_only_its_owner_may_read_it() {
        let (first, second) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let folders = [first.path().to_owned(), second.path().to_owned()];
        let mut file = AppendFile::create(&folders, "a.jrn").expect("new");
        file.append(b"one").expect("room");
        file.append(b" two").expect("room");
        file.sync().expect("a disk");
        assert_eq!(
            (file.bytes(), file.path()),
            (7, first.path().join("a.jrn").as_path())
        );
        for folder in &folders {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.join("a.jrn");
            assert_eq!(std::fs::read(&path).expect("just written"), b"one two");
            let mode = std::fs::metadata(&path)
                .expect("just written")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn an_existing_file_is_left_as_it_is_and_no_copy_is_left_beside() {
        let (first, second) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        std::fs::write(second.path().join("a.jrn"), b"there").expect("a folder");
        let folders = [first.path().to_owned(), second.path().to_owned()];
        assert!(matches!(
            AppendFile::create(&folders, "a.jrn"),
            Err(AppendError::Exists { .. })
        ));
        assert!(!first.path().join("a.jrn").exists());
        assert_eq!(
            std::fs::read(second.path().join("a.jrn")).expect("there"),
            b"there"
        );
    }
}
