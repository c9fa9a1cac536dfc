//! `argosy export`: blobs of a store become verified drives.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use shared::api::DriveSnapshot;
use shared::job::Verdict;

use super::blob_list::{BlobListArguments, tell_chosen};
use super::filling::Filling;
use super::prepare::{cancel_on_signal, confirm, watch};
use super::report;
use super::screen::{Ended, Screen};
use super::side_door;
use super::size::show_files;
use super::source::parse_drive;
use super::store::StoreArguments;
use crate::drives::Drives;
use crate::jobs::{JobError, JobRequest, Jobs, Kind, Origin, SectorDoubt, copy_logs, not_exported};
use crate::pipeline::Cancel;
use crate::scan::ScanWatch;

/// Puts blobs onto drives: encrypted, with a manifest, and read back
///
/// What the export service does when it fills drives. Blobs that have no room, or changed meanwhile, are listed in a file
/// that is the next export's list. `argosy unpack` copies the drives out again, on any system.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    blobs: BlobListArguments,
    /// Names this run: 3 to 30 of letters, digits, `_`, `-` and `#`
    #[arg(long)]
    session: String,
    #[command(flatten)]
    filling: Filling,
    /// A drive: a block device or an image file, and its label's serial where the hardware's cannot be read
    #[arg(long, required = true, num_args = 1.., value_name = "PATH[=SERIAL]")]
    pub(super) drive: Vec<String>,
    /// Also makes a key file (external key) for each drive, in this folder: what the service's own drives open with
    #[arg(long, value_name = "DIR")]
    bek: Option<PathBuf>,
    /// Writes the service's logs beside the journals: a copy log of what went wrong, and every blob with its checksum
    #[arg(long, value_enum, default_value_t = LogLevel::None)]
    log_level: LogLevel,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Which of the service's logs are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogLevel {
    /// None: the journals say it all
    None,
    /// The copy log
    Error,
    /// The copy log and the verbose log
    Verbose,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let stop = Cancel::default();
    let jobs = Jobs::over(drives.clone(), None)?;
    let _side_door = side_door::open(None, "export", &jobs, None, screen);
    cancel_on_signal(&jobs, &ScanWatch::default(), &stop);
    let mut export = arguments.blobs.choose(&arguments.store, screen, &stop)?;
    let chosen = Arc::clone(&export.chosen);
    tell_chosen(&chosen, screen);
    export.sums = (arguments.log_level == LogLevel::Verbose).then(Arc::default);
    let sums = export.sums.clone();
    let request = JobRequest {
        export: Some(export),
        ..request(arguments)
    };
    let reply = jobs.start(request)?;
    let mut events = jobs.subscribe();
    let job = confirm(&jobs, &reply, &arguments.filling.erase, screen)?;
    let snapshot = watch(&jobs, &job, &mut events, screen)?;
    let folders = &arguments.filling.journal_dir;
    let mut object = report::report(
        &jobs,
        &snapshot,
        folders,
        arguments.filling.show_keys,
        screen,
    );
    let mut kind = jobs.kind(&job);
    if tell_not_exported(folders, &arguments.session, &mut object, screen)? {
        kind = kind.max(Some(Kind::Incomplete));
    }
    if !chosen.nonexistent.is_empty() {
        kind = kind.max(Some(Kind::Incomplete));
    }
    if arguments.log_level != LogLevel::None {
        let ended = |drive: &&DriveSnapshot| drive.verdict != Some(Verdict::Failed);
        let serials = snapshot.drives.iter().filter(ended);
        let serials: Vec<String> = serials.map(|drive| drive.serial.clone()).collect();
        let logs = copy_logs(folders, &arguments.session, &serials, sums.as_deref())?;
        put(&mut object, "logs", json!(logs));
    }
    put(&mut object, "nonexistent", json!(chosen.nonexistent));
    screen.object(&object);
    Ok(Ended(kind))
}

/// Writes the list of what is on no drive, for a session that exports; returns whether there is anything in it.
///
/// # Errors
/// [`JobError`] when it cannot be written.
pub(super) fn tell_not_exported(
    folders: &[PathBuf],
    session: &str,
    object: &mut Value,
    screen: &Screen,
) -> Result<bool, JobError> {
    let Some(left) = not_exported(folders, session)? else {
        return Ok(false);
    };
    if let Some(file) = &left.file {
        screen.aside(&format!(
            "{} are on no drive; {} lists them and is the next export's --blob-list",
            show_files(left.count).replace("file", "blob"),
            file.display()
        ));
    }
    let listed = json!({"count": left.count, "blob_list": left.file});
    put(object, "not_exported", listed);
    Ok(left.count > 0)
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn request(arguments: &Arguments) -> JobRequest {
    let free_space = arguments.filling.free_space();
    let drives = arguments.drive.iter();
    JobRequest {
        drives: drives.map(|text| parse_drive(text, free_space)).collect(),
        external_key_dir: arguments.bek.clone(),
        // The drive stays here, or goes to whoever unpacks it: no data centre looks at its sectors.
        sector_doubt: SectorDoubt::Accept,
        ..arguments
            .filling
            .of(JobRequest::listing(&arguments.session, Origin::Store))
    }
}
