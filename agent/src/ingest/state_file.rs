//! What an ingest has done, so that another run sends nothing twice.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use shared::copy_log::DispositionStatus;
use thiserror::Error;

use super::state_record::{Begun, Done, IN_SHARE, Record, StateOf, VERSION};
use crate::journal_file::{AppendError, AppendFile};
use crate::number::wide;
use crate::shelf::{Shelves, Taken};

/// A file of one JSON line a record. A line that a crash cut off is dropped; any other damage is refused.
pub struct StateFile {
    file: AppendFile,
    /// Nobody else goes on with it meanwhile.
    _taken: Vec<Box<dyn Taken>>,
    blobs: HashMap<u64, Progress>,
    /// Names that blobs are on their way to, and which: under one name, the blocks of two would mix.
    names: HashMap<String, u64>,
}

/// How far one blob is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) begun: Option<Begun>,
    /// Whether its page blob is made.
    pub(super) made: bool,
    /// Blocks or page ranges that were sent.
    pub(super) sent: HashSet<u64>,
    pub(super) done: Option<Done>,
}

/// A state file that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// It cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        cause: std::io::Error,
    },
    /// Another argosy has it.
    #[error("{path} is in use by another argosy")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is another ingest's.
    #[error(
        "{path} is the state of another ingest: of drive {}, manifest {}, into {}",
        .found.drive, .found.manifest, .found.place()
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: Box<StateOf>,
    },
    /// It is no state file, or damaged.
    #[error("{path}, line {line}: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

impl StateFile {
    /// Opens the state of an ingest, or begins it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(path: &Path, of: &StateOf) -> Result<Self, StateError> {
        let folder = path.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let shelves = Shelves::of_folders(&[folder]);
        // It was made of one folder a line ago.
        let shelf = shelves.iter().next().expect("a shelf for each folder");
        // Taken before it is read: what another argosy adds meanwhile would be cut off.
        let mut taken = take_file(&shelves, &name)?;
        let content = match std::fs::read(path) {
            Ok(content) => Some(content),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
            Err(cause) => {
                let path = path.to_owned();
                return Err(StateError::Read { path, cause });
            }
        };
        let mut blobs = HashMap::new();
        let mut known = None;
        let whole = content.as_deref().map_or(0, |content| {
            content
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at.saturating_add(1))
        });
        let kept = content
            .as_deref()
            .and_then(|content| content.get(..whole))
            .unwrap_or_default();
        read(path, kept, of, (&mut known, &mut blobs))?;
        let file = match &content {
            None => AppendFile::create(&shelves, &name)?,
            Some(_) => AppendFile::go_on(shelf.as_ref(), &name, wide(whole))?,
        };
        if taken.is_empty() {
            taken = take_file(&shelves, &name)?;
        }
        let begun = blobs.iter().filter_map(|(blob, progress)| {
            let begun = progress.begun.as_ref()?;
            Some((key(&begun.name), *blob))
        });
        let mut state = Self {
            file,
            _taken: taken,
            names: begun.collect(),
            blobs,
        };
        // Blobs may be sent first and files of shares later, or the other way round.
        let of = known
            .as_ref()
            .map_or_else(|| of.clone(), |known: &StateOf| known.and(of));
        if known.as_ref() != Some(&of) {
            state.append(&Record::Ingest {
                version: VERSION,
                of,
            })?;
            state.sync()?;
        }
        Ok(state)
    }

    /// Returns how far a blob is.
    pub(super) fn progress(&self, blob: u64) -> Progress {
        self.blobs.get(&blob).cloned().unwrap_or_default()
    }

    /// Claims a name for a blob until it is done, in this run and those after it; `false` when it is another's.
    pub(super) fn claim(&mut self, name: &str, blob: u64) -> bool {
        *self.names.entry(key(name)).or_insert(blob) == blob
    }

    /// Gives a name back.
    pub(super) fn unclaim(&mut self, name: &str) {
        self.names.remove(&key(name));
    }

    /// Keeps what was decided of a blob, durably.
    pub(super) fn began(&mut self, blob: u64, begun: &Begun) -> Result<(), AppendError> {
        let begun = begun.clone();
        self.append(&Record::Began { blob, begun })?;
        self.sync()
    }

    /// Keeps, durably, what a log says of a blob that an earlier attempt left in the middle.
    pub(super) fn said(
        &mut self,
        blob: u64,
        begun: &Begun,
        made: bool,
        sent: HashSet<u64>,
    ) -> Result<(), AppendError> {
        let begun = begun.clone();
        self.append(&Record::Began {
            blob,
            begun: begun.clone(),
        })?;
        if made {
            self.append(&Record::Made { blob })?;
        }
        for part in &sent {
            self.append(&Record::Sent { blob, part: *part })?;
        }
        self.sync()?;
        let progress = Progress {
            begun: Some(begun),
            made,
            sent,
            done: None,
        };
        self.blobs.insert(blob, progress);
        Ok(())
    }

    /// Keeps that a blob's pages can be put, durably.
    pub(super) fn made(&mut self, blob: u64) -> Result<(), AppendError> {
        self.append(&Record::Made { blob })?;
        self.sync()
    }

    /// Keeps that a part was sent. What a power cut takes of that is sent again.
    pub(super) fn sent(&mut self, blob: u64, part: u64) -> Result<(), AppendError> {
        self.append(&Record::Sent { blob, part })
    }

    /// Keeps that a blob is in the store. What a power cut takes of that is found out by asking the store.
    pub(super) fn done(&mut self, blob: u64, done: &Done) -> Result<(), AppendError> {
        let done = done.clone();
        self.unclaim(&done.name);
        self.append(&Record::Done { blob, done })
    }

    /// Returns whether an entry was finished by an earlier run.
    pub(crate) fn is_done(&self, number: u64) -> bool {
        let progress = self.blobs.get(&number);
        progress.is_some_and(|progress| progress.done.is_some())
    }

    /// Keeps that an entry is at home. What a power cut takes of that is compared again.
    pub(crate) fn finished(&mut self, number: u64, blob: &str) -> Result<(), AppendError> {
        let done = Done {
            name: blob.to_owned(),
            etag: String::new(),
            crc64: 0,
            disposition: DispositionStatus::Created,
        };
        self.append(&Record::Done { blob: number, done })
    }

    /// Makes all of it durable, at the end.
    pub(crate) fn close(&mut self) -> Result<(), AppendError> {
        self.sync()
    }

    /// Makes all of it durable.
    pub(super) fn sync(&mut self) -> Result<(), AppendError> {
        self.file.sync()
    }

    fn append(&mut self, record: &Record) -> Result<(), AppendError> {
        // Records hold nothing that JSON cannot: text and numbers.
        let mut line = serde_json::to_vec(record).unwrap_or_default();
        line.push(b'\n');
        self.file.append(&line)
    }
}

impl fmt::Debug for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateFile").finish_non_exhaustive()
    }
}

/// A name as far as it is told from others: a share has no cases.
fn key(name: &str) -> String {
    if name.starts_with(IN_SHARE) {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

fn take_file(shelves: &Shelves, name: &str) -> Result<Vec<Box<dyn Taken>>, StateError> {
    shelves.take(name).map_err(|(path, cause)| {
        if cause.kind() == std::io::ErrorKind::WouldBlock {
            StateError::InUse { path }
        } else {
            StateError::Read { path, cause }
        }
    })
}

fn read(
    path: &Path,
    content: &[u8],
    of: &StateOf,
    (known, blobs): (&mut Option<StateOf>, &mut HashMap<u64, Progress>),
) -> Result<(), StateError> {
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let damaged = |what: String| StateError::Damaged {
            path: path.to_owned(),
            line: number.saturating_add(1),
            what,
        };
        let record = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
        match (number, record) {
            (_, Record::Ingest { version, .. }) if version != VERSION => {
                return Err(damaged(format!("version {version} is not known here")));
            }
            (_, Record::Ingest { of: found, .. }) if found.goes_with(of) => *known = Some(found),
            (_, Record::Ingest { of: found, .. }) => {
                return Err(StateError::Other {
                    path: path.to_owned(),
                    found: Box::new(found),
                });
            }
            (0, _) => return Err(damaged("it is no state of an ingest".to_owned())),
            (_, record) => take(blobs, record),
        }
    }
    Ok(())
}

fn take(blobs: &mut HashMap<u64, Progress>, record: Record) {
    match record {
        Record::Ingest { .. } => {}
        Record::Began { blob, begun } => {
            // Whatever came before was for another name.
            let begun = Some(begun);
            blobs.insert(
                blob,
                Progress {
                    begun,
                    ..Progress::default()
                },
            );
        }
        Record::Made { blob } => blobs.entry(blob).or_default().made = true,
        Record::Sent { blob, part } => {
            blobs.entry(blob).or_default().sent.insert(part);
        }
        Record::Done { blob, done } => {
            // Nothing else of it is asked for any more.
            let done = Some(done);
            blobs.insert(
                blob,
                Progress {
                    done,
                    ..Progress::default()
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of() -> StateOf {
        StateOf {
            drive: "WD-1".to_owned(),
            manifest: "00".to_owned(),
            store: "http://127.0.0.1:1/a".to_owned(),
            share: String::new(),
        }
    }

    fn begun() -> Begun {
        Begun {
            name: "film/a".to_owned(),
            over: None,
            disposition: DispositionStatus::Created,
        }
    }

    #[test]
    fn what_was_kept_is_there_again_but_for_a_line_that_a_crash_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let mut state = StateFile::open(&path, &of()).expect("new");
        state.began(3, &begun()).expect("kept");
        state.sent(3, 0).expect("kept");
        state.sent(3, 1).expect("kept");
        drop(state);
        let whole = std::fs::read(&path).expect("the file");
        std::fs::write(&path, &whole[..whole.len() - 4]).expect("cut");
        let state = StateFile::open(&path, &of()).expect("again");
        let progress = state.progress(3);
        assert_eq!(progress.begun, Some(begun()));
        assert_eq!(progress.sent, HashSet::from([0]));
        assert!(state.progress(4).begun.is_none());
    }

    #[test]
    fn a_name_is_one_blobs_until_that_is_done_also_in_a_later_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let mut state = StateFile::open(&path, &of()).expect("new");
        assert!(state.claim("film/a", 3) && state.claim("film/a", 3));
        assert!(!state.claim("film/a", 4));
        state.began(3, &begun()).expect("kept");
        drop(state);
        let mut state = StateFile::open(&path, &of()).expect("again");
        assert!(!state.claim("film/a", 4) && state.claim("film/b", 4));
        let done = Done {
            name: "film/a".to_owned(),
            etag: "1".to_owned(),
            crc64: 0,
            disposition: DispositionStatus::Created,
        };
        state.done(3, &done).expect("kept");
        assert!(state.claim("film/a", 4));
        drop(state);
        let mut state = StateFile::open(&path, &of()).expect("again");
        assert!(state.claim("film/a", 5));
    }

    #[test]
    fn names_in_a_share_have_no_cases_and_are_none_of_blobs() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = StateFile::open(&folder.path().join("state"), &of()).expect("new");
        assert!(state.claim("//team/A", 1) && state.claim("team/a", 2) && state.claim("team/A", 3));
        assert!(!state.claim("//team/a", 4));
        state.unclaim("//TEAM/a");
        assert!(state.claim("//team/a", 4));
    }

    #[test]
    fn files_of_shares_may_come_in_a_later_run_and_then_into_no_other_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        drop(StateFile::open(&path, &of()).expect("new"));
        let share = |share: &str, store: &str| StateOf {
            store: store.to_owned(),
            share: share.to_owned(),
            ..of()
        };
        drop(StateFile::open(&path, &share("//nas1", "")).expect("only files"));
        drop(StateFile::open(&path, &of()).expect("only blobs"));
        for wrong in [share("//nas2", ""), share("//nas1", "http://127.0.0.1:1/b")] {
            let refused = StateFile::open(&path, &wrong);
            assert!(
                matches!(refused, Err(StateError::Other { .. })),
                "{refused:?}"
            );
        }
        assert!(StateFile::open(&path, &share("//nas1", &of().store)).is_ok());
    }

    #[test]
    fn the_state_of_another_ingest_is_refused_and_so_is_a_damaged_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        drop(StateFile::open(&path, &of()).expect("new"));
        let other = StateOf {
            drive: "WD-2".to_owned(),
            ..of()
        };
        let refused = StateFile::open(&path, &other);
        assert!(
            matches!(refused, Err(StateError::Other { .. })),
            "{refused:?}"
        );
        std::fs::write(&path, "{}\n").expect("written");
        let refused = StateFile::open(&path, &of());
        assert!(
            matches!(refused, Err(StateError::Damaged { line: 1, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn nobody_else_goes_on_with_a_state_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let held = StateFile::open(&path, &of()).expect("new");
        let refused = StateFile::open(&path, &of());
        assert!(
            matches!(refused, Err(StateError::InUse { .. })),
            "{refused:?}"
        );
        drop(held);
        assert!(StateFile::open(&path, &of()).is_ok());
    }
}
