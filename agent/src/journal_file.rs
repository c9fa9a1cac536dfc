//! Files that only grow, kept on several shelves at once: journals, their side files and plans.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::shelf::{Growing, Shelf, Shelves};

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
    /// An earlier write to it failed, and what that left is unknown.
    #[error("{path} failed before, so nothing more is written to it")]
    Failed {
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

/// Writes a file for its owner alone, durable when this returns; one that is there stays as it is.
///
/// # Errors
/// [`AppendError`], also when there is one.
pub fn write_once(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), AppendError> {
    let shelves = Shelves::of_folders(&[folder.to_owned()]);
    let mut file = AppendFile::create(&shelves, name)?;
    file.append(bytes)?;
    file.sync()
}

/// One file, written to each of several shelves.
///
/// A write that failed on one shelf is never taken back on another, and nothing is written behind
/// it: what it left may be half a record. Only [`AppendFile::reopen`] goes on, having cut that off.
#[derive(Debug)]
pub struct AppendFile {
    copies: Vec<(PathBuf, Box<dyn Growing>)>,
    bytes: u64,
    has_failed: bool,
}

impl AppendFile {
    /// Makes the file anew on each of `shelves`, and makes its name durable.
    ///
    /// # Errors
    /// [`AppendError::Exists`] when one of them has it already; the others may then have an empty
    /// one, which is removed.
    pub fn create(shelves: &Shelves, name: &str) -> Result<Self, AppendError> {
        let mut copies = Vec::new();
        for shelf in shelves.iter() {
            let path = shelf.path().join(name);
            match shelf.create(name) {
                Ok(file) => copies.push((path, file)),
                Err(cause) => {
                    for (made, _) in shelves.iter().zip(&copies) {
                        // The name was made a moment ago by this very call and holds nothing.
                        drop(made.remove(name));
                    }
                    return Err(match cause.kind() {
                        io::ErrorKind::AlreadyExists => AppendError::Exists { path },
                        _ => AppendError::Io { path, cause },
                    });
                }
            }
        }
        Ok(Self {
            copies,
            bytes: 0,
            has_failed: false,
        })
    }

    /// Goes on with a file whose first bytes are `content`: a copy that has more is cut, one that
    /// has less, or other bytes, is written anew. Durable when this returns.
    ///
    /// # Errors
    /// [`AppendError::Io`].
    pub fn reopen(shelves: &Shelves, name: &str, content: &[u8]) -> Result<Self, AppendError> {
        let mut copies = Vec::new();
        for shelf in shelves.iter() {
            let path = shelf.path().join(name);
            let file = reopen_one(shelf.as_ref(), name, content);
            let file = file.map_err(|cause| AppendError::Io {
                path: path.clone(),
                cause,
            })?;
            copies.push((path, file));
        }
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        Ok(Self {
            copies,
            bytes,
            has_failed: false,
        })
    }

    /// Goes on with the one file of a shelf that was just read, and that nobody else writes to, behind its first `bytes`;
    /// what it has more is cut off. Durable when this returns.
    ///
    /// # Errors
    /// [`AppendError::Io`], also when it is shorter than that.
    pub fn go_on(shelf: &dyn Shelf, name: &str, bytes: u64) -> Result<Self, AppendError> {
        let path = shelf.path().join(name);
        let open = || {
            let mut file = shelf.reopen(name, bytes)?;
            file.sync()?;
            Ok(file)
        };
        match open() {
            Ok(file) => Ok(Self {
                copies: vec![(path, file)],
                bytes,
                has_failed: false,
            }),
            Err(cause) => Err(AppendError::Io { path, cause }),
        }
    }

    /// Appends; durable after [`AppendFile::sync`].
    ///
    /// # Errors
    /// [`AppendError::Io`]: what was appended is then unknown. [`AppendError::Failed`] ever after.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), AppendError> {
        self.each(|file| file.append(bytes))?;
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Returns once everything appended would survive a power cut.
    ///
    /// # Errors
    /// [`AppendError`]; never retried.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.each(|file| file.sync())
    }

    fn each(
        &mut self,
        mut act: impl FnMut(&mut dyn Growing) -> io::Result<()>,
    ) -> Result<(), AppendError> {
        if self.has_failed {
            let path = self.path().to_owned();
            return Err(AppendError::Failed { path });
        }
        // Until all went well.
        self.has_failed = true;
        for (path, file) in &mut self.copies {
            act(file.as_mut()).map_err(|cause| AppendError::Io {
                path: path.clone(),
                cause,
            })?;
        }
        self.has_failed = false;
        Ok(())
    }

    /// Returns the bytes appended so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the path of the copy on the first shelf; an empty path when there is no shelf.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.copies.first().map_or(Path::new(""), |(path, _)| path)
    }
}

fn reopen_one(shelf: &dyn Shelf, name: &str, content: &[u8]) -> io::Result<Box<dyn Growing>> {
    let found = match shelf.read(name) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let common = found
        .iter()
        .flatten()
        .zip(content)
        .take_while(|(one, other)| one == other)
        .count();
    let mut file = match found {
        Some(_) => shelf.reopen(name, u64::try_from(common).unwrap_or(u64::MAX))?,
        None => shelf.create(name)?,
    };
    let missing = content.get(common..).unwrap_or(&[]);
    if !missing.is_empty() {
        file.append(missing)?;
    }
    file.sync()?;
    Ok(file)
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
        let shelves = Shelves::of_folders(&folders);
        let mut file = AppendFile::create(&shelves, "a.jrn").expect("new");
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
            AppendFile::create(&Shelves::of_folders(&folders), "a.jrn"),
            Err(AppendError::Exists { .. })
        ));
        assert!(!first.path().join("a.jrn").exists());
        assert_eq!(
            std::fs::read(second.path().join("a.jrn")).expect("there"),
            b"there"
        );
    }

    #[test]
    fn a_file_goes_on_where_it_was_cut_and_a_copy_that_lags_catches_up() {
        let folders: Vec<_> = (0..4)
            .map(|_| tempfile::tempdir().expect("a folder"))
            .collect();
        let paths: Vec<PathBuf> = folders
            .iter()
            .map(|folder| folder.path().to_owned())
            .collect();
        for (path, content) in paths.iter().zip([&b"one two torn"[..], b"one", b"other"]) {
            std::fs::write(path.join("a.jrn"), content).expect("a folder");
        }
        let shelves = Shelves::of_folders(&paths);
        let mut file = AppendFile::reopen(&shelves, "a.jrn", b"one two").expect("room");
        file.append(b" three").expect("room");
        file.sync().expect("a disk");
        assert_eq!(file.bytes(), 13);
        for path in &paths {
            let found = std::fs::read(path.join("a.jrn")).expect("just written");
            assert_eq!(found, b"one two three", "{}", path.display());
        }
    }
}
