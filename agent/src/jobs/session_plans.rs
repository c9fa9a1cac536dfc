//! The frozen plans of a session: its own, and those of spares.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;

use super::plan_file::{self, PlanFile};
use crate::job_error::JobError;
use crate::shelf::sync_folder;

/// Returns the frozen plans of a session: its own first, then those of the other shares of a plan that
/// was carried out drive by drive, then those of drives that took another's place, each with the serial
/// of that other.
///
/// # Errors
/// [`JobError`] when there is none, or none that can be read.
pub(super) fn plans(
    folders: &[PathBuf],
    session: &str,
) -> Result<Vec<(PlanFile, Option<String>)>, JobError> {
    let own = whole_plan(folders, &own_name(session), session)?;
    let shares = match &own.head.share {
        Some(share) => other_shares(folders, session, &share.plan),
        None => Vec::new(),
    };
    let mut found = vec![(own, None)];
    found.extend(shares.into_iter().map(|plan| (plan, None)));
    let serials: Vec<String> = serials(&found);
    for serial in serials {
        let mut replaced = serial;
        // A spare may have died too.
        while let Ok(plan) = whole_plan(folders, &replacement_name(session, &replaced), session) {
            let next = plan
                .head
                .drives
                .first()
                .map(|drive| drive.identity.serial.clone());
            found.push((plan, Some(replaced)));
            match next {
                Some(next) => replaced = next,
                None => break,
            }
        }
    }
    Ok(found)
}

/// Returns the frozen plans of a session, if they are shares of the plan `whole` (SHA-256, in hex).
///
/// # Errors
/// [`JobError`] when there is one that cannot be read.
pub(super) fn taken_plans(
    folders: &[PathBuf],
    session: &str,
    whole: &str,
) -> Result<Vec<(PlanFile, Option<String>)>, JobError> {
    let own = own_name(session);
    if !folders.iter().any(|folder| folder.join(&own).exists()) {
        return Ok(Vec::new());
    }
    let plans = plans(folders, session)?;
    let is_share = plans
        .first()
        .and_then(|(plan, _)| plan.head.share.as_ref())
        .is_some_and(|share| share.plan == whole);
    Ok(if is_share { plans } else { Vec::new() })
}

fn other_shares(folders: &[PathBuf], session: &str, whole: &str) -> Vec<PlanFile> {
    let start = format!("{}{SHARE}", file_name(session));
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok());
    let names = entries
        .flat_map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()));
    let names: BTreeSet<String> = names.filter(|name| is_share_name(name, &start)).collect();
    let is_share = |plan: &PlanFile| {
        plan.head
            .share
            .as_ref()
            .is_some_and(|share| share.plan == whole)
    };
    names
        .iter()
        .filter_map(|name| whole_plan(folders, name, session).ok())
        .filter(is_share)
        .collect()
}

/// Returns whether a file is a share's plan, and none that was set aside.
fn is_share_name(name: &str, start: &str) -> bool {
    let rest = name.strip_prefix(start);
    let number = rest.and_then(|rest| rest.strip_suffix(".plan"));
    let is_numeric = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    number.is_some_and(|number| number.bytes().all(is_numeric))
}

/// Returns the name of a session's plan; of the first share, when it is carried out drive by drive.
#[must_use]
pub(super) fn own_name(session: &str) -> String {
    format!("{}.plan", file_name(session))
}

/// Returns a name for the plan of a later share, which begins with the drive `number`, that no file has.
#[must_use]
pub(super) fn free_share_name(folders: &[PathBuf], session: &str, number: u32) -> String {
    let stem = format!("{}{SHARE}{number:03}", file_name(session));
    let is_free = |name: &String| !folders.iter().any(|folder| folder.join(name).exists());
    let first = format!("{stem}.plan");
    if is_free(&first) {
        return first;
    }
    let mut others = (2..).map(|again: u32| format!("{stem}-{again}.plan"));
    others.find(is_free).unwrap_or(first)
}

/// Stands between the name of a session and the number of a share's first drive.
pub(super) const SHARE: &str = ".from-drive-";

fn serials(plans: &[(PlanFile, Option<String>)]) -> Vec<String> {
    let drives = plans.iter().flat_map(|(plan, _)| &plan.head.drives);
    drives.map(|drive| drive.identity.serial.clone()).collect()
}

/// Returns the name of the plan of the drive that took the place of the drive `serial`.
#[must_use]
pub(super) fn replacement_name(session: &str, serial: &str) -> String {
    format!(
        "{}.instead-of-{}.plan",
        file_name(session),
        file_name(serial)
    )
}

/// Returns the first copy of a plan that is whole.
fn whole_plan(folders: &[PathBuf], name: &str, session: &str) -> Result<PlanFile, JobError> {
    let mut first = None;
    for folder in folders {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        match plan_file::read(&path) {
            Ok(plan) if plan.gathered.mapping.session.as_str() == session => {
                spread(&path, folders)?;
                return Ok(plan);
            }
            Ok(_) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        let place = folders
            .first()
            .map_or_else(String::new, |folder| show(&folder.join(name)));
        let mut error = JobError::usage(
            format!("there is no session {session} to go on with: its plan is not here"),
            place,
        );
        error.error.next = "A job that stopped before its plan was written touched no drive: \
                            start it again with argosy prepare."
            .to_owned();
        error
    }))
}

/// Gives each folder that has no file of this name a copy, durable when this returns.
fn spread(plan: &Path, folders: &[PathBuf]) -> Result<(), JobError> {
    let Some(name) = plan.file_name() else {
        return Ok(());
    };
    for folder in folders.iter().filter(|folder| !folder.join(name).exists()) {
        let copy = folder.join(name);
        let beside = copy.with_extension("plan.new");
        let copied = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::copy(plan, &beside))
            .and_then(|_| std::fs::File::open(&beside)?.sync_all())
            .and_then(|()| std::fs::rename(&beside, &copy))
            .and_then(|()| sync_folder(folder));
        copied.map_err(|error| {
            let what = format!("cannot copy the plan there: {error}");
            JobError::io(what, show(&copy), "No drive was touched.")
        })?;
    }
    Ok(())
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
