//! All jobs of the agent, and the one place where events get their numbers.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use shared::api::{Event, JobSnapshot, News};
use tokio::sync::broadcast;

use super::prepared::Prepared;
use crate::job_error::Kind;
use crate::pipeline::Cancel;

/// Events kept for a listener that is slow; beyond that it misses some and takes a snapshot.
const EVENTS_KEPT: usize = 4096;

/// All jobs of the agent.
pub(super) struct Hub {
    state: Mutex<HubState>,
    changed: Condvar,
    events: broadcast::Sender<Event>,
}

struct HubState {
    jobs: Vec<Job>,
    last_event: u64,
}

/// One job.
pub(super) struct Job {
    /// As it is shown.
    pub snapshot: JobSnapshot,
    /// What waits to be confirmed.
    pub prepared: Option<Box<Prepared>>,
    /// Stops it.
    pub cancel: Cancel,
    /// Folders with its journals.
    pub folders: Vec<PathBuf>,
    /// What sort of end it had, when something is amiss.
    pub kind: Option<Kind>,
}

impl Hub {
    /// Returns a hub with the jobs of an earlier run.
    #[must_use]
    pub(super) fn new(jobs: Vec<Job>) -> Arc<Self> {
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        Arc::new(Self {
            state: Mutex::new(HubState {
                jobs,
                last_event: 0,
            }),
            changed: Condvar::new(),
            events,
        })
    }

    /// Publishes news: the job's snapshot takes them, then everybody hears them, in one order for
    /// all.
    pub(super) fn publish(&self, news: News) {
        let mut state = self.lock();
        for job in &mut state.jobs {
            if job.snapshot.apply(&news) {
                break;
            }
        }
        state.last_event = state.last_event.saturating_add(1);
        let number = state.last_event;
        // An error only says that nobody listens.
        drop(self.events.send(Event { number, news }));
        drop(state);
        self.changed.notify_all();
    }

    /// Returns the events from now on.
    #[must_use]
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Puts a job in the place of the one of the same id, or adds it, and tells about it.
    pub(super) fn put(&self, job: Job) {
        self.lock()
            .jobs
            .retain(|other| other.snapshot.id != job.snapshot.id);
        self.add(job);
    }

    /// Adds a job and tells about it.
    pub(super) fn add(&self, job: Job) {
        let snapshot = Box::new(job.snapshot.clone());
        self.lock().jobs.push(job);
        self.publish(News::Job { snapshot });
    }

    /// Does something with one job; `None` when there is none of that name.
    pub(super) fn with<T>(&self, id: &str, act: impl FnOnce(&mut Job) -> T) -> Option<T> {
        self.lock()
            .jobs
            .iter_mut()
            .find(|job| job.snapshot.id == id)
            .map(act)
    }

    /// Does something with every job, newest first.
    pub(super) fn each<T>(&self, act: impl FnMut(&Job) -> T) -> Vec<T> {
        self.lock().jobs.iter().rev().map(act).collect()
    }

    /// Blocks until `done` says so of the job; `None` when there is no such job.
    pub(super) fn wait(
        &self,
        id: &str,
        done: impl Fn(&JobSnapshot) -> bool,
    ) -> Option<JobSnapshot> {
        let mut state = self.lock();
        loop {
            let snapshot = &state
                .jobs
                .iter()
                .find(|job| job.snapshot.id == id)?
                .snapshot;
            if done(snapshot) {
                return Some(snapshot.clone());
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
