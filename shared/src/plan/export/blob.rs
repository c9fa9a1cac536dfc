//! One blob that is to be exported.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::manifest::{BlobKind, WantedBlobs};

/// What an export knows beside its listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Address of the store, without anything that opens it.
    pub store: String,
    /// What was asked for and goes onto no drive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<WantedBlobs>,
    /// The blobs, in the order of the listing's entries. They stand beside the entries in a plan
    /// file.
    #[serde(skip)]
    pub blobs: Arc<Vec<ExportBlob>>,
}

/// One blob that is to be exported, but for what the listing says: its place on the drive, its
/// length and when it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportBlob {
    /// Its path, container included, where the place on the drive is called otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Box<str>>,
    /// The snapshot: its time as the store writes it; `None` for the blob itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Box<str>>,
    /// What sort of blob it is.
    pub kind: StoredKind,
    /// Its state when it was listed: what is read must be of the same.
    pub etag: Box<str>,
    /// Its properties.
    #[serde(default)]
    pub properties: StoredProperties,
    /// Names and values of its owner's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<(Box<str>, Box<str>)>,
}

/// The sorts of blobs that a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredKind {
    /// A block blob.
    Block,
    /// A page blob.
    Page,
    /// An append blob, which a manifest calls a list of blocks too.
    Append,
}

impl StoredKind {
    /// Returns what a manifest says of such a blob: it knows two sorts.
    #[must_use]
    pub const fn in_manifest(self) -> BlobKind {
        match self {
            Self::Block | Self::Append => BlobKind::Block,
            Self::Page => BlobKind::Page,
        }
    }
}

/// Properties that go into the file beside the blob's, as the store words them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredProperties {
    /// `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Box<str>>,
    /// `Content-MD5`, base64: what the owner gave, or the store made when the blob was put at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_md5: Option<Box<str>>,
    /// `Content-Encoding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<Box<str>>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<Box<str>>,
    /// `Cache-Control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<Box<str>>,
    /// `Last-Modified`, in HTTP's form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Box<str>>,
}

impl Export {
    /// Returns the blob of a listing entry.
    #[must_use]
    pub fn blob(&self, entry: u32) -> Option<&ExportBlob> {
        self.blobs.get(usize::try_from(entry).ok()?)
    }
}
