//! The drives of a request, looked at before anything is decided.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use disk::SectorSize;
use shared::api::{FreeSpace, PlannedDriveSummary};
use shared::job::{DriveIdentity, SerialSource};
use shared::plan::{DriveSize, PlannedDrive};

use super::add;
use super::kept_volume::KeptTarget;
use super::request::{JobRequest, SectorDoubt, TargetRequest};
use crate::device::{self, DriveInfo, DriveKind, Signature};
use crate::drives::Drives;
use crate::job_error::JobError;
use crate::pipeline::SurfaceCheck;

/// A drive that may be filled, and what was asked of it.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// What is known of it.
    pub info: DriveInfo,
    /// Sectors that the volume is built for.
    pub sector: SectorSize,
    /// What becomes of its free space.
    pub free_space: FreeSpace,
    /// The volume on it whose keys stay; `None` for new ones.
    pub kept: Option<KeptTarget>,
}

/// Looks at every drive of `request`.
///
/// # Errors
/// [`JobError`] when one of them is not there, may not be erased, has no serial, or is one with
/// another.
pub(super) fn look(drives: &Drives, request: &JobRequest) -> Result<Vec<Target>, JobError> {
    if request.drives.is_empty() {
        return Err(JobError::usage("no drive is given", "--drive"));
    }
    let mut targets: Vec<Target> = Vec::with_capacity(request.drives.len());
    let mut serials = HashSet::new();
    let mut paths = HashSet::new();
    for drive in &request.drives {
        let target = look_at(drives, drive, request)?;
        if target.kept.is_some() {
            may_keep(request, drive)?;
        }
        let real = std::fs::canonicalize(&drive.path).unwrap_or_else(|_| drive.path.clone());
        if !paths.insert(real) {
            return Err(JobError::refused(
                "this drive is given twice",
                place(&drive.path),
                "Give each drive once.",
            ));
        }
        if !serials.insert(target.info.serial.clone()) {
            return Err(JobError::refused(
                format!("two drives have the serial {}", target.info.serial),
                place(&drive.path),
                "Tell them apart by the serials on their labels: --drive PATH=SERIAL.",
            ));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn look_at(
    drives: &Drives,
    drive: &TargetRequest,
    request: &JobRequest,
) -> Result<Target, JobError> {
    let info = drives.describe(&drive.path, drive.serial.as_deref());
    let info = info.map_err(|error| {
        JobError::io(
            error.to_string(),
            place(&drive.path),
            "Nothing was written.",
        )
    })?;
    if !info.erasable {
        let why = info.reasons.join("; ");
        return Err(JobError::refused(
            why,
            place(&drive.path),
            "Choose another drive, or free this one first; `argosy drives` shows them all.",
        ));
    }
    if let Some(doubt) = info
        .sector_doubt()
        .filter(|_| request.sector_doubt == SectorDoubt::Refuse)
    {
        return Err(JobError::refused(
            doubt,
            place(&drive.path),
            "If it is not for the data centre, say --accept-4096.",
        ));
    }
    if info.serial.is_empty() {
        return Err(JobError::refused(
            "the drive's serial cannot be read",
            place(&drive.path),
            "Give the one on its label: --drive PATH=SERIAL.",
        ));
    }
    if request.add {
        return added(drives, request, info);
    }
    let sector = request.sector.unwrap_or(info.sector);
    let key = drive.existing_key.as_ref();
    Ok(Target {
        kept: key
            .map(|key| KeptTarget::read(drives, &info.path, sector, key))
            .transpose()?,
        sector,
        info,
        free_space: drive.free_space,
    })
}

/// Returns a drive that keeps what is on it.
fn added(drives: &Drives, request: &JobRequest, info: DriveInfo) -> Result<Target, JobError> {
    let (found, sector, free_space) = add::look(drives, request, &info)?;
    Ok(Target {
        kept: Some(found),
        sector,
        info,
        free_space,
    })
}

/// Refuses what cannot be done to a volume whose keys stay.
fn may_keep(request: &JobRequest, drive: &TargetRequest) -> Result<(), JobError> {
    let wrong = |what| Err(JobError::usage(what, place(&drive.path)));
    if request.check == SurfaceCheck::Full {
        return wrong("a full check overwrites everything, so the drive's keys cannot be kept");
    }
    if request.external_key_dir.is_some() || request.passphrase.is_some() {
        return wrong(
            "a drive that keeps its keys gets no others: leave out --bek and --passphrase-file",
        );
    }
    Ok(())
}

/// Refuses a journal folder that is given twice: a copy beside itself is none.
///
/// # Errors
/// [`JobError`], usage.
pub(super) fn journal_dirs_differ(folders: &[PathBuf]) -> Result<(), JobError> {
    let mut seen = HashSet::new();
    match folders.iter().find(|folder| !seen.insert(resolved(folder))) {
        Some(twice) => Err(JobError::usage(
            "this journal folder is given twice",
            place(twice),
        )),
        None => Ok(()),
    }
}

/// Refuses what would write into a source: a journal folder or a target file that lies below one.
///
/// # Errors
/// [`JobError`], refused.
pub(super) fn apart_from_sources(
    sources: &[PathBuf],
    journal_dirs: &[PathBuf],
    targets: &[Target],
) -> Result<(), JobError> {
    for source in sources {
        let source = resolved(source);
        let inside = |path: &Path| resolved(path).starts_with(&source);
        for folder in journal_dirs {
            if inside(folder) {
                return Err(JobError::refused(
                    format!(
                        "the journal folder lies below the source {}",
                        source.display()
                    ),
                    place(folder),
                    "Choose a journal folder elsewhere.",
                ));
            }
        }
        for target in targets {
            let backing = match &target.info.kind {
                DriveKind::ImageFile => Some(&target.info.path),
                DriveKind::LoopDevice { backing } => backing.as_ref(),
                _ => None,
            };
            if backing.is_some_and(|file| inside(file)) {
                return Err(JobError::refused(
                    format!(
                        "the drive's image file lies below the source {}",
                        source.display()
                    ),
                    place(&target.info.path),
                    "Keep drive images outside of what is copied.",
                ));
            }
        }
    }
    Ok(())
}

/// Returns the real path of what exists, and of the rest as it would be.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => resolved(parent).join(name),
        (_, Some(name)) => std::env::current_dir().unwrap_or_default().join(name),
        _ => path.to_owned(),
    }
}

fn place(path: &Path) -> String {
    path.display().to_string()
}

impl Target {
    /// Returns what a plan needs to know.
    #[must_use]
    pub(super) fn size(&self) -> DriveSize {
        DriveSize {
            serial: self.info.serial.clone(),
            bytes: self.bytes(),
            sector: self.sector,
            kept: self.kept.as_ref().map(|found| found.kept.volume.clone()),
        }
    }

    /// Returns the bytes of the drive's whole sectors: an image file may end in the middle of one.
    fn bytes(&self) -> u64 {
        let sector = self.sector.bytes();
        let whole = self.info.bytes.checked_div(sector).unwrap_or(0);
        whole.saturating_mul(sector)
    }

    /// Returns whether everything that was looked at is zeros.
    #[must_use]
    pub(super) const fn is_blank(&self) -> bool {
        self.info.contents.emptiness.is_blank()
    }

    /// Returns whether everything on the drive stays and gets company.
    #[must_use]
    pub(super) fn is_added_to(&self) -> bool {
        self.kept
            .as_ref()
            .is_some_and(|found| found.kept.volume.onto.is_some())
    }

    /// Returns whether the person must name the drive: all but image files of nothing but zeros, and drives
    /// that lose nothing and are known by what is on them.
    #[must_use]
    pub(super) fn needs_word(&self) -> bool {
        !(self.is_added_to() || self.is_blank() && self.info.kind == DriveKind::ImageFile)
    }

    /// Refuses a drive that held something while nobody said what becomes of its free space.
    ///
    /// # Errors
    /// [`JobError`], refused.
    pub(super) fn free_space_is_decided(&self) -> Result<(), JobError> {
        if self.is_blank() || self.is_added_to() || self.free_space != FreeSpace::Blank {
            return Ok(());
        }
        Err(JobError::refused(
            format!(
                "drive {} holds data, and space that the new files do not take would keep it readable",
                self.info.serial
            ),
            place(&self.info.path),
            "Say --wipe to overwrite the free space, or --keep-free-space to leave it as it is.",
        ))
    }

    /// Returns what the journal recognises the drive by.
    #[must_use]
    pub(super) fn identity(&self) -> DriveIdentity {
        DriveIdentity {
            bytes: self.bytes(),
            sector_bytes: self.sector.bytes(),
            ..identity_of(&self.info)
        }
    }

    /// Returns whether something on the drive goes: of a drive that keeps its keys, what is in the
    /// volume.
    fn is_lost(&self, found: &Signature) -> bool {
        if self.is_added_to() {
            return false;
        }
        let at = |target: &KeptTarget| target.kept.volume.partition.start;
        let kept_at = self.kept.as_ref().map(at);
        kept_at.is_none_or(|at| found.at == at && found.what == "BitLocker")
    }

    /// Returns what the person sees of it in a plan.
    #[must_use]
    pub(super) fn summary(&self, planned: &PlannedDrive) -> PlannedDriveSummary {
        let characters = self.info.serial.chars().count().min(4);
        let lost = self
            .info
            .contents
            .signatures
            .iter()
            .filter(|found| self.is_lost(found))
            .map(|found| match found.name.as_str() {
                "" => found.what.to_string(),
                name => format!("{} \"{name}\"", found.what),
            });
        PlannedDriveSummary {
            serial: self.info.serial.clone(),
            serial_source: serial_source(self.info.serial_source),
            model: self.info.model.clone(),
            capacity_bytes: planned.capacity_bytes,
            used_bytes: planned.used_bytes,
            files: u64::from(planned.files),
            needs_word: self.needs_word(),
            word_characters: u32::try_from(characters).unwrap_or(4),
            lost: lost.collect(),
            sector_doubt: self.info.sector_doubt().unwrap_or_default(),
        }
    }
}

/// Returns what a journal recognises a drive by.
#[must_use]
pub fn identity_of(info: &DriveInfo) -> DriveIdentity {
    DriveIdentity {
        serial: info.serial.clone(),
        serial_source: serial_source(info.serial_source),
        model: info.model.clone(),
        wwn: info.wwn.clone(),
        bytes: info.bytes,
        sector_bytes: info.sector.bytes(),
    }
}

/// Returns the wire's word for where a serial comes from.
#[must_use]
pub const fn serial_source(source: device::SerialSource) -> SerialSource {
    match source {
        device::SerialSource::Hardware => SerialSource::Drive,
        device::SerialSource::Bridge => SerialSource::Bridge,
        device::SerialSource::Sidecar | device::SerialSource::FileStem => SerialSource::Image,
        device::SerialSource::Given | device::SerialSource::Unknown => SerialSource::Label,
    }
}
