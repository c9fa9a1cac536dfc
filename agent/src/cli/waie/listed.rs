//! `/ListDrives` and `/ListCopySessions`: what the journals of a folder tell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use shared::job::Verdict;
use shared::journal::{Replay, replay};

use crate::cli::screen::{Ended, Screen};
use crate::cli::size::{show_files, show_size};
use crate::jobs::{JobError, journals};

/// Lists the drives that the journals know.
///
/// # Errors
/// [`JobError`] when the folder cannot be read, or holds no journal.
pub(super) fn drives(folder: &Path, screen: &Screen) -> Result<Ended, JobError> {
    let (known, damaged) = known(folder, screen)?;
    let mut listed = Vec::new();
    for (journal, drive) in &known {
        let session = &drive.session;
        let serial = &session.drive.serial;
        screen.line(&format!(
            "{serial}: session {}, {}, {}, {}",
            session.session,
            drive.state,
            show_files(session.files),
            show_size(session.bytes)
        ));
        listed.push(json!({
            "serial": serial,
            "model": session.drive.model,
            "session": session.session.as_str(),
            "state": drive.state.to_string(),
            "verdict": verdict(drive),
            "files": session.files,
            "bytes": session.bytes,
            "journal": journal,
        }));
    }
    screen.object(&json!({"drives": listed}));
    Ok(Ended::amiss_if(damaged))
}

/// Lists the sessions that the journals know.
///
/// # Errors
/// [`JobError`] when the folder cannot be read, or holds no journal.
pub(super) fn sessions(folder: &Path, screen: &Screen) -> Result<Ended, JobError> {
    let (known, damaged) = known(folder, screen)?;
    let mut sessions: BTreeMap<_, Vec<&Replay>> = BTreeMap::new();
    for (_, drive) in &known {
        let key = (drive.session.started, drive.session.session.as_str());
        sessions.entry(key).or_default().push(drive);
    }
    let mut listed = Vec::new();
    for ((started, id), drives) in sessions {
        let unfinished = drives.iter().any(|drive| drive.closed.is_none());
        let worst = Verdict::worst(drives.iter().filter_map(|drive| verdict(drive)));
        let worst = worst.filter(|_| !unfinished);
        let serials: Vec<&str> = drives
            .iter()
            .map(|drive| drive.session.drive.serial.as_str())
            .collect();
        let end = worst.map_or_else(|| "unfinished".to_owned(), |worst| worst.to_string());
        screen.line(&format!(
            "{id}: begun {started} UTC, {end}, {}",
            serials.join(", ")
        ));
        listed.push(json!({
            "session": id,
            "started": started.to_string(),
            "verdict": worst,
            "drives": serials,
        }));
    }
    screen.object(&json!({"sessions": listed}));
    Ok(Ended::amiss_if(damaged))
}

/// Returns what the journals say, and whether one of them cannot be understood.
fn known(folder: &Path, screen: &Screen) -> Result<(Vec<(PathBuf, Replay)>, bool), JobError> {
    let mut known = Vec::new();
    let mut damaged = false;
    for path in journals(folder)? {
        let replayed = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| replay(&bytes).map_err(|damage| damage.to_string()));
        match replayed {
            Ok(drive) => known.push((path, drive)),
            Err(why) => {
                damaged = true;
                screen.aside(&format!("argosy: {}: {why}", path.display()));
            }
        }
    }
    if known.is_empty() && !damaged {
        let what = "there is no journal of Argosy there";
        return Err(JobError::usage(what, folder.display().to_string()));
    }
    Ok((known, damaged))
}

fn verdict(drive: &Replay) -> Option<Verdict> {
    drive.closed.as_ref().map(|closed| closed.verdict)
}
