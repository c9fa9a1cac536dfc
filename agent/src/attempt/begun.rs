//! A drive's journal, its side file and its list of left-out files: made anew, or found after an
//! interruption and brought to one state on every shelf.

use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use shared::job::LeftOut;
use shared::journal::{Damage, JournalWriter, LeftOutTally, Replay, replay};
use thiserror::Error;

use super::common::{Clock, Common};
use super::drive_job::DriveJob;
use super::ledger::{Ledger, Names, Teller, owner};
use super::left_out_csv::{LeftOutCsv, Rows};
use crate::job_error::JobError;
use crate::journal_file::AppendFile;
use crate::pipeline::{SideFile, SideFileError};
use crate::shelf::{Shelves, Taken};

/// A drive whose journal holds its key: now it may be touched.
pub struct Begun<'c> {
    /// Journal, side file and list, every copy alike.
    pub ledger: Ledger<'c>,
    /// Every file that an earlier attempt left out.
    pub left_out: Vec<LeftOut>,
    /// Whether there was an earlier attempt.
    pub resumes: bool,
}

impl<'c> Begun<'c> {
    /// Makes the journal of a new drive.
    ///
    /// # Errors
    /// [`JobError`]; the drive was not touched.
    pub fn new(common: &Common<'c>, drive: &DriveJob, teller: Teller) -> Result<Self, JobError> {
        Ok(Self {
            ledger: Ledger::open(common, drive, teller)?,
            left_out: Vec::new(),
            resumes: false,
        })
    }

    /// Opens what lies on the shelves for the drive `serial` to go on with it.
    ///
    /// # Errors
    /// [`ReopenError`].
    pub fn reopen(
        shelves: &Shelves,
        serial: &str,
        teller: Teller,
        clock: &'c Clock,
    ) -> Result<Self, ReopenError> {
        let names = Names::of(serial);
        let taken = take(shelves, &names.journal)?;
        let (journal, replay) = whole_journal(shelves, serial)?;
        let serial = || serial.to_owned();
        let path = |name: &str| {
            let first = shelves.iter().next();
            first.map_or_else(PathBuf::new, |shelf| shelf.path().join(name))
        };
        if replay.redacted {
            let path = path(&names.journal);
            return Err(ReopenError::Redacted { path });
        }
        if replay.recovery_password.is_none() {
            return Err(ReopenError::NotBegun { serial: serial() });
        }
        let writer =
            JournalWriter::reopen(&replay).map_err(|_| ReopenError::Closed { serial: serial() })?;
        let side = side_content(shelves, &names.side, &replay)?;
        let (csv, left_out) = left_out(shelves, &names.csv, &replay.left_out)?;
        // From here on copies are mended.
        let journal = AppendFile::reopen(shelves, &names.journal, &journal)?;
        let side = SideFile::reopen(shelves, &names.side, &side);
        let side = side.map_err(|error| match error {
            SideFileError::Append(error) => ReopenError::Append(error),
            error => ReopenError::Beside {
                path: path(&names.side),
                what: error.to_string(),
            },
        })?;
        let csv = match csv {
            Some(content) => LeftOutCsv::reopen(shelves, &names.csv, &content)?,
            None => LeftOutCsv::new(shelves, &names.csv),
        };
        let tally = LeftOutTally {
            named: Vec::new(),
            ..replay.left_out
        };
        let ledger = Ledger {
            shelves: shelves.clone(),
            journal,
            writer,
            side,
            csv,
            tally,
            teller,
            clock,
            _taken: taken,
        };
        Ok(Self {
            ledger,
            left_out,
            resumes: true,
        })
    }
}

/// A journal that cannot be gone on with. Nothing was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReopenError {
    /// There is none, or it ends before the key was in it: the drive was not touched.
    #[error(
        "there is no journal of drive {serial} with a key in it: the drive was not touched yet"
    )]
    NotBegun {
        /// The drive.
        serial: String,
    },
    /// It has its end.
    #[error("the journal of drive {serial} is closed")]
    Closed {
        /// The drive.
        serial: String,
    },
    /// Another process works on the drive.
    #[error("{path} is in use: another argosy is working on this drive")]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// It holds a key, and so may be the only thing that opens the drive.
    #[error("the journal of drive {serial} holds its key and stays")]
    HasKey {
        /// The drive.
        serial: String,
    },
    /// The key was taken out of every copy.
    #[error(
        "{path}: this copy has no key, so nothing can go on from it; use the journal that has it"
    )]
    Redacted {
        /// The journal.
        path: PathBuf,
    },
    /// No copy can be believed.
    #[error("{path}: {damage}")]
    Damaged {
        /// The first copy.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// Two copies tell different stories.
    #[error(
        "{one} and {other} are copies of one journal and tell different stories; \
         name only the folder whose journal is the right one"
    )]
    Forked {
        /// The longer copy.
        one: PathBuf,
        /// The one that is not its beginning.
        other: PathBuf,
    },
    /// No copy of a file beside the journal is what the journal says it was.
    #[error(
        "{path} is not what the journal says it was: {what}; without it nothing can go on. \
         Give the session up with argosy abort, or put a spare in the drive's place with --replace"
    )]
    Beside {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The operating system said no.
    #[error("cannot read {path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
    /// A copy could not be mended.
    #[error(transparent)]
    Append(#[from] crate::journal_file::AppendError),
}

/// Returns the longest copy of a drive's journal, cut behind its last whole record, and what it
/// says.
///
/// # Errors
/// [`ReopenError`]: there is none, no copy can be believed, or two contradict each other.
pub fn whole_journal(shelves: &Shelves, serial: &str) -> Result<(Vec<u8>, Replay), ReopenError> {
    let name = Names::of(serial).journal;
    let mut damaged = None;
    let mut whole: Vec<(PathBuf, Vec<u8>, Replay)> = Vec::new();
    for (path, bytes) in copies(shelves, &name)? {
        match replay(&bytes) {
            Ok(replay) => {
                let length = usize::try_from(replay.bytes).unwrap_or(usize::MAX);
                let bytes = bytes.get(..length).unwrap_or(&bytes).to_vec();
                whole.push((path, bytes, replay));
            }
            // It ends before it says which drive it is about: a crash while it was made.
            Err(damage) if damage.code == "too-short" => {}
            Err(damage) => damaged = damaged.or(Some(ReopenError::Damaged { path, damage })),
        }
    }
    let longest = whole
        .iter()
        .enumerate()
        .max_by_key(|(_, (_, bytes, _))| bytes.len());
    let Some((longest, _)) = longest else {
        let serial = serial.to_owned();
        return Err(damaged.unwrap_or(ReopenError::NotBegun { serial }));
    };
    let (path, bytes, replay) = whole.swap_remove(longest);
    match whole
        .into_iter()
        .find(|(_, other, _)| !bytes.starts_with(other))
    {
        Some((other, ..)) => Err(ReopenError::Forked { one: path, other }),
        None => Ok((bytes, replay)),
    }
}

/// Takes every copy of a journal for this process alone.
fn take(shelves: &Shelves, name: &str) -> Result<Vec<Box<dyn Taken>>, ReopenError> {
    shelves
        .take(name)
        .map_err(|(path, cause)| match cause.kind() {
            io::ErrorKind::WouldBlock => ReopenError::InUse { path },
            _ => ReopenError::Io { path, cause },
        })
}

/// Removes what a crash left of a journal without a key, and of the side file beside it: its drive
/// was not touched.
///
/// # Errors
/// [`ReopenError::Io`]; and [`ReopenError::HasKey`] when there is a key after all.
pub fn forget(shelves: &Shelves, serial: &str) -> Result<(), ReopenError> {
    let names = Names::of(serial);
    let _taken = take(shelves, &names.journal)?;
    let has_key = match whole_journal(shelves, serial) {
        Ok((_, replay)) => replay.recovery_password.is_some() || replay.redacted,
        Err(ReopenError::NotBegun { .. }) => false,
        Err(error) => return Err(error),
    };
    if has_key {
        let serial = serial.to_owned();
        return Err(ReopenError::HasKey { serial });
    }
    for shelf in shelves.iter() {
        for name in [&names.journal, &names.side, &names.csv] {
            shelf.remove(name).map_err(|cause| ReopenError::Io {
                path: shelf.path().join(name),
                cause,
            })?;
        }
    }
    Ok(())
}

/// Returns every copy of a file that is there.
fn copies(shelves: &Shelves, name: &str) -> Result<Vec<(PathBuf, Vec<u8>)>, ReopenError> {
    let mut found = Vec::new();
    for shelf in shelves.iter() {
        let path = shelf.path().join(name);
        match shelf.read(name) {
            Ok(bytes) => found.push((path, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(ReopenError::Io { path, cause }),
        }
    }
    Ok(found)
}

/// Returns what the side file held at the last mark.
fn side_content(shelves: &Shelves, name: &str, replay: &Replay) -> Result<Vec<u8>, ReopenError> {
    let session = &replay.session;
    let owner = owner(session.session.as_str(), &session.drive.serial);
    let beginning = SideFile::beginning(&owner, &replay.sealed);
    let mark = replay.side;
    if mark.bytes == 0 {
        // The journal has all of it.
        return Ok(beginning);
    }
    let length = usize::try_from(mark.bytes).unwrap_or(usize::MAX);
    let right = |bytes: &[u8]| {
        bytes.starts_with(&beginning) && <[u8; 32]>::from(Sha256::digest(bytes)) == mark.hash
    };
    let mut path = PathBuf::from(name);
    for (at, mut bytes) in copies(shelves, name)? {
        bytes.truncate(length);
        if right(&bytes) {
            return Ok(bytes);
        }
        path = at;
    }
    let what = format!(
        "no copy begins with the {} bytes that were durable",
        mark.bytes
    );
    Err(ReopenError::Beside { path, what })
}

/// Returns the whole rows of the list and the files in them; no content when nothing was left out.
///
/// Rows are durable before the drive shows that their files are not on it, so those that the journal
/// does not count yet count too.
fn left_out(
    shelves: &Shelves,
    name: &str,
    tally: &LeftOutTally,
) -> Result<(Option<Vec<u8>>, Vec<LeftOut>), ReopenError> {
    let counted = usize::try_from(tally.count).unwrap_or(usize::MAX);
    let mut best: Option<(Vec<u8>, Vec<LeftOut>)> = None;
    let mut path = PathBuf::from(name);
    for (at, bytes) in copies(shelves, name)? {
        path = at;
        let Some(rows) = Rows::new(&bytes) else {
            continue;
        };
        let (mut files, mut end, mut is_right) = (Vec::new(), 0, tally.count == 0);
        for row in rows {
            end = row.end;
            files.push(row.file);
            if files.len() == counted {
                let hash: [u8; 32] = Sha256::digest(bytes.get(..end).unwrap_or(&bytes)).into();
                is_right = hash == tally.csv_hash;
            }
        }
        let is_longer = best
            .as_ref()
            .is_none_or(|(_, known)| known.len() < files.len());
        if is_right && files.len() >= counted && is_longer && !files.is_empty() {
            best = Some((bytes.get(..end).unwrap_or(&bytes).to_vec(), files));
        }
    }
    match best {
        Some((content, files)) => Ok((Some(content), files)),
        None if tally.count == 0 => {
            // A head without a whole row is made anew with the first row.
            for shelf in shelves.iter() {
                let path = shelf.path().join(name);
                shelf
                    .remove(name)
                    .map_err(|cause| ReopenError::Io { path, cause })?;
            }
            Ok((None, Vec::new()))
        }
        None => {
            let what = format!(
                "no copy holds the {} files that the journal counts",
                tally.count
            );
            Err(ReopenError::Beside { path, what })
        }
    }
}
