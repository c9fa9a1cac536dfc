//! A spare in the place of a drive that died.

use std::path::PathBuf;
use std::sync::Arc;

use super::gather::Gathered;
use super::plan_file::HeadDrive;
use super::prepared::{Prepared, Replaced};
use super::request::{JobRequest, Origin, SectorDoubt, TargetRequest};
use super::resume::{ResumeRequest, cipher, has_protectors};
use super::session_plans::plans;
use super::share::part;
use crate::drives::Drives;
use crate::job_error::JobError;

/// A drive whose files are to go onto a spare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceRequest {
    /// Serial of the drive.
    pub serial: String,
    /// The spare.
    pub spare: TargetRequest,
    /// What becomes of a spare whose sectors the data centre will not take.
    pub sector_doubt: SectorDoubt,
}

/// Plans the files of one drive of a session onto a spare. Nothing is written.
///
/// # Errors
/// [`JobError`]: there is no such drive, or the spare is refused or too small.
pub(super) fn replacement(
    drives: &Drives,
    request: &ResumeRequest,
    replace: &ReplaceRequest,
) -> Result<Prepared, JobError> {
    let serial = replace.serial.as_str();
    let plans = plans(&request.journal_dirs, &request.session)?;
    let is_it = |drive: &HeadDrive| drive.identity.serial == serial;
    if plans
        .iter()
        .any(|(_, replaces)| replaces.as_deref() == Some(serial))
    {
        return Err(JobError::refused(
            format!("drive {serial} was replaced already"),
            serial,
            "Go on with argosy resume, or replace the drive that took its place.",
        ));
    }
    let found = plans.into_iter().find_map(|(plan, _)| {
        let place = plan.head.drives.iter().position(is_it)?;
        Some((plan, place))
    });
    let (plan, place) = found.ok_or_else(|| {
        JobError::usage(
            format!("session {} has no drive {serial}", request.session),
            "--replace",
        )
    })?;
    has_protectors(request, &plan, serial)?;
    let planned_out = if place == 0 {
        plan.head.left_out.clone()
    } else {
        Vec::new()
    };
    let job = JobRequest {
        drives: vec![replace.spare.clone()],
        journal_dirs: request.journal_dirs.clone(),
        cipher: cipher(&plan)?,
        external_key_dir: request.external_key_dir.clone(),
        passphrase: request.passphrase.clone(),
        sector_doubt: replace.sector_doubt,
        check: plan.head.check,
        verify: plan.head.verify,
        content_md5: plan.gathered.mapping.content_md5,
        mhl: plan.gathered.mapping.mhl.is_some(),
        ..JobRequest::listing(
            &request.session,
            Origin::Plan {
                path: PathBuf::new(),
            },
        )
    };
    let mut plan = plan;
    plan.gathered.reach.clone_from(&request.reach);
    if let Some(export) = &plan.gathered.mapping.export {
        plan.gathered.reach_of(export)?;
    }
    let entries = plan.entries.get(place).map_or(&[][..], Vec::as_slice);
    let listing = part(&plan.gathered.listing, entries)?;
    if let Some(export) = &mut plan.gathered.mapping.export {
        let blobs = entries
            .iter()
            .filter_map(|entry| export.blob(*entry).cloned());
        export.blobs = Arc::new(blobs.collect());
    }
    let replaced = Replaced {
        serial: serial.to_owned(),
        planned_out,
    };
    let gathered = Gathered {
        listing,
        ..plan.gathered
    };
    Prepared::replacement(drives, job, gathered, replaced)
}
