//! Filling drives as the tool is told to.

use std::path::PathBuf;

use super::arguments::Arguments;
use super::order::{Fill, Onto, What};
use super::pending::Pending;
use crate::cli::prepare;
use crate::cli::screen::{Ended, Screen};
use crate::cli::source::{read_drives, read_new_names};
use crate::drives::Drives;
use crate::jobs::{JobError, JobRequest, Kind, Origin, SectorDoubt, TargetRequest};

type Map = Vec<(String, PathBuf)>;

/// Fills drives. A data set that does not fit is remembered beside the journals, for more drives.
///
/// # Errors
/// [`JobError`] as for `argosy prepare`.
pub(super) fn fill(
    asked: &Fill,
    own: &Arguments,
    map: Map,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let request = request(asked, own, map)?;
    let filled = prepare::carry_out(request, &own.erase, own.show_keys, None, screen, drives);
    let Err(mut error) = filled else {
        return filled;
    };
    if let (Kind::Incomplete, What::DataSet(data_set), Onto::DriveSets(sets)) =
        (error.kind, &asked.what, &asked.onto)
    {
        let pending = Pending {
            data_set: data_set.clone(),
            drive_sets: sets.clone(),
            content_md5: asked.content_md5,
        };
        pending.write(&asked.journals, &asked.session)?;
        error.error.next = "Nothing was touched. Name more drives with /AdditionalDriveSet (same /j and /id), or in one \
                            command with all of them."
            .to_owned();
    }
    Err(error)
}

/// Fills the drives of a session that did not fit, and those of `set`.
///
/// # Errors
/// [`JobError`] as for [`fill`], and when no session waits for drives.
pub(super) fn add_drives(
    session: &str,
    journals: PathBuf,
    set: PathBuf,
    own: &Arguments,
    map: Map,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let mut pending = Pending::read(&journals, session)?;
    if !pending.drive_sets.contains(&set) {
        pending.drive_sets.push(set);
    }
    let asked = Fill {
        session: session.to_owned(),
        journals: journals.clone(),
        what: What::DataSet(pending.data_set),
        onto: Onto::DriveSets(pending.drive_sets),
        content_md5: pending.content_md5,
    };
    let filled = fill(&asked, own, map, screen, drives)?;
    Pending::forget(&journals, session);
    Ok(filled)
}

fn request(asked: &Fill, own: &Arguments, map: Map) -> Result<JobRequest, JobError> {
    let free_space = own.free_space();
    let drives = match &asked.onto {
        Onto::DriveSets(sets) => {
            let mut drives = Vec::new();
            for set in sets {
                drives.extend(read_drives(set, &map, free_space)?);
            }
            drives
        }
        Onto::Drive(path) => vec![TargetRequest {
            path: path.clone(),
            serial: None,
            free_space,
            existing_key: None,
        }],
    };
    let origin = match &asked.what {
        What::DataSet(path) => Origin::DataSet {
            path: path.clone(),
            map,
        },
        What::Row(row) => Origin::Row {
            row: row.clone(),
            map,
        },
    };
    Ok(JobRequest {
        drives,
        journal_dirs: vec![asked.journals.clone()],
        content_md5: asked.content_md5,
        leave_unreadable: own.leave_unreadable,
        other_file_systems: own.other_file_systems,
        renames: read_new_names(own.renames.as_deref())?,
        sector_doubt: if own.accept_4096 {
            SectorDoubt::Accept
        } else {
            SectorDoubt::Refuse
        },
        ..JobRequest::listing(&asked.session, origin)
    })
}
