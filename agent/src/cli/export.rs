//! `argosy export`: blobs of a store become verified drives.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use shared::api::{DriveSnapshot, JobSnapshot};
use shared::job::Verdict;

use super::blob_list::{BlobListArguments, tell_chosen};
use super::filling::Filling;
use super::prepare::{cancel_on_signal, confirm, watch};
use super::report::{self, put};
use super::screen::{Ended, Screen};
use super::shipment::{self, ShipmentArguments};
use super::side_door;
use super::size::show_files;
use super::source::parse_drive;
use super::store::StoreArguments;
use crate::drives::Drives;
use crate::export::Sums;
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
    /// Puts an ASC MHL (2.0) with the MD5 of every blob onto each drive, in \ascmhl. Blobs of several blocks that the store
    /// has no Content-MD5 of are read back from the drive for it
    #[arg(long)]
    mhl: bool,
    /// Writes the service's logs beside the journals: a copy log of what went wrong, and every blob with its checksum
    #[arg(long, value_enum, default_value_t = LogLevel::None)]
    log_level: LogLevel,
    #[command(flatten)]
    shipment: ShipmentArguments,
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
    let following = arguments.shipment.follow()?;
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
    shipment::begins(following.as_ref(), jobs.snapshot(&job).as_ref());
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
    let files = Files {
        folders,
        session: &arguments.session,
    };
    kind = kind.max(files.tell_not_exported(&mut object, screen));
    if !chosen.nonexistent.is_empty() {
        kind = kind.max(Some(Kind::Incomplete));
    }
    if arguments.log_level != LogLevel::None {
        kind = kind.max(files.write_logs(
            std::slice::from_ref(&snapshot),
            sums.as_deref(),
            &mut object,
            screen,
        ));
    }
    let logs = paths(&object["logs"]);
    shipment::exported(following.as_ref(), &snapshot, folders, &logs);
    kind = kind.max(shipment::tell(following.as_ref(), &mut object, screen));
    put(&mut object, "nonexistent", json!(chosen.nonexistent));
    let left_behind = json!({"content_disposition": chosen.dispositions()});
    put(&mut object, "properties_left_behind", left_behind);
    screen.object(&object);
    Ok(Ended(kind))
}

/// The files beside the journals of a session that exports. The drives are what they are when one cannot be written: it is
/// said, and the command still ends with its object.
pub(super) struct Files<'a> {
    /// The journals' folders.
    pub(super) folders: &'a [PathBuf],
    /// The session.
    pub(super) session: &'a str,
}

impl Files<'_> {
    /// Writes the list of what is on no drive, for a session that exports; returns how that ends: incomplete when there is
    /// anything in it.
    pub(super) fn tell_not_exported(&self, object: &mut Value, screen: &Screen) -> Option<Kind> {
        let left = match not_exported(self.folders, self.session) {
            Ok(left) => left?,
            Err(error) => return unwritten(&error, object, screen),
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
        Ended::amiss_if(left.count > 0).0
    }

    /// Writes the service's logs of the drives that ended; returns how that ends.
    pub(super) fn write_logs(
        &self,
        snapshots: &[JobSnapshot],
        sums: Option<&Sums>,
        object: &mut Value,
        screen: &Screen,
    ) -> Option<Kind> {
        let ended = |drive: &&DriveSnapshot| drive.verdict != Some(Verdict::Failed);
        let drives = snapshots.iter().flat_map(|job| &job.drives);
        let serials = drives.filter(ended);
        let serials: Vec<String> = serials.map(|drive| drive.serial.clone()).collect();
        match copy_logs(self.folders, self.session, &serials, sums) {
            Ok(logs) => {
                put(object, "logs", json!(logs));
                None
            }
            Err(error) => unwritten(&error, object, screen),
        }
    }
}

/// Says that a file beside the journals could not be written, and puts it into the object.
fn unwritten(error: &JobError, object: &mut Value, screen: &Screen) -> Option<Kind> {
    screen.say(error);
    let mut all = object["unwritten"].as_array().cloned().unwrap_or_default();
    all.push(json!(error.error));
    put(object, "unwritten", json!(all));
    Some(error.kind)
}

/// Returns the paths in a value of the object.
pub(super) fn paths(listed: &Value) -> Vec<PathBuf> {
    let listed = listed.as_array().into_iter().flatten();
    listed
        .filter_map(Value::as_str)
        .map(PathBuf::from)
        .collect()
}

fn request(arguments: &Arguments) -> JobRequest {
    let free_space = arguments.filling.free_space();
    let drives = arguments.drive.iter();
    JobRequest {
        drives: drives.map(|text| parse_drive(text, free_space)).collect(),
        external_key_dir: arguments.bek.clone(),
        mhl: arguments.mhl,
        // The drive stays here, or goes to whoever unpacks it: no data centre looks at its sectors.
        sector_doubt: SectorDoubt::Accept,
        ..arguments
            .filling
            .of(JobRequest::listing(&arguments.session, Origin::Store))
    }
}
