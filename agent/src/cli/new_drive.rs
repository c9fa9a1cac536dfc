//! `argosy new-drive`: an image file that stands for a drive.

use std::path::PathBuf;

use clap::Args;
use disk::SectorSize;

use super::screen::{Ended, Screen};
use super::size::{parse_size, show_size};
use super::source::parse_sector;
use crate::device::{NewDriveError, new_drive};
use crate::jobs::JobError;

/// Makes a sparse image file that stands for an empty drive
#[derive(Args)]
pub(super) struct Arguments {
    /// The file to be made
    path: PathBuf,
    /// Its size, as in 64GB
    #[arg(long, value_parser = parse_size)]
    size: u64,
    /// Its serial; the file's name without its ending when none is given
    #[arg(long)]
    serial: Option<String>,
    /// Its logical sectors
    #[arg(long, default_value = "512", value_parser = parse_sector)]
    sector_bytes: SectorSize,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let stem = arguments
        .path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("DRIVE");
    let serial = arguments.serial.as_deref().unwrap_or(stem);
    let place = arguments.path.display().to_string();
    new_drive(
        &arguments.path,
        arguments.size,
        serial,
        arguments.sector_bytes,
    )
    .map_err(|error| match error {
        NewDriveError::Exists { .. } => {
            JobError::refused(error.to_string(), place.as_str(), "Choose another name.")
        }
        error => JobError::io(
            error.to_string(),
            place.as_str(),
            "Nothing else was touched.",
        ),
    })?;
    screen.line(&format!(
        "{place}: a drive of {}, serial {serial}, {}-byte sectors",
        show_size(arguments.size),
        arguments.sector_bytes.bytes()
    ));
    Ok(Ended::WELL)
}
