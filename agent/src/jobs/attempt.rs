//! The phases of one drive, one after the other.

use std::ops::Range;

use bitlocker_image::Credential;
use disk::ReadAt;
use sha2::{Digest, Sha256};
use shared::api::FreeSpace;
use shared::drive::{DriveLayout, DriveSpec};
use shared::job::Verdict;
use shared::journal::{Marks, Note, Record, drive_info_file_name, drive_info_xml, replay};
use shared::verify::Expected;

use super::drive_meter::DriveMeter;
use super::drive_run::Common;
use super::error::Kind;
use super::freeze::{FrozenDrive, file_time};
use super::ledger::{Ledger, LedgerMarks};
use super::read_back::read_back;
use crate::device::{self, DriveWriter};
use crate::journal_file::AppendFile;
use crate::pipeline::{
    self, HashIndex, PipelineError, SideReader, SurfaceCheck, SurfaceError, Work, check_surface,
};

/// One attempt at filling a drive.
pub(super) struct Attempt<'a, 'l, 'c> {
    /// What all drives of the job have in common.
    pub common: &'a Common<'c>,
    /// Where everything that happens is put down.
    pub ledger: &'l mut Ledger,
    /// Counts what is done.
    pub meter: &'a DriveMeter,
    /// Whether old bytes in free space stay as they are.
    pub keeps_free_space: bool,
}

impl<'a> Attempt<'a, '_, '_> {
    /// Goes through all phases; returns what the end is called.
    pub(super) fn run(&mut self, drive: FrozenDrive) -> Result<Verdict, Stop> {
        let path = drive.target.info.path.clone();
        let credential = Credential::RecoveryPassword(drive.recovery_password.clone());
        let serial = drive.target.info.serial.clone();
        let work = self.lay_out(&drive)?;
        let mut device = device::open(drive.confirmed).map_err(|error| match error {
            device::OpenError::Refused(refusal) => Stop::Failed {
                why: refusal.to_string(),
                kind: Kind::Refused,
            },
            error => Stop::io(error),
        })?;
        self.go_on()?;
        self.erase(&work, &mut device, &drive.target.info.contents)?;
        let manifest = self.write(&work, &mut device, &drive.information_area)?;
        let verdict = if self.common.request.verify {
            let expected = Expected {
                manifest_hash: Some(manifest),
                serial: Some(serial),
                session: Some(self.common.request.session.clone()),
                ..Expected::default()
            };
            let Self {
                common,
                ledger,
                meter,
                ..
            } = self;
            read_back(&path, &credential, &expected, ledger, meter, common.cancel)?
        } else {
            Verdict::Written
        };
        // The drive was held until here: nobody could mount it half done.
        drop(device);
        self.ledger.record(&Record::Closed { verdict })?;
        Ok(verdict)
    }

    fn lay_out(&self, drive: &FrozenDrive) -> Result<Work<'a>, Stop> {
        let gathered = self.common.gathered;
        let spec = DriveSpec {
            disk_bytes: drive.planned.disk_bytes,
            sector: drive.planned.sector,
            cipher: self.common.request.cipher,
            serial: drive.planned.serial.clone(),
            label: self.common.request.session.clone(),
            started: file_time(self.common.started),
            ids: drive.ids.clone(),
        };
        let layout = DriveLayout::new(
            spec,
            &gathered.listing,
            &drive.planned.entries,
            &gathered.mapping,
        )
        .map_err(|error| Stop::Failed {
            why: error.to_string(),
            kind: Kind::Incomplete,
        })?;
        let work = Work {
            layout,
            listing: &gathered.listing,
            mapping: &gathered.mapping,
            sources: self.common.sources,
            cipher: drive.cipher.clone(),
            wipe: drive.target.free_space == FreeSpace::Wipe,
        };
        self.meter.begin(pipeline::total_bytes(&work));
        Ok(work)
    }

    /// Destroys what says what the drive was.
    fn erase(
        &mut self,
        work: &Work<'_>,
        device: &mut DriveWriter,
        contents: &device::Contents,
    ) -> Result<(), Stop> {
        let disk_bytes = work.layout.spec().disk_bytes;
        let areas = device::erase_areas(disk_bytes, work.layout.partition(), contents);
        device::erase(device, &areas).map_err(Stop::io)?;
        self.check(device, &areas)?;
        let fingerprint = fingerprint(device).map_err(Stop::io)?;
        self.ledger.record(&Record::Erased { fingerprint })?;
        Ok(())
    }

    /// Checks the drive's surface as asked; what a full check leaves in the erased areas is erased
    /// again.
    fn check(&mut self, device: &mut DriveWriter, areas: &[Range<u64>]) -> Result<(), Stop> {
        let how = self.common.request.check;
        let (code, text) = match how {
            SurfaceCheck::None => return Ok(()),
            SurfaceCheck::Quick => (
                "check-quick",
                "places over the whole drive were written and read back",
            ),
            SurfaceCheck::Full => ("check-full", "every sector was written and read back"),
        };
        check_surface(device, how, self.keeps_free_space, self.common.cancel).map_err(|error| {
            match error {
                SurfaceError::Pipeline(error) => Stop::from(error),
                error => Stop::io(error),
            }
        })?;
        if how == SurfaceCheck::Full {
            device::erase(device, areas).map_err(Stop::io)?;
        }
        let (code, text) = (code.to_owned(), text.to_owned());
        self.ledger.record(&Record::Note(Note { code, text }))?;
        Ok(())
    }

    /// Writes, mends and seals; returns the manifest's MD5.
    fn write(
        &mut self,
        work: &Work<'_>,
        device: &mut DriveWriter,
        information_area: &[u8],
    ) -> Result<[u8; 16], Stop> {
        let common = self.common;
        let spacing = Marks::new(work.layout.spec().disk_bytes, 0);
        let mut marks = LedgerMarks {
            ledger: self.ledger,
            layout: &work.layout,
            listing: work.listing,
        };
        let filled = pipeline::fill(
            work,
            device,
            common.threads,
            &mut marks,
            spacing,
            &self.meter.written,
            common.cancel,
        )?;
        self.go_on()?;
        let hashes = SideReader::open(self.ledger.side_path()).map_err(PipelineError::from)?;
        let is_left_out = |node| filled.left_out.contains_key(&node);
        let manifest =
            pipeline::write_manifest(work, device, &hashes, &HashIndex::new(work), &is_left_out)?;
        self.ledger.record(&Record::Mending {
            manifest_md5: manifest.md5,
            manifest_bytes: manifest.bytes,
        })?;
        let mend = work
            .layout
            .mend(&is_left_out, manifest.bytes)
            .map_err(|error| Stop::Failed {
                why: error.to_string(),
                kind: Kind::Io,
            })?;
        pipeline::mend(work, device, &mend)?;
        self.go_on()?;
        self.ledger.record(&Record::Sealing)?;
        pipeline::seal(device, &work.layout.seal_parts(information_area))?;
        self.ledger.record(&Record::Written)?;
        self.ledger.record(&Record::DriveInfo)?;
        self.write_drive_info()?;
        Ok(manifest.md5)
    }

    /// Writes what a portal gets beside the journal.
    fn write_drive_info(&self) -> Result<(), Stop> {
        let path = self.ledger.journal_path();
        let bytes = std::fs::read(path).map_err(Stop::io)?;
        let Ok(replay) = replay(&bytes) else {
            return Ok(());
        };
        let Some(text) = drive_info_xml(&replay) else {
            return Ok(());
        };
        let journal = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let name = drive_info_file_name(journal, &replay.session.drive.serial);
        let mut file =
            AppendFile::create(&self.common.request.journal_dirs, &name).map_err(Stop::io)?;
        file.append(text.as_bytes()).map_err(Stop::io)?;
        file.sync().map_err(Stop::io)
    }

    fn go_on(&self) -> Result<(), Stop> {
        if self.common.cancel.is_cancelled() {
            Err(Stop::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Returns what a resume compares the drive with: SHA-256 of its first and last MiB.
fn fingerprint(disk: &dyn ReadAt) -> Result<[u8; 32], disk::ReadError> {
    let mut sum = Sha256::new();
    let mut part = vec![0; 1 << 20];
    for at in [0, disk.bytes().saturating_sub(1 << 20)] {
        disk.read_at(at, &mut part)?;
        sum.update(&part);
    }
    Ok(sum.finalize().into())
}

/// Why a drive stopped.
pub(super) enum Stop {
    /// The person wished it.
    Cancelled,
    /// It cannot go on.
    Failed {
        /// One sentence for the person at the drive.
        why: String,
        /// What sort of end it is.
        kind: Kind,
    },
}

impl Stop {
    /// Returns the fault of a device or file.
    pub(super) fn io(error: impl std::fmt::Display) -> Self {
        Self::Failed {
            why: error.to_string(),
            kind: Kind::Io,
        }
    }
}

impl From<PipelineError> for Stop {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Cancelled => Self::Cancelled,
            error => Self::io(error),
        }
    }
}
