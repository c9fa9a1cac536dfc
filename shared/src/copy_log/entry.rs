//! One blob in a log.

use super::status::{AttachedStatus, BlobStatus, DispositionStatus, PartStatus};
use crate::manifest::{BlobKind, Disposition};

/// What became of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBlob {
    /// How it ended.
    pub status: BlobStatus,
    /// The blob, container included: the name that it has now.
    pub blob: String,
    /// The file on the drive.
    pub file: String,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The rule for a blob that exists, and what became of it.
    pub disposition: (Disposition, DispositionStatus),
    /// Whether the parts are blocks or page ranges.
    pub kind: BlobKind,
    /// Its blocks or page ranges, in order.
    pub parts: Vec<LoggedPart>,
    /// Its metadata file.
    pub metadata: Option<LoggedAttached>,
    /// Its properties file.
    pub properties: Option<LoggedAttached>,
}

/// What became of a block or page range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedPart {
    /// Offset in the file.
    pub at: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// A block's id, in base64.
    pub id: Option<String>,
    /// Its MD5, as the manifest has it.
    pub hash: Option<[u8; 16]>,
    /// How it ended.
    pub status: PartStatus,
}

/// What became of a metadata or properties file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedAttached {
    /// Its path on the drive.
    pub path: String,
    /// Its MD5, as the manifest has it.
    pub hash: [u8; 16],
    /// How it ended.
    pub status: AttachedStatus,
}

impl LoggedBlob {
    /// Returns whether nothing at all is wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.status == BlobStatus::Completed
    }
}
