//! `argosy resume`: goes on with a session that was interrupted.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use shared::api::FreeSpace;
use shared::job::Verdict;

use super::export::{Files, paths};
use super::prepare::{cancel_on_signal, confirm, read_passphrase, watch};
use super::report;
use super::screen::{Ended, Screen};
use super::shipment::{self, ShipmentArguments};
use super::side_door;
use super::source::parse_drive;
use super::store::StoreArguments;
use crate::drives::Drives;
use crate::jobs::{
    JobError, Jobs, Kind, ReplaceRequest, ResumeRequest, SectorDoubt, TargetRequest, Whereabouts,
};
use crate::pipeline::Cancel;
use crate::scan::ScanWatch;

/// Goes on with a session that was interrupted: by a crash, a power cut, an unplugged drive
///
/// Drives are recognised by their serial and by what is on them. Nothing that is durable is copied
/// again; what is finished is not touched.
#[derive(Args)]
pub(super) struct Arguments {
    /// The session id
    #[arg(long)]
    session: String,
    /// Where its journals are; a folder that has no copy gets one
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    journal_dir: Vec<PathBuf>,
    /// Where a drive is now, when its image file was moved; with the serial on its label when nothing
    /// else tells it from another empty drive
    #[arg(long, num_args = 1.., value_name = "PATH[=SERIAL]")]
    pub(super) drive: Vec<String>,
    /// Puts a spare in the place of a drive that died: only that drive's files are copied again
    #[arg(long, num_args = 1.., value_name = "SERIAL=PATH")]
    pub(super) replace: Vec<String>,
    /// Erases the spare of this serial, whatever is on it
    #[arg(long, num_args = 1.., value_name = "SERIAL", requires = "replace")]
    erase: Vec<String>,
    /// Overwrites space of a spare that no file takes
    #[arg(long, conflicts_with = "keep_free_space", requires = "replace")]
    wipe: bool,
    /// Leaves old data of a spare readable in space that no file takes
    #[arg(long, requires = "replace")]
    keep_free_space: bool,
    /// Makes a key file in this folder for each drive that has no keys yet
    #[arg(long, value_name = "DIR")]
    bek: Option<PathBuf>,
    /// Lets a passphrase open each drive that has no keys yet: the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The account that an export goes on reading from
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// A file with a shared access signature for it; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "store")]
    sas_file: Option<PathBuf>,
    /// A file with an access token of Microsoft Entra; `-` reads standard input
    #[arg(
        long,
        value_name = "FILE",
        requires = "store",
        conflicts_with = "sas_file"
    )]
    token_file: Option<PathBuf>,
    /// Of an export: writes the service's copy log of the whole session beside the journals. There is no verbose log of it,
    /// since nobody kept the checksums of what was copied before it stopped
    #[arg(long, requires = "store")]
    copy_log: bool,
    #[command(flatten)]
    shipment: ShipmentArguments,
    /// Shows the recovery passwords at the end
    #[arg(long)]
    pub(super) show_keys: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    /// Returns what goes on with a session whose drives are all there.
    pub(super) fn of(session: String, journal_dir: PathBuf) -> Self {
        Self {
            session,
            journal_dir: vec![journal_dir],
            drive: Vec::new(),
            replace: Vec::new(),
            erase: Vec::new(),
            wipe: false,
            keep_free_space: false,
            bek: None,
            passphrase_file: None,
            store: None,
            sas_file: None,
            token_file: None,
            copy_log: false,
            shipment: ShipmentArguments::default(),
            show_keys: false,
            json: false,
        }
    }
}

pub(super) fn run(
    arguments: Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let replacements = replacements(&arguments)?;
    let following = arguments.shipment.follow()?;
    let passphrase = arguments.passphrase_file.as_deref();
    let stop = Cancel::default();
    let store = StoreArguments::of(
        arguments.store.clone(),
        arguments.sas_file.clone(),
        None,
        arguments.token_file.clone(),
    );
    let reach = store.map(|store| store.reach(screen, &stop)).transpose()?;
    let request = ResumeRequest {
        session: arguments.session,
        journal_dirs: arguments.journal_dir,
        drives: arguments
            .drive
            .iter()
            .map(|text| whereabouts(text))
            .collect(),
        external_key_dir: arguments.bek,
        passphrase: passphrase.map(read_passphrase).transpose()?,
        reach,
    };
    let jobs = Jobs::over(drives.clone(), None)?;
    let _side_door = side_door::open(None, "resume", &jobs, None, screen);
    cancel_on_signal(&jobs, &ScanWatch::default(), &stop);
    let mut reports = Reports::default();
    let mut snapshots = Vec::new();
    // The spares first: from then on the drives whose places they take are not waited for.
    for replace in &replacements {
        let reply = jobs.replace(&request, replace)?;
        let mut events = jobs.subscribe();
        let job = confirm(&jobs, &reply, &arguments.erase, screen)?;
        let snapshot = watch(&jobs, &job, &mut events, screen)?;
        let folders = &request.journal_dirs;
        reports.add(
            report::report(&jobs, &snapshot, folders, arguments.show_keys, screen),
            jobs.kind(&job),
        );
        snapshots.push(snapshot);
    }
    let mut events = jobs.subscribe();
    let job = jobs.resume(&request)?;
    let snapshot = watch(&jobs, &job, &mut events, screen)?;
    let folders = &request.journal_dirs;
    reports.add(
        report::report(&jobs, &snapshot, folders, arguments.show_keys, screen),
        jobs.kind(&job),
    );
    snapshots.push(snapshot);
    let mut object = reports.object(&request.session);
    let files = Files {
        folders: &request.journal_dirs,
        session: &request.session,
    };
    let mut kind = reports
        .kind
        .max(files.tell_not_exported(&mut object, screen));
    if object.get("not_exported").is_some() {
        if arguments.copy_log {
            kind = kind.max(files.write_logs(&snapshots, None, &mut object, screen));
        }
        let logs = paths(&object["logs"]);
        for snapshot in &snapshots {
            shipment::exported(following.as_ref(), snapshot, folders, &logs);
        }
    } else {
        for snapshot in &snapshots {
            shipment::prepared(following.as_ref(), snapshot, folders);
        }
    }
    kind = kind.max(shipment::tell(following.as_ref(), &mut object, screen));
    screen.object(&object);
    Ok(Ended(kind))
}

fn whereabouts(text: &str) -> Whereabouts {
    let TargetRequest { path, serial, .. } = parse_drive(text, FreeSpace::Blank);
    Whereabouts { path, serial }
}

fn replacements(arguments: &Arguments) -> Result<Vec<ReplaceRequest>, JobError> {
    let free_space = match (arguments.wipe, arguments.keep_free_space) {
        (true, _) => FreeSpace::Wipe,
        (_, true) => FreeSpace::Keep,
        _ => FreeSpace::Blank,
    };
    let parse = |text: &String| {
        let (serial, path) = text
            .split_once('=')
            .filter(|(serial, path)| !serial.is_empty() && !path.is_empty())
            .ok_or_else(|| {
                JobError::usage(format!("\"{text}\" is not SERIAL=PATH"), "--replace")
            })?;
        Ok(ReplaceRequest {
            serial: serial.to_owned(),
            spare: parse_drive(path, free_space),
            sector_doubt: SectorDoubt::Refuse,
        })
    };
    arguments.replace.iter().map(parse).collect()
}

/// How several jobs of one session ended, as one.
#[derive(Default)]
struct Reports {
    drives: Vec<Value>,
    worst: Option<Verdict>,
    kind: Option<Kind>,
}

impl Reports {
    fn add(&mut self, report: Value, kind: Option<Kind>) {
        let verdict = serde_json::from_value(report["verdict"].clone()).ok();
        self.worst = Verdict::worst(self.worst.into_iter().chain(verdict));
        self.kind = self.kind.max(kind);
        for drive in report["drives"].as_array().into_iter().flatten() {
            let serial = &drive["serial"];
            self.drives.retain(|other| other["serial"] != *serial);
            self.drives.push(drive.clone());
        }
    }

    fn object(&self, session: &str) -> Value {
        let verdict = self.worst.unwrap_or(Verdict::Failed);
        json!({"verdict": verdict, "session": session, "drives": self.drives})
    }
}
