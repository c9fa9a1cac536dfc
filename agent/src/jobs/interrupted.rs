//! One plan of an interrupted session, with what is left of it to do.

use bitlocker_image::Cipher;
use shared::api::{DriveSnapshot, Progress};
use shared::job::{DriveIdentity, DriveState};
use shared::journal::{Replay, journal_file_name};

use super::plan_file::PlanFile;
use super::runner::{Publish, Run, RunDrive, run_drives};
use crate::attempt::DriveEnd;
use crate::job_error::JobError;
use crate::pipeline::Cancel;
use crate::shelf::Shelves;

/// One plan of a session, with what is left of it to do.
pub(super) struct Interrupted {
    /// The plan.
    pub plan: PlanFile,
    /// How its drives are encrypted.
    pub cipher: Cipher,
    /// Drives that are not finished.
    pub drives: Vec<RunDrive>,
    /// The closed journals of those that are.
    pub done: Vec<Replay>,
}

impl Interrupted {
    /// Goes on with its drives. Returns how each ended.
    ///
    /// # Errors
    /// [`JobError`] when it ended before any drive was touched.
    pub(super) fn run(
        self,
        job: &str,
        shelves: Shelves,
        publish: &Publish,
        cancel: &Cancel,
    ) -> Result<Vec<(String, DriveEnd)>, JobError> {
        if self.drives.is_empty() {
            return Ok(Vec::new());
        }
        let head = &self.plan.head;
        let run = Run {
            gathered: &self.plan.gathered,
            shelves,
            cipher: self.cipher,
            check: head.check,
            verify: head.verify,
            parallel: head.parallel,
            started: head.started,
            plan_hash: self.plan.hash,
            drives: self.drives,
        };
        run_drives(job, run, publish, cancel)
    }

    /// Returns its drives as they are shown.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = DriveSnapshot> + '_ {
        let snapshot = |identity: &DriveIdentity, files| DriveSnapshot {
            serial: identity.serial.clone(),
            model: identity.model.clone(),
            path: String::new(),
            state: DriveState::PLANNED,
            files,
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: journal_file_name(&identity.serial),
            is_closed: false,
            checked: String::new(),
        };
        let done = self.done.iter().map(move |replay| DriveSnapshot {
            state: replay.state.clone(),
            left_out: replay.left_out.named.clone(),
            left_out_count: replay.left_out.count,
            verdict: replay.closed.as_ref().map(|closed| closed.verdict),
            is_closed: replay.closed.is_some(),
            checked: replay.surface_check().unwrap_or_default().to_owned(),
            ..snapshot(&replay.session.drive, replay.session.files)
        });
        let drives = self.drives.iter().map(move |drive| DriveSnapshot {
            path: drive.bay.path().display().to_string(),
            state: DriveState::At(drive.stage),
            ..snapshot(&drive.job.identity, u64::from(drive.job.planned.files))
        });
        done.chain(drives)
    }
}
