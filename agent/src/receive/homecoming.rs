//! Drives that come home for a page: one order at a time, on a thread of the agent, whether the page stays or goes.
//!
//! ```text
//! start -> Running -(the last drive is over)-> Ended -start-> Running
//!             '-- cancel: each drive stops where the next order goes on
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use shared::api::{
    ApiError, News, ReceiveEnd, ReceiveNames, ReceiveOrder, ReceiveRun, Receiving, ReceivingDrive,
    StorageReport, code,
};

use super::copy::{Order, copy_all};
use super::keys::KeyRing;
use super::lane::Lane;
use super::received::Received;
use super::returned::{Returned, ReturnedError, Wanted, open_all};
use super::told;
use crate::drives::Drives;
use crate::job_error::{JobError, Kind};
use crate::pipeline::Cancel;
use crate::random;
use crate::unpack::{ReportFile, Rows};

/// Time between two words of how far it is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What is received, and what was received last. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Homecoming(Arc<Inner>);

/// How drives are to be received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where everything goes.
    pub to: PathBuf,
    /// What files are called.
    pub names: ReceiveNames,
    /// Only says what would be copied.
    pub dry_run: bool,
}

struct Inner {
    drives: Drives,
    /// Where reports are, in files without a name.
    folder: PathBuf,
    tell: Box<dyn Fn(News) + Send + Sync>,
    /// Held while drives are opened: they may take seconds, and how it stands is asked meanwhile.
    starting: Mutex<()>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stage: Stage,
    /// The agent ends: nothing begins any more.
    is_closed: bool,
}

#[derive(Default)]
enum Stage {
    #[default]
    Nothing,
    Running(Arc<Run>),
    Ended(Box<ReceiveEnd>, Option<Arc<File>>),
}

/// An order at work.
struct Run {
    order: ReceiveOrder,
    /// Path and serial of each drive.
    drives: Vec<(PathBuf, String)>,
    lanes: Vec<Lane>,
    cancel: Cancel,
}

impl Homecoming {
    /// Returns one at which nothing was asked for yet. Reports go into `folder`; `tell` hears how far it is.
    #[must_use]
    pub fn new(
        drives: Drives,
        folder: PathBuf,
        tell: impl Fn(News) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            drives,
            folder,
            tell: Box::new(tell),
            starting: Mutex::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Opens the drives and begins to copy them; returns how it stands then.
    ///
    /// # Errors
    /// [`JobError`] when other drives are being received, one of these cannot be opened, two have one name, or there is no
    /// thread for it.
    pub fn start(
        &self,
        wanted: Vec<Wanted>,
        ring: KeyRing,
        terms: &Terms,
    ) -> Result<Receiving, JobError> {
        // A poisoned lock is held by nobody either.
        let _starting = match self.0.starting.try_lock() {
            Err(std::sync::TryLockError::WouldBlock) => return Err(busy()),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Ok(held) => held,
        };
        self.0.lock().is_free()?;
        let returned = open_all(&self.0.drives, wanted).map_err(unopened)?;
        let run = Arc::new(Run::new(&returned, &ring, terms)?);
        {
            let mut state = self.0.lock();
            state.is_free()?;
            state.stage = Stage::Running(Arc::clone(&run));
        }
        let (inner, working) = (Arc::clone(&self.0), Arc::clone(&run));
        let thread = std::thread::Builder::new().name("receive".to_owned());
        let begun = thread.spawn(move || inner.work(&working, returned, &ring));
        if let Err(cause) = begun {
            self.0.lock().stage = Stage::Nothing;
            self.0.changed.notify_all();
            let what = format!("cannot start a thread: {cause}");
            return Err(JobError::io(what, "", "Nothing was copied."));
        }
        Ok(Receiving::Running(run.far()))
    }

    /// Returns how it stands.
    #[must_use]
    pub fn standing(&self) -> Receiving {
        match &self.0.lock().stage {
            Stage::Nothing => Receiving::Nothing,
            Stage::Running(run) => Receiving::Running(run.far()),
            Stage::Ended(end, _) => Receiving::Ended(end.clone()),
        }
    }

    /// Has every drive stop: what is home stays. Returns how it stands; the end comes as news.
    ///
    /// # Errors
    /// [`JobError`] when nothing is received.
    pub fn cancel(&self) -> Result<Receiving, JobError> {
        match &self.0.lock().stage {
            Stage::Running(run) => {
                run.cancel.cancel();
                Ok(Receiving::Running(run.far()))
            }
            Stage::Nothing | Stage::Ended(..) => {
                Err(JobError::wrong_state("no drives are being copied home"))
            }
        }
    }

    /// Returns whether drives are being received: the agent is needed then.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.0.lock().stage, Stage::Running(_))
    }

    /// Returns whether the drive at `path` is among those that are being received.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        match &self.0.lock().stage {
            Stage::Running(run) => run.drives.iter().any(|(drive, _)| drive == path),
            Stage::Nothing | Stage::Ended(..) => false,
        }
    }

    /// Returns the report of this name, unless another order took its place.
    #[must_use]
    pub fn report(&self, id: &str) -> Option<Arc<File>> {
        match &self.0.lock().stage {
            Stage::Ended(end, Some(report)) if end.order.id == id => Some(Arc::clone(report)),
            _ => None,
        }
    }

    /// Begins nothing more, stops what runs and waits for it. `is_stopping` hears of it when there is something to wait for.
    pub fn close(&self, is_stopping: impl FnOnce()) {
        let mut state = self.0.lock();
        state.is_closed = true;
        let Stage::Running(run) = &state.stage else {
            return;
        };
        run.cancel.cancel();
        is_stopping();
        while matches!(state.stage, Stage::Running(_)) {
            state = self
                .0
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    fn is_free(&self) -> Result<(), JobError> {
        match self.stage {
            _ if self.is_closed => Err(JobError::stopped("the agent ends", "")),
            Stage::Running(_) => Err(busy()),
            Stage::Nothing | Stage::Ended(..) => Ok(()),
        }
    }
}

impl Inner {
    /// Copies everything and tells how far it is, at most four times a second.
    fn work(&self, run: &Arc<Run>, drives: Vec<Returned>, ring: &KeyRing) {
        let mut ends = Ends {
            inner: self,
            run,
            end: None,
        };
        let rows = tempfile::tempfile_in(&self.folder).and_then(ReportFile::unnamed);
        let order = Order {
            to: Path::new(&run.order.to),
            names: run.order.names,
            dry_run: run.order.dry_run,
            ring,
            rows: rows.as_ref().ok().map(|rows| -> &dyn Rows { rows }),
            cancel: &run.cancel,
        };
        let (room, received) = std::thread::scope(|scope| {
            let (over, is_over) = crossbeam_channel::bounded::<()>(0);
            scope.spawn(move || {
                while is_over.recv_timeout(TELL_EVERY) == Err(RecvTimeoutError::Timeout) {
                    self.tell(Receiving::Running(run.far()));
                }
            });
            let copied = copy_all(&order, drives, &run.lanes);
            drop(over);
            copied
        });
        let rows = rows.and_then(ReportFile::into_file);
        ends.end = Some(run.end(room, &received, rows));
    }

    fn tell(&self, state: Receiving) {
        (self.tell)(News::Receiving { state });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that an order ends, also by a fault of ours: nobody waits for it for ever.
struct Ends<'a> {
    inner: &'a Inner,
    run: &'a Run,
    end: Option<(ReceiveEnd, Option<Arc<File>>)>,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let end = self.end.take();
        let (end, report) = end.unwrap_or_else(|| {
            let order = self.run.order.clone();
            (told::broken_off(order), None)
        });
        let end = Box::new(end);
        self.inner.lock().stage = Stage::Ended(end.clone(), report);
        self.inner.changed.notify_all();
        self.inner.tell(Receiving::Ended(end));
    }
}

impl Run {
    fn new(drives: &[Returned], ring: &KeyRing, terms: &Terms) -> Result<Self, JobError> {
        let mut id = [0; 16];
        random::fill(&mut id)
            .map_err(|error| JobError::io(error.to_string(), "", "Nothing was copied."))?;
        let key_faults = ring.broken().iter();
        let order = ReceiveOrder {
            id: format!("{:032x}", u128::from_le_bytes(id)),
            to: terms.to.to_string_lossy().into_owned(),
            names: terms.names,
            dry_run: terms.dry_run,
            key_faults: key_faults
                .map(|(number, error)| format!("entry {number}: {error}"))
                .collect(),
        };
        let named = drives
            .iter()
            .map(|drive| (drive.path.clone(), drive.serial.clone()));
        Ok(Self {
            order,
            drives: named.collect(),
            lanes: drives.iter().map(|_| Lane::default()).collect(),
            cancel: Cancel::default(),
        })
    }

    fn far(&self) -> ReceiveRun {
        let drives = self.drives.iter().zip(&self.lanes);
        let drives = drives.map(|((path, serial), lane)| {
            let (bytes, total) = lane.progress.far();
            let ended = lane.ended();
            ReceivingDrive {
                serial: serial.clone(),
                path: path.to_string_lossy().into_owned(),
                bytes,
                total,
                verdict: ended.map(|end| end.verdict),
                error: ended.and_then(|end| end.error.clone()),
            }
        });
        ReceiveRun {
            order: self.order.clone(),
            is_stopping: self.cancel.is_cancelled(),
            drives: drives.collect(),
        }
    }

    /// Returns what came of it, and its report; what was copied is told also where there is no room for that.
    fn end(
        &self,
        room: Result<(), JobError>,
        received: &[Received],
        rows: io::Result<File>,
    ) -> (ReceiveEnd, Option<Arc<File>>) {
        let rows = rows.and_then(|file| Ok((file.metadata()?.len(), file)));
        let (report, file) = match rows {
            Ok((bytes, file)) => {
                let id = self.order.id.clone();
                (StorageReport::Kept { id, bytes }, Some(Arc::new(file)))
            }
            Err(error) => {
                let why = error.to_string();
                (StorageReport::Lost { why }, None)
            }
        };
        let order = self.order.clone();
        let is_cancelled = self.cancel.is_cancelled();
        let end = told::end(order, room, received, is_cancelled, report);
        (end, file)
    }
}

fn busy() -> JobError {
    let error = ApiError::new(code::WRONG_STATE, "drives are being copied home already")
        .safe("They go on.")
        .next("Wait for their end, or stop them first.");
    JobError {
        kind: Kind::Usage,
        error: Box::new(error),
    }
}

fn unopened(error: ReturnedError) -> JobError {
    let what = error.to_string();
    match error {
        ReturnedError::Open { path, .. } => {
            JobError::io(what, path.display().to_string(), "Nothing was copied.")
        }
        ReturnedError::Twice { path, .. } => {
            let mut error = JobError::usage(what, path.display().to_string());
            "Copy one of them now, and the other one after it to another folder."
                .clone_into(&mut error.error.next);
            error
        }
    }
}
