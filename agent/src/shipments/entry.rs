//! Facts of this machine, now.

use shared::ledger::{Change, Entry};

use crate::attempt::now;

/// Returns facts as entries: when they are written down, and on which machine.
#[must_use]
pub fn entries(changes: Vec<Change>) -> Vec<Entry> {
    let (at, by) = (now(), machine());
    let entry = |change| Entry {
        at,
        by: by.clone(),
        change,
    };
    changes.into_iter().map(entry).collect()
}

fn machine() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}
