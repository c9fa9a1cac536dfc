//! One drive from its first byte to its verdict.

use std::ops::ControlFlow;

use bitlocker_image::Credential;
use disk::ReadAt;
use sha2::{Digest, Sha256};
use shared::api::{Finding, News};
use shared::drive::{DriveLayout, DriveSpec};
use shared::job::{DriveState, LeftOut, Stage, Verdict};
use shared::journal::{
    KeyRecord, Marks, Record, Session, drive_info_file_name, drive_info_xml, replay,
};
use shared::verify::{Expected, FindingCode, VerifyReport, VerifyVerdict, verify};

use super::drive_meter::DriveMeter;
use super::error::Kind;
use super::freeze::{FrozenDrive, file_time};
use super::gather::Gathered;
use super::ledger::{Ledger, LedgerMarks, Opening, Teller};
use super::request::JobRequest;
use crate::device::{self, DriveWriter};
use crate::journal_file::AppendFile;
use crate::pipeline::{
    self, Cancel, HashIndex, PipelineError, ReadAhead, SideReader, Sources, Work,
};
use shared::api::FreeSpace;
use shared::job::Moment;

/// What all drives of a job have in common.
pub(super) struct Common<'a> {
    /// What was asked for.
    pub request: &'a JobRequest,
    /// What travels.
    pub gathered: &'a Gathered,
    /// The source folders, held open.
    pub sources: &'a Sources,
    /// Threads that read sources.
    pub threads: &'a rayon::ThreadPool,
    /// The one start time.
    pub started: Moment,
    /// SHA-256 of the plan file.
    pub plan_hash: [u8; 32],
    /// Stops all drives.
    pub cancel: &'a Cancel,
}

/// How a drive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DriveEnd {
    /// What it is called.
    pub verdict: Verdict,
    /// What sort of end it is; none when nothing is amiss.
    pub kind: Option<Kind>,
}

/// Why a drive stopped.
enum Stop {
    Cancelled,
    Failed { why: String, kind: Kind },
}

/// Fills one drive and reads it back. `left_out` is what the plan left out and this drive's journal counts.
pub(super) fn run(
    common: &Common<'_>,
    drive: FrozenDrive,
    left_out: &[(LeftOut, u64)],
    teller: &Teller,
    meter: &DriveMeter,
) -> DriveEnd {
    let mut ledger = match open_ledger(common, &drive, teller) {
        Ok(ledger) => ledger,
        Err(error) => {
            return without_journal(teller, Stage::Planned, error.to_string(), error.kind);
        }
    };
    let result = ledger
        .leave_out(left_out)
        .map_err(Stop::from)
        .and_then(|()| {
            Attempt {
                common,
                ledger: &mut ledger,
                meter,
            }
            .run(drive)
        });
    match result {
        Ok(verdict) => {
            let amiss =
                verdict > Verdict::Verified && verdict != Verdict::Written || ledger.left_out() > 0;
            DriveEnd {
                verdict,
                kind: amiss.then_some(Kind::Incomplete),
            }
        }
        Err(stop) => stopped(&mut ledger, stop),
    }
}

/// Records why a drive stopped; when even that fails, only the screen can tell.
fn stopped(ledger: &mut Ledger, stop: Stop) -> DriveEnd {
    let (record, kind) = match stop {
        Stop::Cancelled => (Record::Cancelled, Kind::Incomplete),
        Stop::Failed { why, kind } => (Record::Failed { why }, kind),
    };
    if let Err(error) = ledger.record(&record) {
        let at = ledger.state().stage().unwrap_or(Stage::Written);
        let teller = ledger.teller().clone();
        return without_journal(&teller, at, error.to_string(), Kind::Io);
    }
    DriveEnd {
        verdict: Verdict::Failed,
        kind: Some(kind),
    }
}

fn without_journal(teller: &Teller, at: Stage, why: String, kind: Kind) -> DriveEnd {
    let state = DriveState::Failed { why, at };
    teller.tell(|job, serial| News::Drive {
        job,
        serial,
        state,
        verdict: Some(Verdict::Failed),
    });
    DriveEnd {
        verdict: Verdict::Failed,
        kind: Some(kind),
    }
}

fn open_ledger(
    common: &Common<'_>,
    drive: &FrozenDrive,
    teller: &Teller,
) -> Result<Ledger, super::JobError> {
    let (files, bytes) = content(common, drive);
    let session = Session {
        session: common.gathered.mapping.session.clone(),
        plan_hash: common.plan_hash,
        started: common.started,
        tool: super::tool(),
        drive: drive.target.identity(),
        cipher: common.request.cipher,
        free_space: drive.target.free_space,
        kept_bytes: match drive.target.free_space {
            FreeSpace::Keep => drive
                .planned
                .capacity_bytes
                .saturating_sub(drive.planned.used_bytes),
            FreeSpace::Blank | FreeSpace::Wipe => 0,
        },
        files,
        bytes,
    };
    let key = KeyRecord {
        recovery_password: drive.recovery_password.clone(),
        salt: drive.salt,
        sealed: drive.information_area.clone(),
    };
    let folders = &common.request.journal_dirs;
    let opening = Opening {
        folders,
        session: &session,
        key,
        information_area: &drive.information_area,
    };
    Ledger::open(opening, teller.clone())
}

/// Returns how many files go onto the drive, and their bytes.
fn content(common: &Common<'_>, drive: &FrozenDrive) -> (u64, u64) {
    let entries = drive
        .planned
        .entries
        .iter()
        .map(|entry| common.gathered.listing.entry(*entry));
    entries
        .filter(|entry| !entry.is_folder)
        .fold((0, 0), |(files, bytes): (u64, u64), entry| {
            (files.saturating_add(1), bytes.saturating_add(entry.bytes))
        })
}

struct Attempt<'a, 'l, 'c> {
    common: &'a Common<'c>,
    ledger: &'l mut Ledger,
    meter: &'a DriveMeter,
}

impl<'a> Attempt<'a, '_, '_> {
    fn run(&mut self, drive: FrozenDrive) -> Result<Verdict, Stop> {
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
            self.verify(&path, &credential, &expected)?
        } else {
            Verdict::Written
        };
        // The drive was held until here: nobody could mount it half done.
        drop(device);
        self.ledger.record(&Record::Closed { verdict })?;
        self.write_drive_info()?;
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
        let fingerprint = fingerprint(device).map_err(Stop::io)?;
        self.ledger.record(&Record::Erased { fingerprint })?;
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
        Ok(manifest.md5)
    }

    /// Reads the drive past every cache and proves it.
    fn verify(
        &mut self,
        path: &std::path::Path,
        credential: &Credential,
        expected: &Expected,
    ) -> Result<Verdict, Stop> {
        let reader = device::open_read(path, true).map_err(Stop::io)?;
        let ahead = ReadAhead::new(&reader);
        let mut marks = Marks::new(reader.bytes(), 0);
        let mut failure = None;
        let report = std::thread::scope(|scope| {
            ahead.start(scope);
            let report = verify(&ahead, credential, expected, &mut |progress| {
                self.meter.verifying(progress.bytes, progress.bytes_total);
                if marks.is_due(progress.bytes) {
                    marks.set(progress.bytes);
                    failure = self
                        .ledger
                        .record(&Record::VerifiedThrough {
                            through: progress.bytes,
                        })
                        .err();
                }
                if failure.is_some() || self.common.cancel.is_cancelled() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            ahead.end();
            report
        });
        if let Some(error) = failure {
            return Err(error.into());
        }
        self.judge(&report)
    }

    fn judge(&mut self, report: &VerifyReport) -> Result<Verdict, Stop> {
        if report
            .findings
            .iter()
            .any(|finding| finding.code == FindingCode::Cancelled)
        {
            return Err(Stop::Cancelled);
        }
        for finding in &report.findings {
            let finding = Finding {
                code: code(finding.code),
                message: finding.message.clone(),
                place: place(finding),
            };
            self.ledger.teller().tell(|job, serial| News::Found {
                job,
                serial,
                finding,
            });
        }
        if report.verdict == VerifyVerdict::Verified {
            self.ledger.record(&Record::Verified {
                files: report.files,
                bytes: report.bytes,
            })?;
            let missing = self.ledger.missing();
            return Ok(if missing == 0 {
                Verdict::Verified
            } else {
                Verdict::Incomplete
            });
        }
        let first = report
            .findings
            .first()
            .map_or("", |finding| finding.message.as_str());
        let count = u64::try_from(report.findings.len())
            .unwrap_or(u64::MAX)
            .saturating_add(report.findings_left_out);
        let kind = if report.verdict == VerifyVerdict::Failed {
            Kind::Io
        } else {
            Kind::Incomplete
        };
        Err(Stop::Failed {
            why: format!("reading back found {count} faults; the first: {first}"),
            kind,
        })
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

/// Returns the stable word of a finding.
fn code(code: FindingCode) -> String {
    // Its serialised form is a string in kebab case.
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Returns where a finding is, in words.
#[must_use]
pub fn place(finding: &shared::verify::Finding) -> String {
    match (&finding.file, finding.offset) {
        (Some(file), Some(offset)) => format!("{file}, byte {offset}"),
        (Some(file), None) => file.clone(),
        (None, Some(offset)) => format!("disk offset {offset:#x}"),
        (None, None) => String::new(),
    }
}

impl Stop {
    fn io(error: impl std::fmt::Display) -> Self {
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
