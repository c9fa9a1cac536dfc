//! The lines of a state file.

use serde::{Deserialize, Serialize};
use shared::copy_log::DispositionStatus;

/// Which ingest a state file is of: another drive's, manifest's or store's is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateOf {
    /// The drive's serial.
    pub drive: String,
    /// MD5 of its manifest in Base16.
    pub manifest: String,
    /// The account's address, which has no secret in it.
    pub store: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// The first line.
    Ingest {
        version: u32,
        #[serde(flatten)]
        of: StateOf,
    },
    /// Blob `blob` of the manifest (from 0) is about to become `name`.
    Began { blob: u64, begun: Begun },
    /// Its page blob is made.
    Made { blob: u64 },
    /// Block or page range `part` of it was sent.
    Sent { blob: u64, part: u64 },
    /// It is in the store.
    Done { blob: u64, done: Done },
}

/// What was decided before the first byte of a blob was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// The name that it gets, container included.
    pub(super) name: String,
    /// The version that it replaces; none when the name was free.
    pub(super) over: Option<String>,
    /// What that means for its rule.
    pub(super) disposition: DispositionStatus,
}

/// A blob that is in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Its name, container included.
    pub(super) name: String,
    /// Its version.
    pub(super) etag: String,
    /// CRC-64/NVME of its content.
    pub(super) crc64: u64,
    /// What became of its rule.
    pub(super) disposition: DispositionStatus,
}

pub(super) const VERSION: u32 = 1;
