//! No drive is copied before all are known to fit.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Where every drive waits until all have said how much room they need.
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Drives that have not said anything yet.
    missing: usize,
    needed: u64,
    decision: Option<bool>,
}

impl Gate {
    /// Makes a gate for so many drives.
    #[must_use]
    pub const fn new(drives: usize) -> Self {
        Self {
            state: Mutex::new(State {
                missing: drives,
                needed: 0,
                decision: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Says how many bytes a drive needs, and waits for the decision.
    #[must_use]
    pub fn arrive(&self, needed: u64) -> bool {
        let mut state = self.count(needed);
        loop {
            if let Some(decision) = state.decision {
                return decision;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that a drive will not come.
    pub fn stay_away(&self) {
        drop(self.count(0));
    }

    /// Waits until every drive has said something; returns how many bytes they need together.
    #[must_use]
    pub fn all_needed(&self) -> u64 {
        let mut state = self.lock();
        while state.missing > 0 {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.needed
    }

    /// Lets them all go on, or none.
    pub fn decide(&self, go_on: bool) {
        self.lock().decision = Some(go_on);
        self.changed.notify_all();
    }

    fn count(&self, needed: u64) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.missing = state.missing.saturating_sub(1);
        state.needed = state.needed.saturating_add(needed);
        self.changed.notify_all();
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_arrived_and_all_hear_the_same() {
        for decision in [true, false] {
            let gate = Gate::new(4);
            let heard = std::thread::scope(|scope| {
                let gate = &gate;
                let waiting = [1, 20, 300].map(|needed| scope.spawn(move || gate.arrive(needed)));
                gate.stay_away();
                assert_eq!(gate.all_needed(), 321);
                assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
                gate.decide(decision);
                waiting.map(|waiting| waiting.join().expect("no panic"))
            });
            assert_eq!(heard, [decision; 3]);
        }
    }
}
