//! An interrupted session, found again: its plans, its journals, its drives.

use std::path::{Path, PathBuf};

use bitlocker_image::{Cipher, Credential};
use disk::SectorSize;
use shared::drive::Kept;
use shared::job::{LeftOut, Stage};
use shared::journal::{Replay, journal_file_name};
use shared::plan::{KeptVolume, PlannedDrive};

use super::freeze::{Sealing, new_keys};
use super::interrupted::Interrupted;
use super::locate::locate;
use super::plan_file::{HeadDrive, PlanFile};
use super::request::Passphrase;
use super::runner::RunDrive;
use super::session_plans::plans;
use crate::attempt::{
    DriveBay, DriveJob, DriveKeys, Likeness, NoKeys, ReopenError, UNTOLD, forget, untouched,
    whole_journal,
};
use crate::drives::Drives;
use crate::export::Reach;
use crate::job_error::JobError;
use crate::shelf::Shelves;

/// A session to be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeRequest {
    /// Session id.
    pub session: String,
    /// Where its journals are; each gets a copy again.
    pub journal_dirs: Vec<PathBuf>,
    /// Drives that are found under another path now, or that the person names once more.
    pub drives: Vec<Whereabouts>,
    /// Folder that gets the key file of a drive that has no keys yet, when the session makes them.
    pub external_key_dir: Option<PathBuf>,
    /// The passphrase of such a drive, when the session has one.
    pub passphrase: Option<Passphrase>,
    /// The store that the session exports from.
    pub reach: Option<Reach>,
}

/// Where a drive is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// Block device or image file.
    pub path: PathBuf,
    /// The serial on its label, when the person says which one it is.
    pub serial: Option<String>,
}

impl From<PathBuf> for Whereabouts {
    fn from(path: PathBuf) -> Self {
        Self { path, serial: None }
    }
}

impl ResumeRequest {
    /// Returns whether the person said once more which drive this serial is.
    fn names(&self, serial: &str) -> bool {
        let mut named = self
            .drives
            .iter()
            .filter_map(|drive| drive.serial.as_deref());
        named.any(|named| named == serial)
    }
}

/// Finds every plan of a session and what is left to do. Nothing is written to a drive.
///
/// # Errors
/// [`JobError`]: there is no such session, a journal cannot be believed, a drive is not here.
pub(super) fn find(drives: &Drives, request: &ResumeRequest) -> Result<Vec<Interrupted>, JobError> {
    let mut found = Vec::new();
    let plans = plans(&request.journal_dirs, &request.session)?;
    let replaced: Vec<String> = plans
        .iter()
        .filter_map(|(_, replaces)| replaces.clone())
        .collect();
    for (plan, _) in plans {
        found.push(revive((drives, request), plan, &replaced)?);
    }
    Ok(found)
}

fn revive(
    (reach, request): (&Drives, &ResumeRequest),
    mut plan: PlanFile,
    replaced: &[String],
) -> Result<Interrupted, JobError> {
    plan.gathered.reach.clone_from(&request.reach);
    if let Some(export) = &plan.gathered.mapping.export {
        plan.gathered.reach_of(export)?;
    }
    let shelves = Shelves::of_folders(&request.journal_dirs);
    let cipher = cipher(&plan)?;
    let mut left_out = std::mem::take(&mut plan.head.left_out);
    let (mut drives, mut done) = (Vec::new(), Vec::new());
    for (head, entries) in plan.head.drives.iter().zip(&plan.entries) {
        let planned_out = std::mem::take(&mut left_out);
        let serial = head.identity.serial.as_str();
        let journal: Option<Replay> = match whole_journal(&shelves, serial) {
            Ok((_, replay)) => Some(replay),
            Err(ReopenError::NotBegun { .. }) => None,
            Err(error) => return Err(unbelievable(&error, &request.journal_dirs, serial)),
        };
        if let Some(replay) = &journal
            && (replay.session.plan_hash != plan.hash
                || replay.session.session.as_str() != request.session)
        {
            return Err(JobError::refused(
                format!("the journal of drive {serial} is not of this plan"),
                place(&request.journal_dirs, serial),
                "Put the journal and the plan that belong together into one folder.",
            ));
        }
        if replaced.iter().any(|other| other == serial) {
            continue;
        }
        let is_closed = |replay: &Replay| replay.closed.is_some();
        if let Some(replay) = journal.clone().filter(is_closed) {
            done.push(replay);
            continue;
        }
        let begun = journal.filter(|replay| replay.recovery_password.is_some());
        let kept = kept(head, begun.as_ref())?;
        let volume = kept.as_ref().map(|kept| kept.volume.clone());
        let planned = planned_drive(head, entries, &plan, volume)?;
        let keys = match &begun {
            Some(replay) => keys(replay)?,
            None => {
                is_untouched(reach, head, request)?;
                fresh_keys(request, &shelves, &plan, cipher, &planned)?
            }
        };
        let stage = begun.as_ref().and_then(|replay| replay.state.stage());
        drives.push(RunDrive {
            has_journal: begun.is_some(),
            stage: stage.unwrap_or(Stage::Planned),
            ..run_drive(
                (reach, request),
                (head, &plan.gathered.roots),
                planned,
                planned_out,
                (keys, kept),
            )?
        });
    }
    Ok(Interrupted {
        plan,
        cipher,
        drives,
        done,
    })
}

/// Finds the drive itself.
fn run_drive(
    (reach, request): (&Drives, &ResumeRequest),
    (head, roots): (&HeadDrive, &[PathBuf]),
    planned: PlannedDrive,
    planned_out: Vec<(LeftOut, u64)>,
    (keys, volume): (DriveKeys, Option<Kept>),
) -> Result<RunDrive, JobError> {
    let kept: Vec<PathBuf> = roots
        .iter()
        .chain(&request.journal_dirs)
        .chain(&request.external_key_dir)
        .cloned()
        .collect();
    let (info, confirmed) = locate(reach, head, &request.drives, &kept)?;
    Ok(RunDrive {
        job: DriveJob {
            identity: head.identity.clone(),
            planned,
            free_space: head.free_space,
            contents: info.contents,
            edges: head.edges.clone(),
            kept: volume,
            named_again: request.names(&head.identity.serial),
            keys,
            planned_out,
        },
        bay: DriveBay::new(confirmed),
        has_journal: false,
        stage: Stage::Planned,
    })
}

/// Returns the volume of a drive whose keys stay. They are in its journal, and nowhere else of ours.
fn kept(head: &HeadDrive, journal: Option<&Replay>) -> Result<Option<Kept>, JobError> {
    let Some(kept) = &head.kept else {
        return Ok(None);
    };
    let serial = head.identity.serial.as_str();
    let key = journal.and_then(|replay| Some((replay, replay.recovery_password.clone()?)));
    let Some((replay, key)) = key else {
        return Err(JobError::refused(
            format!("drive {serial} keeps its keys, and no journal here has them"),
            serial,
            "Name the folder that has its journal: --journal-dir DIR. If it never had one, the drive was \
             not touched: begin again with `argosy prepare`.",
        ));
    };
    let found = kept.kept(&replay.sealed, &Credential::RecoveryPassword(key));
    let found = found.map_err(|error| {
        let what =
            format!("the volume that drive {serial} keeps is not as the plan has it: {error}");
        JobError::refused(
            what,
            serial,
            "Put the journal and the plan that belong together into one folder.",
        )
    })?;
    Ok(Some(found))
}

/// Refuses a drive that has no journal and is not as it was when it was confirmed: its journal is
/// somewhere else, and may be the only thing that opens it.
fn is_untouched(
    drives: &Drives,
    head: &HeadDrive,
    request: &ResumeRequest,
) -> Result<(), JobError> {
    let serial = head.identity.serial.as_str();
    let (_, found) = locate(drives, head, &request.drives, &request.journal_dirs)?;
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let source = head.identity.serial_source;
    let names = request.names(serial);
    let likeness = found.look(|reader| untouched(reader, &head.edges, source, names));
    let likeness = likeness.map_err(|error| failed(error.to_string()))?;
    match likeness.map_err(|error| failed(error.to_string()))? {
        Likeness::Same => Ok(()),
        Likeness::Another => Err(JobError::refused(
            format!("drive {serial} was written to, and its journal is not here"),
            place(&request.journal_dirs, serial),
            "Name the folder that has its journal: --journal-dir DIR.",
        )),
        Likeness::Untold => Err(JobError::refused(
            UNTOLD,
            serial,
            format!("Name it again: argosy resume --drive PATH={serial}."),
        )),
    }
}

/// Opens the sealed area in a journal.
fn keys(replay: &Replay) -> Result<DriveKeys, JobError> {
    let password = replay.recovery_password.clone();
    let opened = password
        .ok_or(NoKeys::None)
        .and_then(|password| DriveKeys::of_journal(replay, Credential::RecoveryPassword(password)));
    opened.map_err(|error| {
        JobError::refused(
            error.to_string(),
            replay.session.drive.serial.as_str(),
            "Use the journal that was written for this drive.",
        )
    })
}

/// Draws keys for a drive that has no journal with a key, and so was never touched; what a crash
/// left of its journal goes.
fn fresh_keys(
    request: &ResumeRequest,
    shelves: &Shelves,
    plan: &PlanFile,
    cipher: Cipher,
    planned: &PlannedDrive,
) -> Result<DriveKeys, JobError> {
    has_protectors(request, plan, &planned.serial)?;
    forget(shelves, &planned.serial)
        .map_err(|error| JobError::io(error.to_string(), planned.serial.as_str(), UNTOUCHED))?;
    let sealing = Sealing {
        session: &request.session,
        cipher,
        started: plan.head.started,
        external_key_dir: request.external_key_dir.as_deref(),
        passphrase: request.passphrase.as_ref(),
    };
    new_keys(&sealing, planned)
}

/// Refuses to make keys for a session whose drives have more than a recovery password, unless the
/// person names what else again: it is not in the plan.
pub(super) fn has_protectors(
    request: &ResumeRequest,
    plan: &PlanFile,
    serial: &str,
) -> Result<(), JobError> {
    let given = request.external_key_dir.is_some() || request.passphrase.is_some();
    if given || !plan.head.other_protectors {
        return Ok(());
    }
    Err(JobError::refused(
        "this drive has no keys yet, and the session's key files or passphrase are not in its plan",
        serial,
        "Name them again: --bek DIR, --passphrase-file FILE.",
    ))
}

/// Returns how the drives of a plan are encrypted.
///
/// # Errors
/// [`JobError`] for a cipher that does not exist.
pub(super) fn cipher(plan: &PlanFile) -> Result<Cipher, JobError> {
    let parsed = plan.head.cipher.parse();
    parsed.map_err(|error: bitlocker_image::UnknownCipher| {
        JobError::usage(error.to_string(), "the plan's head")
    })
}

/// Returns what a plan put onto one of its drives.
///
/// # Errors
/// [`JobError`] for a sector size that does not exist.
pub(super) fn planned_drive(
    head: &HeadDrive,
    entries: &[u32],
    plan: &PlanFile,
    kept: Option<KeptVolume>,
) -> Result<PlannedDrive, JobError> {
    let serial = head.identity.serial.as_str();
    let sector = SectorSize::try_from(head.identity.sector_bytes)
        .map_err(|_| JobError::usage("the plan names a sector size that no drive has", serial))?;
    let files = entries
        .iter()
        .map(|entry| plan.gathered.listing.entry(*entry))
        .filter(|entry| !entry.is_folder);
    let (files, file_bytes) = files.fold((0_u32, 0_u64), |(files, bytes), entry| {
        (files.saturating_add(1), bytes.saturating_add(entry.bytes))
    });
    Ok(PlannedDrive {
        serial: serial.to_owned(),
        disk_bytes: head.identity.bytes,
        sector,
        kept,
        capacity_bytes: head.capacity_bytes,
        used_bytes: head.used_bytes,
        files,
        file_bytes,
        entries: entries.to_vec(),
    })
}

fn unbelievable(error: &ReopenError, folders: &[PathBuf], serial: &str) -> JobError {
    JobError::refused(
        error.to_string(),
        place(folders, serial),
        "Keep the file safe: it may hold the only copy of the drive's recovery password.",
    )
}

fn place(folders: &[PathBuf], serial: &str) -> String {
    let name = journal_file_name(serial);
    folders
        .first()
        .map_or(name.clone(), |folder| show(&folder.join(name)))
}

const UNTOUCHED: &str = "The drive was not touched.";

fn show(path: &Path) -> String {
    path.display().to_string()
}
