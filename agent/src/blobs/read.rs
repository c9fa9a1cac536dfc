//! Reading one blob.

use std::num::NonZero;
use std::ops::Range;

use azure_core::http::Etag;
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlockListType, HttpRange, PageBlobClientListPageRangesOptions,
};
use bytes::Bytes;
use futures::TryStreamExt as _;

use super::block_id::BlockId;
use super::error::{StoreError, StoreFault};
use super::facts::BlobFacts;
use super::md5::md5_of;
use super::name::BlobName;
use super::store::{Store, length};
use super::transport::SPOILED_MAX;

/// Up to this length the service hashes a range for us.
const HASHED_BYTES_MAX: u64 = 4 << 20;

impl Store {
    /// Returns what the store says of a blob, or of a snapshot of it; `None` when there is none, or not even its container.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts(
        &self,
        blob: &BlobName,
        snapshot: Option<&str>,
    ) -> Result<Option<BlobFacts>, StoreError> {
        let doing = "ask about";
        let answer = self.blob(doing, blob, snapshot)?.get_properties(None).await;
        let facts = answer.and_then(|answer| BlobFacts::of_answer(&answer));
        match facts.map_err(|error| StoreError::of(doing, blob, &error)) {
            Ok(facts) => Ok(Some(facts)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads bytes `range` of a blob, or of a snapshot of it, which must be the version `etag`, in one request; ranges of at
    /// most 4 MiB are compared with the hash that the service makes of them, and asked for again when they came damaged.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::is_conflict`] when the blob has changed.
    pub async fn read(
        &self,
        blob: &BlobName,
        snapshot: Option<&str>,
        range: Range<u64>,
        etag: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let mut number = 1;
        loop {
            let read = self.read_once(blob, snapshot, range.clone(), etag).await;
            match read {
                Err(error) if number < SPOILED_MAX && error.is_damaged() => {
                    number = number.saturating_add(1);
                }
                read => return read,
            }
        }
    }

    async fn read_once(
        &self,
        blob: &BlobName,
        snapshot: Option<&str>,
        range: Range<u64>,
        etag: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let doing = "read";
        let failed = |error: azure_core::Error| StoreError::of(doing, blob, &error);
        let bytes = range.end.saturating_sub(range.start);
        let Some(whole) = NonZero::new(length(doing, blob, bytes)?) else {
            return Ok(Bytes::new());
        };
        let options = BlobClientDownloadOptions {
            if_match: etag.map(Etag::from),
            parallel: NonZero::new(1),
            partition_size: Some(whole),
            range: Some(HttpRange::new(range.start, bytes)),
            range_get_content_md5: (bytes <= HASHED_BYTES_MAX).then_some(true),
            ..BlobClientDownloadOptions::default()
        };
        let client = self.blob(doing, blob, snapshot)?;
        let answer = client.download(Some(options)).await.map_err(failed)?;
        let said = answer.properties.content_md5.clone();
        let content = answer.body.collect().await.map_err(failed)?;
        let wrong = |what: String| StoreError::new(doing, blob, StoreFault::Content { what });
        if content.len() != whole.get() {
            let what = format!("{bytes} bytes were asked for, {} came", content.len());
            return Err(wrong(what));
        }
        let is_range_hash = bytes <= HASHED_BYTES_MAX;
        if let Some(said) = said.filter(|_| is_range_hash)
            && said != md5_of(&content)
        {
            let what = format!("bytes from {} on came damaged", range.start);
            return Err(wrong(what));
        }
        Ok(content)
    }

    /// Returns offset and length of the ranges of a page blob, or of a snapshot of it, that hold something, in order; all
    /// else reads as zeros. With `within`, only what lies in those bytes is told.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::is_conflict`] when the blob is not the version `etag`.
    pub async fn page_ranges(
        &self,
        blob: &BlobName,
        snapshot: Option<&str>,
        within: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> Result<Vec<(u64, u64)>, StoreError> {
        let mut number = 1;
        loop {
            let ranges = self.page_ranges_once(blob, snapshot, within.clone(), etag);
            match ranges.await {
                // What a line spoiled is no list any more.
                Err(error)
                    if number < SPOILED_MAX
                        && matches!(error.fault, StoreFault::Malformed { .. }) =>
                {
                    number = number.saturating_add(1);
                }
                ranges => return ranges,
            }
        }
    }

    async fn page_ranges_once(
        &self,
        blob: &BlobName,
        snapshot: Option<&str>,
        within: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> Result<Vec<(u64, u64)>, StoreError> {
        let doing = "list the pages of";
        let failed = |error: azure_core::Error| StoreError::of(doing, blob, &error);
        let malformed = |what: &str| {
            let what = what.to_owned();
            StoreError::new(doing, blob, StoreFault::Malformed { what })
        };
        let range = |within: Range<u64>| {
            HttpRange::new(within.start, within.end.saturating_sub(within.start))
        };
        let options = PageBlobClientListPageRangesOptions {
            if_match: etag.map(Etag::from),
            range: within.map(range),
            ..PageBlobClientListPageRangesOptions::default()
        };
        let client = self.blob(doing, blob, snapshot)?.page_blob_client();
        let mut pages = client.list_page_ranges(Some(options)).map_err(failed)?;
        let (mut ranges, mut through) = (Vec::new(), 0);
        while let Some(page) = pages.try_next().await.map_err(failed)? {
            for range in page.into_model().map_err(failed)?.page_ranges {
                let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
                let Some((start, last)) = number(range.start).zip(number(range.end)) else {
                    return Err(malformed("a page range without ends"));
                };
                if start < through || last < start {
                    return Err(malformed("page ranges that are in no order"));
                }
                through = last.saturating_add(1);
                ranges.push((start, through.saturating_sub(start)));
            }
        }
        Ok(ranges)
    }

    /// Returns id and length of the blocks that were staged for a blob and wait for its commit; none when there are none.
    /// Blocks whose ids are none of ours are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staged_blocks(&self, blob: &BlobName) -> Result<Vec<(BlockId, u64)>, StoreError> {
        self.blocks(blob, BlockListType::Uncommitted).await
    }

    /// Returns id and length of the blocks that a blob consists of, in order. Blocks whose ids are none of ours are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn committed_blocks(
        &self,
        blob: &BlobName,
    ) -> Result<Vec<(BlockId, u64)>, StoreError> {
        self.blocks(blob, BlockListType::Committed).await
    }

    async fn blocks(
        &self,
        blob: &BlobName,
        which: BlockListType,
    ) -> Result<Vec<(BlockId, u64)>, StoreError> {
        let doing = "list the blocks of";
        let are_committed = matches!(which, BlockListType::Committed);
        let client = self.blob(doing, blob, None)?.block_blob_client();
        let answer = client.get_block_list(which, None).await;
        let list = answer.and_then(azure_core::http::Response::into_model);
        let list = match list.map_err(|error| StoreError::of(doing, blob, &error)) {
            Ok(list) => list,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let blocks = if are_committed {
            list.committed_blocks
        } else {
            list.uncommitted_blocks
        };
        let ours = blocks.unwrap_or_default().into_iter().filter_map(|block| {
            let id = BlockId::from_bytes(&block.name?)?;
            Some((id, u64::try_from(block.size?).ok()?))
        });
        Ok(ours.collect())
    }
}
