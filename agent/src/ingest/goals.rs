//! Where a drive goes.

use shared::manifest::{BlobKind, ManifestFile};
use shared::words::count;

use super::check::{Amount, ManifestFacts};
use crate::blobs::Store;
use crate::shares::Share;

/// Where a drive goes: what is not given is not sent.
#[derive(Debug, Default)]
pub struct Goals {
    /// The account that blobs go into.
    pub store: Option<Store>,
    /// The server whose shares files go into.
    pub share: Option<Share>,
}

impl Goals {
    /// Returns whether the files of a share are sent.
    pub(super) fn has_share(&self, share: &str) -> bool {
        let there = self.share.as_ref();
        there.is_some_and(|there| there.address().has(share))
    }

    /// Returns whether a file is sent.
    pub(super) fn has(&self, file: &ManifestFile) -> bool {
        match file.kind {
            BlobKind::Block | BlobKind::Page => self.store.is_some(),
            BlobKind::File => self.has_share(share_of(file)),
        }
    }

    /// Returns how many bytes are sent.
    pub(super) fn bytes(&self, facts: &ManifestFacts) -> u64 {
        let bytes = self.amounts(facts).map(|amount| amount.bytes);
        bytes.fold(0, u64::saturating_add)
    }

    fn amounts<'a>(&'a self, facts: &'a ManifestFacts) -> impl Iterator<Item = &'a Amount> {
        let blobs = self.store.as_ref().map(|_| &facts.blobs);
        let shares = facts.shares.iter();
        let shares = shares.filter(|(share, _)| self.has_share(share));
        blobs.into_iter().chain(shares.map(|(_, amount)| amount))
    }

    /// Returns how many files are sent.
    pub(super) fn files(&self, facts: &ManifestFacts) -> u64 {
        let files = self.amounts(facts).map(|amount| amount.files);
        files.fold(0, u64::saturating_add)
    }

    /// Returns what is on a drive and has nowhere to go, in words.
    #[must_use]
    pub fn missing(&self, facts: &ManifestFacts) -> Vec<String> {
        let told = |amount: &Amount, what: &str, option: &str| {
            format!(
                "{} files ({} bytes) are for {what}, and no {option} says where that is: they are not sent",
                count(amount.files),
                count(amount.bytes)
            )
        };
        let blobs = Some(&facts.blobs).filter(|blobs| blobs.files > 0 && self.store.is_none());
        let blobs = blobs.map(|blobs| told(blobs, "Blob storage", "--store"));
        let shares = facts
            .shares
            .iter()
            .filter(|(share, _)| !self.has_share(share));
        let shares = shares
            .map(|(share, amount)| told(amount, &format!("the file share {share}"), "--share"));
        blobs.into_iter().chain(shares).collect()
    }
}

fn share_of(file: &ManifestFile) -> &str {
    file.blob.split_once('/').map_or("", |(share, _)| share)
}
