//! Facts of this machine, now.

use shared::ledger::{Change, Entry};

use crate::attempt::now;
use crate::machine;

/// Returns facts as entries: when they are written down, and on which machine.
#[must_use]
pub fn entries(changes: Vec<Change>) -> Vec<Entry> {
    let (at, by) = (now(), machine::name());
    let entry = |change| Entry {
        at,
        by: by.clone(),
        change,
    };
    changes.into_iter().map(entry).collect()
}
