//! The phases of one drive, one after the other, from wherever its journal stands.

use std::collections::BTreeMap;

use ntfs_image::read::Volume;
use ntfs_image::{Change, Node};
use shared::api::{FreeSpace, News};
use shared::drive::{DriveLayout, DriveSpec, Mend};
use shared::job::{DriveState, LeftOut, LeftOutReason, Stage, Verdict};
use shared::journal::{Note, Record};
use shared::verify::Expected;

use super::added;
use super::bay::Bay;
use super::begun::Begun;
use super::common::Common;
use super::drive_job::DriveJob;
use super::drive_meter::DriveMeter;
use super::erasure::{Erasure, Likeness};
use super::ledger::{Ledger, LedgerMarks, Teller};
use super::read_back::ReadBack;
use super::stop::{DriveEnd, Stop};
use crate::device::{self, Device};
use crate::job_error::Kind;
use crate::pipeline::{
    self, HashIndex, Known, Mended, Past, Plain, Start, Structures, SurfaceCheck, Work,
    check_surface,
};

/// Fills one drive, or goes on with it, and reads it back.
pub fn run<'c>(
    common: &Common<'c>,
    drive: &DriveJob,
    begun: Begun<'c>,
    bay: &mut dyn Bay,
    meter: &DriveMeter,
) -> DriveEnd {
    let Begun {
        mut ledger,
        left_out,
        resumes,
    } = begun;
    let mut attempt = Attempt {
        common,
        drive,
        ledger: &mut ledger,
        meter,
        left_out: BTreeMap::new(),
    };
    let result = attempt.go(bay, resumes, &left_out);
    match result {
        Ok(verdict) => DriveEnd::reached(verdict, ledger.left_out()),
        Err(stop) => stopped(&mut ledger, stop),
    }
}

/// Records why a drive stopped; when even that fails, or it never went on, only the screen can tell.
fn stopped(ledger: &mut Ledger<'_>, stop: Stop) -> DriveEnd {
    let (record, why, kind) = match stop {
        Stop::Cancelled => (Record::Cancelled, "cancelled".to_owned(), Kind::Incomplete),
        Stop::Failed { why, kind } => (Record::Failed { why: why.clone() }, why, kind),
    };
    let stage = ledger.state().stage().unwrap_or(Stage::Written);
    if !matches!(ledger.state(), DriveState::At(_)) {
        let teller = ledger.teller().clone();
        return untold(&teller, stage, why, kind);
    }
    if let Err(error) = ledger.record(&record) {
        let teller = ledger.teller().clone();
        return untold(&teller, stage, format!("{why}; and {error}"), Kind::Io);
    }
    DriveEnd {
        verdict: Verdict::Failed,
        kind: Some(kind),
    }
}

/// Tells an end that is in no journal, and returns it.
pub fn untold(teller: &Teller, at: Stage, why: String, kind: Kind) -> DriveEnd {
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

/// One attempt at filling a drive.
struct Attempt<'a, 'l, 'c> {
    common: &'a Common<'c>,
    drive: &'a DriveJob,
    ledger: &'l mut Ledger<'c>,
    meter: &'a DriveMeter,
    /// Files that are not on the drive, as far as they were planned for it.
    left_out: BTreeMap<Node, LeftOutReason>,
}

impl<'a> Attempt<'a, '_, '_> {
    /// Goes through all phases that are left; returns what the end is called.
    fn go(
        &mut self,
        bay: &mut dyn Bay,
        resumes: bool,
        left_out: &[LeftOut],
    ) -> Result<Verdict, Stop> {
        if let Some(verdict) = self.is_over()? {
            return Ok(verdict);
        }
        let work = self.lay_out()?;
        self.know(&work, left_out);
        let mut device = bay.hold()?;
        self.keeps(device.as_ref())?;
        self.is_as_it_was(&work, device.as_ref())?;
        if resumes {
            self.recognise(&work, device.as_ref())?;
            self.ledger.record(&Record::Resumed {
                tool: super::common::tool(),
            })?;
            self.ledger.catch_up(left_out)?;
        }
        if self.ledger.left_out() == 0 {
            self.ledger.leave_out(&self.drive.planned_out)?;
        }
        self.fill(&work, device.as_mut())?;
        let verdict = if self.common.verify {
            self.read_back(&work, bay)?
        } else {
            Verdict::Written
        };
        // The drive was held until here: nobody could mount it half done.
        drop(device);
        self.ledger.record(&Record::Closed { verdict })?;
        Ok(verdict)
    }

    /// Closes the journal of a drive that was proven before a crash; returns its verdict.
    fn is_over(&mut self) -> Result<Option<Verdict>, Stop> {
        let verdict = match self.ledger.state() {
            DriveState::Verified => Verdict::Verified,
            DriveState::Incomplete => Verdict::Incomplete,
            _ => return Ok(None),
        };
        self.ledger.write_drive_info()?;
        self.ledger.record(&Record::Closed { verdict })?;
        Ok(Some(verdict))
    }

    fn lay_out(&self) -> Result<Work<'a>, Stop> {
        let (common, drive) = (self.common, self.drive);
        let spec = DriveSpec {
            disk_bytes: drive.planned.disk_bytes,
            sector: drive.planned.sector,
            cipher: drive.cipher(common),
            serial: drive.planned.serial.clone(),
            label: common.mapping.session.as_str().to_owned(),
            started: common.started.file_time(),
            ids: drive.keys.ids.clone(),
            kept: drive.kept.clone(),
        };
        let layout = DriveLayout::new(spec, common.listing, &drive.planned.entries, common.mapping)
            .map_err(|error| Stop::Failed {
                why: error.to_string(),
                kind: Kind::Incomplete,
            })?;
        let work = Work {
            layout,
            listing: common.listing,
            mapping: common.mapping,
            sources: common.sources,
            cipher: drive.keys.cipher.clone(),
            wipe: drive.free_space == FreeSpace::Wipe,
            leg_bytes: common.grain.leg_bytes,
        };
        let resumed_at = &self.ledger.replay().resumed_at;
        let read_back = pipeline::bytes_read_back(&work, resumed_at);
        let written = pipeline::total_bytes(&work);
        self.meter.begin(written.saturating_add(read_back));
        Ok(work)
    }

    /// Finds the nodes of the files that an earlier attempt left out.
    fn know(&mut self, work: &Work<'_>, left_out: &[LeftOut]) {
        if left_out.is_empty() {
            return;
        }
        let reasons: BTreeMap<&str, LeftOutReason> = left_out
            .iter()
            .map(|file| (file.path.as_str(), file.reason))
            .collect();
        for number in 1..work.layout.ntfs().tree().node_count() {
            let node = Node(number);
            let path = work
                .layout
                .entry_of(node)
                .map(|entry| work.listing.entry(entry).path.to_string());
            if let Some(reason) = path.and_then(|path| reasons.get(path.as_str())) {
                self.left_out.insert(node, *reason);
            }
        }
    }

    /// Makes sure that what stays of a volume that is kept is as it was, before anything is written to
    /// the drive.
    fn keeps(&self, device: &dyn Device) -> Result<(), Stop> {
        let Some(kept) = &self.drive.kept else {
            return Ok(());
        };
        match kept.first_change(device).map_err(Stop::io)? {
            None => Ok(()),
            Some(at) => Err(Stop::refused(format!(
                "this is not the drive as it was confirmed: what was to stay of its volume changed at \
                 offset {at:#x}; nothing was written to it"
            ))),
        }
    }

    /// Makes sure that a drive which keeps what is on it was not changed by anybody since it was confirmed, as
    /// long as nothing of that is ours to change.
    fn is_as_it_was(&self, work: &Work<'_>, device: &dyn Device) -> Result<(), Stop> {
        let Some(onto) = self.drive.onto() else {
            return Ok(());
        };
        if self.ledger.replay().redo.is_some() {
            return Ok(());
        }
        let found = added::digest(&Plain::new(work, device)).map_err(Stop::io)?;
        if found == onto.digest {
            return Ok(());
        }
        Err(Stop::refused(
            "this is not the drive as it was confirmed: its file system was changed since, by Windows perhaps; \
             nothing was written to it. Give this session up with argosy abort, and prepare it for a new drive",
        ))
    }

    /// Makes sure that the drive is the one of the journal and holds what it confirmed, before
    /// anything is written to it.
    fn recognise(&self, work: &Work<'_>, device: &dyn Device) -> Result<(), Stop> {
        let erasure = self.erasure(work);
        let through = match self.stage() {
            // It was compared as a whole.
            Stage::Planned if self.drive.onto().is_some() => return Ok(()),
            Stage::Planned => return same(erasure.before(device).map_err(Stop::io)?),
            Stage::Erased => return same(erasure.after(device).map_err(Stop::io)?),
            Stage::Writing { through } => Some(through),
            _ => None,
        };
        let is_left_out = |node| self.left_out.contains_key(&node);
        let mend = match self.ledger.replay().manifest {
            Some((_, bytes)) => Some(self.mend(work, bytes)?),
            None => None,
        };
        let disk_bytes = work.layout.spec().disk_bytes;
        Known {
            work,
            hashes: &self.ledger.side_reader()?,
            through,
            stretch: self.common.grain.marks(disk_bytes, 0).spacing(),
            mended: match (self.stage(), mend.as_ref()) {
                (_, None) => Mended::Not,
                (Stage::Mending, Some(mend)) => Mended::UnderWay(mend),
                (_, Some(mend)) => Mended::Done(mend),
            },
            left_out: &is_left_out,
        }
        .recognise(device, self.common.cancel)?;
        Ok(())
    }

    /// Goes from where the journal stands until the drive is written.
    fn fill(&mut self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        self.go_on()?;
        if self.stage() == Stage::Planned {
            self.begin(work, device)?;
        }
        if self.stage() == Stage::Erased {
            self.check(work, device)?;
        }
        if matches!(self.stage(), Stage::Erased | Stage::Writing { .. }) {
            self.write(work, device)?;
        }
        if self.stage() == Stage::Mending {
            let bytes = self.ledger.replay().manifest.map_or(0, |(_, bytes)| bytes);
            let mend = self.mend(work, bytes)?;
            pipeline::mend(work, device, &mend)?;
            self.go_on()?;
            self.before_seal(work, device, &mend)?;
        }
        if self.stage() == Stage::Sealing {
            self.seal(work, device)?;
            self.ledger.record(&Record::Written)?;
        }
        if self.ledger.replay().drive_info.is_none() {
            self.ledger.record(&Record::DriveInfo)?;
        }
        self.ledger.write_drive_info()?;
        Ok(())
    }

    /// Erases a drive; of one that keeps what is on it the journal only says so.
    fn begin(&mut self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        let Some(onto) = self.drive.onto() else {
            return self.erase(work, device);
        };
        let manifest_md5 = onto.manifest_md5;
        // What cannot be changed in the end is told before anything is written.
        let planned = self.mend(work, work.layout.manifest_bytes())?;
        drop(changes(work, &*device, &planned).map_err(Stop::refused)?);
        self.ledger.record(&Record::Adding { manifest_md5 })?;
        Ok(())
    }

    /// Makes durable beside the journal what changes of a drive that keeps what is on it, before any of that is
    /// written; and records that the last phase begins.
    fn before_seal(
        &mut self,
        work: &Work<'_>,
        device: &mut dyn Device,
        mend: &Mend<'_>,
    ) -> Result<(), Stop> {
        if self.drive.onto().is_none() {
            self.ledger.record(&Record::Sealing)?;
            return Ok(());
        }
        let changes = changes(work, &*device, mend).map_err(Stop::io)?;
        self.ledger.redo(&pipeline::redo_bytes(work, changes))?;
        Ok(())
    }

    /// Writes what makes the drive whole.
    fn seal(&self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        if self.drive.onto().is_some() {
            pipeline::redo(work, device, self.ledger.redo_reader()?)?;
        } else {
            let area = &self.drive.keys.information_area;
            pipeline::seal(device, &work.layout.seal_parts(area))?;
        }
        Ok(())
    }

    /// Destroys what says what the drive was.
    fn erase(&mut self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        self.erasure(work).perform(device).map_err(Stop::io)?;
        let fingerprint = device::fingerprint(device).map_err(Stop::io)?;
        self.ledger.record(&Record::Erased { fingerprint })?;
        Ok(())
    }

    fn erasure(&self, work: &Work<'_>) -> Erasure<'a> {
        Erasure::new(work, &self.common.plan_hash, self.drive)
    }

    fn is_to_be_checked(&self) -> bool {
        let notes = &self.ledger.replay().notes;
        let code = check_note(self.common.check).map(|(code, _)| code);
        code.is_some_and(|code| notes.iter().all(|note| note.code != code))
    }

    /// Checks the drive's surface as asked, unless an earlier attempt did; what a full check leaves
    /// in the erased areas is erased again.
    fn check(&mut self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        let how = self.common.check;
        let Some((code, text)) = check_note(how) else {
            return Ok(());
        };
        if self.is_to_be_checked() {
            self.check_now(work, device, how)?;
            let (code, text) = (code.to_owned(), text.to_owned());
            self.ledger.record(&Record::Note(Note { code, text }))?;
        }
        let how = text.to_owned();
        let teller = &self.ledger.teller;
        teller.tell(|job, serial| News::Checked { job, serial, how });
        Ok(())
    }

    fn check_now(
        &self,
        work: &Work<'_>,
        device: &mut dyn Device,
        how: SurfaceCheck,
    ) -> Result<(), Stop> {
        let keep = self.drive.free_space == FreeSpace::Keep || self.drive.kept.is_some();
        let erasure = self.erasure(work);
        let mut spared = vec![erasure.marker_place()];
        let disk_bytes = work.layout.spec().disk_bytes;
        let kept = self.drive.kept.iter();
        spared.extend(kept.flat_map(|kept| kept.ranges(disk_bytes)));
        check_surface(device, how, keep, &spared, self.common.cancel)?;
        erasure.repeat(device).map_err(Stop::io)
    }

    /// Writes file system, files, hash list and manifest.
    fn write(&mut self, work: &Work<'_>, device: &mut dyn Device) -> Result<(), Stop> {
        let common = self.common;
        let start = self.start(work)?;
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
            start,
            &self.meter.written,
            common.cancel,
        )?;
        self.left_out = filled.left_out;
        self.go_on()?;
        let is_left_out = |node| self.left_out.contains_key(&node);
        let (hashes, index_of) = (self.ledger.side_reader()?, HashIndex::new(work));
        let past = Past {
            resumed_at: &self.ledger.replay().resumed_at,
            meter: &self.meter.written,
            cancel: common.cancel,
        };
        pipeline::write_hash_list(work, device, &hashes, &index_of, &is_left_out, &past)?;
        let manifest = pipeline::write_manifest(work, device, &hashes, &index_of, &is_left_out)?;
        self.ledger.record(&Record::Mending {
            manifest_md5: manifest.md5,
            manifest_bytes: manifest.bytes,
        })?;
        Ok(())
    }

    /// Returns where the pass begins.
    fn start(&self, work: &Work<'_>) -> Result<Start, Stop> {
        let disk_bytes = work.layout.spec().disk_bytes;
        let Stage::Writing { through } = self.stage() else {
            return Ok(Start {
                left_out: self.left_out.clone(),
                ..Start::new(self.common.grain.marks(disk_bytes, 0))
            });
        };
        Ok(Start {
            through,
            spacing: self.common.grain.marks(disk_bytes, through),
            left_out: self.left_out.clone(),
            hashes: Some(self.ledger.side_reader()?),
            hashed: self.ledger.hashes(),
        })
    }

    fn mend<'w>(&self, work: &'w Work<'_>, manifest_bytes: u64) -> Result<Mend<'w>, Stop> {
        let is_left_out = |node| self.left_out.contains_key(&node);
        work.layout
            .mend(&is_left_out, manifest_bytes)
            .map_err(Stop::io)
    }

    fn read_back(&mut self, work: &Work<'_>, bay: &mut dyn Bay) -> Result<Verdict, Stop> {
        let proven_bytes = match self.stage() {
            Stage::Verifying { through } => through,
            _ => 0,
        };
        let expected = Expected {
            manifest_hash: self.ledger.replay().manifest.map(|(md5, _)| md5),
            serial: Some(self.drive.planned.serial.clone()),
            // Of a drive that keeps what is on it the manifest lists other sessions too.
            session: match self.drive.onto() {
                Some(_) => None,
                None => self.common.mapping.top_folder().map(str::to_owned),
            },
            in_place: false,
            proven_bytes,
        };
        let mend = match self.ledger.replay().manifest {
            Some((_, bytes)) => Some(self.mend(work, bytes)?),
            None => None,
        };
        ReadBack {
            credential: &self.drive.keys.credential,
            expected,
            structures: &Structures::new(work, mend.as_ref().map_or(Mended::Not, Mended::Done)),
            work,
            information_area: &self.drive.keys.information_area,
            grain: self.common.grain,
            cancel: self.common.cancel,
        }
        .prove(bay, self.ledger, self.meter)
    }

    fn stage(&self) -> Stage {
        // A drive without a stage was closed by `is_over`.
        self.ledger.state().stage().unwrap_or(Stage::Written)
    }

    fn go_on(&self) -> Result<(), Stop> {
        if self.common.cancel.is_cancelled() {
            Err(Stop::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Refuses a drive that is not the one that was being filled, or may not be.
fn same(likeness: Likeness) -> Result<(), Stop> {
    match likeness {
        Likeness::Same => Ok(()),
        Likeness::Another => Err(Stop::refused(
            "this is not the drive that was being filled: its first or last MiB holds something \
             else, or it lacks what the erase leaves; nothing was written to it",
        )),
        Likeness::Untold => Err(Stop::refused(UNTOLD)),
    }
}

/// Returns what changes of a volume that keeps what is on it; or why nothing can be changed, in a sentence.
fn changes(work: &Work<'_>, device: &dyn Device, mend: &Mend<'_>) -> Result<Vec<Change>, String> {
    let plain = Plain::new(work, device);
    let volume = Volume::open(&plain).map_err(|error| error.to_string())?;
    mend.amendment(&volume).map_err(|error| error.to_string())
}

/// What is said of an empty drive that could be any.
pub const UNTOLD: &str = "the drive is empty, as it was when it was confirmed, and its serial is the \
     label's or the dock's: nothing tells it from another empty drive; nothing was written to it. \
     Name it again with argosy resume --drive PATH=SERIAL";

/// Returns what the journal notes of a check: its stable word, and a sentence.
const fn check_note(how: SurfaceCheck) -> Option<(&'static str, &'static str)> {
    match how {
        SurfaceCheck::None => None,
        SurfaceCheck::Quick => Some((
            "check-quick",
            "places over the whole drive were written and read back",
        )),
        SurfaceCheck::Full => Some(("check-full", "every sector was written and read back")),
    }
}
