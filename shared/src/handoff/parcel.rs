//! Drives that travel as one job.

use std::collections::BTreeSet;

use thiserror::Error;

use super::details::Details;
use super::drive::HandedDrive;
use crate::plan::DRIVES_PER_JOB;

/// One job of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its name: the one of the details, with a number behind it when there are several.
    pub name: String,
    /// Its drives, at most [`DRIVES_PER_JOB`].
    pub drives: Vec<HandedDrive>,
}

/// Why there is no job.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParcelError {
    /// There is nothing to send.
    #[error("no drive is handed over")]
    NoDrive,
    /// Two journals are about one drive.
    #[error("two of the journals are of drive {serial}; give the one of its last session")]
    Twice {
        /// The drive.
        serial: String,
    },
    /// The service takes no job of this name.
    #[error(
        "{name:?} is no name for a job: 3 to 24 of a-z, 0-9 and -, beginning with a letter and ending with a letter or digit{behind}"
    )]
    Name {
        /// The name.
        name: String,
        /// Said of several jobs, whose names end in a number.
        behind: &'static str,
    },
}

/// Makes sure that no two journals are of one drive, whoever they are for.
///
/// # Errors
/// [`ParcelError::Twice`].
pub fn once_each(drives: &[HandedDrive]) -> Result<(), ParcelError> {
    let mut serials = BTreeSet::new();
    match drives.iter().find(|drive| !serials.insert(&drive.serial)) {
        Some(HandedDrive { serial, .. }) => Err(ParcelError::Twice {
            serial: serial.clone(),
        }),
        None => Ok(()),
    }
}

/// Splits drives into jobs, in their order.
///
/// # Errors
/// [`ParcelError`].
pub fn parcels(drives: Vec<HandedDrive>, details: &Details) -> Result<Vec<Parcel>, ParcelError> {
    once_each(&drives)?;
    if drives.is_empty() {
        return Err(ParcelError::NoDrive);
    }
    let several = drives.len() > DRIVES_PER_JOB;
    let parcels = drives
        .chunks(DRIVES_PER_JOB)
        .zip(1_u32..)
        .map(|(drives, number)| {
            let name = if several {
                format!("{}-{number}", details.name)
            } else {
                details.name.clone()
            };
            if !is_job_name(&name) {
                let behind = if several {
                    "; several jobs get a number behind it"
                } else {
                    ""
                };
                return Err(ParcelError::Name { name, behind });
            }
            Ok(Parcel {
                name,
                drives: drives.to_vec(),
            })
        });
    parcels.collect()
}

/// The stricter of the two services' rules, so that one name does for both.
fn is_job_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let bytes = name.as_bytes();
    (3..=24).contains(&bytes.len())
        && bytes.iter().copied().all(is_inner)
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last() != Some(&b'-')
}
