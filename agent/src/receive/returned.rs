//! Drives that came back: opened for reading, each under a name of its own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;
use thiserror::Error;

use crate::device::{DriveReader, OpenError};
use crate::drives::Drives;
use crate::unpack::LogProofs;

/// A drive as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// A block device or an image.
    pub path: PathBuf,
    /// Its serial, where somebody says; else its own counts.
    pub serial: Option<String>,
}

/// A drive that is to be copied.
pub struct Returned {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called: said, its own, or its file's name.
    pub serial: String,
    /// What is compared with besides its manifest.
    pub log: Option<LogProofs>,
    pub(super) reader: DriveReader,
}

/// Why drives cannot be received.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReturnedError {
    /// One cannot be opened.
    #[error("{cause}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: OpenError,
    },
    /// Two have one name, and what comes off them would be in one folder.
    #[error("two drives are called {serial}")]
    Twice {
        /// The name.
        serial: String,
        /// The second one.
        path: PathBuf,
    },
}

/// Opens drives and finds out what they are called.
///
/// # Errors
/// [`ReturnedError`]; no drive stays open then.
pub fn open_all(
    drives: &Drives,
    wanted: impl IntoIterator<Item = Wanted>,
) -> Result<Vec<Returned>, ReturnedError> {
    let mut opened = Vec::new();
    let mut serials = HashSet::new();
    for Wanted { path, serial } in wanted {
        let reader = match drives.open_read(&path, true) {
            Ok(reader) => reader,
            Err(cause) => return Err(ReturnedError::Open { path, cause }),
        };
        let found = drives.describe(&path, serial.as_deref());
        let serial = serial.or_else(|| found.ok().map(|found| found.serial));
        let serial = serial
            .filter(|serial| !serial.is_empty())
            .unwrap_or_else(|| stem(&path));
        if !serials.insert(file_name(&serial).to_lowercase()) {
            return Err(ReturnedError::Twice { serial, path });
        }
        opened.push(Returned {
            path,
            serial,
            log: None,
            reader,
        });
    }
    Ok(opened)
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
