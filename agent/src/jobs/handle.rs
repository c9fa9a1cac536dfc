//! The handle that the command line and the page hold.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use shared::api::{DriveSnapshot, Event, JobSnapshot, JobState, News, Progress, StartReply};
use shared::job::{DriveState, Stage, Verdict};
use shared::journal::{journal_file_name, replay};
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::confirmation::confirm_drives;
use super::hub::{Hub, Job};
use super::interrupted::Interrupted;
use super::prepared::Prepared;
use super::replacement::{ReplaceRequest, replacement};
use super::request::{Confirmation, JobRequest, SectorDoubt, TargetRequest};
use super::resume::{self, ResumeRequest};
use super::runner::{Publish, run_job};
use super::store::Store;
use crate::attempt::DriveEnd;
use crate::attempt::now;
use crate::drives::Drives;
use crate::job_error::{JobError, Kind};
use crate::pipeline::Cancel;
use crate::shelf::Shelves;
use shared::blob_name::file_name;

/// All jobs of this agent. Cloning gives another handle to the same jobs. Every method but
/// [`Jobs::start`] and [`Jobs::wait`] returns at once.
#[derive(Clone)]
pub struct Jobs {
    hub: Arc<Hub>,
    store: Arc<Store>,
    drives: Drives,
    /// Held while a session is found again, so that two who press Resume at once do not both go on
    /// with it.
    finding: Arc<Mutex<()>>,
}

impl Jobs {
    /// Returns a handle; `state_dir` keeps the list of jobs across restarts when given.
    ///
    /// # Errors
    /// [`JobError`] when the folder cannot be made or read.
    pub fn open(state_dir: Option<PathBuf>) -> Result<Self, JobError> {
        Self::over(Drives::own(), state_dir)
    }

    /// Returns a handle that reaches drives through `drives`; `state_dir` as for [`Jobs::open`].
    ///
    /// # Errors
    /// [`JobError`] when the folder cannot be made or read.
    pub fn over(drives: Drives, state_dir: Option<PathBuf>) -> Result<Self, JobError> {
        let (store, jobs) = Store::open(state_dir)?;
        Ok(Self {
            hub: Hub::new(jobs),
            store: Arc::new(store),
            drives,
            finding: Arc::default(),
        })
    }

    /// Returns the way to the drives.
    #[must_use]
    pub const fn drives(&self) -> &Drives {
        &self.drives
    }

    /// Lists the source, plans, looks at the drives: the job then waits for [`Jobs::confirm`];
    /// nothing is written yet.
    ///
    /// Blocks for as long as the listing takes (minutes for millions of files). The reply has no
    /// job while differences from [`JobRequest::expected`] stand unaccepted.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written.
    pub fn start(&self, request: JobRequest) -> Result<StartReply, JobError> {
        let prepared = Prepared::new(&self.drives, request)?;
        if !prepared.request.accept_differences && !prepared.differences().is_empty() {
            return Ok(prepared.reply(None));
        }
        self.wait_for_words(prepared)
    }

    /// Adds a job that waits to be confirmed.
    fn wait_for_words(&self, prepared: Prepared) -> Result<StartReply, JobError> {
        let id = format!("{}-{:x}", file_name(&prepared.request.session), now().0);
        let reply = prepared.reply(Some(id.clone()));
        let folders = prepared.request.journal_dirs.clone();
        let snapshot = snapshot_of(&id, &prepared);
        self.store.remember(&snapshot, &folders)?;
        let prepared = Some(Box::new(prepared));
        self.hub.add(Job {
            snapshot,
            prepared,
            cancel: Cancel::default(),
            folders,
            kind: None,
        });
        Ok(reply)
    }

    /// Takes the person's words for every drive of the plan that they saw (`plan_hash`) and begins
    /// to erase and fill.
    ///
    /// # Errors
    /// [`JobError`] when the plan is another, or a drive has no words, or words that do not name
    /// it. The job then still waits.
    pub fn confirm(
        &self,
        job: &str,
        plan_hash: &str,
        words: &[Confirmation],
    ) -> Result<JobSnapshot, JobError> {
        let waiting = self.hub.with(job, |job| job.prepared.take());
        let prepared = waiting.ok_or_else(|| JobError::no_such_job(job))?;
        let prepared = prepared
            .ok_or_else(|| JobError::wrong_state("this job is not waiting to be confirmed"))?;
        let confirmed = match confirm_drives(
            &self.drives,
            &prepared,
            self.store.folder(),
            (plan_hash, words),
        ) {
            Ok(confirmed) => confirmed,
            Err(error) => {
                self.hub.with(job, |job| job.prepared = Some(prepared));
                return Err(error);
            }
        };
        self.tell_state(job, JobState::Running, None);
        let cancel = self
            .hub
            .with(job, |job| job.cancel.clone())
            .unwrap_or_default();
        let hub = Arc::clone(&self.hub);
        self.spawn(job, move |id, publish| {
            let replaced = prepared.replaces.as_ref().map(|old| old.serial.clone());
            let session = prepared.request.session.clone();
            run_job(id, *prepared, confirmed, publish, &cancel, &|| {
                if let Some(serial) = &replaced {
                    given_up(&hub, &session, serial);
                }
            })
        })?;
        self.snapshot(job).ok_or_else(|| JobError::no_such_job(job))
    }

    /// Does the work of a job in a thread that owns it, and puts down how it ended.
    fn spawn(
        &self,
        job: &str,
        work: impl FnOnce(&str, &Publish) -> Ends + Send + 'static,
    ) -> Result<(), JobError> {
        let (this, id) = (self.clone(), job.to_owned());
        let started = std::thread::Builder::new()
            .name(format!("job {job}"))
            .spawn(move || {
                let hub = Arc::clone(&this.hub);
                let publish: Publish = Arc::new(move |news| hub.publish(news));
                // In a thread of its own, so that a fault of ours ends the job instead of leaving
                // it running for ever.
                let result = std::thread::scope(|scope| scope.spawn(|| work(&id, &publish)).join());
                this.end(&id, result.unwrap_or_else(|_| Err(unexpected(&id))));
            });
        if let Err(error) = started {
            let error = JobError::io(
                format!("cannot start a thread: {error}"),
                job,
                "No drive was touched.",
            );
            self.end(job, Err(error.clone()));
            return Err(error);
        }
        Ok(())
    }

    /// Goes on with an interrupted session where its journals stand; returns the job's id. Drives of
    /// it that are finished are in the job with their verdicts, and are not touched.
    ///
    /// Blocks while plan and journals are read and the keys are opened.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written to a drive.
    pub fn resume(&self, request: &ResumeRequest) -> Result<String, JobError> {
        let jobs = self.list();
        let known = jobs.iter().find(|job| job.session == request.session);
        let id = known.map_or_else(
            || format!("{}-{:x}", file_name(&request.session), now().0),
            |job| job.id.clone(),
        );
        self.go_on(&id, request)?;
        Ok(id)
    }

    /// Goes on with a job of this agent where its own journals stand, and returns it as it then is.
    /// `drives` are image files that may have been moved.
    ///
    /// Blocks as [`Jobs::resume`] does.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written to a drive.
    pub fn resume_job(&self, job: &str, drives: Vec<PathBuf>) -> Result<JobSnapshot, JobError> {
        let request = ResumeRequest {
            drives: drives.into_iter().map(Into::into).collect(),
            ..self.left_of(job)?
        };
        self.go_on(job, &request)?;
        self.snapshot(job).ok_or_else(|| JobError::no_such_job(job))
    }

    /// Plans the files of the drive `serial`, of a job of this agent that stopped, onto a spare, as
    /// [`Jobs::replace`] does. Once the spare is being filled that drive is given up.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written.
    pub fn replace_drive(
        &self,
        job: &str,
        serial: String,
        spare: TargetRequest,
    ) -> Result<StartReply, JobError> {
        let request = self.left_of(job)?;
        if self.is_worked_on(&request.session) {
            return Err(JobError::wrong_state("this session is being worked on"));
        }
        let replace = ReplaceRequest {
            serial,
            spare,
            sector_doubt: SectorDoubt::Ask,
        };
        self.replace(&request, &replace)
    }

    /// Returns what asks for the rest of a job of this agent; a spare that waits to be confirmed for
    /// its session waits no longer.
    fn left_of(&self, job: &str) -> Result<ResumeRequest, JobError> {
        let known = self
            .hub
            .with(job, |job| (job.snapshot.clone(), job.folders.clone()));
        let (snapshot, journal_dirs) = known.ok_or_else(|| JobError::no_such_job(job))?;
        if !is_busy(&snapshot) && !snapshot.can_resume() {
            return Err(JobError::wrong_state("nothing of this job is left to do"));
        }
        let waits = |other: &JobSnapshot| {
            other.id != job
                && other.session == snapshot.session
                && other.state == JobState::WaitsForConfirmation
        };
        for other in self.list().into_iter().filter(waits) {
            self.cancel(&other.id)?;
        }
        Ok(ResumeRequest {
            session: snapshot.session,
            journal_dirs,
            drives: Vec::new(),
            external_key_dir: None,
            passphrase: None,
            reach: None,
        })
    }

    fn is_worked_on(&self, session: &str) -> bool {
        let is_it = |job: &JobSnapshot| job.session == session && is_busy(job);
        self.list().iter().any(is_it)
    }

    /// Goes on with an interrupted session as the job `id`.
    fn go_on(&self, id: &str, request: &ResumeRequest) -> Result<(), JobError> {
        let _finding = self.finding.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_worked_on(&request.session) {
            return Err(JobError::wrong_state("this session is being worked on"));
        }
        let parts = resume::find(&self.drives, request)?;
        let snapshot = JobSnapshot {
            journal_dir: first_folder(&request.journal_dirs),
            ..resumed_snapshot(id, &parts)
        };
        self.store.remember(&snapshot, &request.journal_dirs)?;
        let cancel = Cancel::default();
        self.hub.put(Job {
            snapshot,
            prepared: None,
            cancel: cancel.clone(),
            folders: request.journal_dirs.clone(),
            kind: None,
        });
        let shelves = Shelves::of_folders(&request.journal_dirs);
        self.spawn(id, move |id, publish| {
            let mut ends = Vec::new();
            for part in parts {
                for replay in &part.done {
                    let verdict = replay.closed.as_ref().map(|closed| closed.verdict);
                    let verdict = verdict.unwrap_or(Verdict::Failed);
                    let end = DriveEnd::reached(verdict, replay.left_out.count);
                    ends.push((replay.session.drive.serial.clone(), end));
                }
                ends.extend(part.run(id, shelves.clone(), publish, &cancel)?);
            }
            Ok(ends)
        })
    }

    /// Plans the files of one drive of an unfinished session onto a spare: the job then waits for
    /// [`Jobs::confirm`]; nothing is written yet.
    ///
    /// # Errors
    /// [`JobError`]; nothing was written.
    pub fn replace(
        &self,
        session: &ResumeRequest,
        replace: &ReplaceRequest,
    ) -> Result<StartReply, JobError> {
        let prepared = replacement(&self.drives, session, replace)?;
        self.wait_for_words(prepared)
    }

    /// Asks a job to stop. The journal of each of its unfinished drives then ends in `Cancelled`.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job; one that has ended is returned as it is.
    pub fn cancel(&self, job: &str) -> Result<JobSnapshot, JobError> {
        let waited = self.hub.with(job, |job| {
            job.cancel.cancel();
            job.prepared.take()
        });
        let waited = waited.ok_or_else(|| JobError::no_such_job(job))?;
        let snapshot = self
            .snapshot(job)
            .ok_or_else(|| JobError::no_such_job(job))?;
        if waited.is_some() {
            self.hub.with(job, |job| job.kind = Some(Kind::Incomplete));
            self.tell_state(job, JobState::Ended, Some(Verdict::Failed));
        } else if snapshot.state == JobState::Running {
            self.tell_state(job, JobState::Cancelling, None);
        }
        self.snapshot(job).ok_or_else(|| JobError::no_such_job(job))
    }

    /// Returns a job as it is now.
    #[must_use]
    pub fn snapshot(&self, job: &str) -> Option<JobSnapshot> {
        self.hub.with(job, |job| job.snapshot.clone())
    }

    /// Returns all jobs as they are now, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<JobSnapshot> {
        self.hub.each(|job| job.snapshot.clone())
    }

    /// Returns what sort of end a job had: none while it runs, and when nothing is amiss.
    #[must_use]
    pub fn kind(&self, job: &str) -> Option<Kind> {
        self.hub.with(job, |job| job.kind).flatten()
    }

    /// Returns the events from now on. Who is too slow misses some (`Lagged`) and takes a snapshot.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.hub.subscribe()
    }

    /// Publishes news that are not of a job (a scan, a drive plugged in), numbered among the
    /// others.
    pub fn publish(&self, news: News) {
        self.hub.publish(news);
    }

    /// Returns the bytes of a drive's journal as it stands on disk; it holds the recovery password.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job or drive, or the file cannot be read.
    pub fn journal(&self, job: &str, serial: &str) -> Result<Vec<u8>, JobError> {
        let found = self.hub.with(job, |job| {
            let drive = job
                .snapshot
                .drives
                .iter()
                .find(|drive| drive.serial == serial)?;
            Some(job.folders.first()?.join(&drive.journal))
        });
        let path = found.flatten().ok_or_else(|| JobError::no_such_job(job))?;
        read(&path)
    }

    /// Returns a drive's recovery password, 48 digits in groups of six: only when a person asks for
    /// it.
    ///
    /// # Errors
    /// [`JobError`] when there is no such job or drive, or the drive has no key yet.
    pub fn recovery_password(
        &self,
        job: &str,
        serial: &str,
    ) -> Result<Zeroizing<String>, JobError> {
        let bytes = Zeroizing::new(self.journal(job, serial)?);
        let password = replay(&bytes)
            .ok()
            .and_then(|replay| replay.recovery_password);
        let password = password
            .ok_or_else(|| JobError::wrong_state("this drive has no recovery password yet"))?;
        Ok(password.reveal())
    }

    /// Returns whether any job waits or runs.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.hub.each(|job| is_busy(&job.snapshot)).contains(&true)
    }

    /// Blocks until the job ended; returns it as it then is.
    #[must_use]
    pub fn wait(&self, job: &str) -> Option<JobSnapshot> {
        self.hub.wait(job, |snapshot| !is_busy(snapshot))
    }

    fn end(&self, job: &str, result: Result<Vec<(String, DriveEnd)>, JobError>) {
        let (ends, error) = match result {
            Ok(ends) => (ends, unexpected(job)),
            Err(error) => (Vec::new(), error),
        };
        // A drive without an end was never begun, or its thread died.
        let lost = self.fail_others(job, &ends, &error);
        let verdicts = ends.iter().map(|(_, end)| end.verdict);
        let verdict = Verdict::worst(verdicts.chain(lost.then_some(Verdict::Failed)));
        let verdict = verdict.unwrap_or(Verdict::Failed);
        let kinds = ends.iter().filter_map(|(_, end)| end.kind);
        let kind = kinds.chain(lost.then_some(error.kind)).max();
        self.hub.with(job, |job| job.kind = kind);
        self.tell_state(job, JobState::Ended, Some(verdict));
    }

    /// Tells of every drive that is not among `ends` that it failed; returns whether there is one.
    fn fail_others(&self, job: &str, ends: &[(String, DriveEnd)], error: &JobError) -> bool {
        let mut lost = false;
        let drives = self
            .snapshot(job)
            .into_iter()
            .flat_map(|snapshot| snapshot.drives);
        for drive in drives.filter(|drive| !ends.iter().any(|(serial, _)| *serial == drive.serial))
        {
            lost = true;
            let at = drive.state.stage().unwrap_or(Stage::Planned);
            let why = error.to_string();
            self.hub.publish(News::Drive {
                job: job.to_owned(),
                serial: drive.serial,
                state: DriveState::Failed { why, at },
                verdict: Some(Verdict::Failed),
            });
        }
        lost
    }

    fn tell_state(&self, job: &str, state: JobState, verdict: Option<Verdict>) {
        let ended = (state == JobState::Ended).then(now);
        self.hub.publish(News::JobState {
            job: job.to_owned(),
            state,
            verdict,
            ended,
        });
    }
}

/// How the drives of a job ended.
type Ends = Result<Vec<(String, DriveEnd)>, JobError>;

fn unexpected(job: &str) -> JobError {
    let what = "the job stopped unexpectedly; this is a fault of Argosy";
    JobError::io(
        what,
        job,
        "The sources were only read; a drive that is not verified must not be used.",
    )
}

fn is_busy(snapshot: &JobSnapshot) -> bool {
    matches!(
        snapshot.state,
        JobState::WaitsForConfirmation | JobState::Running | JobState::Cancelling
    )
}

/// Tells that a drive was given up for a spare, in every job of the session that has it.
fn given_up(hub: &Hub, session: &str, serial: &str) {
    let has_it = |job: &JobSnapshot| {
        let is_it = |drive: &DriveSnapshot| drive.serial == serial && !drive.is_closed;
        job.session == session && !is_busy(job) && job.drives.iter().any(is_it)
    };
    let ids = hub.each(|job| has_it(&job.snapshot).then(|| job.snapshot.id.clone()));
    for id in ids.into_iter().flatten() {
        let changed = hub.with(&id, |job| {
            for drive in &mut job.snapshot.drives {
                drive.is_closed |= drive.serial == serial;
            }
            Box::new(job.snapshot.clone())
        });
        if let Some(snapshot) = changed {
            hub.publish(News::Job { snapshot });
        }
    }
}

fn snapshot_of(id: &str, prepared: &Prepared) -> JobSnapshot {
    let drives = prepared
        .plan
        .drives
        .iter()
        .zip(&prepared.targets)
        .map(|(planned, target)| DriveSnapshot {
            serial: planned.serial.clone(),
            model: target.info.model.clone(),
            path: target.info.path.display().to_string(),
            state: DriveState::PLANNED,
            files: u64::from(planned.files),
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: journal_file_name(&planned.serial),
            is_closed: false,
            checked: String::new(),
        });
    JobSnapshot {
        id: id.to_owned(),
        session: prepared.request.session.clone(),
        source: prepared.gathered.words.0.clone(),
        destination: prepared.gathered.words.1.clone(),
        state: JobState::WaitsForConfirmation,
        verdict: None,
        started: now(),
        ended: None,
        drives: drives.collect(),
        journal_dir: first_folder(&prepared.request.journal_dirs),
    }
}

fn resumed_snapshot(id: &str, parts: &[Interrupted]) -> JobSnapshot {
    let mut drives = Vec::new();
    for part in parts {
        drives.extend(part.snapshots());
    }
    let first = parts.first().map(|part| &part.plan);
    let words = first.map_or_else(Default::default, |plan| plan.gathered.words.clone());
    let session = first.map_or("", |plan| plan.gathered.mapping.session.as_str());
    JobSnapshot {
        id: id.to_owned(),
        session: session.to_owned(),
        source: words.0,
        destination: words.1,
        state: JobState::Running,
        verdict: None,
        started: first.map_or_else(now, |plan| plan.head.started),
        ended: None,
        drives,
        journal_dir: String::new(),
    }
}

fn first_folder(folders: &[PathBuf]) -> String {
    folders
        .first()
        .map_or_else(String::new, |folder| folder.display().to_string())
}

fn read(path: &Path) -> Result<Vec<u8>, JobError> {
    std::fs::read(path).map_err(|error| {
        let place = path.display().to_string();
        JobError::io(
            format!("cannot read the journal: {error}"),
            place,
            "The drive is not touched by this.",
        )
    })
}
