//! The sessions that are on a drive, the last one first: each by its journal, and each proven to be as it was left.
//!
//! ```text
//! journals of the serial -> last one -- added to --> the one before -- added to --> ... the first
//!                              |                          |
//!                       its changes, its pages     its changes, its pages, but for what a later one wrote or gave up
//! ```

use std::path::{Path, PathBuf};

use bitlocker_image::{Credential, stretched};
use disk::ReadAt;
use sha2::{Digest, Sha256};
use shared::drive::What;
use shared::job::{DriveState, Stage};
use shared::journal::{Replay, journal_file_name, replay};

use super::add::{UNKNOWN, io, work};
use super::old_journals;
use super::plan_file::PlanFile;
use super::request::JobRequest;
use super::session_plans::plans;
use crate::job_error::JobError;
use crate::pipeline::{
    self, Cancel, Mended, Overwritten, PipelineError, RedoReader, Structures, Work,
};
use crate::shelf::Shelves;

/// One session on a drive.
pub(super) struct OnDrive {
    /// Its journal.
    pub replay: Replay,
    /// Every copy of that.
    copies: Vec<PathBuf>,
}

/// Returns the sessions that are on the drive `serial`, the last one first.
///
/// # Errors
/// [`JobError`], refused: there is none, one of them cannot be added to, or the journal of one is not here.
pub(super) fn sessions(
    folders: &[PathBuf],
    serial: &str,
    place: &str,
) -> Result<Vec<OnDrive>, JobError> {
    let all = journals(folders, serial);
    // But for those that wrote nothing, and additions that were given up before they changed anything.
    let touched = |found: &&Replay| {
        (found.added_to.is_none() || found.redo.is_some())
            && found.state.stage() != Some(Stage::Planned)
    };
    let last = all.iter().map(|(_, found)| found).filter(touched);
    let last = last.max_by_key(|found| found.session.started.0);
    let mut next = last
        .ok_or_else(|| no_journal(serial, place))?
        .session
        .clone();
    let mut sessions = Vec::new();
    loop {
        let is_it = |found: &Replay| found.session == next;
        let copies = all.iter().filter(|(_, found)| is_it(found));
        let copies: Vec<&(PathBuf, Replay)> = copies.collect();
        // Of two copies one may have lost its end.
        let best = copies.iter().max_by_key(|(_, found)| found.bytes);
        let best = best.ok_or_else(|| no_journal(serial, place))?.1.clone();
        may_be_added_to(&best, place)?;
        let before = best.added_to;
        sessions.push(OnDrive {
            replay: best,
            copies: copies.iter().map(|(path, _)| path.clone()).collect(),
        });
        let Some(before) = before else {
            return Ok(sessions);
        };
        let found = all.iter().map(|(_, found)| found).find(|found| {
            found.session.started < next.started
                && found.closed.is_some()
                && found.manifest.is_some_and(|(md5, _)| md5 == before)
        });
        let found = found.ok_or_else(|| gone(next.session.as_str(), place))?;
        next = found.session.clone();
    }
}

/// Returns every journal of a drive, under its own name and those that finished ones were given.
fn journals(folders: &[PathBuf], serial: &str) -> Vec<(PathBuf, Replay)> {
    let paths = folders.iter().flat_map(|folder| {
        let own = std::iter::once(journal_file_name(serial));
        let names = own.chain(old_journals::kept(folder, serial));
        names.map(|name| folder.join(name))
    });
    let read = paths.filter_map(|path| {
        let found = replay(&std::fs::read(&path).ok()?).ok()?;
        Some((path, found))
    });
    read.filter(|(_, found)| found.session.drive.serial == serial)
        .collect()
}

fn may_be_added_to(journal: &Replay, place: &str) -> Result<(), JobError> {
    match why_not(journal) {
        None => Ok(()),
        Some(why) => Err(JobError::refused(
            format!("session {} on this drive {why}", journal.session.session),
            place,
            "Only a drive that Argosy filled and read back can get more files; put these on another drive.",
        )),
    }
}

fn why_not(journal: &Replay) -> Option<&'static str> {
    if journal.closed.is_none() {
        return Some("is not finished: go on with it by argosy resume");
    }
    if journal.in_place {
        return Some("was filled by hand");
    }
    if journal.session.exported {
        return Some("was filled from a store");
    }
    if journal.redacted {
        return Some("has a journal without its key");
    }
    if journal.state != DriveState::Verified {
        return Some("was not proven to be whole");
    }
    None
}

fn no_journal(serial: &str, place: &str) -> JobError {
    JobError::refused(
        format!(
            "there is no journal of a finished drive {serial} here, so nobody knows what is on it"
        ),
        place,
        "Name the folder that has its journal (--journal-dir). Drives that Argosy did not fill cannot get files \
         added yet: use an empty one.",
    )
}

fn gone(session: &str, place: &str) -> JobError {
    JobError::refused(
        format!("the journal of the session that {session} was added to is not here"),
        place,
        "Name the folders that have the journals of all sessions on the drive: --journal-dir.",
    )
}

/// A session on a drive, with its frozen plan.
pub(super) struct Planned<'a> {
    on_drive: &'a OnDrive,
    plan: PlanFile,
    /// Which of the plan's drives this is.
    number: usize,
}

impl<'a> Planned<'a> {
    /// Finds the frozen plan of a session.
    ///
    /// # Errors
    /// [`JobError`], refused, when it is not here or the new session has the same name.
    pub(super) fn find(request: &JobRequest, on_drive: &'a OnDrive) -> Result<Self, JobError> {
        let session = &on_drive.replay.session;
        let (name, serial) = (session.session.as_str(), session.drive.serial.as_str());
        if name == request.session {
            return Err(JobError::refused(
                format!("session {name} is on this drive already"),
                serial,
                "Give the new files a session of their own: --session.",
            ));
        }
        let found = plans(&request.journal_dirs, name)?.into_iter();
        let mut right = found.filter(|(plan, _)| plan.hash == session.plan_hash);
        let found = right.find_map(|(plan, _)| {
            let mut drives = plan.head.drives.iter();
            let number = drives.position(|drive| drive.identity.serial == serial)?;
            Some((plan, number))
        });
        let (plan, number) = found.ok_or_else(|| {
            JobError::refused(
                format!(
                    "the plan of session {name}, which says what is on this drive, is not here"
                ),
                serial,
                "Name the folder that has its plan beside its journal: --journal-dir.",
            )
        })?;
        Ok(Self {
            on_drive,
            plan,
            number,
        })
    }

    /// Returns every byte that it wrote. `key` opens the drive.
    ///
    /// # Errors
    /// [`JobError`].
    pub(super) fn work(&self, key: &Credential) -> Result<Work<'_>, JobError> {
        let head = &self.plan.head.drives[self.number];
        work(&self.plan, (head, self.number), &self.on_drive.replay, key)
    }

    /// Compares everything but the files' content with what it wrote, as far as no `later` session wrote over it;
    /// what it wrote is then in `later` too.
    ///
    /// # Errors
    /// [`JobError`], refused, when the drive is not as it was left.
    pub(super) fn is_as_left(
        &self,
        work: &Work<'_>,
        disk: &dyn ReadAt,
        later: &mut Overwritten,
        place: &str,
    ) -> Result<(), JobError> {
        let differs = self.first_difference(work, disk, later, place)?;
        let Some(at) = differs else {
            return Ok(());
        };
        let name = &self.on_drive.replay.session.session;
        Err(JobError::refused(
            format!(
                "the drive is not as session {name} left it: what lies at offset {at:#x} was changed since, by Windows \
                 perhaps, which writes to a volume that is opened"
            ),
            place,
            "What is on it can still be read and shipped if `argosy verify` says so. Put these files on another drive.",
        ))
    }

    fn first_difference(
        &self,
        work: &Work<'_>,
        disk: &dyn ReadAt,
        later: &mut Overwritten,
        place: &str,
    ) -> Result<Option<u64>, JobError> {
        let session = &self.on_drive.replay;
        let failed = |error: PipelineError| io(error.to_string(), place);
        if *later != Overwritten::default() {
            // Clusters that are free since may hold what an addition that was given up wrote.
            later.extend(work.layout.given_up());
        }
        let beneath = later.clone();
        if session.redo.is_some() {
            let changes = self.on_drive.changes(place)?;
            let differs = pipeline::redone(work, disk, changes, later, &Cancel::default());
            if let Some(at) = differs.map_err(failed)? {
                return Ok(Some(at));
            }
        }
        let (_, bytes) = session.manifest.unwrap_or_default();
        let mend = work.layout.mend(&|_| false, bytes);
        let mend = mend.map_err(|error| JobError::refused(error.to_string(), place, UNKNOWN))?;
        let differs = Structures::new(work, Mended::Done(&mend))
            .beneath(beneath)
            .first_difference(disk, &session.sealed, &Cancel::default())
            .map_err(failed)?;
        let is_own = |what| !matches!(what, What::Free | What::Outside);
        let own = work.layout.segments().filter(|part| is_own(part.what));
        later.extend(own.map(|part| part.at..part.at.saturating_add(part.bytes)));
        Ok(differs)
    }
}

impl OnDrive {
    /// Returns the key of the drive, stretched once.
    ///
    /// # Errors
    /// [`JobError`], refused, when the journal has none that opens it.
    pub(super) fn key(&self, place: &str) -> Result<Credential, JobError> {
        let serial = self.replay.session.drive.serial.as_str();
        let password = self.replay.recovery_password.as_ref();
        let password = password.ok_or_else(|| no_journal(serial, place))?;
        stretched(&self.replay.sealed, password)
            .map_err(|error| JobError::refused(error.to_string(), place, UNKNOWN))
    }

    /// Returns what it changed of the sessions before it, from its side file.
    fn changes(&self, place: &str) -> Result<RedoReader, JobError> {
        let session = &self.replay;
        let (from, mark) = (session.redo.unwrap_or_default(), session.side);
        let length = usize::try_from(mark.bytes).unwrap_or(usize::MAX);
        let is_whole = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            let whole = bytes.get(..length);
            whole.is_some_and(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) == mark.hash)
        };
        let paths = self.copies.iter().map(|path| path.with_extension("side"));
        let mut whole = paths.filter(|path| is_whole(path));
        let found = whole.find_map(|path| {
            let name = path.file_name()?.to_str()?;
            let shelves = Shelves::of_folders(&[path.parent()?.to_owned()]);
            RedoReader::open(&shelves, name, from..mark.bytes).ok()
        });
        found.ok_or_else(|| {
            let name = &session.session.session;
            JobError::refused(
                format!("the side file of session {name}, which says what it changed, is not here"),
                place,
                "Name the folder that has it beside the session's journal: --journal-dir.",
            )
        })
    }
}
