//! `argosy prepare`: a folder becomes verified drives.

use std::path::PathBuf;

use clap::Args;
use disk::SectorSize;
use serde_json::{Value, json};
use shared::api::{Event, JobSnapshot, PlanShare, PlannedDriveSummary, StartReply};
use shared::job::{LeftOut, Verdict};
use tokio::sync::broadcast::Receiver;
use zeroize::Zeroizing;

use super::filling::Filling;
use super::numbers::Numbers;
use super::progress::follow;
use super::scan_bar::ScanBar;
use super::screen::{Ended, Screen};
use super::shipment::{self, ShipmentArguments};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::{parse_drive, parse_map, parse_sector, read_drives, read_new_names};
use super::{key, report, side_door};
use crate::device::Said;
use crate::drives::Drives;
use crate::jobs::{Confirmation, JobError, JobRequest, Jobs, Origin, Passphrase, SectorDoubt};
use crate::pipeline::Cancel;
use crate::scan::ScanWatch;
use crate::shipments::Following;

/// Fills drives from a folder, encrypts them while it does, and reads them back
#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["source", "dataset", "plan"])))]
pub(super) struct Arguments {
    /// Names this run, and the folder on the drives: 3 to 30 of letters, digits, `_`, `-` and `#`
    #[arg(long)]
    session: String,
    #[command(flatten)]
    filling: Filling,
    /// The folder whose content travels
    #[arg(long, requires = "to", value_name = "PATH")]
    source: Option<PathBuf>,
    /// Where it arrives: `CONTAINER/` or `CONTAINER/PREFIX/`; in Azure Files `//SHARE/` or `//SHARE/FOLDER/`
    #[arg(long, requires = "source", value_name = "CONTAINER/PREFIX/")]
    to: Option<String>,
    /// A dataset.csv
    #[arg(long, value_name = "CSV")]
    dataset: Option<PathBuf>,
    /// A plan that `argosy plan --out` wrote
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A drive: a block device or an image file, and its label's serial where the hardware's cannot
    /// be read
    #[arg(long, num_args = 1.., value_name = "PATH[=SERIAL]", required_unless_present = "driveset")]
    pub(super) drive: Vec<String>,
    /// A driveset.csv
    #[arg(long, value_name = "CSV", conflicts_with = "drive")]
    pub(super) driveset: Option<PathBuf>,
    /// Also makes a key file for each drive, in this folder
    #[arg(long, value_name = "DIR")]
    bek: Option<PathBuf>,
    /// Also lets a passphrase open the drives: the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Fills only these drives of the plan, for a station that shares it: 1-6, or 2,5
    #[arg(long, requires = "plan", value_name = "NUMBERS")]
    only: Option<Numbers>,
    /// Leaves out files that moved since they were planned, instead of refusing the plan
    #[arg(long, requires = "plan")]
    accept_moved: bool,
    /// Adds the files to a drive that Argosy filled and read back, beside what is on it; nothing is erased.
    /// Its journal and plan must be in the journal folder
    #[arg(long, conflicts_with_all = ["erase", "wipe", "keep_free_space", "driveset", "sector_bytes", "bek", "passphrase_file"])]
    add: bool,
    /// Leaves out what cannot be read, instead of refusing such a source
    #[arg(long)]
    leave_unreadable: bool,
    /// Also enters folders on which another file system is mounted, which are left out otherwise
    #[arg(long, conflicts_with = "plan")]
    other_file_systems: bool,
    /// New names for what cannot go as it is called: rows of `path,name`, as `argosy scan --renames`
    /// proposes them; a plan has its own
    #[arg(long, conflicts_with = "plan", value_name = "CSV")]
    renames: Option<PathBuf>,
    /// Gives each blob its Content-MD5
    #[arg(long)]
    content_md5: bool,
    /// Puts an ASC MHL (2.0) with the MD5 of every file onto each drive, in \ascmhl, and gives each blob its
    /// Content-MD5
    #[arg(long, conflicts_with = "add")]
    mhl: bool,
    /// Builds for sectors of this size, whatever the drive says
    #[arg(long, value_parser = parse_sector, value_name = "N")]
    sector_bytes: Option<SectorSize>,
    /// Fills a hard disk of 4096-byte sectors too, which the data centre sends back
    #[arg(long)]
    accept_4096: bool,
    /// A folder here that stands for a Windows path of the data set, as in 'E:\=/mnt/e'
    #[arg(long, num_args = 1.., value_name = "PREFIX=FOLDER")]
    pub(super) map: Vec<String>,
    #[command(flatten)]
    shipment: ShipmentArguments,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(
    arguments: Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let filling = &arguments.filling;
    let (erase, show_keys) = (filling.erase.clone(), filling.show_keys);
    let following = arguments.shipment.follow()?;
    let request = request(arguments)?;
    carry_out(
        request,
        &erase,
        show_keys,
        following.as_ref(),
        screen,
        drives,
    )
}

/// Plans, asks, fills and reads back, and tells how every drive ended.
///
/// # Errors
/// [`JobError`] when it cannot begin; nothing was written then.
pub(super) fn carry_out(
    request: JobRequest,
    erase: &[String],
    show_keys: bool,
    following: Option<&Following>,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let folders = request.journal_dirs.clone();
    let jobs = Jobs::over(drives.clone(), None)?;
    let _side_door = side_door::open(None, "prepare", &jobs, None, screen);
    if request.add {
        screen.line("What is on the drive stays; the files come beside it.");
    }
    cancel_on_signal(&jobs, &request.watch, &Cancel::default());
    let bar = ScanBar::new(screen, &request.watch);
    let reply = jobs.start(request);
    drop(bar);
    let reply = reply?;
    let mut events = jobs.subscribe();
    let job = confirm(&jobs, &reply, erase, screen)?;
    let snapshot = watch(&jobs, &job, &mut events, screen)?;
    let mut object = report::report(&jobs, &snapshot, &folders, show_keys, screen);
    if let Some(share) = &reply.share {
        tell_next(share, &snapshot, &mut object, screen);
    }
    shipment::prepared(following, &snapshot, &folders);
    let amiss = shipment::tell(following, &mut object, screen);
    screen.object(&object);
    Ok(Ended(jobs.kind(&job).max(amiss)))
}

/// Shows a plan, takes the person's words for its drives, and begins; returns the job.
pub(super) fn confirm(
    jobs: &Jobs,
    reply: &StartReply,
    erase: &[String],
    screen: &Screen,
) -> Result<String, JobError> {
    show_plan(reply, screen);
    let job = reply.job.clone().unwrap_or_default();
    match confirmations(reply, erase, screen) {
        Ok(words) => jobs.confirm(&job, &reply.plan_hash, &words)?,
        Err(error) => {
            jobs.cancel(&job)?;
            return Err(error);
        }
    };
    Ok(job)
}

/// Lets a signal cancel a scan, whatever waits for a store, and whatever job runs.
pub(super) fn cancel_on_signal(jobs: &Jobs, scan: &ScanWatch, store: &Cancel) {
    let (stopper, scan, store) = (jobs.clone(), scan.clone(), store.clone());
    on_stop(move || {
        scan.cancel();
        store.cancel();
        for job in stopper.list() {
            drop(stopper.cancel(&job.id));
        }
    });
}

/// Shows how far a job is until it ends.
pub(super) fn watch(
    jobs: &Jobs,
    job: &str,
    events: &mut Receiver<Event>,
    screen: &Screen,
) -> Result<JobSnapshot, JobError> {
    follow(jobs, job, events, screen);
    jobs.wait(job).ok_or_else(|| JobError::no_such_job(job))
}

fn request(arguments: Arguments) -> Result<JobRequest, JobError> {
    let map = parse_map(&arguments.map)?;
    let filling = &arguments.filling;
    let free_space = filling.free_space();
    let drives = match &arguments.driveset {
        Some(path) => read_drives(path, &map, free_space)?,
        None => arguments
            .drive
            .iter()
            .map(|text| parse_drive(text, free_space))
            .collect(),
    };
    let origin = match (arguments.source, arguments.dataset, arguments.plan) {
        (Some(path), _, _) => Origin::Folder {
            path,
            destination: arguments.to.unwrap_or_default(),
        },
        (_, Some(path), _) => Origin::DataSet { path, map },
        (_, _, Some(path)) => Origin::Plan { path },
        _ => {
            return Err(JobError::usage(
                "say what travels: --source, --dataset or --plan",
                "",
            ));
        }
    };
    let passphrase = arguments
        .passphrase_file
        .as_deref()
        .map(read_passphrase)
        .transpose()?;
    Ok(JobRequest {
        drives,
        add: arguments.add,
        external_key_dir: arguments.bek,
        passphrase,
        sector: arguments.sector_bytes,
        sector_doubt: if arguments.accept_4096 {
            SectorDoubt::Accept
        } else {
            SectorDoubt::Refuse
        },
        content_md5: arguments.content_md5,
        mhl: arguments.mhl,
        leave_unreadable: arguments.leave_unreadable,
        other_file_systems: arguments.other_file_systems,
        renames: read_new_names(arguments.renames.as_deref())?,
        accept_moved: arguments.accept_moved,
        only: arguments.only.map_or_else(Vec::new, |numbers| numbers.0),
        ..filling.of(JobRequest::listing(&arguments.session, origin))
    })
}

pub(super) fn read_passphrase(path: &std::path::Path) -> Result<Passphrase, JobError> {
    let bytes = key::read(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| JobError::usage("the passphrase is not UTF-8", path.display().to_string()))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    let line = line.ok_or_else(|| {
        JobError::usage("the passphrase file is empty", path.display().to_string())
    })?;
    Ok(Passphrase::new(Zeroizing::new(line.to_owned())))
}

/// Says which drive of the plan comes next, for people and for scripts.
fn tell_next(share: &PlanShare, job: &JobSnapshot, object: &mut Value, screen: &Screen) {
    let next = share.waiting.first();
    if let Some(object) = object.as_object_mut() {
        object.insert("next".to_owned(), json!(next));
    }
    let of = share.of;
    let is_done = !matches!(job.verdict, None | Some(Verdict::Failed));
    match next {
        Some(next) => {
            let which = if next.serial.is_empty() {
                format!("one of {}", show_size(next.bytes))
            } else {
                next.serial.clone()
            };
            screen.line(&format!(
                "next: drive {} of {of}: {which}, {}. Attach it and run this again with it; {} to go.",
                next.number,
                show_files(next.files),
                share.waiting.len()
            ));
        }
        None if is_done => screen.line(&format!("This was the last of the {of} drives asked for.")),
        None => {}
    }
}

fn show_plan(reply: &StartReply, screen: &Screen) {
    if let Some(share) = &reply.share {
        screen.line(&share.words());
    }
    for drive in &reply.drives {
        screen.line(&format!(
            "{}: {}, {} of {}",
            drive.serial,
            show_files(drive.files),
            show_size(drive.used_bytes),
            show_size(drive.capacity_bytes)
        ));
        for lost in &drive.lost {
            screen.line(&format!("    will be lost: {lost}"));
        }
    }
    for serial in &reply.unused {
        screen.line(&format!("{serial}: not needed, not touched"));
    }
    show_left_out(&reply.left_out, reply.left_out_count, "", screen);
}

/// Names files that do not travel, as many as fit on a screen.
pub(super) fn show_left_out(files: &[LeftOut], count: u64, more: &str, screen: &Screen) {
    const SHOWN: usize = 20;
    for LeftOut { path, reason } in files.iter().take(SHOWN) {
        screen.aside(&format!("left out: {path}: {reason}"));
    }
    let shown = u64::try_from(files.len().min(SHOWN)).unwrap_or(u64::MAX);
    if count > shown {
        screen.aside(&format!(
            "left out: {} more{more}",
            count.saturating_sub(shown)
        ));
    }
}

/// Returns what the person said about each drive: by `--erase`, or asked at a terminal.
fn confirmations(
    reply: &StartReply,
    erase: &[String],
    screen: &Screen,
) -> Result<Vec<Confirmation>, JobError> {
    let mut words = Vec::with_capacity(reply.drives.len());
    for drive in &reply.drives {
        let said = said(drive, erase, screen)?;
        words.push(Confirmation {
            serial: drive.serial.clone(),
            said,
            accepts_sectors: false,
        });
    }
    Ok(words)
}

fn said(drive: &PlannedDriveSummary, erase: &[String], screen: &Screen) -> Result<Said, JobError> {
    if drive.needs_word {
        return named(&drive.serial, drive.word_characters, erase, screen);
    }
    // A word that is not needed counts all the same.
    Ok(erased(&drive.serial, erase).unwrap_or(Said::BlankImage))
}

/// Returns what `--erase` says of a drive, if it names it.
fn erased(serial: &str, erase: &[String]) -> Option<Said> {
    let named = |word: &&String| {
        word.chars()
            .filter(|c| !c.is_whitespace())
            .eq(serial.chars())
    };
    let word = erase.iter().find(named)?;
    Some(Said::Erase(word.clone()))
}

/// Returns the words that erase a drive: by `--erase`, or typed at a terminal.
///
/// # Errors
/// [`JobError`], refused, when nobody said them and nobody can be asked.
pub(super) fn named(
    serial: &str,
    characters: u32,
    erase: &[String],
    screen: &Screen,
) -> Result<Said, JobError> {
    if let Some(said) = erased(serial, erase) {
        return Ok(said);
    }
    if !screen.can_ask() {
        return Err(JobError::refused(
            "everything on this drive would be lost, and nobody confirmed that",
            serial,
            format!("If it is the right drive: --erase {serial}"),
        ));
    }
    let question = format!(
        "Everything on drive {serial} is lost for good. To erase it, type the last {characters} characters of its serial: "
    );
    Ok(Said::LastFour(screen.ask(&question)))
}
