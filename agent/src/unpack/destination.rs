//! The folder that drives are copied to: whether it can be used, and what is taken back of it.

use std::path::Path;

use super::home::HomeError;
use super::space::free_bytes;
use crate::amount::show_size;
use crate::job_error::JobError;

/// Refuses when the destination cannot take so many bytes.
///
/// # Errors
/// [`JobError`], exit code 3; 4 when nobody can say how much room there is.
pub fn has_room(to: &Path, needed: u64) -> Result<(), JobError> {
    let place = to.display().to_string();
    let free = free_bytes(to).map_err(|error| {
        let what = format!("cannot see how much room there is: {error}");
        JobError::io(what, place.as_str(), "Nothing was written.")
    })?;
    if needed <= free {
        return Ok(());
    }
    let what = format!(
        "there is too little room: {} are to come, {} are free",
        show_size(needed),
        show_size(free)
    );
    let next = "Make room, or choose another folder; what is home already need not fit again.";
    Err(JobError::refused(what, place, next))
}

/// Removes a destination that was made just now and that nothing came into.
pub fn take_back(to: &Path, was_there: bool) {
    if !was_there {
        // It stays when somebody put something into it meanwhile.
        let _ = std::fs::remove_dir(to);
    }
}

/// Returns why the destination cannot be used.
#[must_use]
pub fn unusable(error: &HomeError, to: &Path) -> JobError {
    let place = to.display().to_string();
    if matches!(error, HomeError::InUse { .. }) {
        return JobError::refused(error.to_string(), place, "Let it end first.");
    }
    JobError::io(error.to_string(), place, "The drive was only read.")
}
