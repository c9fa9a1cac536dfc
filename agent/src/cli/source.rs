//! The arguments that say what travels and where to: shared by `plan` and `prepare`.

use std::path::{Path, PathBuf};

use disk::SectorSize;
use shared::api::{FreeSpace, Rename};
use shared::plan::driveset::read_driveset;
use shared::plan::renames_csv::{RenameRow, read_renames};

use crate::jobs::{JobError, TargetRequest, mapped};

/// Reads `PATH` or `PATH=SERIAL`; a path that exists as a whole has no serial behind it.
pub(super) fn parse_drive(text: &str, free_space: FreeSpace) -> TargetRequest {
    if !Path::new(text).exists()
        && let Some((path, serial)) = text.rsplit_once('=')
    {
        let serial = Some(serial.to_owned()).filter(|serial| !serial.is_empty());
        return TargetRequest {
            path: PathBuf::from(path),
            serial,
            free_space,
            existing_key: None,
        };
    }
    TargetRequest {
        path: PathBuf::from(text),
        serial: None,
        free_space,
        existing_key: None,
    }
}

/// Reads `E:\=/mnt/e`.
///
/// # Errors
/// [`JobError`] for anything else.
pub(super) fn parse_map(texts: &[String]) -> Result<Vec<(String, PathBuf)>, JobError> {
    let pair = |text: &String| {
        let (prefix, folder) = text
            .split_once('=')
            .filter(|(prefix, folder)| !prefix.is_empty() && !folder.is_empty())?;
        Some((prefix.to_owned(), PathBuf::from(folder)))
    };
    let pairs = texts.iter().map(|text| {
        pair(text).ok_or_else(|| {
            JobError::usage(
                r"--map takes PREFIX=FOLDER, as in 'E:\=/mnt/e'",
                text.as_str(),
            )
        })
    });
    pairs.collect()
}

/// Reads the drives of a driveset.csv.
///
/// # Errors
/// [`JobError`] when it is wrong, or asks for what is not served.
pub(super) fn read_drives(
    path: &Path,
    map: &[(String, PathBuf)],
    free_space: FreeSpace,
) -> Result<Vec<TargetRequest>, JobError> {
    let place = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    let rows = read_driveset(&text).map_err(|errors| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        JobError::usage(words.join("; "), place.as_str())
    })?;
    let mut drives = Vec::with_capacity(rows.len());
    for row in rows {
        if !row.format {
            let what = format!(
                "line {}: nothing is added to a file system that is there; write Format, which keeps \
                 the keys of an AlreadyEncrypted drive and makes its file system anew; for a drive \
                 that is filled already there is `argosy adopt`",
                row.line
            );
            return Err(JobError::usage(what, place.as_str()));
        }
        let letter = row.drive.len() == 1 && row.drive.chars().all(|c| c.is_ascii_alphabetic());
        let named = if letter {
            mapped(&format!("{}:\\", row.drive), map)
        } else {
            PathBuf::from(&row.drive)
        };
        if letter && named.to_str().is_some_and(|name| name.ends_with(":\\")) {
            let what = format!(
                "line {}: which drive is {}:? Say --map '{}:\\=/dev/...'",
                row.line, row.drive, row.drive
            );
            return Err(JobError::usage(what, place.as_str()));
        }
        drives.push(TargetRequest {
            path: named,
            serial: None,
            free_space,
            existing_key: row.existing_key,
        });
    }
    Ok(drives)
}

/// Reads a file of new names; none where none is given.
///
/// # Errors
/// [`JobError`] when it cannot be read or is wrong.
pub(super) fn read_new_names(path: Option<&Path>) -> Result<Vec<Rename>, JobError> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let place = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    let rows = read_renames(&text).map_err(|errors| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        JobError::usage(words.join("; "), place.as_str())
    })?;
    let rename = |RenameRow { path, name }| Rename { path, name };
    Ok(rows.into_iter().map(rename).collect())
}

/// Returns the drives that a driveset.csv names; none where it is wrong, which whoever fills them says.
#[cfg(target_os = "linux")]
pub(super) fn named_in(driveset: Option<&Path>, map: &[String]) -> Vec<PathBuf> {
    let read = |path| read_drives(path, &parse_map(map)?, FreeSpace::Blank);
    let drives = driveset.and_then(|path| read(path).ok());
    let drives = drives.unwrap_or_default().into_iter();
    drives.map(|drive| drive.path).collect()
}

/// Reads `512` or `4096`.
///
/// # Errors
/// A sentence for the person who typed it.
pub(super) fn parse_sector(text: &str) -> Result<SectorSize, String> {
    let bytes: u64 = text
        .parse()
        .map_err(|_| format!("{text:?} is no number of bytes"))?;
    SectorSize::try_from(bytes).map_err(|error| error.to_string())
}
