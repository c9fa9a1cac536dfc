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
    /// The account's address, which has no secret in it; empty while no blobs are sent.
    pub store: String,
    /// The address of the server of shares; empty while no files of shares are sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub share: String,
}

impl StateOf {
    /// Returns whether `other` is the same ingest: where both know where something goes, it is the same place.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        self.drive == other.drive
            && self.manifest == other.manifest
            && same(&self.store, &other.store)
            && same(&self.share, &other.share)
    }

    /// Returns this with what `other` knows more.
    pub(super) fn and(&self, other: &Self) -> Self {
        let known = |a: &str, b: &str| if a.is_empty() { b } else { a }.to_owned();
        Self {
            store: known(&self.store, &other.store),
            share: known(&self.share, &other.share),
            ..self.clone()
        }
    }

    /// Returns where it goes, in words.
    #[must_use]
    pub fn place(&self) -> String {
        let places = [self.store.as_str(), self.share.as_str()];
        let places: Vec<_> = places
            .into_iter()
            .filter(|place| !place.is_empty())
            .collect();
        places.join(" and ")
    }
}

/// What the names of files of shares begin with, before the share: no blob's do.
pub(super) const IN_SHARE: &str = "//";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// The first line; and a further one when an ingest learns of more places.
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
    /// The name that it gets, container included; `//share/dir/name` of a file of a share.
    pub(super) name: String,
    /// The version that it replaces; none when the name was free.
    pub(super) over: Option<String>,
    /// What that means for its rule.
    pub(super) disposition: DispositionStatus,
}

/// A blob that is in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Its name, container included; `//share/dir/name` of a file of a share.
    pub(super) name: String,
    /// Its version; of a file of a share its length and time.
    pub(super) etag: String,
    /// CRC-64/NVME of its content.
    pub(super) crc64: u64,
    /// What became of its rule.
    pub(super) disposition: DispositionStatus,
}

impl Done {
    /// Returns its name as logs have it: `container/name` or `share/dir/name`.
    pub(super) fn in_log(&self) -> &str {
        self.name.strip_prefix(IN_SHARE).unwrap_or(&self.name)
    }
}

pub(super) const VERSION: u32 = 1;
