//! What all simulated parts share: the count of what happened, and the fault that is due.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent::pipeline::Cancel;

use crate::rng::Rng;
use crate::schedule::{Fault, FaultKind};

/// The state behind every simulated part.
#[derive(Clone, Debug)]
pub(crate) struct World(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    acts: u64,
    faults: Vec<Fault>,
    cancel: Cancel,
    is_dark: bool,
    rng: Rng,
    /// A fault of the kind that stays for the rest of the attempt.
    stays: Option<FaultKind>,
    /// The act at which the record of changes came into a journal.
    changes_at: Option<u64>,
}

/// What a part is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Write,
    Read,
    Flush,
    Append,
    Sync,
}

impl World {
    pub(crate) fn new(rng: Rng) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            acts: 0,
            faults: Vec::new(),
            cancel: Cancel::default(),
            is_dark: false,
            rng,
            stays: None,
            changes_at: None,
        })))
    }

    /// Begins an attempt in which `faults` will happen; returns what stops it.
    pub(crate) fn begin(&self, faults: &[Fault]) -> Cancel {
        let mut inner = self.lock();
        (inner.acts, inner.faults) = (0, faults.to_vec());
        (inner.is_dark, inner.stays) = (false, None);
        inner.cancel = Cancel::default();
        inner.cancel.clone()
    }

    /// Returns whether the power is gone.
    pub(crate) fn is_dark(&self) -> bool {
        self.lock().is_dark
    }

    /// Returns how many acts there were since the attempt began.
    pub(crate) fn acts(&self) -> u64 {
        self.lock().acts
    }

    /// Notes that from here on what is on a drive changes.
    pub(crate) fn changes(&self) {
        let mut inner = self.lock();
        inner.changes_at = Some(inner.acts);
    }

    /// Returns the act at which what is on a drive began to change, if it did.
    pub(crate) fn changes_at(&self) -> Option<u64> {
        self.lock().changes_at
    }

    /// Counts an act; returns the fault that strikes it. Once the power is gone every act fails.
    pub(crate) fn act(&self, act: Act) -> Option<FaultKind> {
        let mut inner = self.lock();
        if inner.is_dark {
            return Some(FaultKind::Crash);
        }
        let number = inner.acts;
        inner.acts = number.saturating_add(1);
        let due = |fault: &Fault| number >= fault.at && fault.kind.strikes(act);
        if let Some(place) = inner.faults.iter().position(due) {
            let kind = inner.faults.remove(place).kind;
            match kind {
                FaultKind::Crash => inner.is_dark = true,
                FaultKind::LosesFlushes => inner.stays = Some(kind),
                FaultKind::Cancel => inner.cancel.cancel(),
                _ => {}
            }
            return Some(kind);
        }
        inner.stays.filter(|kind| kind.strikes(act))
    }

    /// Draws from the world's own numbers.
    pub(crate) fn draw<T>(&self, with: impl FnOnce(&mut Rng) -> T) -> T {
        with(&mut self.lock().rng)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
