//! Which blobs a list selects.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ntfs_image::FileTime;
use shared::blob_name::ROOT_CONTAINER;
use shared::manifest::{BlobList, WantedBlobs};
use shared::plan::export::{ExportBlob, StoredKind, StoredProperties};

use crate::blobs::{self, BlobFacts, BlobName, Include, ListedBlob, Store, StoreError, http_date};

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
    /// Whether it has a `Content-Disposition`, which the service's properties files have no place for.
    pub has_disposition: bool,
    /// What else the store says of it.
    pub blob: ExportBlob,
}

impl Chosen {
    /// Returns how many blobs have a `Content-Disposition`: it stays behind.
    #[must_use]
    pub fn dispositions(&self) -> u64 {
        let have = self.blobs.iter().filter(|blob| blob.has_disposition);
        u64::try_from(have.count()).unwrap_or(u64::MAX)
    }
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

/// Which entries of a list count.
#[derive(Clone, Copy)]
struct Which<'a> {
    is_wanted: &'a (dyn Fn(&ListedBlob) -> bool + Sync),
    /// Whether nothing that is wanted comes behind an entry.
    is_behind: &'a (dyn Fn(&ListedBlob) -> bool + Sync),
}

impl Which<'_> {
    const ALL: Self = Self {
        is_wanted: &|_| true,
        is_behind: &|_| false,
    };
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
            let include = self.include;
            self.all_below((name, ""), include, Which::ALL).await?;
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
        let include = self.include;
        let place = (container, prefix);
        let count = self.all_below(place, include, Which::ALL).await?;
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
        if BlobName::new(container, name).is_err() {
            return Ok(0);
        }
        // Asked for by a list: headers do not keep upper and lower case of metadata names.
        let all = self.include.snapshots;
        let include = Include {
            snapshots: all || snapshot.is_some(),
            ..self.include
        };
        let is_wanted = |listed: &ListedBlob| {
            let is_it = match snapshot {
                Some(_) => listed.snapshot.as_deref() == snapshot,
                None => all || listed.snapshot.is_none(),
            };
            is_it && listed.name == name
        };
        // In a list the name itself stands before all that begin with it.
        let is_behind = |listed: &ListedBlob| listed.name != name;
        let which = Which {
            is_wanted: &is_wanted,
            is_behind: &is_behind,
        };
        self.all_below((container, name), include, which).await
    }

    async fn all_below(
        &mut self,
        (container, prefix): (&str, &str),
        include: Include,
        which: Which<'_>,
    ) -> Result<u64, StoreError> {
        let (mut next, mut count) = (None, 0_u64);
        loop {
            let page = self.store.page_of_blobs(container, prefix, next, include);
            let page = match page.await {
                Ok(page) => page,
                Err(error) if is_nothing(&error) => return Ok(count),
                Err(error) => return Err(error),
            };
            next = page
                .next
                .filter(|_| !page.blobs.iter().any(which.is_behind));
            for listed in page.blobs.into_iter().filter(which.is_wanted) {
                count = count.saturating_add(1);
                self.take(container, &listed.name, listed.snapshot, listed.facts);
            }
            (self.told)(self.found.len());
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
        has_disposition: headers.content_disposition.is_some(),
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
