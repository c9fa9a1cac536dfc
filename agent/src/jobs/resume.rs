//! An interrupted session, found again: its plans, its journals, its drives.

use std::path::{Path, PathBuf};

use bitlocker_image::{Cipher, Credential};
use disk::SectorSize;
use shared::api::{DriveSnapshot, Progress};
use shared::blob_name::file_name;
use shared::job::{DriveIdentity, DriveState, LeftOut, SerialSource, Stage};
use shared::journal::{Replay, journal_file_name};
use shared::plan::{Kind, Listing, PlannedDrive};

use super::freeze::{Sealing, new_keys};
use super::gather::Gathered;
use super::plan_file::{self, HeadDrive, PlanFile};
use super::prepared::{Prepared, Replaced};
use super::request::{JobRequest, Origin, Passphrase, TargetRequest};
use super::runner::{Publish, Run, RunDrive, run_drives};
use crate::attempt::{
    DriveBay, DriveEnd, DriveJob, DriveKeys, NoKeys, ReopenError, forget, whole_journal,
};
use crate::device::{self, ConfirmedTarget, DriveInfo};
use crate::job_error::JobError;
use crate::pipeline::Cancel;
use crate::shelf::Shelves;

/// A session to be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeRequest {
    /// Session id.
    pub session: String,
    /// Where its journals are; each gets a copy again.
    pub journal_dirs: Vec<PathBuf>,
    /// Drives that are found under another path now: image files that were moved.
    pub drives: Vec<PathBuf>,
    /// Folder that gets the key file of a drive that has no keys yet, when the session makes them.
    pub external_key_dir: Option<PathBuf>,
    /// The passphrase of such a drive, when the session has one.
    pub passphrase: Option<Passphrase>,
}

/// A drive whose files are to go onto a spare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceRequest {
    /// Serial of the drive.
    pub serial: String,
    /// The spare.
    pub spare: TargetRequest,
}

/// One plan of a session, with what is left of it to do.
pub(super) struct Interrupted {
    /// The plan.
    pub plan: PlanFile,
    /// How its drives are encrypted.
    pub cipher: Cipher,
    /// Drives that are not finished.
    pub drives: Vec<RunDrive>,
    /// The closed journals of those that are.
    pub done: Vec<Replay>,
}

impl Interrupted {
    /// Goes on with its drives. Returns how each ended.
    ///
    /// # Errors
    /// [`JobError`] when it ended before any drive was touched.
    pub(super) fn run(
        self,
        job: &str,
        shelves: Shelves,
        publish: &Publish,
        cancel: &Cancel,
    ) -> Result<Vec<(String, DriveEnd)>, JobError> {
        if self.drives.is_empty() {
            return Ok(Vec::new());
        }
        let head = &self.plan.head;
        let run = Run {
            gathered: &self.plan.gathered,
            shelves,
            cipher: self.cipher,
            check: head.check,
            verify: head.verify,
            parallel: head.parallel,
            started: head.started,
            plan_hash: self.plan.hash,
            drives: self.drives,
        };
        run_drives(job, run, publish, cancel)
    }

    /// Returns its drives as they are shown.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = DriveSnapshot> + '_ {
        let snapshot = |identity: &DriveIdentity, files| DriveSnapshot {
            serial: identity.serial.clone(),
            model: identity.model.clone(),
            path: String::new(),
            state: DriveState::PLANNED,
            files,
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: journal_file_name(&identity.serial),
            is_closed: false,
        };
        let done = self.done.iter().map(move |replay| DriveSnapshot {
            state: replay.state.clone(),
            left_out: replay.left_out.named.clone(),
            left_out_count: replay.left_out.count,
            verdict: replay.closed.as_ref().map(|closed| closed.verdict),
            is_closed: replay.closed.is_some(),
            ..snapshot(&replay.session.drive, replay.session.files)
        });
        let drives = self.drives.iter().map(move |drive| DriveSnapshot {
            path: drive.bay.path().display().to_string(),
            state: DriveState::At(drive.stage),
            ..snapshot(&drive.job.identity, u64::from(drive.job.planned.files))
        });
        done.chain(drives)
    }
}

/// Finds every plan of a session and what is left to do. Nothing is written to a drive.
///
/// # Errors
/// [`JobError`]: there is no such session, a journal cannot be believed, a drive is not here.
pub(super) fn find(request: &ResumeRequest) -> Result<Vec<Interrupted>, JobError> {
    let mut found = Vec::new();
    let plans = plans(&request.journal_dirs, &request.session)?;
    let replaced: Vec<String> = plans
        .iter()
        .filter_map(|(_, replaces)| replaces.clone())
        .collect();
    for (plan, _) in plans {
        found.push(revive(request, plan, &replaced)?);
    }
    Ok(found)
}

/// Returns the frozen plans of a session: its own first, then those of drives that took another's
/// place, each with the serial of that other.
///
/// # Errors
/// [`JobError`] when there is none, or none that can be read.
pub(super) fn plans(
    folders: &[PathBuf],
    session: &str,
) -> Result<Vec<(PlanFile, Option<String>)>, JobError> {
    let own = format!("{}.plan", file_name(session));
    let mut found = vec![(whole_plan(folders, &own, session)?, None)];
    let serials: Vec<String> = serials(&found);
    for serial in serials {
        let mut replaced = serial;
        // A spare may have died too.
        while let Ok(plan) = whole_plan(folders, &replacement_name(session, &replaced), session) {
            let next = plan
                .head
                .drives
                .first()
                .map(|drive| drive.identity.serial.clone());
            found.push((plan, Some(replaced)));
            match next {
                Some(next) => replaced = next,
                None => break,
            }
        }
    }
    Ok(found)
}

fn serials(plans: &[(PlanFile, Option<String>)]) -> Vec<String> {
    let drives = plans.iter().flat_map(|(plan, _)| &plan.head.drives);
    drives.map(|drive| drive.identity.serial.clone()).collect()
}

/// Returns the name of the plan of the drive that took the place of the drive `serial`.
#[must_use]
pub(super) fn replacement_name(session: &str, serial: &str) -> String {
    format!(
        "{}.instead-of-{}.plan",
        file_name(session),
        file_name(serial)
    )
}

/// Returns the first copy of a plan that is whole.
fn whole_plan(folders: &[PathBuf], name: &str, session: &str) -> Result<PlanFile, JobError> {
    let mut first = None;
    for folder in folders {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        match plan_file::read(&path) {
            Ok(plan) if plan.gathered.mapping.session.as_str() == session => return Ok(plan),
            Ok(_) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        let place = folders
            .first()
            .map_or_else(String::new, |folder| show(&folder.join(name)));
        let mut error = JobError::usage(
            format!("there is no session {session} to go on with: its plan is not here"),
            place,
        );
        error.error.next = "A job that stopped before its plan was written touched no drive: \
                            start it again with argosy prepare."
            .to_owned();
        error
    }))
}

fn revive(
    request: &ResumeRequest,
    mut plan: PlanFile,
    replaced: &[String],
) -> Result<Interrupted, JobError> {
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
        let planned = planned_drive(head, entries, &plan)?;
        let begun = journal.filter(|replay| replay.recovery_password.is_some());
        let keys = match &begun {
            Some(replay) => keys(replay)?,
            None => fresh_keys(request, &shelves, &plan, cipher, &planned)?,
        };
        let stage = begun.as_ref().and_then(|replay| replay.state.stage());
        drives.push(RunDrive {
            has_journal: begun.is_some(),
            stage: stage.unwrap_or(Stage::Planned),
            ..run_drive(
                request,
                (head, &plan.gathered.roots),
                planned,
                planned_out,
                keys,
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
    request: &ResumeRequest,
    (head, roots): (&HeadDrive, &[PathBuf]),
    planned: PlannedDrive,
    planned_out: Vec<(LeftOut, u64)>,
    keys: DriveKeys,
) -> Result<RunDrive, JobError> {
    let kept: Vec<PathBuf> = roots
        .iter()
        .chain(&request.journal_dirs)
        .chain(&request.external_key_dir)
        .cloned()
        .collect();
    let (info, confirmed) = locate(head, &request.drives, &kept)?;
    Ok(RunDrive {
        job: DriveJob {
            identity: head.identity.clone(),
            planned,
            free_space: head.free_space,
            contents: info.contents,
            edges: head.edges.clone(),
            keys,
            planned_out,
        },
        bay: DriveBay::new(confirmed),
        has_journal: false,
        stage: Stage::Planned,
    })
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
fn has_protectors(request: &ResumeRequest, plan: &PlanFile, serial: &str) -> Result<(), JobError> {
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

/// Plans the files of one drive of a session onto a spare. Nothing is written.
///
/// # Errors
/// [`JobError`]: there is no such drive, or the spare is refused or too small.
pub(super) fn replacement(
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
        check: plan.head.check,
        verify: plan.head.verify,
        content_md5: plan.gathered.mapping.content_md5,
        ..JobRequest::listing(
            &request.session,
            Origin::Plan {
                path: PathBuf::new(),
            },
        )
    };
    let entries = plan.entries.get(place).map_or(&[][..], Vec::as_slice);
    let listing = part(&plan.gathered.listing, entries)?;
    let replaced = Replaced {
        serial: serial.to_owned(),
        planned_out,
    };
    let gathered = Gathered {
        listing,
        ..plan.gathered
    };
    Prepared::replacement(job, gathered, replaced)
}

/// Returns the entries of one drive as a listing of their own.
fn part(listing: &Listing, entries: &[u32]) -> Result<Listing, JobError> {
    let mut part = Listing::new();
    for entry in entries.iter().map(|entry| listing.entry(*entry)) {
        let kind = if entry.is_folder {
            Kind::Folder
        } else {
            Kind::File
        };
        part.push(entry.path, entry.bytes, entry.modified, kind)
            .map_err(|error| JobError::usage(error.to_string(), entry.path))?;
    }
    Ok(part)
}

fn cipher(plan: &PlanFile) -> Result<Cipher, JobError> {
    let parsed = plan.head.cipher.parse();
    parsed.map_err(|error: bitlocker_image::UnknownCipher| {
        JobError::usage(error.to_string(), "the plan's head")
    })
}

fn planned_drive(
    head: &HeadDrive,
    entries: &[u32],
    plan: &PlanFile,
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
        capacity_bytes: head.capacity_bytes,
        used_bytes: head.used_bytes,
        files,
        file_bytes,
        entries: entries.to_vec(),
    })
}

/// Finds the drive that a plan names: at one of the paths `moved`, where it was, or anywhere on this
/// machine; by its serial and size, never by its path.
fn locate(
    head: &HeadDrive,
    moved: &[PathBuf],
    kept: &[PathBuf],
) -> Result<(DriveInfo, ConfirmedTarget), JobError> {
    let known = &head.identity;
    let given = (known.serial_source == SerialSource::Label).then_some(known.serial.as_str());
    let mut seen = None;
    let paths = moved.iter().chain(std::iter::once(&head.path));
    let here = paths.filter_map(|path| device::describe(path, given).ok());
    let others = || device::list(&[]).into_iter();
    let candidates = here.chain(std::iter::once_with(others).flatten());
    for info in candidates.filter(|info| info.serial == known.serial) {
        match device::recognised(&info, known, kept) {
            Ok(confirmed) => return Ok((info, confirmed)),
            Err(refusal) => seen = seen.or(Some((info.path, refusal))),
        }
    }
    let serial = &known.serial;
    Err(match seen {
        Some((path, refusal)) => JobError::refused(
            refusal.to_string(),
            show(&path),
            format!(
                "Plug in drive {serial} as it was, or put a spare in its place: --replace {serial}=PATH."
            ),
        ),
        None => JobError::refused(
            format!(
                "drive {serial} is not here; it was at {}",
                head.path.display()
            ),
            serial.as_str(),
            format!(
                "Plug it in; say --drive PATH when its image file was moved; \
                 or put a spare in its place: --replace {serial}=PATH."
            ),
        ),
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
