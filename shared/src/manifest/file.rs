//! One file of a manifest.

use super::blocks::{self, BlobKind};
use serde::{Deserialize, Serialize};

/// A file on the drive and the blob that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Path on the drive: `\session\a\b`.
    pub path: String,
    /// Blob path, container included: `container/prefix/a/b`; of a file of a share `share/a/b`.
    pub blob: String,
    /// Length in bytes.
    pub bytes: u64,
    /// The blob's kind.
    pub kind: BlobKind,
    /// MD5 of every block or page range, in order.
    pub hashes: Vec<[u8; 16]>,
    /// Where those begin and end.
    pub ranges: Ranges,
    /// What the service does when the blob exists; `None` where nothing of it stands, as in the manifest of an export.
    pub disposition: Option<Disposition>,
    /// The snapshot that was exported: its time as the store writes it; `None` for the blob itself.
    pub snapshot: Option<String>,
    /// A file with the blob's metadata.
    pub metadata: Option<Attached>,
    /// A file with the blob's properties.
    pub properties: Option<Attached>,
}

/// Where the blocks or page ranges of a file begin and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// As [`parts`](super::parts) cuts the file.
    Rule,
    /// As listed: offset and length of each. Manifests of other tools cut differently, and page
    /// ranges may leave gaps.
    Listed(Vec<(u64, u64)>),
}

/// A metadata or properties file on the drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its path on the drive.
    pub path: String,
    /// MD5 of the whole of it.
    pub hash: [u8; 16],
}

/// What the service does when a blob of that name exists. Newer tools have no choice and overwrite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// The new blob gets another name: `Seattle (2).jpg`.
    #[default]
    Rename,
    /// The file is skipped.
    NoOverwrite,
    /// The old blob is replaced.
    Overwrite,
}

impl Disposition {
    /// Returns the word as it stands in manifests and CSV files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::NoOverwrite => "no-overwrite",
            Self::Overwrite => "overwrite",
        }
    }

    /// Returns the disposition of a word, which is case-sensitive; `None` for any other word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Rename, Self::NoOverwrite, Self::Overwrite]
            .into_iter()
            .find(|choice| choice.code() == code)
    }
}

/// One block or page range with its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Offset in the file.
    pub at: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// MD5 of those bytes.
    pub hash: [u8; 16],
}

/// A file whose content is not known yet: all that the length of its lines in the manifest depends
/// on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFile<'a> {
    /// Path on the drive.
    pub path: &'a str,
    /// Blob path, container included.
    pub blob: &'a str,
    /// Length in bytes.
    pub bytes: u64,
    /// The blob's kind.
    pub kind: BlobKind,
    /// What the service does when the blob exists; `None` writes nothing of it.
    pub disposition: Option<Disposition>,
    /// The snapshot that is exported; `None` for the blob itself.
    pub snapshot: Option<&'a str>,
    /// Path on the drive of its metadata file.
    pub metadata: Option<&'a str>,
    /// Path on the drive of its properties file.
    pub properties: Option<&'a str>,
}

impl ManifestFile {
    /// Returns a file cut by the rule, with the default disposition and nothing attached.
    #[must_use]
    pub fn new(
        path: String,
        blob: String,
        bytes: u64,
        kind: BlobKind,
        hashes: Vec<[u8; 16]>,
    ) -> Self {
        Self {
            path,
            blob,
            bytes,
            kind,
            hashes,
            ranges: Ranges::Rule,
            disposition: Some(Disposition::default()),
            snapshot: None,
            metadata: None,
            properties: None,
        }
    }

    /// Returns what is done when the blob exists: the default where nothing says so.
    #[must_use]
    pub fn rule(&self) -> Disposition {
        self.disposition.unwrap_or_default()
    }

    /// Returns what the length of its lines depends on. Only for files cut by the rule.
    #[must_use]
    pub fn planned(&self) -> PlannedFile<'_> {
        PlannedFile {
            path: &self.path,
            blob: &self.blob,
            bytes: self.bytes,
            kind: self.kind,
            disposition: self.disposition,
            snapshot: self.snapshot.as_deref(),
            metadata: self
                .metadata
                .as_ref()
                .map(|attached| attached.path.as_str()),
            properties: self
                .properties
                .as_ref()
                .map(|attached| attached.path.as_str()),
        }
    }

    /// Returns every block or page range with its hash, in order. Ends at the shorter of ranges and
    /// hashes, which are equally many in a file that was read or may be written.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        let ranges: Box<dyn Iterator<Item = (u64, u64)> + Send + '_> = match &self.ranges {
            Ranges::Rule => Box::new(blocks::parts(self.bytes, self.kind)),
            Ranges::Listed(ranges) => Box::new(ranges.iter().copied()),
        };
        ranges.zip(&self.hashes).map(|((at, bytes), hash)| Part {
            at,
            bytes,
            hash: *hash,
        })
    }
}

impl<'a> PlannedFile<'a> {
    /// Returns a file with the default disposition and nothing attached.
    #[must_use]
    pub fn new(path: &'a str, blob: &'a str, bytes: u64, kind: BlobKind) -> Self {
        Self {
            path,
            blob,
            bytes,
            kind,
            disposition: Some(Disposition::default()),
            snapshot: None,
            metadata: None,
            properties: None,
        }
    }
}
