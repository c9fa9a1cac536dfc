//! Which blobs a list selects.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ntfs_image::FileTime;
use shared::blob_name::ROOT_CONTAINER;
use shared::manifest::{BlobList, WantedBlobs};
use shared::plan::export::{ExportBlob, StoredKind, StoredProperties};

use crate::blobs::{self, BlobFacts, BlobName, Include, Store, StoreError, http_date};

/// The blobs that a list selects, and what of the list selects none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The blobs, each once, by path and snapshot.
    pub blobs: Vec<ChosenBlob>,
    /// Lines of the list, each once.
    pub unique: u64,
    /// Lines that were there before.
    pub duplicates: u64,
    /// Lines that select nothing.
    pub nonexistent: Vec<String>,
    /// Entries of the store that are folders and no blobs.
    pub folders: u64,
}

/// One blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenBlob {
    /// Its path, container included.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// When it was last written.
    pub modified: FileTime,
    /// Whether its content cannot be read before somebody rehydrates it.
    pub is_archived: bool,
    /// What else the store says of it.
    pub blob: ExportBlob,
}

/// Containers that not every service lists.
const UNLISTED: [&str; 2] = [ROOT_CONTAINER, "$web"];
/// What a store with folders calls them.
const FOLDER_MARK: &str = "hdi_isfolder";

/// Asks the store about everything that `list` names; with `snapshots`, about the snapshots of those
/// blobs too. `told` is told how many there are so far.
///
/// # Errors
/// [`StoreError`] when it does not answer, or not to us.
pub async fn choose(
    store: &Store,
    list: &BlobList,
    snapshots: bool,
    told: &mut dyn FnMut(usize),
) -> Result<Chosen, StoreError> {
    let mut choice = Choice {
        store,
        include: Include {
            metadata: true,
            snapshots,
        },
        found: BTreeMap::new(),
        folders: 0,
        told,
    };
    let mut nonexistent = Vec::new();
    for wanted in &list.wanted {
        let count = match wanted {
            WantedBlobs::Containers { prefix } => choice.containers(prefix).await?,
            WantedBlobs::Below { container, prefix } => choice.below(container, prefix).await?,
            WantedBlobs::Blob {
                container,
                name,
                snapshot,
            } => choice.one(container, name, snapshot.as_deref()).await?,
        };
        if count == 0 {
            nonexistent.push(wanted.text());
        }
    }
    Ok(Chosen {
        unique: u64::try_from(list.wanted.len()).unwrap_or(u64::MAX),
        duplicates: list.duplicates,
        nonexistent,
        folders: choice.folders,
        blobs: choice.found.into_values().collect(),
    })
}

struct Choice<'a> {
    store: &'a Store,
    include: Include,
    found: BTreeMap<(String, Option<String>), ChosenBlob>,
    folders: u64,
    told: &'a mut dyn FnMut(usize),
}

impl Choice<'_> {
    /// Takes all containers that begin so; returns how many there are.
    async fn containers(&mut self, prefix: &str) -> Result<u64, StoreError> {
        let mut names = self.store.containers(prefix).await?;
        for name in UNLISTED.into_iter().filter(|name| name.starts_with(prefix)) {
            if !names.iter().any(|known| known == name) && self.is_there(name).await? {
                names.push(name.to_owned());
            }
        }
        for name in &names {
            self.all_below(name, "", &|_| true).await?;
        }
        Ok(u64::try_from(names.len()).unwrap_or(u64::MAX))
    }

    async fn is_there(&self, container: &str) -> Result<bool, StoreError> {
        let page = self
            .store
            .page_of_blobs(container, "", None, Include::default());
        match page.await {
            Ok(_) => Ok(true),
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes what begins so in a container. A container that is asked for whole is something even
    /// when it is empty.
    async fn below(&mut self, container: &str, prefix: &str) -> Result<u64, StoreError> {
        let count = self.all_below(container, prefix, &|_| true).await?;
        if count == 0 && prefix.is_empty() && self.is_there(container).await? {
            return Ok(1);
        }
        Ok(count)
    }

    async fn one(
        &mut self,
        container: &str,
        name: &str,
        snapshot: Option<&str>,
    ) -> Result<u64, StoreError> {
        if self.include.snapshots && snapshot.is_none() {
            return self
                .all_below(container, name, &|found| found == name)
                .await;
        }
        let Ok(blob) = BlobName::new(container, name) else {
            return Ok(0);
        };
        match self.store.facts(&blob, snapshot).await {
            Ok(Some(facts)) => {
                self.take(container, name, snapshot.map(str::to_owned), facts);
                Ok(1)
            }
            Ok(None) => Ok(0),
            Err(error) if is_nothing(&error) => Ok(0),
            Err(error) => Err(error),
        }
    }

    async fn all_below(
        &mut self,
        container: &str,
        prefix: &str,
        is_wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<u64, StoreError> {
        let (mut next, mut count) = (None, 0_u64);
        loop {
            let page = self
                .store
                .page_of_blobs(container, prefix, next, self.include);
            let page = match page.await {
                Ok(page) => page,
                Err(error) if is_nothing(&error) => return Ok(count),
                Err(error) => return Err(error),
            };
            for listed in page
                .blobs
                .into_iter()
                .filter(|listed| is_wanted(&listed.name))
            {
                count = count.saturating_add(1);
                self.take(container, &listed.name, listed.snapshot, listed.facts);
            }
            (self.told)(self.found.len());
            next = page.next;
            if next.is_none() {
                return Ok(count);
            }
        }
    }

    fn take(&mut self, container: &str, name: &str, snapshot: Option<String>, facts: BlobFacts) {
        let marked = facts.metadata.get(FOLDER_MARK);
        if facts.bytes == 0 && marked.is_some_and(|mark| mark.eq_ignore_ascii_case("true")) {
            self.folders = self.folders.saturating_add(1);
            return;
        }
        let path = format!("{container}/{name}");
        let key = (path.clone(), snapshot.clone());
        self.found.insert(key, chosen(path, snapshot, facts));
    }
}

/// Returns whether an answer says that there is no such thing: names that no container can have are
/// nobody's.
fn is_nothing(error: &StoreError) -> bool {
    error.is_missing() || matches!(error.code(), "InvalidResourceName" | "OutOfRangeInput")
}

fn chosen(path: String, snapshot: Option<String>, facts: BlobFacts) -> ChosenBlob {
    let boxed = |text: Option<String>| text.map(String::into_boxed_str);
    let headers = facts.headers;
    let properties = StoredProperties {
        content_type: boxed(headers.content_type),
        content_md5: boxed(headers.content_md5.map(|md5| BASE64.encode(md5))),
        content_encoding: boxed(headers.content_encoding),
        content_language: boxed(headers.content_language),
        cache_control: boxed(headers.cache_control),
        last_modified: boxed(facts.modified.map(http_date)),
    };
    let metadata = facts.metadata.into_iter();
    ChosenBlob {
        path,
        bytes: facts.bytes,
        modified: facts.modified.map_or(FileTime(0), file_time),
        is_archived: facts.tier.is_some_and(|tier| tier == "Archive"),
        blob: ExportBlob {
            path: None,
            snapshot: boxed(snapshot),
            kind: match facts.kind {
                blobs::StoredKind::Block => StoredKind::Block,
                blobs::StoredKind::Page => StoredKind::Page,
                blobs::StoredKind::Append => StoredKind::Append,
            },
            etag: facts.etag.into_boxed_str(),
            properties,
            metadata: metadata
                .map(|(name, value)| (name.into_boxed_str(), value.into_boxed_str()))
                .collect(),
        },
    }
}

fn file_time(time: SystemTime) -> FileTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    FileTime::from_unix(seconds, since.subsec_nanos())
}
