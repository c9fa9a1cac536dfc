//! A page blob: made whole of zeros, then filled. It can be seen while it grows, so its file is compared first.

use std::sync::Arc;

use shared::copy_log::{BlobStatus, Category};
use shared::manifest::ManifestFile;

use super::attached::Given;
use super::blob::{Failed, Way};
use super::blocks::Sink;
use super::outcome::Trouble;
use super::run::Run;
use super::target::Target;
use crate::blobs::{BlobFacts, BlobName, StoredKind};

impl Way<'_> {
    /// Puts the file as a page blob; returns version and CRC-64.
    ///
    /// # Errors
    /// [`Failed`].
    pub(super) async fn pages(
        &self,
        target: &Target,
        given: &Given,
        is_made: bool,
    ) -> Result<(String, u64), Box<Failed>> {
        if !is_made {
            self.pour(Sink::Nowhere).await?;
            self.make(target, given).await?;
            let kept = self.run.keep(|state| state.made(self.number));
            kept.map_err(|trouble| self.before(trouble))?;
        }
        let poured = self.pour(Sink::Pages(target.name.clone())).await;
        let crc64 = poured.map_err(|mut failed| {
            let what = &mut failed.trouble.message;
            what.push_str(" (the page blob is there, and is not whole)");
            failed
        })?;
        let facts = self.run.store().facts(&target.name, None).await;
        let facts = facts.map_err(|error| self.before(Trouble::of_store(&error)))?;
        let facts = facts.ok_or_else(|| {
            let what = "the page blob was deleted while it was filled";
            let status = BlobStatus::BlobUnexpectedChange;
            self.before(Trouble::new(status, Category::CloudHttp, "Changed", what))
        })?;
        Ok((facts.etag, crc64))
    }

    /// Returns whether a blob of the right kind and length, which was not there before, is the one that an earlier run made
    /// and had no time to note: nothing was put into it. Keeps that it is.
    ///
    /// # Errors
    /// [`Trouble`].
    pub(super) async fn is_made(
        &self,
        name: &BlobName,
        there: &BlobFacts,
    ) -> Result<bool, Trouble> {
        let ranges = self
            .run
            .store()
            .page_ranges(name, None, None, Some(&there.etag));
        let ranges = ranges.await.map_err(|error| Trouble::of_store(&error))?;
        if ranges.is_empty() {
            self.run.keep(|state| state.made(self.number))?;
        }
        Ok(ranges.is_empty())
    }

    async fn make(&self, target: &Target, given: &Given) -> Result<(), Box<Failed>> {
        let (run, bytes): (&Arc<Run>, u64) = (self.run, self.file.bytes);
        let (headers, metadata) = (&given.headers, &given.metadata);
        let condition = target.condition();
        let made = run
            .store()
            .create_page_blob(&target.name, bytes, headers, metadata, &condition);
        let Err(error) = made.await else {
            return Ok(());
        };
        if error.is_conflict() && error.unanswered {
            let there = run.store().facts(&target.name, None).await;
            if let Ok(Some(there)) = &there
                && could_be(there, self.file)
            {
                return Ok(());
            }
        }
        Err(self.before(Trouble::of_store(&error)))
    }
}

/// Returns whether a blob is of the kind and length that this file's page blob has.
pub(super) fn could_be(there: &BlobFacts, file: &ManifestFile) -> bool {
    there.kind == StoredKind::Page && there.bytes == file.bytes
}
