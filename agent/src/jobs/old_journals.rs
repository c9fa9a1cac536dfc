//! Journals that are in the journal folders already: a finished one is kept under another name, an
//! unfinished one stops us.

use std::path::{Path, PathBuf};

use shared::journal::{Replay, journal_file_name, replay};

use super::session_plans::SHARE;
use crate::job_error::JobError;
use crate::shelf::sync_folder;
use shared::blob_name::file_name;

/// Refuses to begin where a journal of an unfinished session lies: of one of the drives `serials`,
/// or of `session` itself.
///
/// # Errors
/// [`JobError`], refused, naming `resume`; also for a journal that cannot be understood.
pub(super) fn none_unfinished(
    folders: &[PathBuf],
    session: &str,
    serials: &[String],
) -> Result<(), JobError> {
    for folder in folders {
        for path in journals(folder)? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            let of_drive = serials
                .iter()
                .any(|serial| journal_file_name(serial) == name);
            let bytes = std::fs::read(&path).map_err(|error| {
                JobError::io(format!("cannot read it: {error}"), show(&path), SAFE)
            })?;
            match replay(&bytes) {
                Ok(replay) if replay.closed.is_some() => {}
                Ok(replay) if of_drive || replay.session.session.as_str() == session => {
                    return Err(unfinished(&path, &replay));
                }
                Err(damage) if of_drive => {
                    return Err(JobError::refused(
                        format!(
                            "there is a journal for this drive already, and it is damaged: {damage}"
                        ),
                        show(&path),
                        "Move it to a safe place: it may hold the only copy of the drive's recovery password.",
                    ));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn unfinished(path: &Path, replay: &Replay) -> JobError {
    let session = replay.session.session.as_str();
    JobError::refused(
        format!(
            "session {session} is not finished: drive {} is {}",
            replay.session.drive.serial, replay.state
        ),
        show(path),
        format!(
            "Go on with `argosy resume --session {session}`, or give it up with `argosy abort --session {session}`."
        ),
    )
}

/// Returns every journal in `folder`; none when there is no such folder.
///
/// # Errors
/// [`JobError`] when it cannot be listed.
pub fn journals(folder: &Path) -> Result<Vec<PathBuf>, JobError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(JobError::io(
                format!("cannot list it: {error}"),
                show(folder),
                SAFE,
            ));
        }
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "jrn"))
        .collect();
    found.sort();
    Ok(found)
}

/// Gives the finished journal of `serial`, and what lies beside it, the name `<serial>.<old
/// session>.*`.
///
/// # Errors
/// [`JobError`] when the renaming fails.
pub(super) fn keep_finished(folders: &[PathBuf], serial: &str) -> Result<(), JobError> {
    let stem = file_name(serial);
    for folder in folders {
        let journal = folder.join(journal_file_name(serial));
        let Ok(bytes) = std::fs::read(&journal) else {
            remove_orphan(folder, &format!("{stem}.side"))?;
            continue;
        };
        let session = replay(&bytes).map_or_else(
            |_| "old".to_owned(),
            |old| file_name(old.session.session.as_str()),
        );
        let kept = unused(folder, &format!("{stem}.{session}"));
        let beside = [
            (journal_file_name(serial), format!("{kept}.jrn")),
            (format!("{stem}.side"), format!("{kept}.side")),
            (
                format!("{stem}.left-out.csv"),
                format!("{kept}.left-out.csv"),
            ),
            (
                format!("{stem}.DriveManifest.xml"),
                format!("{kept}.DriveManifest.xml"),
            ),
            (
                format!("{stem}_DriveInfo_{stem}.xml"),
                format!("{kept}_DriveInfo_{stem}.xml"),
            ),
        ];
        for (old, new) in beside {
            rename(folder, &old, &new)?;
        }
    }
    Ok(())
}

/// Makes room in `folders` for a journal of `session` and drive `serial`, making the folders and keeping
/// a finished one under another name.
///
/// # Errors
/// [`JobError`] when a session is not finished there, or the folders cannot be written.
pub fn free_for(folders: &[PathBuf], session: &str, serial: &str) -> Result<(), JobError> {
    for folder in folders {
        std::fs::create_dir_all(folder).map_err(|error| {
            JobError::io(
                format!("cannot make the folder: {error}"),
                show(folder),
                SAFE,
            )
        })?;
    }
    none_unfinished(folders, session, std::slice::from_ref(&serial.to_owned()))?;
    keep_finished(folders, serial)
}

/// Returns the names of the finished journals of `serial` that were given other names.
pub(super) fn kept(folder: &Path, serial: &str) -> impl Iterator<Item = String> {
    let stem = format!("{}.", file_name(serial));
    let own = journal_file_name(serial);
    let paths = journals(folder).unwrap_or_default().into_iter();
    let names = paths.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    names.filter(move |name| name.starts_with(&stem) && *name != own)
}

/// Removes a side file without a journal: its run ended before the journal was made, so before the
/// drive was touched.
fn remove_orphan(folder: &Path, name: &str) -> Result<(), JobError> {
    let path = folder.join(name);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            let what = format!("cannot remove a side file that has no journal: {error}");
            Err(JobError::io(what, show(&path), SAFE))
        }
    }
}

/// Gives the plan files of an earlier, finished session of the same name other ones.
///
/// # Errors
/// [`JobError`] when the renaming fails.
pub(super) fn keep_plan(folders: &[PathBuf], plan_name: &str) -> Result<(), JobError> {
    for folder in folders {
        let stem = plan_name.strip_suffix(".plan").unwrap_or(plan_name);
        let kept = (2..)
            .map(|number| format!("{stem}.{number}"))
            .find(|kept| !folder.join(format!("{kept}.plan")).exists());
        let Some(kept) = kept else {
            continue;
        };
        for spare in beside(folder, stem) {
            rename(folder, &format!("{stem}{spare}"), &format!("{kept}{spare}"))?;
        }
        rename(folder, plan_name, &format!("{kept}.plan"))?;
    }
    Ok(())
}

/// Gives one plan file another name, and leaves those beside it.
///
/// # Errors
/// [`JobError`] when the renaming fails.
pub(super) fn set_aside(folders: &[PathBuf], plan_name: &str) -> Result<(), JobError> {
    for folder in folders {
        let stem = plan_name.strip_suffix(".plan").unwrap_or(plan_name);
        let free = (2..)
            .map(|number| format!("{stem}.{number}.plan"))
            .find(|kept| !folder.join(kept).exists());
        if let Some(kept) = free {
            rename(folder, plan_name, &kept)?;
        }
    }
    Ok(())
}

/// Returns how the names of the plans of spares and further shares end that lie beside the plan `stem`.
fn beside(folder: &Path, stem: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter_map(|name| name.strip_prefix(stem).map(str::to_owned))
        .filter(|rest| rest.starts_with(".instead-of-") || rest.starts_with(SHARE))
        .filter(|rest| rest.ends_with(".plan"))
        .collect()
}

/// Returns `stem`, or `stem.2` and so on when a journal has that name already.
fn unused(folder: &Path, stem: &str) -> String {
    let names =
        std::iter::once(stem.to_owned()).chain((2..).map(|number| format!("{stem}.{number}")));
    let mut free = names.filter(|name| !folder.join(format!("{name}.jrn")).exists());
    free.next().unwrap_or_else(|| stem.to_owned())
}

fn rename(folder: &Path, old: &str, new: &str) -> Result<(), JobError> {
    let (from, to) = (folder.join(old), folder.join(new));
    if !from.exists() {
        return Ok(());
    }
    std::fs::rename(&from, &to)
        .map_err(|error| JobError::io(format!("cannot rename it: {error}"), show(&from), SAFE))?;
    sync_folder(folder).map_err(|error| JobError::io(error.to_string(), show(folder), SAFE))
}

const SAFE: &str = "Nothing was written to any drive.";

fn show(path: &Path) -> String {
    path.display().to_string()
}
