//! Where a drive of an interrupted session is now.

use std::path::PathBuf;

use shared::job::SerialSource;

use super::plan_file::HeadDrive;
use super::resume::Whereabouts;
use crate::device::DriveInfo;
use crate::drives::{Confirmed, Drives};
use crate::job_error::JobError;

/// Finds the drive that a plan names: at one of the paths `moved`, where it was, or anywhere on this
/// machine; by its serial and size, never by its path.
pub(super) fn locate(
    drives: &Drives,
    head: &HeadDrive,
    moved: &[Whereabouts],
    kept: &[PathBuf],
) -> Result<(DriveInfo, Confirmed), JobError> {
    let known = &head.identity;
    let given = (known.serial_source == SerialSource::Label).then_some(known.serial.as_str());
    let mut seen = None;
    // A path that is said to be another drive's is not looked at.
    let is_free = |drive: &&Whereabouts| drive.serial.as_ref().is_none_or(|s| *s == known.serial);
    let moved = moved.iter().filter(is_free).map(|drive| &drive.path);
    let paths = moved.chain(std::iter::once(&head.path));
    let here = paths.filter_map(|path| drives.describe(path, given).ok());
    let others = || drives.list(&[]).into_iter();
    let candidates = here.chain(std::iter::once_with(others).flatten());
    for info in candidates.filter(|info| info.serial == known.serial) {
        match drives.recognised(&info, known, kept) {
            Ok(confirmed) => return Ok((info, confirmed)),
            Err(refusal) => seen = seen.or(Some((info.path, refusal))),
        }
    }
    let serial = &known.serial;
    Err(match seen {
        Some((path, refusal)) => JobError::refused(
            refusal.to_string(),
            path.display().to_string(),
            format!(
                "Plug in drive {serial} as it was, or put a spare in its place: --replace {serial}=PATH."
            ),
        ),
        None => JobError::refused(
            format!(
                "drive {serial} is not here; it was at {}",
                head.path.display()
            ),
            serial.as_str(),
            format!(
                "Plug it in; say --drive PATH when its image file was moved; \
                 or put a spare in its place: --replace {serial}=PATH."
            ),
        ),
    })
}
