//! The side folder of a drive in the destination: files that are being written, and what is home
//! already, so that a run that was killed goes on where it was.
//!
//! ```text
//! DIR/.argosy/<name>/parts/<hash>     a file being written; it gets its place once it is whole and durable
//! DIR/.argosy/<name>/home.state       a line for every file that is home, and for every part how far it is durable
//! ```

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ntfs_image::FileTime;
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::home::{Home, HomeError, InTheWay, io_error, io_failed};
use super::names::{SIDE, short_hash};
use super::state::{Known, Record, line_of, read_lines};

const STATE: &str = "home.state";
const PARTS: &str = "parts";

/// The side folder, locked.
pub(super) struct Side {
    folder: PathBuf,
    parts: Arc<OwnedFd>,
    state: Mutex<File>,
    known: HashMap<String, Known>,
}

impl Side {
    /// Opens the side folder `name`, making it, and reads what an earlier run of the same volume
    /// left.
    ///
    /// # Errors
    /// [`HomeError`].
    pub(super) fn open(home: &Home, name: &str, volume: u64) -> Result<Self, HomeError> {
        let folder = Path::new(SIDE).join(name);
        let parts = home.settle(&folder.join(PARTS), InTheWay::Refuse, true)?;
        let parts = home.folder(&parts)?;
        let state = open_state(home, &folder)?;
        let mut side = Self {
            folder,
            parts,
            state: Mutex::new(state),
            known: HashMap::new(),
        };
        side.read(volume)?;
        side.clean()?;
        Ok(side)
    }

    /// Returns what an earlier run left of the file that `key` stands for.
    pub(super) fn known(&self, key: &str) -> Option<&Known> {
        self.known.get(key)
    }

    /// Returns whether an earlier run left anything.
    pub(super) fn is_new(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns the folder of the parts.
    pub(super) fn parts(&self) -> &OwnedFd {
        &self.parts
    }

    /// Opens a part, new and empty or, with `goes_on`, as an earlier run left it.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(super) fn part(&self, name: &str, goes_on: bool) -> Result<File, HomeError> {
        let how = if goes_on {
            OFlags::empty()
        } else {
            OFlags::CREATE | OFlags::EXCL
        };
        let flags = how | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(&self.parts, name, flags, Mode::from_raw_mode(0o644));
        let mut opened = open();
        if matches!(opened, Err(Errno::EXIST)) {
            self.discard(name);
            opened = open();
        }
        opened.map(File::from).map_err(|error| self.error(error))
    }

    /// Opens a part that is there once more, to be written past the page cache; `None` where that
    /// cannot be.
    pub(super) fn part_past_cache(&self, name: &str) -> Option<File> {
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::WRONLY | OFlags::DIRECT | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(&self.parts, name, flags, Mode::empty());
            opened.ok().map(File::from)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = name;
            None
        }
    }

    /// Takes a part away.
    pub(super) fn discard(&self, name: &str) {
        // It lies where nobody takes it for a file that is home, should it stay.
        let _gone = rustix::fs::unlinkat(&self.parts, name, AtFlags::empty());
    }

    /// Appends records and makes them durable.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub(super) fn append(&self, records: &[Record<'_>]) -> Result<(), HomeError> {
        let mut text = String::new();
        for record in records {
            text.push_str(&line_of(record));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .write_all(text.as_bytes())
            .and_then(|()| state.sync_data())
            .map_err(|cause| io_failed(&self.folder, cause))
    }

    /// Removes the parts and, unless `keeps_state`, all of the side folder that this made.
    pub(super) fn close(self, home: &Home, keeps_state: bool) {
        let left: Vec<_> = names_in(&self.parts).unwrap_or_default();
        for name in left {
            self.discard(&name);
        }
        home.remove_empty(&self.folder.join(PARTS));
        if keeps_state {
            return;
        }
        if let Ok(folder) = home.folder(&self.folder) {
            // Whoever cannot remove it finds it again next time.
            let _gone = rustix::fs::unlinkat(&folder, STATE, AtFlags::empty());
        }
        home.remove_empty(&self.folder);
        home.remove_empty(Path::new(SIDE));
    }

    /// Reads the state up to the first line that is not whole; what is behind that is cut off.
    fn read(&mut self, volume: u64) -> Result<(), HomeError> {
        let failed = |cause| io_failed(Path::new(STATE), cause);
        let mut text = Vec::new();
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.read_to_end(&mut text).map_err(failed)?;
        let (known, whole) = read_lines(&text, volume);
        let whole = u64::try_from(whole).unwrap_or(0);
        state
            .set_len(whole)
            .and_then(|()| state.seek(SeekFrom::Start(whole)).map(drop))
            .map_err(failed)?;
        self.known = known;
        if whole == 0 {
            self.append(&[Record::begun(volume)])?;
        }
        Ok(())
    }

    /// Removes parts that the state does not know.
    fn clean(&self) -> Result<(), HomeError> {
        let parts = self.known.iter();
        let parts = parts.filter(|(_, known)| matches!(known, Known::Part { .. }));
        let known: HashSet<String> = parts.map(|(key, _)| short_hash(key)).collect();
        for name in names_in(&self.parts).map_err(|error| self.error(error))? {
            if !known.contains(&name) {
                self.discard(&name);
            }
        }
        Ok(())
    }

    fn error(&self, error: Errno) -> HomeError {
        io_error(&self.folder.join(PARTS), error)
    }
}

/// Opens the state, which is then nobody else's.
fn open_state(home: &Home, folder: &Path) -> Result<File, HomeError> {
    let opened = home.folder(folder)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let state = rustix::fs::openat(&opened, STATE, flags, Mode::from_raw_mode(0o600));
    let state = state.map_err(|error| io_error(&folder.join(STATE), error))?;
    match rustix::fs::flock(&state, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(File::from(state)),
        Err(Errno::WOULDBLOCK) => Err(HomeError::InUse {
            path: folder.to_owned(),
        }),
        Err(error) => Err(io_error(&folder.join(STATE), error)),
    }
}

fn names_in(folder: &OwnedFd) -> Result<Vec<String>, Errno> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !matches!(name.as_str(), "." | "..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Returns whether what is at a place is the file that was brought there.
pub(super) fn is_as_brought(there: &File, bytes: u64, modified: FileTime) -> bool {
    let (seconds, nanos) = modified.to_unix();
    there.metadata().is_ok_and(|found| {
        let same_time = found.mtime() == seconds && found.mtime_nsec() == i64::from(nanos);
        found.len() == bytes && same_time
    })
}
