//! From the blobs that a list selects to a listing: a place on the drive for each.

use std::sync::Arc;

use shared::job::{LeftOut, LeftOutReason};
use shared::manifest::check_text;
use shared::plan::Kind;
use shared::plan::export::{Export, Placed, place};

use super::gather::Gathered;
use super::request::{ExportRequest, JobRequest};
use super::room::shown;
use crate::blobs::BlobName;
use crate::export::ChosenBlob;
use crate::job_error::JobError;

/// Lists the blobs of an export.
///
/// # Errors
/// [`JobError`] when they are more than a listing holds.
pub(super) fn from_store(
    request: &JobRequest,
    export: &ExportRequest,
) -> Result<Gathered, JobError> {
    let mut gathered = Gathered::new(request, Vec::new(), false)?;
    let store = export.reach.address();
    gathered.words = (store.clone(), "drives".to_owned());
    gathered.reach = Some(export.reach.clone());
    gathered.sums.clone_from(&export.sums);
    let mut going = Vec::new();
    for chosen in &export.chosen.blobs {
        match cannot_go(chosen) {
            Some(reason) => gathered.skipped.push(LeftOut {
                path: shown(&chosen.blob, &chosen.path),
                reason,
            }),
            None => going.push(chosen),
        }
    }
    let wanting: Vec<Placed<'_>> = going
        .iter()
        .map(|chosen| Placed {
            path: &chosen.path,
            snapshot: chosen.blob.snapshot.as_deref(),
            has_metadata: !chosen.blob.metadata.is_empty(),
        })
        .collect();
    let mut placed: Vec<(String, &ChosenBlob)> = place(&wanting).into_iter().zip(going).collect();
    // The source finds blobs by their places.
    placed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut blobs, mut moved) = (Vec::with_capacity(placed.len()), 0_u64);
    for (place, chosen) in placed {
        let pushed = gathered
            .listing
            .push(&place, chosen.bytes, chosen.modified, Kind::File);
        pushed.map_err(|error| JobError::plan(error.to_string(), "Split the list."))?;
        let mut blob = chosen.blob.clone();
        if place != chosen.path {
            moved = moved.saturating_add(1);
            blob.path = Some(chosen.path.as_str().into());
        }
        blobs.push(blob);
    }
    if moved > 0 {
        gathered.notes.push(format!(
            "{moved} blobs cannot lie where their paths say on NTFS, or are snapshots; the manifest keeps their names"
        ));
    }
    gathered.mapping.export = Some(Export {
        store,
        blobs: Arc::new(blobs),
        left: Vec::new(),
    });
    Ok(gathered)
}

/// Returns why a blob cannot be exported, whatever the drives are.
fn cannot_go(chosen: &ChosenBlob) -> Option<LeftOutReason> {
    if chosen.is_archived {
        return Some(LeftOutReason::Archived);
    }
    if check_text(&chosen.path).is_err() {
        return Some(LeftOutReason::NameNotUnicode);
    }
    let is_named = BlobName::parse(&chosen.path).is_ok();
    (!is_named).then_some(LeftOutReason::NameNotBlob)
}
