//! One drive, its journal opened before and closed behind it.

use shared::api::{FreeSpace, News};
use shared::job::{DriveState, LeftOut, Moment, Stage, Verdict};
use shared::journal::{KeyRecord, Record, Session};
use shared::plan::Space;

use super::attempt::{Attempt, Stop};
use super::drive_meter::DriveMeter;
use super::error::{JobError, Kind};
use super::freeze::FrozenDrive;
use super::gather::Gathered;
use super::ledger::{Ledger, Opening, Teller};
use super::request::JobRequest;
use crate::pipeline::{Cancel, Sources};

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

/// Fills one drive and reads it back. `left_out` is what the plan left out and this drive's journal
/// counts.
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
                keeps_free_space: drive.target.free_space == FreeSpace::Keep,
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
) -> Result<Ledger, JobError> {
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
            FreeSpace::Keep => kept_bytes(drive),
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

/// Returns the bytes of the volume that nothing is written to.
fn kept_bytes(drive: &FrozenDrive) -> u64 {
    let space = Space::new(drive.planned.disk_bytes, drive.planned.sector);
    let volume_bytes = space.map_or(0, |space| space.volume_bytes());
    volume_bytes.saturating_sub(drive.planned.used_bytes)
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
