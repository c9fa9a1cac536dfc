//! Writing one blob.

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{Etag, RequestContent};
use azure_storage_blob::models::{
    BlockBlobClientCommitBlockListOptions, BlockBlobClientStageBlockOptions,
    BlockBlobClientUploadOptions, BlockLookupList, HttpRange, PageBlobClientCreateOptions,
    PageBlobClientUploadPagesOptions,
};
use bytes::Bytes;

use super::block_id::BlockId;
use super::error::StoreError;
use super::facts::{BlobHeaders, Metadata};
use super::name::BlobName;
use super::store::Store;
use crate::number::wide;

/// When a blob may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    Any,
    /// Nothing may be there.
    Missing,
    /// This version must be there.
    Is(String),
}

impl Condition {
    fn if_match(&self) -> Option<Etag> {
        match self {
            Self::Is(etag) => Some(Etag::from(etag.as_str())),
            Self::Any | Self::Missing => None,
        }
    }

    fn if_none_match(&self) -> Option<Etag> {
        matches!(self, Self::Missing).then(|| Etag::from("*"))
    }
}

impl Store {
    /// Sends a block that waits for the blob to be committed; `md5` is that of `content`, and is checked by the service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stage_block(
        &self,
        blob: &BlobName,
        id: BlockId,
        content: Bytes,
        md5: [u8; 16],
    ) -> Result<(), StoreError> {
        let doing = "put a block of";
        let options = BlockBlobClientStageBlockOptions {
            transactional_content_md5: Some(md5.to_vec()),
            ..BlockBlobClientStageBlockOptions::default()
        };
        let client = self.blob(doing, blob, None)?.block_blob_client();
        let bytes = wide(content.len());
        let id = id.bytes();
        let staged = client.stage_block(&id, bytes, content.into(), Some(options));
        staged
            .await
            .map(drop)
            .map_err(|error| StoreError::of(doing, blob, &error))
    }

    /// Makes a blob of staged blocks, in this order, and of nothing else; returns its version.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::is_conflict`] when the condition is not met.
    pub async fn commit(
        &self,
        blob: &BlobName,
        ids: &[BlockId],
        headers: &BlobHeaders,
        metadata: &Metadata,
        condition: &Condition,
    ) -> Result<String, StoreError> {
        let doing = "commit the blocks of";
        let failed = |error: azure_core::Error| StoreError::of(doing, blob, &error);
        let list = BlockLookupList {
            latest: Some(ids.iter().map(|id| id.bytes().to_vec()).collect()),
            ..BlockLookupList::default()
        };
        let options = BlockBlobClientCommitBlockListOptions {
            blob_cache_control: headers.cache_control.clone(),
            blob_content_disposition: headers.content_disposition.clone(),
            blob_content_encoding: headers.content_encoding.clone(),
            blob_content_language: headers.content_language.clone(),
            blob_content_md5: headers.content_md5.map(Vec::from),
            blob_content_type: headers.content_type.clone(),
            if_match: condition.if_match(),
            if_none_match: condition.if_none_match(),
            metadata: given(metadata),
            ..BlockBlobClientCommitBlockListOptions::default()
        };
        let client = self.blob(doing, blob, None)?.block_blob_client();
        let list = list.try_into().map_err(failed)?;
        let answer = client.commit_block_list(list, Some(options)).await;
        answer.map(|answer| etag(answer.headers())).map_err(failed)
    }

    /// Makes a block blob in one request, and returns its version. Its `Content-MD5` is that of its content, whatever `headers` say: the service
    /// checks it, and keeps it.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::is_conflict`] when the condition is not met.
    pub async fn put(
        &self,
        blob: &BlobName,
        content: Bytes,
        headers: &BlobHeaders,
        metadata: &Metadata,
        condition: &Condition,
    ) -> Result<String, StoreError> {
        let doing = "put";
        let options = BlockBlobClientUploadOptions {
            blob_cache_control: headers.cache_control.clone(),
            blob_content_disposition: headers.content_disposition.clone(),
            blob_content_encoding: headers.content_encoding.clone(),
            blob_content_language: headers.content_language.clone(),
            blob_content_md5: Some(super::md5::md5_of(&content).to_vec()),
            blob_content_type: headers.content_type.clone(),
            if_match: condition.if_match(),
            if_none_match: condition.if_none_match(),
            metadata: given(metadata),
            // One request whatever the length.
            partition_size: std::num::NonZero::new(wide(content.len()).saturating_add(1)),
            parallel: std::num::NonZero::new(1),
            ..BlockBlobClientUploadOptions::default()
        };
        let client = self.blob(doing, blob, None)?.block_blob_client();
        let answer = client
            .upload(RequestContent::from(content.to_vec()), Some(options))
            .await;
        answer
            .map(|answer| answer.etag.map(|etag| etag.to_string()).unwrap_or_default())
            .map_err(|error| StoreError::of(doing, blob, &error))
    }

    /// Makes a page blob of `bytes` zeros, and returns its version.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::is_conflict`] when the condition is not met.
    pub async fn create_page_blob(
        &self,
        blob: &BlobName,
        bytes: u64,
        headers: &BlobHeaders,
        metadata: &Metadata,
        condition: &Condition,
    ) -> Result<String, StoreError> {
        let doing = "make the page blob";
        let options = PageBlobClientCreateOptions {
            blob_cache_control: headers.cache_control.clone(),
            blob_content_disposition: headers.content_disposition.clone(),
            blob_content_encoding: headers.content_encoding.clone(),
            blob_content_language: headers.content_language.clone(),
            blob_content_md5: headers.content_md5.map(Vec::from),
            blob_content_type: headers.content_type.clone(),
            if_match: condition.if_match(),
            if_none_match: condition.if_none_match(),
            metadata: given(metadata),
            ..PageBlobClientCreateOptions::default()
        };
        let client = self.blob(doing, blob, None)?.page_blob_client();
        let answer = client.create(bytes, Some(options)).await;
        answer
            .map(|answer| etag(answer.headers()))
            .map_err(|error| StoreError::of(doing, blob, &error))
    }

    /// Writes whole pages of a page blob; `md5` is that of `content`, and is checked by the service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_pages(
        &self,
        blob: &BlobName,
        at: u64,
        content: Bytes,
        md5: [u8; 16],
    ) -> Result<(), StoreError> {
        let doing = "put pages of";
        let options = PageBlobClientUploadPagesOptions {
            transactional_content_md5: Some(md5.to_vec()),
            ..PageBlobClientUploadPagesOptions::default()
        };
        let client = self.blob(doing, blob, None)?.page_blob_client();
        let bytes = wide(content.len());
        let range = HttpRange::new(at, bytes);
        let answer = client.upload_pages(content.into(), bytes, range, Some(options));
        answer
            .await
            .map(drop)
            .map_err(|error| StoreError::of(doing, blob, &error))
    }
}

fn etag(headers: &Headers) -> String {
    let etag = headers.get_optional_string(&HeaderName::from_static("etag"));
    etag.unwrap_or_default()
}

fn given(metadata: &Metadata) -> Option<std::collections::HashMap<String, String>> {
    let pairs = metadata.iter();
    (!metadata.is_empty()).then(|| {
        pairs
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    })
}
