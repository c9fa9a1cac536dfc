//! Freezing a plan: keys are drawn, volumes sealed, and everything is durable on our side before a
//! drive is touched.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitlocker_image::{Cipher, Credential, Protectors, Secrets, SectorCipher, VolumeSpec, seal};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use shared::drive::DriveIds;
use shared::job::{LeftOut, Moment};
use shared::journal::Note;
use shared::plan::{PlannedDrive, Space};

use super::abort;
use super::kept_volume::{HeadKept, KeptTarget};
use super::old_journals;
use super::plan_file::{self, Head, HeadDrive};
use super::prepared::Prepared;
use super::renames_file;
use super::request::Passphrase;
use super::targets::Target;
use crate::attempt::{DriveBay, DriveJob, DriveKeys, now};
use crate::device::Edges;
use crate::drives::Confirmed;
use crate::job_error::JobError;
use crate::journal_file::write_once;
use crate::random;
use crate::shelf::Shelves;

/// A job that may now touch its drives.
#[derive(Debug)]
pub(super) struct Frozen {
    /// The one start time.
    pub started: Moment,
    /// SHA-256 of the plan file.
    pub plan_hash: [u8; 32],
    /// The drives, in the plan's order.
    pub drives: Vec<(DriveJob, DriveBay)>,
}

/// How volumes are sealed.
pub(super) struct Sealing<'a> {
    /// The session id: it is in the volume's description.
    pub session: &'a str,
    /// How the drives are encrypted.
    pub cipher: Cipher,
    /// The one start time.
    pub started: Moment,
    /// Folder that gets an external key file (`.BEK`), when wanted.
    pub external_key_dir: Option<&'a Path>,
    /// A passphrase that opens the drive too, when wanted.
    pub passphrase: Option<&'a Passphrase>,
}

/// Draws keys, seals, keeps finished journals aside, and writes the plan file and the key files.
///
/// # Errors
/// [`JobError`]; no drive was touched.
pub(super) fn freeze(
    prepared: &mut Prepared,
    confirmed: Vec<Confirmed>,
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
    // A spare joins a session that is not finished.
    let session = match &prepared.replaces {
        Some(_) => "",
        None => prepared.request.session.as_str(),
    };
    old_journals::none_unfinished(folders, session, &serials)?;
    for serial in &serials {
        old_journals::keep_finished(folders, serial)?;
    }
    let started = now();
    let request = &prepared.request;
    let sealing = Sealing {
        session: &request.session,
        cipher: request.cipher,
        started,
        external_key_dir: request.external_key_dir.as_deref(),
        passphrase: request.passphrase.as_ref(),
    };
    let left_out = prepared.planned_out();
    let mut head = Head::new(
        &prepared.gathered,
        started,
        &request.cipher.to_string(),
        request.verify,
    );
    (head.check, head.parallel) = (request.check, request.parallel);
    head.other_protectors = request.external_key_dir.is_some() || request.passphrase.is_some();
    head.left_out.clone_from(&left_out);
    head.share = prepared.share.as_ref().map(|share| share.of.clone());
    // What the plan left out belongs to no drive; the first one's journal counts it.
    let planned_out = std::iter::once(left_out).chain(std::iter::repeat_with(Vec::new));
    let targets = prepared.targets.iter().zip(&confirmed);
    let planned = prepared.plan.drives.iter().zip(planned_out);
    let wanted: Vec<_> = targets.zip(planned).collect();
    // Each password is stretched, a million rounds of SHA-256.
    let jobs: Vec<_> = wanted
        .into_par_iter()
        .map(|(target, (planned, out))| drive_job(&sealing, target, planned.clone(), out))
        .collect();
    let mut drives = Vec::with_capacity(confirmed.len());
    for ((target, drive), confirmed) in prepared.targets.iter().zip(jobs).zip(confirmed) {
        let drive = drive?;
        head.drives.push(head_drive(target, &drive));
        drives.push((drive, DriveBay::new(confirmed)));
    }
    let plan_name = prepared.plan_name();
    match prepared.share.as_ref().filter(|share| share.goes_on) {
        // The plans of the other shares say which drives are filled.
        Some(share) => share
            .never_begun
            .iter()
            .try_for_each(|name| old_journals::set_aside(folders, name))?,
        None => old_journals::keep_plan(folders, &plan_name)?,
    }
    let plan_hash = plan_file::write(
        &Shelves::of_folders(folders),
        &plan_name,
        &head,
        &prepared.gathered.listing,
        &prepared.plan,
    )
    .map_err(|error| JobError::io(error.to_string(), plan_name, UNTOUCHED))?;
    renames_file::write(folders, &request.session, &prepared.gathered.mapping)?;
    if let Some(replaced) = &prepared.replaces {
        let spare = serials.first().map_or("", String::as_str);
        let note = Note {
            code: "replaced".to_owned(),
            text: format!("drive {spare} takes its place"),
        };
        let serial = &replaced.serial;
        abort::give_up(folders, &prepared.request.session, serial, &note)?;
    }
    Ok(Frozen {
        started,
        plan_hash,
        drives,
    })
}

fn head_drive(target: &Target, drive: &DriveJob) -> HeadDrive {
    HeadDrive {
        identity: drive.identity.clone(),
        path: target.info.path.clone(),
        free_space: drive.free_space,
        sealed: BASE64.encode(&drive.keys.information_area),
        edges: drive.edges.clone(),
        capacity_bytes: drive.planned.capacity_bytes,
        used_bytes: drive.planned.used_bytes,
        kept: drive.kept.as_ref().map(HeadKept::new),
    }
}

/// Looks at the drive's edges and draws its keys.
fn drive_job(
    sealing: &Sealing<'_>,
    (target, confirmed): (&Target, &Confirmed),
    planned: PlannedDrive,
    planned_out: Vec<(LeftOut, u64)>,
) -> Result<DriveJob, JobError> {
    let serial = target.info.serial.as_str();
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let edges = confirmed.look(Edges::read);
    let edges = edges.map_err(|error| failed(error.to_string()))?;
    Ok(DriveJob {
        identity: target.identity(),
        free_space: target.free_space,
        contents: target.info.contents.clone(),
        named_again: false,
        edges: edges.map_err(|error| failed(error.to_string()))?,
        keys: match &target.kept {
            Some(found) => kept_keys(found, serial)?,
            None => new_keys(sealing, &planned)?,
        },
        kept: target.kept.as_ref().map(|found| found.kept.clone()),
        planned,
        planned_out,
    })
}

/// Returns the keys of a volume that somebody encrypted before.
fn kept_keys(found: &KeptTarget, serial: &str) -> Result<DriveKeys, JobError> {
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let mut salt = [0; 16];
    random::fill(&mut salt).map_err(|error| failed(error.to_string()))?;
    let area = found.information_area.clone();
    let credential = Credential::RecoveryPassword(found.key.clone());
    DriveKeys::of_area(area, found.key.clone(), salt, credential)
        .map_err(|error| failed(error.to_string()))
}

/// Draws the keys of one drive and seals them; writes its key file, when one is wanted.
///
/// # Errors
/// [`JobError`]; no drive was touched.
pub(super) fn new_keys(
    sealing: &Sealing<'_>,
    planned: &PlannedDrive,
) -> Result<DriveKeys, JobError> {
    let serial = planned.serial.as_str();
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let protectors = Protectors {
        external_key: sealing.external_key_dir.is_some(),
        passphrase: sealing.passphrase.map(|text| text.reveal().to_owned()),
    };
    let secrets = draw(sealing.cipher, &protectors).map_err(|error| failed(error.to_string()))?;
    let mut salt = [0; 16];
    random::fill(&mut salt).map_err(|error| failed(error.to_string()))?;
    let space = Space::new(planned.disk_bytes, planned.sector)
        .map_err(|error| failed(error.to_string()))?;
    let spec = VolumeSpec {
        volume_bytes: space.volume_bytes(),
        sector: planned.sector,
        cipher: sealing.cipher,
        regions: space.regions,
        created: sealing.started.file_time().0,
        description: format!("ARGOSY {} {}", sealing.session, day(sealing.started)),
    };
    let sealed =
        seal(&spec, &secrets).map_err(|error| JobError::usage(error.to_string(), serial))?;
    if let (Some(folder), Some((name, key))) = (sealing.external_key_dir, &sealed.external_key_file)
    {
        make_folder(folder)?;
        write_once(folder, name, key).map_err(|error| {
            JobError::io(error.to_string(), show(&folder.join(name)), UNTOUCHED)
        })?;
    }
    let cipher = SectorCipher::new(sealing.cipher, &secrets.volume_key, planned.sector)
        .map_err(|error| failed(error.to_string()))?;
    Ok(DriveKeys {
        ids: DriveIds::derive(&secrets.volume_master_key),
        information_area: sealed.information_area,
        credential: Credential::RecoveryPassword(sealed.recovery_password.clone()),
        recovery_password: sealed.recovery_password,
        salt,
        cipher,
    })
}

/// Draws the secrets of one volume; a generator that fails once gives none at all.
fn draw(cipher: Cipher, protectors: &Protectors) -> Result<Secrets, random::NoRandomness> {
    let mut failure = None;
    let secrets = Secrets::from_random(cipher, protectors, &mut |into| {
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
