//! The blobs that an export is asked for: shared by `export` and `preview-export`.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use shared::manifest::BlobList;

use super::screen::Screen;
use super::size::show_files;
use super::store::{StoreArguments, store_failed};
use crate::blobs::{BlobName, StoreError};
use crate::export::{Chosen, Reach, choose};
use crate::jobs::{ExportRequest, JobError};
use crate::pipeline::Cancel;

/// No list that people mean is longer.
const LIST_BYTES_MAX: u64 = 1 << 30;
/// A list that lies in the store is read in pieces.
const PIECE: u64 = 4 << 20;

#[derive(Args)]
#[group(id = "blobs", required = true, args = ["blob_list", "blob_list_blob"])]
pub(super) struct BlobListArguments {
    /// The blobs that are wanted: a file of BlobPath and BlobPathPrefix elements, as the service takes it
    #[arg(long, value_name = "XML")]
    blob_list: Option<PathBuf>,
    /// The same, where the list is a blob itself
    #[arg(long, value_name = "CONTAINER/NAME", conflicts_with = "blob_list")]
    blob_list_blob: Option<String>,
    /// Also takes the snapshots of the blobs that the list selects
    #[arg(long)]
    snapshots: bool,
}

impl BlobListArguments {
    /// Returns a list that is a file.
    pub(super) const fn of(file: PathBuf) -> Self {
        Self {
            blob_list: Some(file),
            blob_list_blob: None,
            snapshots: false,
        }
    }

    /// Opens the store, reads the list and asks about everything in it.
    ///
    /// # Errors
    /// [`JobError`]: the list is wrong, or the store does not answer.
    pub(super) fn choose(
        &self,
        store: &StoreArguments,
        screen: &Screen,
        cancel: &Cancel,
    ) -> Result<ExportRequest, JobError> {
        let reach = store.reach(screen, cancel)?;
        let list = self.list(&reach)?;
        let mut told = Told::new(screen);
        let mut tell = |count| told.tell(count);
        let chosen = choose(reach.store(), &list, self.snapshots, &mut tell);
        let chosen = reach.wait(chosen).map_err(|error| untouched(&error))?;
        Ok(ExportRequest {
            reach,
            chosen: Arc::new(chosen),
            sums: None,
        })
    }

    fn list(&self, reach: &Reach) -> Result<BlobList, JobError> {
        let (bytes, place) = match (&self.blob_list, &self.blob_list_blob) {
            (Some(path), _) => {
                let place = path.display().to_string();
                let mut bytes = Vec::new();
                let read = std::fs::File::open(path)
                    .and_then(|file| file.take(LIST_BYTES_MAX).read_to_end(&mut bytes));
                read.map_err(|error| {
                    JobError::usage(format!("cannot read it: {error}"), place.as_str())
                })?;
                (bytes, place)
            }
            (None, Some(name)) => (in_store(reach, name)?, name.clone()),
            (None, None) => return Err(JobError::usage("no list is given", "--blob-list")),
        };
        BlobList::read(bytes.as_slice()).map_err(|error| JobError::usage(error.to_string(), place))
    }
}

/// Reads a list that is a blob.
fn in_store(reach: &Reach, name: &str) -> Result<Vec<u8>, JobError> {
    let wrong = |what: String| JobError::usage(what, name);
    let blob = BlobName::parse(name).map_err(|error| wrong(error.to_string()))?;
    let store = reach.store();
    let facts = reach.wait(store.facts(&blob, None));
    let facts = facts.map_err(|error| untouched(&error))?;
    let facts = facts.ok_or_else(|| wrong("there is no such blob".to_owned()))?;
    if facts.bytes > LIST_BYTES_MAX {
        return Err(wrong("this is far too long for a list of blobs".to_owned()));
    }
    let (mut bytes, mut at) = (Vec::new(), 0_u64);
    while at < facts.bytes {
        let end = facts.bytes.min(at.saturating_add(PIECE));
        let read = reach.wait(store.read(&blob, None, at..end, Some(&facts.etag)));
        bytes.extend(read.map_err(|error| untouched(&error))?);
        at = end;
    }
    Ok(bytes)
}

fn untouched(error: &StoreError) -> JobError {
    store_failed(error, "No drive was touched.")
}

/// Says what of a list selects nothing, what is no blob, and what of the blobs stays behind.
pub(super) fn tell_chosen(chosen: &Chosen, screen: &Screen) {
    for text in &chosen.nonexistent {
        screen.aside(&format!("not in the store: {text}"));
    }
    if chosen.folders > 0 {
        screen.aside(&format!(
            "{} entries of the store are folders and no blobs; they are not copied",
            chosen.folders
        ));
    }
    let dispositions = chosen.dispositions();
    if dispositions > 0 {
        screen.aside(&format!(
            "{} with a Content-Disposition: the service's properties file has no place for it, so it does not come along; all else that a blob says of itself does",
            show_files(dispositions).replace("file", "blob")
        ));
    }
}

/// Tells how far a long listing is.
struct Told<'a> {
    screen: &'a Screen,
    next: usize,
}

/// Blobs between two lines.
const STEP: usize = 100_000;

impl<'a> Told<'a> {
    const fn new(screen: &'a Screen) -> Self {
        Self { screen, next: STEP }
    }

    fn tell(&mut self, count: usize) {
        if count >= self.next {
            self.screen.aside(&format!("{count} blobs listed so far"));
            self.next = count.saturating_add(STEP);
        }
    }
}
