//! Freezing a plan: keys are drawn, volumes sealed, and everything is durable on our side before a
//! drive is touched.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitlocker_image::{Protectors, RecoveryPassword, Secrets, SectorCipher, VolumeSpec, seal};
use ntfs_image::FileTime;
use shared::drive::DriveIds;
use shared::job::Moment;
use shared::plan::{PlannedDrive, Space};

use super::error::JobError;
use super::ledger::now;
use super::old_journals;
use super::plan_file::{self, Head, HeadDrive};
use super::prepared::Prepared;
use super::targets::Target;
use crate::device::ConfirmedTarget;
use crate::journal_file::{AppendFile, sync_folder};
use crate::random;
use shared::blob_name::file_name;

/// A job that may now touch its drives.
#[derive(Debug)]
pub(super) struct Frozen {
    /// The one start time.
    pub started: Moment,
    /// SHA-256 of the plan file.
    pub plan_hash: [u8; 32],
    /// The drives, in the plan's order.
    pub drives: Vec<FrozenDrive>,
}

/// A drive that may now be touched.
#[derive(Debug)]
pub(super) struct FrozenDrive {
    /// What is known of it.
    pub target: Target,
    /// What goes onto it.
    pub planned: PlannedDrive,
    /// The right to open it.
    pub confirmed: ConfirmedTarget,
    /// Everything on it that looks random and is no key.
    pub ids: DriveIds,
    /// The sealed information area, whole.
    pub information_area: Vec<u8>,
    /// Opens it.
    pub recovery_password: RecoveryPassword,
    /// Salt for the hash by which the journal's chain counts the key.
    pub salt: [u8; 16],
    /// Encrypts its sectors.
    pub cipher: SectorCipher,
}

/// Draws keys, seals, keeps finished journals aside, and writes the plan file and the key files.
///
/// # Errors
/// [`JobError`]; no drive was touched.
pub(super) fn freeze(
    prepared: &mut Prepared,
    confirmed: Vec<ConfirmedTarget>,
) -> Result<Frozen, JobError> {
    let folders = &prepared.request.journal_dirs;
    for folder in folders {
        make_folder(folder)?;
    }
    let serials: Vec<String> = prepared
        .targets
        .iter()
        .map(|target| target.info.serial.clone())
        .collect();
    old_journals::none_unfinished(folders, &prepared.request.session, &serials)?;
    for serial in &serials {
        old_journals::keep_finished(folders, serial)?;
    }
    let started = now();
    let mut drives = Vec::with_capacity(confirmed.len());
    for ((target, planned), confirmed) in prepared
        .targets
        .iter()
        .zip(&mut prepared.plan.drives)
        .zip(confirmed)
    {
        drives.push(freeze_drive(
            &prepared.request,
            target,
            planned.clone(),
            confirmed,
            started,
        )?);
    }
    let plan_name = format!("{}.plan", file_name(&prepared.request.session));
    old_journals::keep_plan(folders, &plan_name)?;
    let heads = drives.iter().map(|drive| HeadDrive {
        identity: drive.target.identity(),
        path: drive.target.info.path.clone(),
        free_space: drive.target.free_space,
        sealed: BASE64.encode(&drive.information_area),
    });
    let request = &prepared.request;
    let head = Head::new(
        &prepared.gathered,
        started,
        &request.cipher.to_string(),
        request.verify,
        heads.collect(),
    );
    let plan_hash = plan_file::write(
        folders,
        &plan_name,
        &head,
        &prepared.gathered.listing,
        &prepared.plan,
    )
    .map_err(|error| JobError::io(error.to_string(), plan_name, UNTOUCHED))?;
    Ok(Frozen {
        started,
        plan_hash,
        drives,
    })
}

fn freeze_drive(
    request: &super::request::JobRequest,
    target: &Target,
    planned: PlannedDrive,
    confirmed: ConfirmedTarget,
    started: Moment,
) -> Result<FrozenDrive, JobError> {
    let serial = target.info.serial.as_str();
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let protectors = Protectors {
        external_key: request.external_key_dir.is_some(),
        passphrase: request.passphrase.as_ref().map(|text| text.to_string()),
    };
    let secrets = draw(request, &protectors).map_err(|error| failed(error.to_string()))?;
    let mut salt = [0; 16];
    random::fill(&mut salt).map_err(|error| failed(error.to_string()))?;
    let space = Space::new(planned.disk_bytes, planned.sector)
        .map_err(|error| failed(error.to_string()))?;
    let spec = VolumeSpec {
        volume_bytes: space.volume_bytes(),
        sector: planned.sector,
        cipher: request.cipher,
        regions: space.regions,
        created: file_time(started).0,
        description: format!("ARGOSY {} {}", request.session, day(started)),
    };
    let sealed =
        seal(&spec, &secrets).map_err(|error| JobError::usage(error.to_string(), serial))?;
    if let (Some(folder), Some((name, key))) =
        (&request.external_key_dir, &sealed.external_key_file)
    {
        make_folder(folder)?;
        write_once(folder, name, key)?;
    }
    let cipher = SectorCipher::new(request.cipher, &secrets.volume_key, planned.sector)
        .map_err(|error| failed(error.to_string()))?;
    Ok(FrozenDrive {
        target: target.clone(),
        planned,
        confirmed,
        ids: DriveIds::derive(&secrets.volume_master_key),
        information_area: sealed.information_area,
        recovery_password: sealed.recovery_password,
        salt,
        cipher,
    })
}

/// Draws the secrets of one volume; a generator that fails once gives none at all.
fn draw(
    request: &super::request::JobRequest,
    protectors: &Protectors,
) -> Result<Secrets, random::NoRandomness> {
    let mut failure = None;
    let secrets = Secrets::from_random(request.cipher, protectors, &mut |into| {
        if let Err(error) = random::fill(into) {
            failure = Some(error);
        }
    });
    failure.map_or(Ok(secrets), Err)
}

fn make_folder(folder: &Path) -> Result<(), JobError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        JobError::io(
            format!("cannot make the folder: {error}"),
            show(folder),
            UNTOUCHED,
        )
    })
}

fn write_once(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), JobError> {
    let folders: [PathBuf; 1] = [folder.to_owned()];
    let written = AppendFile::create(&folders, name).and_then(|mut file| {
        file.append(bytes)?;
        file.sync()?;
        sync_folder(folder)
    });
    written.map_err(|error| JobError::io(error.to_string(), show(&folder.join(name)), UNTOUCHED))
}

/// Returns a moment as NTFS and BitLocker have it.
#[must_use]
pub(super) fn file_time(moment: Moment) -> FileTime {
    let seconds = i64::try_from(moment.unix_seconds()).unwrap_or(i64::MAX);
    let nanos = u32::try_from(moment.0 % 1000)
        .unwrap_or(0)
        .saturating_mul(1_000_000);
    FileTime::from_unix(seconds, nanos)
}

/// Returns the day of a moment: `2026-11-23`.
fn day(moment: Moment) -> String {
    moment
        .to_string()
        .chars()
        .take(10)
        .map(|c| if c == '/' { '-' } else { c })
        .collect()
}

const UNTOUCHED: &str = "No drive was touched.";

fn show(path: &Path) -> String {
    path.display().to_string()
}
