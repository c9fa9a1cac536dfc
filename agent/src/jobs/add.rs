//! A drive that Argosy finished and that gets further files: found by its journals, proven byte by byte before
//! anything is decided.

use std::collections::HashSet;
use std::io::BufReader;

use bitlocker_image::Credential;
use disk::{ReadAt, SectorSize};
use ntfs_image::Ground;
use ntfs_image::read::{FileReader, Volume};
use shared::api::FreeSpace;
use shared::drive::{DriveLayout, DriveSpec};
use shared::journal::Replay;
use shared::manifest::ManifestReader;
use shared::plan::{MANIFEST_NAME, Onto};

use super::gather::Gathered;
use super::kept_volume::KeptTarget;
use super::on_drive::{self, Planned};
use super::plan_file::{HeadDrive, PlanFile};
use super::request::JobRequest;
use super::resume::planned_drive;
use super::targets::Target;
use crate::attempt::{DriveKeys, digest};
use crate::device::DriveInfo;
use crate::drives::Drives;
use crate::job_error::JobError;
use crate::pipeline::{LEG_BYTES, Overwritten, Plain, SourceFiles, SourceRead, Work};
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
    let sessions = on_drive::sessions(&request.journal_dirs, &info.serial, &place)?;
    let (last, earlier) = sessions.split_first().ok_or_else(|| no_key(&place))?;
    let session = &last.replay;
    let password = session.recovery_password.as_ref();
    let password = password.ok_or_else(|| no_key(&place))?;
    let sector = SectorSize::try_from(session.session.drive.sector_bytes);
    let sector = sector.map_err(|error| JobError::refused(error.to_string(), &place, UNKNOWN))?;
    let mut found = KeptTarget::read(drives, &info.path, sector, password)?;
    let reader = drives
        .open_read(&info.path, false)
        .map_err(|error| io(error.to_string(), &place))?;
    let (key, mut later) = (last.key(&place)?, Overwritten::default());
    let planned = Planned::find(request, last)?;
    let work = planned.work(&key)?;
    planned.is_as_left(&work, &reader, &mut later, &place)?;
    for session in earlier {
        let planned = Planned::find(request, session)?;
        let work = planned.work(&key)?;
        planned.is_as_left(&work, &reader, &mut later, &place)?;
    }
    let plain = Plain::new(&work, &reader);
    let (onto, blobs) = survey(&plain, session, request, &place)?;
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

/// Returns every byte of the drive as that session wrote it. `key` opens the drive.
pub(super) fn work<'a>(
    plan: &'a PlanFile,
    (head, number): (&HeadDrive, usize),
    session: &Replay,
    key: &Credential,
) -> Result<Work<'a>, JobError> {
    let serial = head.identity.serial.as_str();
    let wrong = |why: String| JobError::refused(why, serial, UNKNOWN);
    let keys = DriveKeys::of_journal(session, key.clone());
    let keys = keys.map_err(|error| wrong(error.to_string()))?;
    let kept = head.kept.as_ref();
    let kept = kept.map(|kept| kept.kept(&session.sealed, key));
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

fn no_key(place: &str) -> JobError {
    JobError::refused("the journal of the drive has no key", place, UNKNOWN)
}

pub(super) fn io(error: String, place: &str) -> JobError {
    JobError::io(error, place, "Nothing was written to the drive.")
}

/// Bytes of a manifest that are read at once.
const MANIFEST_STEP: usize = 1 << 20;
pub(super) const UNKNOWN: &str = "Nothing was written to the drive. Put the journal and the plan that belong together into one folder.";
