//! What a copy log of the service proves.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use shared::manifest::Part;

use super::found::Desk;

/// One file of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// Its length.
    pub bytes: u64,
    /// CRC-64/NVME of the whole.
    pub crc64: Option<u64>,
    /// MD5 of its ranges.
    pub ranges: Option<Vec<Part>>,
}

/// The files of a log, by their path on the drive: `\container\name`.
#[derive(Clone, Debug, Default)]
pub struct LogProofs {
    files: HashMap<String, Logged>,
    /// Those that were asked for.
    seen: RefCell<HashSet<String>>,
}

impl LogProofs {
    /// Adds a file.
    pub fn add(&mut self, path: String, logged: Logged) {
        self.files.insert(path, logged);
    }

    /// Returns what the log says of a file: by its path on the drive, or else by its blob's.
    pub(super) fn of(&self, path: &str, blob: Option<&str>) -> Option<&Logged> {
        let of_blob = blob.map(|blob| format!("\\{}", blob.replace('/', "\\")));
        let keys = std::iter::once(path.to_owned()).chain(of_blob);
        let key = keys.into_iter().find(|key| self.files.contains_key(key))?;
        let logged = self.files.get(&key);
        self.seen.borrow_mut().insert(key);
        logged
    }

    /// Names what the log has and nobody asked for.
    pub(super) fn name_missing(&self, desk: &Desk<'_>) {
        let seen = self.seen.borrow();
        let mut missing: Vec<&String> = self
            .files
            .keys()
            .filter(|path| !seen.contains(*path))
            .collect();
        missing.sort_unstable();
        for path in missing {
            let what = "it is in the log and not on the drive".to_owned();
            desk.find("missing-file", what, Some(path), None);
        }
    }
}
