//! As much of an export as the drives hold. What they have no room for is named, and is the list of the next one.

use std::sync::Arc;

use shared::job::{LeftOut, LeftOutReason};
use shared::manifest::WantedBlobs;
use shared::plan::export::{Export, ExportBlob};
use shared::plan::{DriveSize, FitError, Kind, Listing, Mapping, Plan, PlanOptions, fit};

use super::gather::Gathered;
use crate::job_error::JobError;

/// Plans an export onto drives: whole blobs, in the order of their paths until the drives are full. With
/// `as_many_as_needed` there are as many drives as that takes, and only what is larger than one has no
/// place.
///
/// # Errors
/// [`JobError`] when no plan can be made for another reason than room.
pub fn as_much_as_fits(
    gathered: &mut Gathered,
    sizes: &[DriveSize],
    as_many_as_needed: bool,
) -> Result<Plan, JobError> {
    let largest = sizes.iter().map(|size| size.bytes).max().unwrap_or(0);
    gathered.keep(LeftOutReason::TooLarge, &|listing, number| {
        listing.entry(number).bytes < largest
    })?;
    loop {
        match planned(
            &gathered.listing,
            &gathered.mapping,
            sizes,
            as_many_as_needed,
        ) {
            Ok(plan) => return Ok(plan),
            Err(FitError::FileTooLarge { path, .. }) => {
                gathered.keep(LeftOutReason::TooLarge, &|listing, number| {
                    listing.entry(number).path != path.as_str()
                })?;
            }
            Err(FitError::DoesNotFit { .. }) => break,
            Err(error) => return Err(cannot(&error)),
        }
    }
    let (mut fitting, mut beyond) = (0, gathered.listing.len());
    while beyond.saturating_sub(fitting) > 1 {
        let middle = fitting.midpoint(beyond);
        let mut part = Listing::new();
        for number in 0..middle {
            push(&mut part, &gathered.listing, number)?;
        }
        match planned(&part, &gathered.mapping, sizes, as_many_as_needed) {
            Ok(_) => fitting = middle,
            Err(FitError::DoesNotFit { .. }) => beyond = middle,
            Err(error) => return Err(cannot(&error)),
        }
    }
    gathered.keep(LeftOutReason::NoRoom, &|_, number| number < fitting)?;
    let planned = planned(
        &gathered.listing,
        &gathered.mapping,
        sizes,
        as_many_as_needed,
    );
    planned.map_err(|error| cannot(&error))
}

fn planned(
    listing: &Listing,
    mapping: &Mapping,
    sizes: &[DriveSize],
    as_many_as_needed: bool,
) -> Result<Plan, FitError> {
    let options = PlanOptions {
        mapping: mapping.clone(),
        bare: false,
        as_many_as_needed,
    };
    fit(listing, &options, sizes)
}

fn cannot(error: &FitError) -> JobError {
    JobError::plan(
        error.to_string(),
        "Give more or larger drives, or fewer blobs; nothing was touched.",
    )
}

fn push(part: &mut Listing, whole: &Listing, number: u32) -> Result<(), JobError> {
    let entry = whole.entry(number);
    let pushed = part.push(
        &entry.path.to_string(),
        entry.bytes,
        entry.modified,
        Kind::File,
    );
    pushed
        .map(drop)
        .map_err(|error| JobError::plan(error.to_string(), "Split the list."))
}

impl Gathered {
    /// Keeps some blobs of an export; the others are left out for `reason`.
    fn keep(
        &mut self,
        reason: LeftOutReason,
        is_kept: &dyn Fn(&Listing, u32) -> bool,
    ) -> Result<(), JobError> {
        let Some(mut export) = self.mapping.export.take() else {
            return Ok(());
        };
        let (mut listing, mut blobs) = (Listing::new(), Vec::new());
        let mut left = std::mem::take(&mut export.left);
        for (number, entry) in self.listing.iter() {
            let Some(blob) = export.blob(number) else {
                continue;
            };
            if is_kept(&self.listing, number) {
                push(&mut listing, &self.listing, number)?;
                blobs.push(blob.clone());
            } else {
                let place = entry.path.to_string();
                left.extend(wanted(blob, &place));
                self.skipped.push(LeftOut {
                    path: shown(blob, &place),
                    reason,
                });
            }
        }
        self.listing = listing;
        self.mapping.export = Some(Export {
            store: export.store,
            blobs: Arc::new(blobs),
            left,
        });
        Ok(())
    }
}

/// Returns what a list has of a blob that lies at `place` on the drive.
pub(super) fn wanted(blob: &ExportBlob, place: &str) -> Option<WantedBlobs> {
    let path = blob.path.as_deref().unwrap_or(place);
    WantedBlobs::blob(path, blob.snapshot.as_deref())
}

/// Returns a blob's path as it is named to people.
pub(super) fn shown(blob: &ExportBlob, place: &str) -> String {
    let path = blob.path.as_deref().unwrap_or(place);
    match &blob.snapshot {
        Some(snapshot) => format!("{path} (snapshot {snapshot})"),
        None => path.to_owned(),
    }
}
