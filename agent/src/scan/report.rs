//! What a scan found.

use std::path::PathBuf;

use super::entries::{Entries, Folder};
use super::facts::Facts;

/// Everything below a source: what can go, in writing order, and what cannot, with the reason.
#[derive(Debug)]
pub struct ScanReport {
    /// The folder that all paths are relative to; give it to [`super::SourceRoot::open`].
    pub root: PathBuf,
    /// What can go.
    pub entries: Entries,
    /// What will not go onto a drive.
    pub skipped: Vec<Skipped>,
    /// Files with more than one name: each name is copied in full.
    pub hard_linked: u64,
    /// Bytes of the files when each is counted once, whatever its names.
    pub unique_bytes: u64,
    /// Files with holes: they count and go with their full length.
    pub sparse: u64,
    /// Folders on other file systems, which were followed.
    pub crossed: Vec<String>,
}

/// One thing that will not go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Path below the root, parts divided by `/`; bytes that are not UTF-8 as `\xNN`.
    pub path: String,
    /// Why not.
    pub reason: SkippedReason,
    /// Bytes that stay behind: a file's whose length could be asked for.
    pub bytes: Option<u64>,
}

/// The cause of what was there when its folder was listed, and not a moment later.
pub(super) const VANISHED: &str = "it vanished while its folder was listed";

/// Why something will not go onto a drive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkippedReason {
    /// A symbolic link; what it points to is not followed.
    #[error("a symbolic link (not followed; what it points to is copied only where it really is)")]
    SymbolicLink,
    /// A socket.
    #[error("a socket (not a file)")]
    Socket,
    /// A named pipe.
    #[error("a named pipe (not a file)")]
    Fifo,
    /// A block or character device node.
    #[error("a device node (not a file)")]
    DeviceNode,
    /// A name that is not UTF-8.
    #[error("its name is not UTF-8, so it has no NTFS name; rename it")]
    NameNotUtf8,
    /// A folder on which another file system is mounted.
    #[error("another file system, which was not entered")]
    OtherFileSystem,
    /// The operating system refused; a folder's contents are then missing too.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl SkippedReason {
    /// Returns whether it is there and the reading user may not read it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Unreadable(cause) if cause != VANISHED)
    }
}

/// What was found so far, in no order.
#[derive(Debug, Default)]
pub(super) struct Found {
    folders: Vec<Folder>,
    skipped: Vec<Skipped>,
    hard_linked: u64,
    sparse: u64,
    pub(super) crossed: Vec<String>,
}

impl Found {
    /// Begins a folder; `own` is none for the root.
    pub(super) fn begin_folder(&mut self, path: String, own: Option<&Facts>) {
        self.folders.push(Folder::new(path, own));
    }

    /// Adds a file of the folder that was begun last.
    ///
    /// # Panics
    /// When none was begun.
    pub(super) fn add_file(&mut self, name: &str, facts: &Facts) {
        self.hard_linked = self.hard_linked.saturating_add(facts.has_more_names.into());
        self.sparse = self.sparse.saturating_add(facts.is_sparse.into());
        let folder = self.folders.last_mut();
        folder.expect("a folder was begun").add_file(name, facts);
    }

    pub(super) fn skip(&mut self, path: String, reason: SkippedReason) {
        self.skipped.push(Skipped {
            path,
            reason,
            bytes: None,
        });
    }

    /// Notes a file of so many bytes that cannot be read.
    pub(super) fn skip_file(&mut self, path: String, reason: SkippedReason, bytes: u64) {
        self.skipped.push(Skipped {
            path,
            reason,
            bytes: Some(bytes),
        });
    }

    /// Returns how many files were found in the folder that was begun last, and their bytes.
    pub(super) fn files_and_bytes(&self) -> (u64, u64) {
        self.folders.last().map_or((0, 0), Folder::files_and_bytes)
    }

    /// Adds what another found.
    pub(super) fn append(&mut self, mut other: Self) {
        self.folders.append(&mut other.folders);
        self.skipped.append(&mut other.skipped);
        self.crossed.append(&mut other.crossed);
        self.hard_linked = self.hard_linked.saturating_add(other.hard_linked);
        self.sparse = self.sparse.saturating_add(other.sparse);
    }

    /// Returns it in writing order; sorts with the threads of the pool that this is called in.
    pub(super) fn into_report(mut self, root: PathBuf) -> ScanReport {
        self.skipped
            .sort_unstable_by(|one, other| one.path.cmp(&other.path));
        self.crossed.sort_unstable();
        let entries = Entries::new(self.folders);
        ScanReport {
            root,
            unique_bytes: entries.unique_bytes(),
            entries,
            skipped: self.skipped,
            hard_linked: self.hard_linked,
            sparse: self.sparse,
            crossed: self.crossed,
        }
    }
}
