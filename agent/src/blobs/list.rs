//! What is in an account.

use azure_storage_blob::models::{
    BlobContainerClientListBlobsOptions, BlobServiceClientListContainersOptions,
    ListBlobsIncludeItem,
};
use futures::TryStreamExt as _;

use super::error::{StoreError, StoreFault};
use super::facts::BlobFacts;
use super::store::Store;

/// What a list tells of each blob, beside the blob itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// Its metadata.
    pub metadata: bool,
    /// Its snapshots too, each as an entry of its own, before the blob itself.
    pub snapshots: bool,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBlob {
    /// The name in its container.
    pub name: String,
    /// The time that names a snapshot; none for the blob itself.
    pub snapshot: Option<String>,
    /// What the store says of it.
    pub facts: BlobFacts,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPage {
    /// Its entries, by name.
    pub blobs: Vec<ListedBlob>,
    /// Where the next part begins; none behind the last.
    pub next: Option<String>,
}

impl Store {
    /// Returns the names of all containers that begin with `prefix`, in order. `$root` and `$web` are not listed by every
    /// service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn containers(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let doing = "list the containers of";
        let failed = |error: azure_core::Error| StoreError::of(doing, self.endpoint(), &error);
        let options = BlobServiceClientListContainersOptions {
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            ..BlobServiceClientListContainersOptions::default()
        };
        let listed = self.service(doing)?.list_containers(Some(options));
        let mut pages = listed.map_err(failed)?.into_pages();
        let mut names = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(failed)? {
            let page = page.into_model().map_err(failed)?;
            names.extend(
                page.container_items
                    .into_iter()
                    .filter_map(|item| item.name),
            );
        }
        Ok(names)
    }

    /// Returns a part of the list of a container's blobs whose names begin with `prefix`: the first, or the one that an
    /// earlier one's `next` says. 5,000 at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_of_blobs(
        &self,
        container: &str,
        prefix: &str,
        next: Option<String>,
        include: Include,
    ) -> Result<BlobPage, StoreError> {
        let doing = "list";
        let failed = |error: azure_core::Error| StoreError::of(doing, container, &error);
        let mut items = Vec::new();
        if include.metadata {
            items.push(ListBlobsIncludeItem::Metadata);
        }
        if include.snapshots {
            items.push(ListBlobsIncludeItem::Snapshots);
        }
        let options = BlobContainerClientListBlobsOptions {
            include: (!items.is_empty()).then_some(items),
            marker: next,
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            ..BlobContainerClientListBlobsOptions::default()
        };
        let listed = self.container(doing, container)?.list_blobs(Some(options));
        let mut pages = listed.map_err(failed)?.into_pages();
        let Some(page) = pages.try_next().await.map_err(failed)? else {
            return Ok(BlobPage {
                blobs: Vec::new(),
                next: None,
            });
        };
        let page = page.into_model().map_err(failed)?;
        let blobs = page.blob_items.iter().map(|item| {
            Some(ListedBlob {
                name: item.name.clone()?,
                snapshot: item.snapshot.clone(),
                facts: BlobFacts::of_item(item)?,
            })
        });
        // One that was passed over would be missing from an export without a word.
        let blobs = blobs.collect::<Option<_>>().ok_or_else(|| {
            let what = "a blob without name or length".to_owned();
            StoreError::new(doing, container, StoreFault::Malformed { what })
        })?;
        Ok(BlobPage {
            blobs,
            next: page.next_marker.filter(|marker| !marker.is_empty()),
        })
    }
}
