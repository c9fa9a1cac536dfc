//! The whole of an ingest: tasks that send, and this thread, which reads the drive for them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use disk::ReadAt;
use ntfs_image::read::Volume;
use shared::copy_log::{BlobStatus, Category, DispositionStatus, DriveStatus};
use shared::manifest::{BlobKind, Disposition, ManifestFile, ManifestReader};
use shared::words::count;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::blob::bring;
use super::check::{MANIFEST, ManifestFacts, manifest_stream};
use super::drive_files::{DriveFiles, Files, OnDrive, serve};
use super::goals::Goals;
use super::item::partial_name;
use super::log_files::LogFiles;
use super::outcome::{Outcome, Trouble};
use super::report::{IngestFinding, IngestReport};
use super::state_file::{Progress, StateFile};
use crate::blobs::Store;
use crate::job_error::JobError;
use crate::journal_file::AppendError;
use crate::pipeline::Cancel;
use crate::shares::ShareError;

/// How to ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    /// Blocks in memory and on their way at once, and blobs begun at once.
    pub parallel: u16,
    /// One rule for all blobs whose names are taken, in place of the manifest's.
    pub disposition: Option<Disposition>,
}

/// Parts that a log says are in the store, by the number of their blob.
pub(crate) type SaidThere = HashMap<u64, HashSet<u64>>;

/// What all tasks share.
pub(super) struct Run {
    pub(super) goals: Goals,
    /// MD5 of the manifest.
    manifest: [u8; 16],
    /// Files of shares whose metadata or properties SMB has no place for.
    unset: AtomicU64,
    /// Files that are to be sent.
    wanted: u64,
    /// Files whose turn came.
    begun: AtomicU64,
    /// Files that were on their way when the drive went away.
    cut_off: AtomicU64,
    pub(super) files: DriveFiles,
    pub(super) disposition: Option<Disposition>,
    /// What a log says is in the store already, where this is a repair.
    pub(super) repair: Option<SaidThere>,
    state: Mutex<StateFile>,
    log: Mutex<Option<LogFiles>>,
    report: Mutex<IngestReport>,
    permits: Arc<Semaphore>,
    together: usize,
    long: tokio::sync::Mutex<()>,
    /// Containers that are there.
    containers: tokio::sync::Mutex<HashSet<String>>,
    cancel: Cancel,
    /// Something failed that would fail for every other blob too.
    halted: AtomicBool,
    bytes: Arc<AtomicU64>,
}

/// A drive whose manifest was read.
pub struct Filled<'a, R> {
    /// Its volume.
    pub volume: &'a Volume<R>,
    /// What its manifest says.
    pub facts: &'a ManifestFacts,
    /// Looks whether anything of the drive can still be read, once something could not.
    pub is_there: &'a dyn Fn() -> bool,
}

/// Sends everything that the manifest lists. `progress` is told bytes done and all bytes.
///
/// # Errors
/// [`JobError`] when nothing can begin; what is wrong with a blob is in the report.
pub fn ingest<R: ReadAt>(
    drive: &Filled<'_, R>,
    goals: Goals,
    kept: impl FnOnce() -> Result<(StateFile, LogFiles), JobError>,
    options: IngestOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<IngestReport, JobError> {
    let (volume, facts) = (drive.volume, drive.facts);
    let failed = |what: String| JobError::io(what, MANIFEST, "Nothing was sent.");
    let entry = volume
        .find(MANIFEST)
        .map_err(|error| failed(error.to_string()))?;
    let entry = entry.ok_or_else(|| failed("the manifest is gone".to_owned()))?;
    let file = volume
        .open_file(entry.id)
        .map_err(|error| failed(error.to_string()))?;
    let manifest = ManifestReader::new(manifest_stream(volume, file));
    let mut files = OnDrive {
        volume,
        manifest: manifest.map_err(|error| failed(error.to_string()))?,
        number: 0,
        is_there: drive.is_there,
    };
    let runtime = runtime().map_err(failed)?;
    if let Some(share) = &goals.share {
        let shares = facts.shares.keys().map(String::as_str);
        let shares = shares.filter(|name| goals.has_share(name));
        let reached = runtime.block_on(share.reach(shares));
        reached.map_err(|error| not_reached(&error))?;
    }
    let all = goals.bytes(facts);
    let mut report = IngestReport::default();
    for message in goals.missing(facts) {
        report.find(general("NotGiven", message, true));
    }
    let begun = Begun {
        files: goals.files(facts),
        goals,
        manifest: facts.md5,
        repair: None,
        report,
        kept: kept()?,
    };
    let mut told = |done| progress(done, all);
    let sent = begun.send(&runtime, &mut files, options, cancel, &mut told);
    sent.map_err(failed)
}

/// Sends blobs that a repair found. `progress` is told bytes done.
///
/// # Errors
/// In words, when nothing can begin.
pub(crate) fn send_again(
    files: &mut dyn Files,
    store: Store,
    kept: (StateFile, LogFiles),
    options: IngestOptions,
    repair: SaidThere,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64),
) -> Result<IngestReport, String> {
    let begun = Begun {
        // Originals are on this computer: there is no drive that could be gone.
        files: 0,
        goals: Goals {
            store: Some(store),
            share: None,
        },
        // Only names of files of shares are made from it.
        manifest: [0; 16],
        repair: Some(repair),
        report: IngestReport::default(),
        kept,
    };
    begun.send(&runtime()?, files, options, cancel, progress)
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.map_err(|error| format!("cannot start threads: {error}"))
}

/// What sending begins with.
struct Begun {
    /// Files that are sent.
    files: u64,
    goals: Goals,
    manifest: [u8; 16],
    repair: Option<SaidThere>,
    report: IngestReport,
    kept: (StateFile, LogFiles),
}

impl Begun {
    /// Sends everything that `files` gives.
    fn send(
        self,
        runtime: &tokio::runtime::Runtime,
        files: &mut dyn Files,
        options: IngestOptions,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64),
    ) -> Result<IngestReport, String> {
        let (asks, asked) = DriveFiles::new();
        let parallel = usize::from(options.parallel.max(1));
        let bytes = Arc::new(AtomicU64::new(0));
        let (state, log) = self.kept;
        let run = Arc::new(Run {
            goals: self.goals,
            manifest: self.manifest,
            unset: AtomicU64::new(0),
            wanted: self.files,
            begun: AtomicU64::new(0),
            cut_off: AtomicU64::new(0),
            files: asks,
            disposition: options.disposition,
            repair: self.repair,
            state: Mutex::new(state),
            log: Mutex::new(Some(log)),
            report: Mutex::new(self.report),
            permits: Arc::new(Semaphore::new(parallel)),
            together: parallel.div_ceil(2),
            long: tokio::sync::Mutex::new(()),
            containers: tokio::sync::Mutex::new(HashSet::new()),
            cancel: cancel.clone(),
            halted: AtomicBool::new(false),
            bytes: Arc::clone(&bytes),
        });
        let sending = runtime.spawn(send_all(run, parallel));
        serve(files, &asked, &mut || {
            progress(bytes.load(Ordering::Relaxed));
        });
        let report = runtime.block_on(sending);
        report.map_err(|error| format!("the senders ended by themselves: {error}"))
    }
}

/// Takes blob after blob from the manifest, `parallel` of them at a time.
async fn send_all(run: Arc<Run>, parallel: usize) -> IngestReport {
    let mut tasks: JoinSet<()> = JoinSet::new();
    loop {
        while tasks.len() >= parallel {
            run.joined(tasks.join_next().await);
        }
        if run.has_to_stop() {
            break;
        }
        match run.files.next().await {
            // What has nowhere to go keeps its number.
            Ok(Some((_, file))) if !run.goals.has(&file) => run.goes_nowhere(&file),
            Ok(Some((number, file))) => {
                run.begun.fetch_add(1, Ordering::Relaxed);
                let run = Arc::clone(&run);
                tasks.spawn(async move {
                    let outcome = bring(&run, number, file).await;
                    run.ended(&outcome);
                });
            }
            Ok(None) => break,
            // What that means is said once, at the end.
            Err(_) if run.files.gone().is_some() => break,
            Err(error) => {
                run.broke("ReadManifestFailed", error.0);
                break;
            }
        }
    }
    while !tasks.is_empty() {
        run.joined(tasks.join_next().await);
    }
    run.close()
}

impl Run {
    /// The account that blobs go into.
    pub(super) fn store(&self) -> &Store {
        let store = self.goals.store.as_ref();
        store.expect("only a run that has a store takes blobs up")
    }

    /// The name under which a file of a share is written before it is whole.
    pub(super) fn partial_name(&self, number: u64) -> String {
        partial_name(&self.manifest, number)
    }

    /// A repair sends blobs only; of a drive all that has nowhere to go was named before.
    fn goes_nowhere(&self, file: &ManifestFile) {
        if self.repair.is_some() {
            let what = "it is for Azure Files, which a repair does not send: run argosy ingest --share again";
            let mut finding = general("NotGiven", what.to_owned(), true);
            finding.blob = Some(file.blob.clone());
            locked(&self.report).find(finding);
        }
    }

    pub(super) fn has_to_stop(&self) -> bool {
        self.cancel.is_cancelled() || self.halted.load(Ordering::Acquire)
    }

    /// Returns what that means for a file on its way.
    pub(super) fn stopped(&self) -> Trouble {
        if self.cancel.is_cancelled() {
            Trouble::stopped()
        } else {
            Trouble::given_up()
        }
    }

    /// Waits until one more block may be in memory.
    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        self.permits(1).await
    }

    /// Waits until so many more blocks may be in memory; no more than [`Run::together`].
    pub(super) async fn permits(&self, blocks: usize) -> OwnedSemaphorePermit {
        let blocks = u32::try_from(blocks.min(self.together)).unwrap_or(1);
        let permits = Arc::clone(&self.permits).acquire_many_owned(blocks);
        // Nothing ever closes the semaphore.
        permits.await.expect("the semaphore is open")
    }

    /// Blocks of a file that are read and hashed together: while half of all are on their way, the other half is made ready.
    pub(super) const fn together(&self) -> usize {
        self.together
    }

    /// Waits until no other file of several parts is on its way.
    pub(super) async fn one_long(
        &self,
        file: &ManifestFile,
    ) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if file.hashes.len() > 1 {
            Some(self.long.lock().await)
        } else {
            None
        }
    }

    pub(super) fn progress(&self, blob: u64) -> Progress {
        locked(&self.state).progress(blob)
    }

    /// Claims a name for a blob until it is done; `false` when another blob of this drive is on its way to it.
    pub(super) fn claim(&self, name: &str, blob: u64) -> bool {
        locked(&self.state).claim(name, blob)
    }

    /// Gives a name back that was claimed and is not used.
    pub(super) fn unclaim(&self, name: &str) {
        locked(&self.state).unclaim(name);
    }

    /// Keeps something in the state file.
    pub(super) fn keep(
        &self,
        keep: impl FnOnce(&mut StateFile) -> Result<(), AppendError>,
    ) -> Result<(), Trouble> {
        keep(&mut locked(&self.state)).map_err(|error| Trouble {
            is_general: true,
            ..Trouble::new(
                BlobStatus::Failed,
                Category::UnknownType,
                "State",
                format!("what was done cannot be kept: {error}"),
            )
        })
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes bytes back that have to be sent again.
    pub(super) fn take_bytes(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Makes a container unless it is there.
    pub(super) async fn container(&self, name: &str) -> Result<(), Trouble> {
        let mut containers = self.containers.lock().await;
        if !containers.contains(name) {
            let made = self.store().make_container(name).await;
            made.map_err(|error| Trouble::of_store(&error))?;
            containers.insert(name.to_owned());
        }
        Ok(())
    }

    fn ended(&self, outcome: &Outcome) {
        let mut report = locked(&self.report);
        if let Some(trouble) = &outcome.trouble
            && trouble.is_general
        {
            self.halted.store(true, Ordering::Release);
            report.has_failed |= trouble.code != "Cancelled";
        }
        if let Some(trouble) = &outcome.trouble {
            report.has_failed |= trouble.status == BlobStatus::IOFailed;
            if trouble.status == BlobStatus::BlobRequestForbidden {
                self.halted.store(true, Ordering::Release);
                report.status = DriveStatus::BlobRequestForbidden;
            }
        }
        add(&mut report, outcome);
        let logged = &outcome.logged;
        let hangs = logged.metadata.is_some() || logged.properties.is_some();
        let is_there = outcome.trouble.is_none() && outcome.crc64.is_some();
        if hangs && is_there && logged.kind == BlobKind::File {
            self.unset.fetch_add(1, Ordering::Relaxed);
        }
        let is_cut_off = self.files.gone().is_some()
            && outcome
                .trouble
                .as_ref()
                .is_some_and(Trouble::goes_with_the_drive);
        if is_cut_off {
            self.halted.store(true, Ordering::Release);
            self.cut_off.fetch_add(1, Ordering::Relaxed);
        } else if let Some(finding) = outcome.finding() {
            report.find(finding);
        }
        drop(report);
        let mut log = locked(&self.log);
        let logged = log.as_mut().map_or(Ok(()), |log| log.blob(outcome));
        if let Err(error) = logged {
            *log = None;
            drop(log);
            self.broke("LogFailed", format!("the log cannot be written: {error}"));
        }
    }

    /// Takes note of what is wrong with the whole.
    fn broke(&self, code: &str, message: String) {
        self.halted.store(true, Ordering::Release);
        let mut report = locked(&self.report);
        report.has_failed = true;
        report.find(general(code, message, true));
    }

    fn joined(&self, ended: Option<Result<(), tokio::task::JoinError>>) {
        if let Some(Err(error)) = ended {
            self.broke(
                "InternalError",
                format!("a sender ended by itself: {error}"),
            );
        }
    }

    /// Says once what a drive that is gone means for all of its files.
    fn tell_gone(&self, why: &str) {
        let report = locked(&self.report);
        let done = [report.blobs, report.files, report.skipped];
        let done = done.into_iter().fold(0, u64::saturating_add);
        drop(report);
        let (begun, cut_off) = (&self.begun, &self.cut_off);
        let left = self.wanted.saturating_sub(begun.load(Ordering::Relaxed));
        let what = format!(
            "the drive is gone ({why}): {} of its {} files done, {} on the way, {} not begun; plug it in and run the same again: it sends the rest and nothing twice",
            count(done),
            count(self.wanted),
            count(cut_off.load(Ordering::Relaxed)),
            count(left)
        );
        self.broke("DriveGone", what);
    }

    /// Makes everything durable and returns the report.
    fn close(&self) -> IngestReport {
        if let Some(why) = self.files.gone() {
            self.tell_gone(why);
        }
        if let Err(error) = locked(&self.state).sync() {
            self.broke("State", format!("what was done cannot be kept: {error}"));
        }
        if self.cancel.is_cancelled() {
            let mut report = locked(&self.report);
            report.is_stopped = true;
            if report.is_complete() {
                report.status = DriveStatus::CompletedWithErrors;
            }
        }
        let unset = self.unset.load(Ordering::Relaxed);
        if unset > 0 {
            let what = format!(
                "{} of the files have metadata or properties, which SMB has no place for: their content is there, those are not set",
                count(unset)
            );
            locked(&self.report).find(general("NotSet", what, false));
        }
        let status = locked(&self.report).status;
        let log = locked(&self.log).take();
        match log.map(|log| log.finish(status)).transpose() {
            Ok(logs) => locked(&self.report).logs = logs.unwrap_or_default(),
            Err(error) => self.broke("LogFailed", format!("the log cannot be written: {error}")),
        }
        locked(&self.report).clone()
    }
}

fn general(code: &str, message: String, is_error: bool) -> IngestFinding {
    IngestFinding {
        code: code.to_owned(),
        message,
        blob: None,
        file: None,
        offset: None,
        is_error,
    }
}

fn not_reached(error: &ShareError) -> JobError {
    let mut failed = JobError::io(
        error.fault.to_string(),
        error.subject.as_str(),
        "Nothing was sent.",
    );
    failed.error.code = error.code();
    error.next().clone_into(&mut failed.error.next);
    failed
}

fn add(report: &mut IngestReport, outcome: &Outcome) {
    let logged = &outcome.logged;
    if outcome.trouble.is_some() {
        return;
    }
    let more = |number: &mut u64, by: u64| *number = number.saturating_add(by);
    match logged.disposition.1 {
        DispositionStatus::Skipped => {
            more(&mut report.skipped, 1);
            return;
        }
        DispositionStatus::Renamed => more(&mut report.renamed, 1),
        DispositionStatus::Overwritten => more(&mut report.overwritten, 1),
        DispositionStatus::Created | DispositionStatus::Cancelled => {}
    }
    more(&mut report.finished_before, u64::from(outcome.was_before));
    match logged.kind {
        BlobKind::File => more(&mut report.files, 1),
        BlobKind::Block | BlobKind::Page => more(&mut report.blobs, 1),
    }
    more(&mut report.bytes, logged.bytes);
}

/// What a task left that panicked is still what it was: every change is a whole one.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
