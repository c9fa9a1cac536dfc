//! What a scan found.

use std::path::PathBuf;

/// Everything below a source: what can go, in writing order, and what cannot, with the reason.
#[derive(Debug)]
pub struct ScanReport {
    /// The folder that all paths are relative to; give it to [`super::SourceRoot::open`].
    pub root: PathBuf,
    /// Files and folders, in writing order: folders first, by path; files by device and inode.
    pub entries: Vec<Entry>,
    /// What will not go onto a drive.
    pub skipped: Vec<Skipped>,
    /// Files with more than one name: each name is copied in full.
    pub hard_linked: u64,
    /// Files with holes: they count and go with their full length.
    pub sparse: u64,
    /// Folders on other file systems, which were followed.
    pub crossed: Vec<String>,
}

/// One file or folder, until `shared::plan::Listing` holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path below the root, parts divided by `/`.
    pub path: String,
    /// Length in bytes; 0 for a folder.
    pub bytes: u64,
    /// Last change, seconds since 1970.
    pub modified_seconds: i64,
    /// Last change, nanoseconds within the second.
    pub modified_nanoseconds: u32,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// One thing that will not go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Path below the root, parts divided by `/`; bytes that are not UTF-8 as `\xNN`.
    pub path: String,
    /// Why not.
    pub reason: SkippedReason,
}

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
    /// The operating system refused; a folder's contents are then missing too.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}
