//! From a drive that somebody filled to a journal and a manifest.

use std::path::PathBuf;

use bitlocker_image::{INFORMATION_BYTES, UnlockedVolume};
use disk::{ReadAt, Window};
use ntfs_image::read::Volume;
use shared::api::FreeSpace;
use shared::blob_name::{Destination, SessionId, file_name};
use shared::job::{DriveIdentity, Verdict};
use shared::journal::{
    JournalWriter, KeyRecord, Note, Record, Session, drive_info_file_name, drive_info_xml,
    journal_file_name,
};
use shared::verify::OpenedDrive;

use super::manifest::{self, Made};
use super::survey::{Hindrance, Survey};
use crate::attempt::{now, tool};
use crate::job_error::JobError;
use crate::journal_file::{AppendError, AppendFile};
use crate::pipeline::Cancel;
use crate::random;
use crate::shelf::Shelves;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// Names the job.
    pub session: SessionId,
    /// Where the drive's files arrive: its root is the prefix.
    pub destination: Destination,
    /// Which drive it is.
    pub identity: DriveIdentity,
    /// Where journal and manifest go.
    pub shelves: Shelves,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Adopted {
    /// Something on the drive stands in the way; no journal was written.
    Hindered(Vec<Hindrance>),
    /// Every file was hashed.
    Done(Described),
}

/// A drive whose journal and manifest were made.
#[derive(Clone, Debug)]
pub struct Described {
    /// The manifest, to be copied onto the drive.
    pub manifest: PathBuf,
    /// Its length.
    pub manifest_bytes: u64,
    /// The journal.
    pub journal: PathBuf,
    /// Files in the manifest.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Things to be said once.
    pub notes: Vec<String>,
}

/// Hashes every file on `drive` and writes its manifest and its journal. The drive is only read.
///
/// # Errors
/// [`JobError`]: the drive cannot be read or is not encrypted, a file of ours cannot be written, or the
/// person stopped it. Without a journal nothing was decided.
pub fn adopt(
    drive: &OpenedDrive<'_>,
    adoption: &Adoption,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64),
) -> Result<Adopted, JobError> {
    let place = adoption.identity.serial.as_str();
    let Some(locked) = drive.bitlocker() else {
        return Err(JobError::refused(
            "its volume is not encrypted, and the data centre takes none like that",
            place,
            "Turn BitLocker on in Windows, or let `argosy prepare` fill the drive.",
        ));
    };
    let key = key(locked, place)?;
    let volume = Volume::open(drive);
    let volume = volume.map_err(|error| JobError::io(error.to_string(), place, UNTOUCHED))?;
    let survey = Survey::of(&volume, &adoption.destination, place)?;
    if !survey.hindrances.is_empty() {
        return Ok(Adopted::Hindered(survey.hindrances));
    }
    if survey.files.is_empty() {
        return Err(JobError::plan(
            "there is no file on the drive",
            "Fill it first.",
        ));
    }
    let name = format!("{}.DriveManifest.xml", file_name(place));
    let out = fresh(&adoption.shelves, &name)?;
    let path = out.path().to_owned();
    let names = (place, &adoption.session);
    let made = manifest::make(&volume, &survey.files, names, out, cancel, progress)?;
    if !made.unreadable.is_empty() {
        forget(&adoption.shelves, &name)?;
        return Ok(Adopted::Hindered(made.unreadable));
    }
    let files = u64::try_from(survey.files.len()).unwrap_or(u64::MAX);
    let notes = notes(&made);
    let journal = write_journal(adoption, locked, &key, (&made, files), &notes)?;
    Ok(Adopted::Done(Described {
        manifest: path,
        manifest_bytes: made.bytes,
        journal,
        files,
        bytes: made.file_bytes,
        notes,
    }))
}

/// Returns what the journal says of the volume's keys.
fn key<R: ReadAt>(locked: &UnlockedVolume<Window<R>>, place: &str) -> Result<KeyRecord, JobError> {
    let failed = |error: String| JobError::io(error, place, UNTOUCHED);
    let Some(password) = locked.opened().recovery_password() else {
        return Err(JobError::refused(
            "its volume has no recovery password, which the data centre needs",
            place,
            "Add one in Windows: manage-bde -protectors -add X: -RecoveryPassword.",
        ));
    };
    let mut salt = [0; 16];
    random::fill(&mut salt).map_err(|error| failed(error.to_string()))?;
    let mut sealed = vec![0; usize::try_from(INFORMATION_BYTES).unwrap_or(0)];
    let [first, ..] = locked.facts().information;
    locked
        .locked()
        .read_at(first, &mut sealed)
        .map_err(|error| failed(error.to_string()))?;
    Ok(KeyRecord {
        recovery_password: password.clone(),
        salt,
        sealed,
    })
}

fn notes(made: &Made) -> Vec<String> {
    let streams = match made.with_streams {
        0 => None,
        1 => Some("1 file has further streams, which do not travel".to_owned()),
        count => Some(format!(
            "{count} files have further streams, which do not travel"
        )),
    };
    let images = match made.odd_images {
        0 => None,
        1 => Some(
            "1 disk image is no whole number of 512-byte pages and goes as a block blob".to_owned(),
        ),
        count => Some(format!(
            "{count} disk images are no whole number of 512-byte pages and go as block blobs"
        )),
    };
    streams.into_iter().chain(images).collect()
}

/// Writes the journal from its beginning to its end, and what a portal gets beside it.
fn write_journal<R: ReadAt>(
    adoption: &Adoption,
    locked: &UnlockedVolume<Window<R>>,
    key: &KeyRecord,
    (made, files): (&Made, u64),
    notes: &[String],
) -> Result<PathBuf, JobError> {
    let serial = adoption.identity.serial.as_str();
    let failed = |error: String| JobError::io(error, serial, UNTOUCHED);
    let started = now();
    let session = Session {
        session: adoption.session.clone(),
        exported: false,
        plan_hash: sha256_of(&made.md5),
        started,
        tool: tool(),
        drive: adoption.identity.clone(),
        cipher: locked.cipher(),
        free_space: FreeSpace::Keep,
        kept_bytes: locked.bytes().saturating_sub(made.file_bytes),
        files,
        bytes: made.file_bytes,
    };
    let created = JournalWriter::create(started, &session);
    let (mut writer, mut bytes) = created.map_err(|error| failed(error.to_string()))?;
    let mut records = vec![Record::Key(key.clone())];
    records.extend(notes.iter().map(|text| {
        Record::Note(Note {
            code: "in-place".to_owned(),
            text: text.clone(),
        })
    }));
    records.push(Record::InPlace {
        manifest_md5: made.md5,
        manifest_bytes: made.bytes,
    });
    records.push(Record::DriveInfo);
    records.push(Record::Closed {
        verdict: Verdict::Written,
    });
    for record in &records {
        let record = writer.append(started, record);
        bytes.extend(record.map_err(|error| failed(error.to_string()))?);
    }
    let name = journal_file_name(serial);
    let put = || -> Result<PathBuf, AppendError> {
        let mut file = AppendFile::create(&adoption.shelves, &name)?;
        file.append(&bytes)?;
        file.sync()?;
        Ok(file.path().to_owned())
    };
    let journal = put().map_err(|error| failed(error.to_string()))?;
    if let Some(text) = drive_info_xml(writer.replay()) {
        let name = drive_info_file_name(&name, serial);
        AppendFile::reopen(&adoption.shelves, &name, text.as_bytes())
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(journal)
}

/// There is no plan: the manifest stands for it.
fn sha256_of(manifest_md5: &[u8; 16]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(manifest_md5).into()
}

/// Begins a file; what an adoption that was interrupted left of it goes.
fn fresh(shelves: &Shelves, name: &str) -> Result<AppendFile, JobError> {
    forget(shelves, name)?;
    AppendFile::create(shelves, name)
        .map_err(|error| JobError::io(error.to_string(), name, UNTOUCHED))
}

fn forget(shelves: &Shelves, name: &str) -> Result<(), JobError> {
    for shelf in shelves.iter() {
        let place = shelf.path().join(name).display().to_string();
        shelf
            .remove(name)
            .map_err(|error| JobError::io(error.to_string(), place, UNTOUCHED))?;
    }
    Ok(())
}

const UNTOUCHED: &str = "Nothing was written to the drive.";
