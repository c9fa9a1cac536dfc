//! A drive that Argosy finished and that gets further files: found by its journal, proven byte by byte before
//! anything is decided.

use std::collections::HashSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use bitlocker_image::Credential;
use disk::{ReadAt, SectorSize};
use ntfs_image::Ground;
use ntfs_image::read::{FileReader, Volume};
use shared::api::FreeSpace;
use shared::drive::{DriveLayout, DriveSpec};
use shared::job::{DriveState, Stage};
use shared::journal::{Replay, journal_file_name, replay};
use shared::manifest::ManifestReader;
use shared::plan::{MANIFEST_NAME, Onto};

use super::gather::Gathered;
use super::kept_volume::KeptTarget;
use super::old_journals;
use super::plan_file::{HeadDrive, PlanFile};
use super::request::JobRequest;
use super::resume::planned_drive;
use super::session_plans::plans;
use super::targets::Target;
use crate::attempt::{DriveKeys, digest};
use crate::device::DriveInfo;
use crate::drives::Drives;
use crate::job_error::JobError;
use crate::pipeline::{
    Cancel, LEG_BYTES, Mended, Plain, SourceFiles, SourceRead, Structures, Work,
};
use crate::scan::OpenSourceError;

/// Looks at a drive that keeps what is on it. Returns that, the sectors it was built for, and what becomes of its free
/// space.
///
/// # Errors
/// [`JobError`], refused, when Argosy did not make it, nobody proved it, or it was changed since. Nothing was
/// written.
pub(super) fn look(
    drives: &Drives,
    request: &JobRequest,
    info: &DriveInfo,
) -> Result<(KeptTarget, SectorSize, FreeSpace), JobError> {
    let place = info.path.display().to_string();
    let session = finished(&request.journal_dirs, info, &place)?;
    let key = session.recovery_password.clone();
    let key = key.ok_or_else(|| no_journal(&info.serial, &place))?;
    let sector = SectorSize::try_from(session.session.drive.sector_bytes);
    let sector = sector.map_err(|error| JobError::refused(error.to_string(), &place, UNKNOWN))?;
    let mut found = KeptTarget::read(drives, &info.path, sector, &key)?;
    let name = session.session.session.as_str();
    let (plan, number) = plan_of(request, &session, &info.serial)?;
    let head = &plan.head.drives[number];
    let reader = drives
        .open_read(&info.path, false)
        .map_err(|error| io(error.to_string(), &place))?;
    let work = work(&plan, (head, number), &session)?;
    is_as_written(&work, &session, &reader, name, &place)?;
    let plain = Plain::new(&work, &reader);
    let (onto, blobs) = survey(&plain, &session, request, &place)?;
    found.kept.volume.onto = Some(onto);
    found.blobs = blobs;
    let free_space = match session.session.free_space {
        FreeSpace::Keep => FreeSpace::Keep,
        FreeSpace::Blank | FreeSpace::Wipe => FreeSpace::Blank,
    };
    Ok((found, sector, free_space))
}

/// Refuses files whose blobs are on a drive already: the later one would win, or neither.
///
/// # Errors
/// [`JobError`] names the first.
pub(super) fn no_blob_twice(gathered: &Gathered, targets: &[Target]) -> Result<(), JobError> {
    let kept = targets.iter().filter_map(|target| target.kept.as_ref());
    let known: Vec<&HashSet<String>> = kept
        .map(|found| &found.blobs)
        .filter(|blobs| !blobs.is_empty())
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    for (number, entry) in gathered.listing.iter() {
        if entry.is_folder {
            continue;
        }
        let Ok(naming) = gathered.mapping.naming(&gathered.listing, number) else {
            continue;
        };
        if known.iter().any(|blobs| blobs.contains(&naming.blob)) {
            return Err(JobError::refused(
                format!(
                    "{} would become a blob that is on the drive already",
                    entry.path
                ),
                naming.blob,
                "Send it elsewhere: another --to, or another name.",
            ));
        }
    }
    Ok(())
}

/// Returns the journal of the session that is on the drive: the last one that was begun, but for those that wrote
/// nothing to it and additions that were given up before they changed anything.
fn finished(folders: &[PathBuf], info: &DriveInfo, place: &str) -> Result<Replay, JobError> {
    let serial = info.serial.as_str();
    let paths = folders.iter().flat_map(|folder| {
        let own = std::iter::once(journal_file_name(serial));
        let names = own.chain(old_journals::kept(folder, serial));
        names.map(|name| folder.join(name))
    });
    let last = paths
        .filter_map(|path| read(&path))
        .filter(|journal| journal.session.drive.serial == serial)
        .filter(|journal| journal.added_to.is_none() || journal.redo.is_some())
        .filter(|journal| journal.state.stage() != Some(Stage::Planned))
        .max_by_key(|journal| journal.session.started.0);
    let journal = last.ok_or_else(|| no_journal(serial, place))?;
    match why_not(&journal) {
        None => Ok(journal),
        Some(why) => Err(JobError::refused(
            format!("session {} on this drive {why}", journal.session.session),
            place,
            "Only a drive that Argosy filled once and read back can get more files; put these on another drive.",
        )),
    }
}

fn read(path: &Path) -> Option<Replay> {
    replay(&std::fs::read(path).ok()?).ok()
}

fn why_not(journal: &Replay) -> Option<&'static str> {
    if journal.closed.is_none() {
        return Some("is not finished: go on with it by argosy resume");
    }
    if journal.added_to.is_some() {
        return Some("was itself added to another: a third is not possible yet");
    }
    if journal.in_place {
        return Some("was filled by hand");
    }
    if journal.session.exported {
        return Some("was filled from a store");
    }
    if journal.redacted {
        return Some("has a journal without its key");
    }
    if journal.state != DriveState::Verified {
        return Some("was not proven to be whole");
    }
    None
}

fn no_journal(serial: &str, place: &str) -> JobError {
    JobError::refused(
        format!(
            "there is no journal of a finished drive {serial} here, so nobody knows what is on it"
        ),
        place,
        "Name the folder that has its journal (--journal-dir). Drives that Argosy did not fill cannot get files \
         added yet: use an empty one.",
    )
}

/// Returns the frozen plan that a journal is of, and which of its drives this is.
fn plan_of(
    request: &JobRequest,
    session: &Replay,
    serial: &str,
) -> Result<(PlanFile, usize), JobError> {
    let name = session.session.session.as_str();
    if name == request.session {
        return Err(JobError::refused(
            format!("session {name} is on this drive already"),
            serial,
            "Give the new files a session of their own: --session.",
        ));
    }
    let found = plans(&request.journal_dirs, name)?.into_iter();
    let mut right = found.filter(|(plan, _)| plan.hash == session.session.plan_hash);
    let found = right.find_map(|(plan, _)| {
        let mut drives = plan.head.drives.iter();
        let number = drives.position(|drive| drive.identity.serial == serial)?;
        Some((plan, number))
    });
    found.ok_or_else(|| {
        JobError::refused(
            format!("the plan of session {name}, which says what is on this drive, is not here"),
            serial,
            "Name the folder that has its plan beside its journal: --journal-dir.",
        )
    })
}

/// Returns every byte of the drive as that session wrote it.
pub(super) fn work<'a>(
    plan: &'a PlanFile,
    (head, number): (&HeadDrive, usize),
    session: &Replay,
) -> Result<Work<'a>, JobError> {
    let serial = head.identity.serial.as_str();
    let wrong = |why: String| JobError::refused(why, serial, UNKNOWN);
    let password = session.recovery_password.clone();
    let password = password.ok_or_else(|| wrong("its journal has no key".to_owned()))?;
    let credential = Credential::RecoveryPassword(password);
    let keys = DriveKeys::of_journal(session, credential.clone());
    let keys = keys.map_err(|error| wrong(error.to_string()))?;
    let kept = head.kept.as_ref();
    let kept = kept.map(|kept| kept.kept(&session.sealed, &credential));
    let kept = kept.transpose().map_err(wrong)?;
    let volume = kept.as_ref().map(|kept| kept.volume.clone());
    let planned = planned_drive(head, &plan.entries[number], plan, volume)?;
    let mapping = &plan.gathered.mapping;
    let spec = DriveSpec {
        disk_bytes: planned.disk_bytes,
        sector: planned.sector,
        cipher: session.session.cipher,
        serial: serial.to_owned(),
        label: mapping.session.as_str().to_owned(),
        started: plan.head.started.file_time(),
        ids: keys.ids.clone(),
        kept,
    };
    let layout = DriveLayout::new(spec, &plan.gathered.listing, &planned.entries, mapping);
    Ok(Work {
        layout: layout.map_err(|error| wrong(error.to_string()))?,
        listing: &plan.gathered.listing,
        mapping,
        sources: &NoSources,
        cipher: keys.cipher,
        wipe: false,
        leg_bytes: LEG_BYTES,
    })
}

/// Compares everything but the files' content with what was written.
fn is_as_written(
    work: &Work<'_>,
    session: &Replay,
    disk: &dyn ReadAt,
    name: &str,
    place: &str,
) -> Result<(), JobError> {
    let (_, bytes) = session.manifest.unwrap_or_default();
    let mend = work.layout.mend(&|_| false, bytes);
    let mend = mend.map_err(|error| JobError::refused(error.to_string(), place, UNKNOWN))?;
    let differs = Structures::new(work, Mended::Done(&mend))
        .first_difference(disk, &session.sealed, &Cancel::default())
        .map_err(|error| io(error.to_string(), place))?;
    match differs {
        None => Ok(()),
        Some(at) => Err(JobError::refused(
            format!(
                "the drive is not as session {name} left it: what lies at offset {at:#x} was changed since, by Windows \
                 perhaps, which writes to a volume that is opened"
            ),
            place,
            "What is on it can still be read and shipped if `argosy verify` says so. Put these files on another drive.",
        )),
    }
}

/// Reads what is free on the volume, and what its manifest has.
fn survey(
    plain: &dyn ReadAt,
    session: &Replay,
    request: &JobRequest,
    place: &str,
) -> Result<(Onto, HashSet<String>), JobError> {
    let failed = |error: String| JobError::refused(error, place, UNKNOWN);
    let volume = Volume::open(plain).map_err(|error| io(error.to_string(), place))?;
    let ground = Ground::read(&volume).map_err(|error| failed(error.to_string()))?;
    let taken = volume.find(&request.session);
    if taken.map_err(|error| failed(error.to_string()))?.is_some() {
        return Err(JobError::refused(
            format!("there is a folder {} on the drive already", request.session),
            place,
            "Give the new files a session of their own: --session.",
        ));
    }
    let manifest = volume.find(MANIFEST_NAME);
    let manifest = manifest.map_err(|error| failed(error.to_string()))?;
    let manifest = manifest.ok_or_else(|| failed("its manifest is gone".to_owned()))?;
    let file = volume
        .open_file(manifest.id)
        .map_err(|error| failed(error.to_string()))?;
    let stream = BufReader::with_capacity(MANIFEST_STEP, FileReader::new(&volume, file));
    let wrong = |error: shared::manifest::ManifestError| failed(error.to_string());
    let mut reader = ManifestReader::new(stream).map_err(wrong)?;
    let (mut blobs, mut bytes) = (HashSet::new(), 0_u64);
    while let Some(file) = reader.next_file().map_err(wrong)? {
        bytes = bytes.saturating_add(file.bytes);
        blobs.insert(file.blob);
    }
    let summary = reader.finish().map_err(wrong)?;
    if session.manifest != Some((summary.md5, summary.bytes)) {
        return Err(failed(
            "its manifest is not the one of its journal".to_owned(),
        ));
    }
    let onto = Onto {
        ground,
        digest: digest(plain).map_err(failed)?,
        manifest_md5: summary.md5,
        manifest_bytes: summary.bytes,
        files: summary.files,
        bytes,
    };
    Ok((onto, blobs))
}

/// The sources of a session that is over: nothing of them is read.
struct NoSources;

impl SourceFiles for NoSources {
    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError> {
        Err(OpenSourceError::Io {
            path: path.to_owned(),
            cause: "its session is over".to_owned(),
        })
    }

    fn metadata(&self, _number: u32) -> Option<&[u8]> {
        None
    }

    fn properties(&self, _number: u32) -> Option<&[u8]> {
        None
    }
}

fn io(error: String, place: &str) -> JobError {
    JobError::io(error, place, "Nothing was written to the drive.")
}

/// Bytes of a manifest that are read at once.
const MANIFEST_STEP: usize = 1 << 20;
const UNKNOWN: &str = "Nothing was written to the drive. Put the journal and the plan that belong together into one folder.";
