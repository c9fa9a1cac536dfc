//! A page blob: made whole of zeros, then filled. It can be seen while it grows, so its file is compared first.

use std::sync::Arc;

use shared::manifest::ManifestFile;

use super::attached::Given;
use super::blob::{Failed, Way};
use super::blocks::Sink;
use super::outcome::{Hung, Trouble};
use super::run::Run;
use super::target::Target;
use crate::blobs::{BlobFacts, StoredKind};

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
        let facts = self.run.store.facts(&target.name, None).await;
        let facts = facts.map_err(|error| self.before(Trouble::of_store(&error)))?;
        let etag = facts.map(|facts| facts.etag).unwrap_or_default();
        Ok((etag, crc64))
    }

    async fn make(&self, target: &Target, given: &Given) -> Result<(), Box<Failed>> {
        let (run, bytes): (&Arc<Run>, u64) = (self.run, self.file.bytes);
        let (headers, metadata) = (&given.headers, &given.metadata);
        let condition = target.condition();
        let made = run
            .store
            .create_page_blob(&target.name, bytes, headers, metadata, &condition);
        let Err(error) = made.await else {
            return Ok(());
        };
        if error.is_conflict() && error.unanswered {
            let there = run.store.facts(&target.name, None).await;
            if let Ok(Some(there)) = &there
                && could_be(there, self.file)
            {
                return Ok(());
            }
        }
        let failed = Failed {
            hung: Hung::CANCELLED,
            ..*self.before(Trouble::of_store(&error))
        };
        Err(Box::new(failed))
    }
}

/// Returns whether a blob is of the kind and length that this file's page blob has.
pub(super) fn could_be(there: &BlobFacts, file: &ManifestFile) -> bool {
    there.kind == StoredKind::Page && there.bytes == file.bytes
}
