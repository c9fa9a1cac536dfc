//! `argosy plan`: which drives a folder needs, and why fewer cannot do.

use std::path::PathBuf;

use clap::Args;
use disk::SectorSize;
use serde_json::json;
use shared::api::FreeSpace;
use shared::job::{DriveIdentity, LeftOut, SerialSource};
use shared::plan::{DRIVES_PER_JOB, DriveSize, Plan, PlanOptions, PlannedDrive, fit};

use super::scan_bar::ScanBar;
use super::screen::{Ended, Screen};
use super::size::{parse_size, show_files, show_size};
use super::source::{parse_drive, parse_map, read_drives, read_new_names};
use crate::drives::Drives;
use crate::jobs::plan_file::{self, Head, HeadDrive};
use crate::jobs::{
    Gathered, JobError, JobRequest, KeptTarget, Origin, TargetRequest, gather, identity_of, now,
};
use crate::shelf::Shelves;

/// Says which drives the files need, without touching any
#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["source", "dataset", "listing"])))]
#[command(group(clap::ArgGroup::new("where").required(true).args(["drive", "driveset", "drive_size"])))]
pub(super) struct Arguments {
    /// Names the run that is planned
    #[arg(long, default_value = "session")]
    session: String,
    /// The folder whose content travels
    #[arg(long, requires = "to", value_name = "PATH")]
    source: Option<PathBuf>,
    /// Where it arrives: `CONTAINER/` or `CONTAINER/PREFIX/`; in Azure Files `//SHARE/` or `//SHARE/FOLDER/`
    #[arg(long, value_name = "CONTAINER/PREFIX/")]
    to: Option<String>,
    /// A dataset.csv
    #[arg(long, value_name = "CSV")]
    dataset: Option<PathBuf>,
    /// Rows of `path,bytes`: plans what is not here
    #[arg(long, value_name = "CSV")]
    listing: Option<PathBuf>,
    /// A drive
    #[arg(long, num_args = 1.., value_name = "PATH[=SERIAL]")]
    pub(super) drive: Vec<String>,
    /// A driveset.csv
    #[arg(long, value_name = "CSV")]
    pub(super) driveset: Option<PathBuf>,
    /// A drive of this size; once for as many as needed, several times for an inventory
    #[arg(long, num_args = 1.., value_parser = parse_size, value_name = "SIZE")]
    drive_size: Vec<u64>,
    /// Counts bytes only, without file system and manifest
    #[arg(long)]
    bare: bool,
    /// A folder here that stands for a Windows path of the data set, as in 'E:\=/mnt/e'
    #[arg(long, num_args = 1.., value_name = "PREFIX=FOLDER")]
    pub(super) map: Vec<String>,
    /// Also enters folders on which another file system is mounted, which are left out otherwise
    #[arg(long)]
    other_file_systems: bool,
    /// New names for what cannot go as it is called: rows of `path,name`, as `argosy scan --renames`
    /// proposes them
    #[arg(long, value_name = "CSV")]
    renames: Option<PathBuf>,
    /// Writes the plan for `prepare --plan`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// A drive to plan onto, and where it is when it is more than a size.
struct Known {
    size: DriveSize,
    head: HeadDrive,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    reach: &Drives,
) -> Result<Ended, JobError> {
    let map = parse_map(&arguments.map)?;
    let origin = match (&arguments.source, &arguments.dataset, &arguments.listing) {
        (Some(path), _, _) => Origin::Folder {
            path: path.clone(),
            destination: arguments.to.clone().unwrap_or_default(),
        },
        (_, Some(path), _) => Origin::DataSet {
            path: path.clone(),
            map: map.clone(),
        },
        (_, _, Some(path)) => Origin::Listing {
            path: path.clone(),
            destination: arguments
                .to
                .clone()
                .unwrap_or_else(|| "container/".to_owned()),
        },
        _ => {
            return Err(JobError::usage(
                "say what travels: --source, --dataset or --listing",
                "",
            ));
        }
    };
    let request = JobRequest {
        other_file_systems: arguments.other_file_systems,
        renames: read_new_names(arguments.renames.as_deref())?,
        ..JobRequest::listing(&arguments.session, origin)
    };
    let bar = ScanBar::new(screen, &request.watch);
    let gathered = gather(&request);
    drop(bar);
    let gathered = gathered?;
    let known = drives(reach, arguments, &map)?;
    let options = PlanOptions {
        mapping: gathered.mapping.clone(),
        bare: arguments.bare,
        as_many_as_needed: arguments.drive_size.len() == 1,
    };
    let sizes: Vec<DriveSize> = known.iter().map(|drive| drive.size.clone()).collect();
    let plan = fit(&gathered.listing, &options, &sizes).map_err(|error| {
        JobError::plan(
            error.to_string(),
            "Give more or larger drives, or fewer files.",
        )
    })?;
    show(&plan, screen);
    for note in &gathered.notes {
        screen.line(&format!("  {note}"));
    }
    let mut left_out: Vec<&LeftOut> = gathered.skipped.iter().collect();
    left_out.extend(&plan.left_out);
    for LeftOut { path, reason } in &left_out {
        screen.aside(&format!("left out: {path}: {reason}"));
    }
    if let Some(path) = &arguments.out {
        write(path, &gathered, &plan, &known)?;
    }
    let drives = plan.drives.iter().map(|drive| {
        json!({
            "serial": drive.serial,
            "capacity_bytes": drive.capacity_bytes,
            "used_bytes": drive.used_bytes,
            "files": drive.files,
        })
    });
    let jobs = plan.jobs().map(|drives| {
        let serials = drives.iter().map(|drive| drive.serial.as_str());
        serials.collect::<Vec<_>>()
    });
    screen.object(&json!({
        "drives": drives.collect::<Vec<_>>(),
        "jobs": jobs.collect::<Vec<_>>(),
        "lower_bound": plan.lower_bound,
        "proven": plan.proven,
        "why": plan.why,
        "assumed": plan.assumed,
        "left_out": left_out,
    }));
    Ok(Ended::amiss_if(!left_out.is_empty()))
}

fn drives(
    reach: &Drives,
    arguments: &Arguments,
    map: &[(String, PathBuf)],
) -> Result<Vec<Known>, JobError> {
    if !arguments.drive_size.is_empty() {
        let several = arguments.drive_size.len() > 1;
        let sizes = (1..).zip(&arguments.drive_size);
        // A drive has whole sectors; where only bytes are counted, a size is what was typed.
        let sector = if arguments.bare {
            1
        } else {
            SectorSize::B512.bytes()
        };
        let whole = |bytes: u64| bytes.saturating_sub(bytes.checked_rem(sector).unwrap_or(0));
        return Ok(sizes
            .map(|(number, bytes)| imagined(number, whole(*bytes), several))
            .collect());
    }
    let targets: Vec<TargetRequest> = match &arguments.driveset {
        Some(path) => read_drives(path, map, FreeSpace::Blank)?,
        None => arguments
            .drive
            .iter()
            .map(|text| parse_drive(text, FreeSpace::Blank))
            .collect(),
    };
    targets.iter().map(|target| look(reach, target)).collect()
}

fn imagined(number: u32, bytes: u64, several: bool) -> Known {
    let serial = if several {
        format!("DRIVE-{number}")
    } else {
        "DRIVE".to_owned()
    };
    let size = DriveSize {
        serial: serial.clone(),
        bytes,
        sector: SectorSize::B512,
        kept: None,
    };
    let identity = DriveIdentity {
        serial,
        serial_source: SerialSource::Label,
        model: String::new(),
        wwn: String::new(),
        bytes,
        sector_bytes: SectorSize::B512.bytes(),
    };
    let head = HeadDrive::unsealed(identity, PathBuf::new(), FreeSpace::Blank);
    Known { size, head }
}

fn look(reach: &Drives, target: &TargetRequest) -> Result<Known, JobError> {
    let info = reach
        .describe(&target.path, target.serial.as_deref())
        .map_err(|error| {
            JobError::io(
                error.to_string(),
                target.path.display().to_string(),
                "Nothing was touched.",
            )
        })?;
    let identity = identity_of(&info);
    let key = target.existing_key.as_ref();
    let kept = key
        .map(|key| KeptTarget::read(reach, &info.path, info.sector, key))
        .transpose()?;
    let size = DriveSize {
        serial: info.serial,
        bytes: info.bytes,
        sector: info.sector,
        kept: kept.map(|found| found.kept.volume),
    };
    let head = HeadDrive::unsealed(identity, info.path, target.free_space);
    Ok(Known { size, head })
}

fn show(plan: &Plan, screen: &Screen) {
    let count = plan.drives.len();
    let drives = if count == 1 { "drive" } else { "drives" };
    screen.line(&format!("{count} {drives}: {}", plan.why));
    for drive in &plan.drives {
        let hundredfold = u128::from(drive.used_bytes).saturating_mul(100);
        let percent = hundredfold
            .checked_div(u128::from(drive.capacity_bytes))
            .unwrap_or(100);
        screen.line(&format!(
            "  {}: {}, {} of {} ({percent} %)",
            drive.serial,
            show_files(u64::from(drive.files)),
            show_size(drive.used_bytes),
            show_size(drive.capacity_bytes)
        ));
    }
    let jobs = plan.jobs().count();
    if jobs > 1 {
        screen.line(&format!(
            "  {jobs} import jobs: one takes {DRIVES_PER_JOB} drives at most, so each ten of these are a job"
        ));
    }
    for assumed in &plan.assumed {
        screen.line(&format!("  assumed: {assumed}"));
    }
}

/// Returns the head of a planned drive: what is known of the real one, or of the size that it is one of.
fn head_of(planned: &PlannedDrive, known: &[Known]) -> Option<HeadDrive> {
    let is_it = |known: &&Known| known.head.identity.serial == planned.serial;
    let found = known.iter().find(is_it).or(known.first())?;
    let mut head = found.head.clone();
    head.identity.serial.clone_from(&planned.serial);
    (head.capacity_bytes, head.used_bytes) = (planned.capacity_bytes, planned.used_bytes);
    Some(head)
}

fn write(
    path: &std::path::Path,
    gathered: &Gathered,
    plan: &Plan,
    known: &[Known],
) -> Result<(), JobError> {
    let mut head = Head::new(gathered, now(), "xts-aes-128", true);
    head.drives = plan
        .drives
        .iter()
        .filter_map(|planned| head_of(planned, known))
        .collect();
    head.left_out = gathered.left_out(plan);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(std::path::Path::new("."));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("session.plan");
    let written = plan_file::write(
        &Shelves::of_folders(&[folder.to_owned()]),
        name,
        &head,
        &gathered.listing,
        plan,
    );
    written.map(drop).map_err(|error| {
        JobError::io(
            error.to_string(),
            path.display().to_string(),
            "Nothing was touched.",
        )
    })
}
