//! Giving up a session: its unfinished journals are closed, so that its drives can be used again.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use shared::job::{DriveState, Stage, Verdict};
use shared::journal::{JournalWriter, Note, Record, Replay, journal_file_name, replay};

use super::old_journals::journals;
use crate::attempt::now;
use crate::job_error::JobError;
use crate::shelf::Shelves;

/// One journal that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aborted {
    /// The drive.
    pub serial: String,
    /// The journal.
    pub journal: PathBuf,
    /// How it is closed.
    pub verdict: Verdict,
}

/// Closes every unfinished journal of `session` in `folders` with the verdict *failed*. One whose drive was proven, and
/// that lacks nothing but its end, is closed with the verdict that the drive has: a whole drive is not given up.
///
/// # Errors
/// [`JobError`] when a journal is damaged, or cannot be read or written; those before it are closed
/// then.
pub fn abort(folders: &[PathBuf], session: &str) -> Result<Vec<Aborted>, JobError> {
    let mut closed = Vec::new();
    for folder in folders {
        for path in journals(folder)? {
            closed.extend(close(&path, session, None)?);
        }
    }
    Ok(closed)
}

/// Closes the journal of a drive whose files another one gets: `note` says which.
///
/// # Errors
/// [`JobError`] as for [`abort`].
pub(super) fn give_up(
    folders: &[PathBuf],
    session: &str,
    serial: &str,
    note: &Note,
) -> Result<(), JobError> {
    for folder in folders {
        let path = folder.join(journal_file_name(serial));
        if path.exists() {
            close(&path, session, Some(note))?;
        }
    }
    Ok(())
}

fn close(path: &Path, session: &str, note: Option<&Note>) -> Result<Option<Aborted>, JobError> {
    let place = path.display().to_string();
    let io = |error: std::io::Error| {
        JobError::io(
            error.to_string(),
            place.as_str(),
            "The journal was left as it was.",
        )
    };
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("");
    let folder = path.parent().unwrap_or(Path::new(""));
    let _taken = Shelves::of_folders(&[folder.to_owned()])
        .take(name)
        .map_err(|(_, error)| in_use(error, &place))?;
    let bytes = std::fs::read(path).map_err(io)?;
    // Somebody else's damaged journal is no business of this session.
    let Ok(replay) = replay(&bytes) else {
        return Ok(None);
    };
    if replay.closed.is_some() || replay.session.session.as_str() != session {
        return Ok(None);
    }
    let is_changing = replay.redo.is_some() && replay.state.stage() == Some(Stage::Sealing);
    // A drive that died is not finished any more.
    if is_changing && note.is_none() {
        return Err(JobError::refused(
            "the changes of what was on the drive are being written: half of them is no whole drive",
            place.as_str(),
            format!("Finish them: argosy resume --session {session}. It takes a moment."),
        ));
    }
    let mut writer = JournalWriter::reopen(&replay).map_err(|error| {
        JobError::refused(
            error.to_string(),
            place.as_str(),
            "Use the journal that has the key.",
        )
    })?;
    let (text, verdict) = end(&mut writer, &replay, note, &place)?;
    let mut file = OpenOptions::new().write(true).open(path).map_err(io)?;
    // Behind the last whole record there may be a torn one.
    file.set_len(replay.bytes).map_err(io)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).map_err(io)?;
    file.write_all(&text)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    Ok(Some(Aborted {
        serial: replay.session.drive.serial,
        journal: path.to_owned(),
        verdict,
    }))
}

/// Returns the last records of a journal, and the verdict in them.
fn end(
    writer: &mut JournalWriter,
    replay: &Replay,
    note: Option<&Note>,
    place: &str,
) -> Result<(Vec<u8>, Verdict), JobError> {
    let mut text = Vec::new();
    if let Some(note) = note {
        text.extend(append(writer, &Record::Note(note.clone()), place)?);
    }
    let verdict = match replay.state {
        // What was proven stays so: only the end of its journal is missing.
        DriveState::Verified => Verdict::Verified,
        DriveState::Incomplete => Verdict::Incomplete,
        // A drive that was written and not read back is given up too.
        DriveState::At(_) => {
            text.extend(append(writer, &Record::Cancelled, place)?);
            Verdict::Failed
        }
        _ => Verdict::Failed,
    };
    text.extend(append(writer, &Record::Closed { verdict }, place)?);
    Ok((text, verdict))
}

fn in_use(error: std::io::Error, place: &str) -> JobError {
    if error.kind() == std::io::ErrorKind::WouldBlock {
        let next = "Cancel the job that is running, then give it up.";
        return JobError::refused("another argosy is working on this drive", place, next);
    }
    JobError::io(error.to_string(), place, "The journal was left as it was.")
}

fn append(writer: &mut JournalWriter, record: &Record, place: &str) -> Result<Vec<u8>, JobError> {
    writer
        .append(now(), record)
        .map_err(|error| JobError::io(error.to_string(), place, "The journal was left as it was."))
}
