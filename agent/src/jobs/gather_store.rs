//! From the blobs that a list selects to a listing: a place on the drive for each.

use std::sync::Arc;

use shared::blob_name::root_path;
use shared::job::{LeftOut, LeftOutReason};
use shared::manifest::check_text;
use shared::mhl;
use shared::plan::Kind;
use shared::plan::export::{Export, Placed, place};

use super::gather::Gathered;
use super::request::{ExportRequest, JobRequest};
use super::room::{shown, wanted};
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
    let (mut going, mut left) = (Vec::new(), Vec::new());
    for chosen in &export.chosen.blobs {
        let Some(reason) = cannot_go(chosen) else {
            going.push(chosen);
            continue;
        };
        // The next export's list is XML.
        if reason != LeftOutReason::NameNotUnicode {
            left.extend(wanted(&chosen.blob, &chosen.path));
        }
        gathered.skipped.push(LeftOut {
            path: shown(&chosen.blob, &chosen.path),
            reason,
        });
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
        left,
    });
    if gathered.mapping.mhl.is_some() {
        gathered.note_hash_list()?;
    }
    Ok(gathered)
}

impl Gathered {
    /// Says how many blobs will be in no hash list.
    ///
    /// # Errors
    /// [`JobError`] when one would lie in its folder.
    fn note_hash_list(&mut self) -> Result<(), JobError> {
        let mut apart = 0_u64;
        for (_, entry) in self.listing.iter() {
            let path = entry.path.to_string();
            if entry.path.folder.is_some() && entry.path.parts().next() == Some(mhl::FOLDER) {
                let what = format!(
                    "\\{} is the folder of the ASC MHL, and the container of a blob; export that without it",
                    mhl::FOLDER
                );
                return Err(JobError::usage(what, path));
            }
            let is_listed = self.mapping.is_in_hash_list(&root_path(&path));
            apart = apart.saturating_add(u64::from(!is_listed));
        }
        if apart > 0 {
            self.notes.push(format!(
                "{apart} blobs are in no hash list: readers ignore what they are called, or a folder that they lie in"
            ));
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;
    use shared::manifest::WantedBlobs;
    use shared::plan::export::{ExportBlob, StoredKind, StoredProperties};

    use super::super::request::Origin;
    use super::*;
    use crate::blobs::{Authorization, Endpoint, Patience, Store};
    use crate::export::{Chosen, Reach};
    use crate::pipeline::Cancel;

    fn chosen(path: &str, is_archived: bool) -> ChosenBlob {
        ChosenBlob {
            path: path.to_owned(),
            bytes: 5,
            modified: FileTime(0),
            is_archived,
            has_disposition: false,
            blob: ExportBlob {
                path: None,
                snapshot: None,
                kind: StoredKind::Block,
                etag: "0x1".into(),
                properties: StoredProperties::default(),
                metadata: Vec::new(),
            },
        }
    }

    #[test]
    fn what_cannot_go_is_named_and_in_the_next_list_where_xml_can_hold_its_name() {
        let endpoint = Endpoint::parse("https://a.blob.core.windows.net").expect("an address");
        let signature = Authorization::signature(b"sv=2021-08-06&sig=x").expect("a signature");
        let store = Store::open(endpoint, signature, Patience::default(), Cancel::default());
        let blobs = vec![
            chosen("c/cold", true),
            chosen("c/odd\u{1}", false),
            chosen("c/warm", false),
        ];
        let export = ExportRequest {
            reach: Reach::new(store.expect("nothing is asked yet")).expect("threads"),
            chosen: Arc::new(Chosen {
                blobs,
                ..Chosen::default()
            }),
            sums: None,
        };
        let request = JobRequest::listing("session", Origin::Store);
        let gathered = from_store(&request, &export).expect("few");
        let skipped: Vec<_> = gathered.skipped.iter().map(|left| left.reason).collect();
        assert_eq!(
            skipped,
            [LeftOutReason::Archived, LeftOutReason::NameNotUnicode]
        );
        let export = gathered.mapping.export.expect("it is one");
        let cold = WantedBlobs::blob("c/cold", None);
        assert_eq!(export.left, cold.into_iter().collect::<Vec<_>>());
        assert_eq!((export.blobs.len(), gathered.listing.len()), (1, 1));
    }
}
