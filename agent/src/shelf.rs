//! Where journals are kept: a folder, or what stands for one when crashes are simulated.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

/// One folder that holds journals, side files and plans, by name. Nobody but their owner may read
/// them (mode 0600).
pub trait Shelf: Send + Sync + fmt::Debug {
    /// Returns the folder's path, for messages.
    fn path(&self) -> &Path;

    /// Makes a file that is not there yet; its name is durable when this returns.
    ///
    /// # Errors
    /// The operating system's, [`io::ErrorKind::AlreadyExists`] among them.
    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>>;

    /// Opens a file to append to it, cut to its first `bytes` bytes.
    ///
    /// # Errors
    /// The operating system's, also when the file is shorter.
    fn reopen(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Growing>>;

    /// Reads from a file at offset `at`; returns how many bytes came, 0 at its end.
    ///
    /// # Errors
    /// The operating system's.
    fn read_at(&self, name: &str, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Returns a whole file.
    ///
    /// # Errors
    /// The operating system's, [`io::ErrorKind::NotFound`] among them.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Takes a file that is there for this process alone, until what is returned is dropped;
    /// nothing when it is not there.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process has it; or the operating system's.
    fn take(&self, name: &str) -> io::Result<Option<Box<dyn Taken>>>;

    /// Removes a file, durably; one that is not there is no error.
    ///
    /// # Errors
    /// The operating system's.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A file that no other process may take; given back when it is dropped.
pub trait Taken: Send + fmt::Debug {}

impl Taken for File {}

/// A file that only grows.
pub trait Growing: Send + fmt::Debug {
    /// Appends all of `bytes`; durable after [`Growing::sync`].
    ///
    /// # Errors
    /// The operating system's. How much was appended is then unknown.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything appended would survive a power cut.
    ///
    /// # Errors
    /// The operating system's; never retried.
    fn sync(&mut self) -> io::Result<()>;
}

/// All shelves of a job, each with a copy of every file; the first is read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelves(Arc<[Arc<dyn Shelf>]>);

impl Shelves {
    /// Returns shelves over these folders.
    #[must_use]
    pub fn of_folders(folders: &[PathBuf]) -> Self {
        let shelf = |folder: &PathBuf| -> Arc<dyn Shelf> { Arc::new(Folder(folder.clone())) };
        Self(folders.iter().map(shelf).collect())
    }

    /// Returns these shelves as one.
    #[must_use]
    pub fn new(shelves: Vec<Arc<dyn Shelf>>) -> Self {
        Self(shelves.into())
    }

    /// Takes every copy of a file for this process alone.
    ///
    /// # Errors
    /// The path of the copy that another process has, or cannot be taken for another reason.
    pub fn take(&self, name: &str) -> Result<Vec<Box<dyn Taken>>, (PathBuf, io::Error)> {
        let copies = self.iter().map(|shelf| {
            let taken = shelf.take(name);
            taken.map_err(|error| (shelf.path().join(name), error))
        });
        copies.filter_map(Result::transpose).collect()
    }

    /// Returns them in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Shelf>> {
        self.0.iter()
    }
}

/// A folder of the file system.
#[derive(Debug)]
struct Folder(PathBuf);

impl Shelf for Folder {
    fn path(&self) -> &Path {
        &self.0
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o600);
        let file = options.open(self.0.join(name))?;
        sync_folder(&self.0)?;
        Ok(Box::new(file))
    }

    fn reopen(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Growing>> {
        let file = OpenOptions::new().append(true).open(self.0.join(name))?;
        let length = file.metadata()?.len();
        if length < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length > bytes {
            file.set_len(bytes)?;
            file.sync_all()?;
        }
        Ok(Box::new(file))
    }

    fn read_at(&self, name: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        File::open(self.0.join(name))?.read_at(into, at)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(name))
    }

    fn take(&self, name: &str) -> io::Result<Option<Box<dyn Taken>>> {
        let file = match File::open(self.0.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Some(Box::new(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_folder(&self.0),
        }
    }
}

impl Growing for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Writes `bytes` to `path`, in the place of a file that is there; durable when this returns. After a crash one of the two
/// is there, whole.
///
/// # Errors
/// The operating system's.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    let mut beside = name.to_owned();
    beside.push(".new");
    let beside = path.with_file_name(beside);
    let mut new = File::create(&beside)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    std::fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes what was done to the names in `folder` durable.
///
/// # Errors
/// The operating system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
