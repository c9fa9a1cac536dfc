//! What the person said, held against the drives of a plan.

use std::path::Path;

use super::kept_paths::kept_paths;
use super::prepared::Prepared;
use super::request::{Confirmation, SectorDoubt};
use crate::drives::{Confirmed, Drives, NotConfirmed};
use crate::job_error::JobError;

/// Matches the person's words with every drive of the plan.
///
/// # Errors
/// [`JobError`]; no drive was touched.
pub(super) fn confirm_drives(
    drives: &Drives,
    prepared: &Prepared,
    state_dir: Option<&Path>,
    (plan_hash, words): (&str, &[Confirmation]),
) -> Result<Vec<Confirmed>, JobError> {
    if plan_hash != prepared.plan_hash {
        return Err(JobError::refused(
            "the plan is not the one that was shown",
            "",
            "Look at the plan again.",
        ));
    }
    let kept = kept_paths(prepared, state_dir);
    let mut confirmed = Vec::with_capacity(prepared.targets.len());
    for target in &prepared.targets {
        let serial = &target.info.serial;
        let word = words
            .iter()
            .find(|word| word.serial == *serial)
            .ok_or_else(|| {
                let what = format!("drive {serial} was not confirmed");
                JobError::refused(
                    what,
                    target.info.path.display().to_string(),
                    "Name every drive that is to be erased.",
                )
            })?;
        sectors_are_accepted(
            target.info.sector_doubt(),
            prepared.request.sector_doubt,
            word,
        )?;
        let right = if target.is_added_to() {
            // It loses nothing, and was proven to be the drive by all that is on it.
            drives.recognised(&target.info, &target.identity(), &kept)
        } else {
            drives.confirm(&target.info, &word.said, &kept)
        };
        let right = right.map_err(|refusal| {
            let next = match refusal {
                NotConfirmed::Unreadable(_) => {
                    "Plug it in again; if it is still so, use another drive."
                }
                NotConfirmed::Refused(_) => "Look at the drive's label and name its serial.",
            };
            JobError::refused(
                refusal.to_string(),
                target.info.path.display().to_string(),
                next,
            )
        })?;
        confirmed.push(right);
    }
    Ok(confirmed)
}

/// Refuses a drive whose sectors the data centre will not take when nobody said that it is to be
/// filled all the same.
fn sectors_are_accepted(
    doubt: Option<String>,
    doubts: SectorDoubt,
    word: &Confirmation,
) -> Result<(), JobError> {
    match doubt {
        Some(doubt) if doubts != SectorDoubt::Accept && !word.accepts_sectors => {
            Err(JobError::refused(
                doubt,
                word.serial.as_str(),
                "If it is not for the data centre, say so beside its serial.",
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Said;

    #[test]
    fn a_drive_that_the_data_centre_sends_back_is_filled_only_when_somebody_accepts_it() {
        let word = |accepts_sectors| Confirmation {
            serial: "WD4411".to_owned(),
            said: Said::LastFour("4411".to_owned()),
            accepts_sectors,
        };
        let doubt = || Some("it shows sectors of 4096 bytes".to_owned());
        for doubts in [SectorDoubt::Refuse, SectorDoubt::Ask] {
            let refused = sectors_are_accepted(doubt(), doubts, &word(false));
            let error = refused.expect_err("nobody accepted it");
            assert!(error.to_string().contains("4096"), "{error}");
            assert!(sectors_are_accepted(doubt(), doubts, &word(true)).is_ok());
            assert!(sectors_are_accepted(None, doubts, &word(false)).is_ok());
        }
        assert!(sectors_are_accepted(doubt(), SectorDoubt::Accept, &word(false)).is_ok());
    }
}
