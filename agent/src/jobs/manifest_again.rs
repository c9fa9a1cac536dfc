//! The manifest of a drive that is not here any more, from what is beside its journal: a copy of it, or plan and side file,
//! from which it is made again. It counts only when its MD5 is the journal's.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use bitlocker_image::Credential;
use lanes::Md5State;
use ntfs_image::Node;
use shared::journal::{Replay, replay};
use shared::manifest::{ManifestReader, ManifestWriter};

use super::add::work;
use super::old_journals;
use super::plan_file::PlanFile;
use super::session_plans::plans;
use crate::attempt::read_left_out;
use crate::job_error::{JobError, Kind};
use crate::pipeline::{HashIndex, SideReader, Work, write_manifest_into};
use crate::shelf::Shelves;

/// What a drive holds, as its journal proves it.
#[derive(Debug)]
pub struct KeptManifest {
    /// The drive's serial.
    pub serial: String,
    /// The session that filled it.
    pub session: String,
    /// Files that are not on it and should be.
    pub missing: u64,
    /// All files that were seen and are not on it, those among them.
    pub left_out: u64,
    /// Where they are named.
    pub left_out_csv: PathBuf,
    /// Metadata and properties files of its plan, which blobs are given; none where there is no plan.
    pub attached: Vec<Vec<u8>>,
    /// Serials of the other drives of its session, as far as their plans are here.
    pub siblings: BTreeSet<String>,
    /// Drives of its session of which nothing is here.
    pub unknown_siblings: u64,
    /// The manifest.
    file: File,
}

impl KeptManifest {
    /// Returns its files from the first on. One reader at a time.
    ///
    /// # Errors
    /// [`JobError`] when it cannot be read.
    pub fn reader(&self) -> Result<ManifestReader<BufReader<&File>>, JobError> {
        let failed = |error: String| JobError::io(error, self.serial.as_str(), SAFE);
        (&self.file)
            .rewind()
            .map_err(|error| failed(error.to_string()))?;
        let stream = BufReader::with_capacity(STEP, &self.file);
        ManifestReader::new(stream).map_err(|error| failed(error.to_string()))
    }

    /// Returns a manifest that stands alone, without a journal that proves it.
    ///
    /// # Errors
    /// [`JobError`] when it cannot be read, or is none.
    pub fn unproven(path: &Path) -> Result<Self, JobError> {
        let place = show(path);
        let file = File::open(path)
            .map_err(|error| JobError::usage(format!("cannot read it: {error}"), &place))?;
        let mut kept = Self::of(String::new(), String::new(), file);
        let reader = kept.reader();
        let serial = reader.map(|reader| reader.drive_id().to_owned());
        kept.serial = serial.map_err(|mut error| {
            error.error.place = place;
            error
        })?;
        Ok(kept)
    }

    /// Returns its MD5: what was kept of another manifest says nothing of this one.
    ///
    /// # Errors
    /// [`JobError`] when it cannot be read.
    pub fn md5(&self) -> Result<[u8; 16], JobError> {
        let mut file = &self.file;
        let found = file.rewind().and_then(|()| md5_through(file));
        found.map_err(|error| JobError::io(error.to_string(), self.serial.as_str(), SAFE))
    }

    fn of(serial: String, session: String, file: File) -> Self {
        Self {
            serial,
            session,
            missing: 0,
            left_out: 0,
            left_out_csv: PathBuf::new(),
            attached: Vec::new(),
            siblings: BTreeSet::new(),
            unknown_siblings: 0,
            file,
        }
    }
}

/// Returns what a journal's drive holds. Looked for in `manifests`, beside the journal, and made again from its plan and
/// side file there.
///
/// # Errors
/// [`JobError`] when the journal cannot be believed, is not finished or is of an export, or the manifest cannot be had.
pub fn kept_manifest(journal: &Path, manifests: &[PathBuf]) -> Result<KeptManifest, JobError> {
    let session = read(journal)?;
    let place = show(journal);
    let wrong = |what: &str| {
        let next = "`argosy journal check` says what a journal is worth.";
        let mut error = JobError::refused(what, place.as_str(), next);
        error.kind = Kind::Incomplete;
        error
    };
    if session.session.exported {
        return Err(wrong(
            "its files came out of a store, they do not go into one",
        ));
    }
    let Some((md5, _)) = session.manifest.filter(|_| session.closed.is_some()) else {
        return Err(wrong(
            "it is not finished, so nobody knows what is on its drive",
        ));
    };
    let own = journal.with_extension("DriveManifest.xml");
    for path in manifests.iter().chain(std::iter::once(&own)) {
        if let Some(file) = of_md5(path, md5)? {
            return told(journal, &session, file);
        }
    }
    let file = again(journal, &session, md5)?;
    told(journal, &session, file)
}

/// Reads a journal.
fn read(journal: &Path) -> Result<Replay, JobError> {
    let bytes = std::fs::read(journal)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), show(journal)))?;
    replay(&bytes).map_err(|damage| {
        let mut error = JobError::io(damage.to_string(), show(journal), SAFE);
        error.kind = Kind::Incomplete;
        error
    })
}

/// Returns the file at a path when it has this MD5; `None` when it has not, or is not there.
fn of_md5(path: &Path, md5: [u8; 16]) -> Result<Option<File>, JobError> {
    let failed = |error: io::Error| JobError::io(error.to_string(), show(path), SAFE);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let found = md5_through(&mut file).map_err(failed)?;
    Ok((found == md5).then_some(file))
}

/// Returns the MD5 of what is left of a file.
fn md5_through(mut file: impl Read) -> io::Result<[u8; 16]> {
    let mut state = Md5State::new();
    let mut piece = vec![0; STEP];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(state.finish());
        }
        state.update(piece.get(..count).unwrap_or_default());
    }
}

fn told(journal: &Path, session: &Replay, file: File) -> Result<KeptManifest, JobError> {
    let serial = session.session.drive.serial.clone();
    let mut kept = KeptManifest::of(serial, session.session.session.as_str().to_owned(), file);
    kept.left_out = session.left_out.count;
    kept.missing = session.left_out.missing;
    kept.left_out_csv = journal.with_extension("left-out.csv");
    // A drive that was filled by hand has no plan, and a manifest that was given is enough.
    let found = plans(&[folder(journal)], &kept.session).unwrap_or_default();
    let replaced: HashSet<&str> = found
        .iter()
        .filter_map(|(_, other)| other.as_deref())
        .collect();
    let (mut known, mut whole) = (0_u64, 0_u64);
    for (plan, instead) in &found {
        let drives = plan.head.drives.iter().map(|drive| &drive.identity.serial);
        kept.siblings.extend(
            drives
                .filter(|serial| !replaced.contains(serial.as_str()))
                .cloned(),
        );
        if let (Some(share), None) = (&plan.head.share, instead) {
            known = known.saturating_add(u64::try_from(share.drives.len()).unwrap_or(u64::MAX));
            whole = whole.max(u64::from(share.of));
        }
        if plan.hash == session.session.plan_hash {
            let attached = plan.gathered.attached.iter();
            let files = attached.flat_map(|files| [&files.metadata, &files.properties]);
            kept.attached = files.flatten().cloned().collect();
        }
    }
    kept.unknown_siblings = whole.saturating_sub(known);
    kept.siblings.remove(&kept.serial);
    Ok(kept)
}

/// Makes a manifest again.
fn again(journal: &Path, session: &Replay, md5: [u8; 16]) -> Result<File, JobError> {
    let lost = |what: String| {
        let mut error = JobError::io(what, show(journal), SAFE);
        error.kind = Kind::Usage;
        "Put the journal beside its plan and side file again, or name the drive's manifest: --manifest FILE."
            .clone_into(&mut error.error.next);
        error
    };
    if session.redacted {
        return Err(lost(
            "the journal was redacted, and its plan opens with its key only".to_owned(),
        ));
    }
    let folder = folder(journal);
    let serial = session.session.drive.serial.as_str();
    let name = session.session.session.as_str();
    let found = plans(std::slice::from_ref(&folder), name);
    let found = found.map_err(|error| lost(error.error.message.clone()))?;
    let right = found.iter().map(|(plan, _)| plan);
    let plan = right
        .filter(|plan| plan.hash == session.session.plan_hash)
        .find_map(|plan| {
            let mut drives = plan.head.drives.iter();
            Some((
                plan,
                drives.position(|drive| drive.identity.serial == serial)?,
            ))
        });
    let (plan, number) =
        plan.ok_or_else(|| lost(format!("the plan of session {name} is not beside it")))?;
    let spool = tempfile::tempfile_in(&folder).or_else(|_| tempfile::tempfile());
    let spool = spool.map_err(|error| lost(error.to_string()))?;
    let writer = || BufWriter::with_capacity(STEP, &spool);
    let manifest = match session.added_to {
        None => ManifestWriter::new(writer(), serial, name),
        Some(before) => {
            let before = earlier(&folder, serial, before)
                .ok_or_else(|| lost("the journal of the session before it is gone".to_owned()))?;
            let kept = kept_manifest(&before, &[])?;
            (&kept.file)
                .rewind()
                .map_err(|error| lost(error.to_string()))?;
            ManifestWriter::behind(writer(), BufReader::with_capacity(STEP, &kept.file), name)
        }
    };
    let manifest = manifest.map_err(|error| lost(error.to_string()))?;
    let head = plan
        .head
        .drives
        .get(number)
        .ok_or_else(|| lost("the drive is not in its plan".to_owned()))?;
    let password = session.recovery_password.clone();
    let key = password.map(Credential::RecoveryPassword);
    let key = key.ok_or_else(|| lost("the journal has no key".to_owned()))?;
    let work = work(plan, (head, number), session, &key)?;
    let made = files_into(journal, plan, &work, manifest).map_err(lost)?;
    if made == md5 {
        return Ok(spool);
    }
    Err(lost(
        "what is beside it does not give the manifest that the journal says is on the drive"
            .to_owned(),
    ))
}

/// Writes every file that is on the drive; returns the MD5 of all of it.
fn files_into<W: Write>(
    journal: &Path,
    plan: &PlanFile,
    work: &Work<'_>,
    manifest: ManifestWriter<W>,
) -> Result<[u8; 16], String> {
    let side = journal.with_extension("side");
    let side = side.file_name().unwrap_or_default().to_string_lossy();
    let shelves = Shelves::of_folders(&[folder(journal)]);
    let hashes = SideReader::open(&shelves, &side).map_err(|error| error.to_string())?;
    let index = HashIndex::new(work);
    let csv = read_left_out(&journal.with_extension("left-out.csv")).unwrap_or_default();
    let left_out: HashSet<String> = csv.into_iter().map(|file| file.path).collect();
    let is_left_out = |node: Node| {
        let entry = work.layout.entry_of(node);
        entry.is_some_and(|entry| {
            let path = plan.gathered.listing.entry(entry).path;
            left_out.contains(&path.to_string())
        })
    };
    let written = write_manifest_into(work, manifest, &hashes, &index, &is_left_out);
    let (mut written, _) = written.map_err(|error| error.to_string())?;
    written.inner.flush().map_err(|error| error.to_string())?;
    Ok(written.md5)
}

/// Returns the journal of the session whose manifest has this MD5.
fn earlier(folder: &Path, serial: &str, manifest: [u8; 16]) -> Option<PathBuf> {
    let names = old_journals::kept(folder, serial);
    names.map(|name| folder.join(name)).find(|path| {
        let journal = std::fs::read(path).ok();
        let journal = journal.and_then(|bytes| replay(&bytes).ok());
        journal.is_some_and(|journal| journal.manifest.is_some_and(|(md5, _)| md5 == manifest))
    })
}

fn folder(journal: &Path) -> PathBuf {
    let folder = journal.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

/// Bytes of a manifest that are read or written at once.
const STEP: usize = 1 << 20;
const SAFE: &str = "Nothing was changed anywhere.";
