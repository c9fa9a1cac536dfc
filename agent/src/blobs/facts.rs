//! What a store says of a blob.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use azure_core::error::ErrorKind;
use azure_core::http::Etag;
use azure_core::time::{OffsetDateTime, to_rfc7231};
use azure_storage_blob::models::{
    BlobClientGetPropertiesResult, BlobClientGetPropertiesResultHeaders as _, BlobItem, BlobType,
};

/// What a blob is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredKind {
    /// A list of blocks.
    Block,
    /// Pages of 512 bytes.
    Page,
    /// A log that only grows.
    Append,
}

/// Headers that a blob is given, and gives back when it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobHeaders {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-MD5`: of the whole blob, as whoever wrote it said; the service does not check it.
    pub content_md5: Option<[u8; 16]>,
}

/// A blob's own names and values.
pub type Metadata = BTreeMap<String, String>;

/// What a store says of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobFacts {
    /// Length in bytes.
    pub bytes: u64,
    /// What it is stored as.
    pub kind: StoredKind,
    /// The version of its content, changed by every write.
    pub etag: String,
    /// When it was last written, by the service's clock.
    pub modified: Option<SystemTime>,
    /// The access tier, such as `Archive`, whose content cannot be read.
    pub tier: Option<String>,
    /// Its headers.
    pub headers: BlobHeaders,
    /// Its metadata; empty where it was not asked for.
    pub metadata: Metadata,
}

impl BlobFacts {
    pub(super) fn of_answer(
        answer: &azure_core::http::Response<
            BlobClientGetPropertiesResult,
            azure_core::http::NoFormat,
        >,
    ) -> azure_core::Result<Self> {
        Ok(Self {
            bytes: answer.content_length()?.ok_or_else(|| {
                let what = "an answer without a length";
                azure_core::Error::with_message(ErrorKind::DataConversion, what)
            })?,
            kind: kind(answer.blob_type()?.as_ref()),
            etag: etag(answer.etag()?),
            modified: answer.last_modified()?.map(SystemTime::from),
            tier: answer.access_tier()?,
            headers: BlobHeaders {
                content_type: answer.content_type()?,
                content_encoding: answer.content_encoding()?,
                content_language: answer.content_language()?,
                cache_control: answer.cache_control()?,
                content_disposition: answer.content_disposition()?,
                content_md5: md5(answer.content_md5()?.as_deref()),
            },
            metadata: sorted(answer.metadata()?),
        })
    }

    /// Returns what a list says of a blob; `None` where it leaves out what every blob has.
    pub(super) fn of_item(item: &BlobItem) -> Option<Self> {
        let properties = item.properties.as_ref()?;
        let metadata = item
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.values.clone());
        Some(Self {
            bytes: properties.content_length?,
            kind: kind(properties.blob_type.as_ref()),
            etag: etag(properties.etag.clone()),
            modified: properties.last_modified.map(SystemTime::from),
            tier: properties
                .access_tier
                .as_ref()
                .map(|tier| tier.as_ref().to_owned()),
            headers: BlobHeaders {
                content_type: given(properties.content_type.as_ref()),
                content_encoding: given(properties.content_encoding.as_ref()),
                content_language: given(properties.content_language.as_ref()),
                cache_control: given(properties.cache_control.as_ref()),
                content_disposition: given(properties.content_disposition.as_ref()),
                content_md5: md5(properties.content_md5.as_deref()),
            },
            metadata: sorted(metadata.unwrap_or_default()),
        })
    }
}

/// Returns a time as HTTP has it: `Sat, 28 Nov 2026 10:51:43 GMT`.
#[must_use]
pub fn http_date(time: SystemTime) -> String {
    to_rfc7231(&OffsetDateTime::from(time))
}

/// An unknown kind is read like a block blob: by ranges.
fn kind(kind: Option<&BlobType>) -> StoredKind {
    match kind.map(AsRef::as_ref) {
        Some("PageBlob") => StoredKind::Page,
        Some("AppendBlob") => StoredKind::Append,
        _ => StoredKind::Block,
    }
}

/// Lists have etags without quotes, headers with them: everything here has them.
fn etag(etag: Option<Etag>) -> String {
    let text = etag.map(|etag| etag.to_string()).unwrap_or_default();
    if text.is_empty() || text.ends_with('"') {
        text
    } else {
        format!("\"{text}\"")
    }
}

fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn md5(bytes: Option<&[u8]>) -> Option<[u8; 16]> {
    bytes.and_then(|bytes| bytes.try_into().ok())
}

fn sorted(metadata: HashMap<String, String>) -> Metadata {
    metadata.into_iter().collect()
}
