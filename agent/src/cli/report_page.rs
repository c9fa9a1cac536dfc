//! `argosy report`: the printable report of finished drives.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use shared::job::Verdict;
use shared::report::{Reported, page, reported};
use zeroize::Zeroizing;

use super::screen::{Ended, Screen};
use crate::jobs::JobError;
use crate::journal_file::write_once;

/// Writes a report of drives from their journals: one page to print, without keys
#[derive(Args)]
pub(super) struct Arguments {
    /// Journals
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The file, which must not be there
    #[arg(long, value_name = "FILE.html")]
    to: PathBuf,
    /// What stands on top
    #[arg(long, default_value = "Drives shipped with Argosy")]
    title: String,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let drives = arguments.files.iter().map(drive);
    let drives: Vec<Reported> = drives.collect::<Result<_, _>>()?;
    let document = page(&arguments.title, &drives);
    let place = arguments.to.display().to_string();
    let (Some(folder), Some(name)) = (arguments.to.parent(), arguments.to.file_name()) else {
        return Err(JobError::usage("name a file", place));
    };
    let folder = if folder.as_os_str().is_empty() {
        ".".as_ref()
    } else {
        folder
    };
    let name = name.to_string_lossy();
    write_once(folder, &name, document.as_bytes()).map_err(|error| {
        JobError::io(
            error.to_string(),
            place.as_str(),
            "Your drives and journals were not touched. Give a new name: nothing is written over.",
        )
    })?;
    screen.line(&format!(
        "{place}: open it in a browser to read or print it"
    ));
    let amiss: Vec<_> = drives
        .iter()
        .filter(|drive| drive.verdict != Some(Verdict::Verified))
        .collect();
    for drive in &amiss {
        screen.aside(&format!(
            "{}: {}",
            drive.journal,
            drive.verdict.map_or("not proven", Verdict::code)
        ));
    }
    let verdicts = drives.iter().map(|drive| {
        json!({"serial": drive.serial, "verdict": drive.verdict, "files": drive.files, "bytes": drive.bytes})
    });
    screen.object(&json!({ "report": arguments.to, "drives": verdicts.collect::<Vec<_>>() }));
    Ok(Ended::amiss_if(!amiss.is_empty()))
}

fn drive(path: &PathBuf) -> Result<Reported, JobError> {
    let place = path.display().to_string();
    let bytes = std::fs::read(path).map(Zeroizing::new);
    let bytes = bytes
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(reported(&name.to_string_lossy(), &bytes))
}
