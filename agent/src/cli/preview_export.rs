//! `argosy preview-export`: how many drives an export takes, in the Windows tool's own lines.

use clap::Args;
use disk::SectorSize;
use serde_json::json;
use shared::plan::export::Preview;
use shared::plan::{DriveSize, Plan};

use super::blob_list::{BlobListArguments, tell_chosen};
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::parse_size;
use super::store::StoreArguments;
use crate::export::Chosen;
use crate::jobs::{Gathered, JobError, JobRequest, Origin, as_much_as_fits, gather};
use crate::pipeline::Cancel;

/// Says how many drives of one size an export takes, and why fewer cannot do
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    #[command(flatten)]
    pub(super) blobs: BlobListArguments,
    /// The size of the drives, which are all alike: 8TB
    #[arg(long, value_parser = parse_size, value_name = "SIZE")]
    pub(super) drive_size: u64,
    /// Counts the room of the ASC MHL that `export --mhl` puts onto each drive
    #[arg(long)]
    pub(super) mhl: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let stop = Cancel::default();
    let stores = stop.clone();
    on_stop(move || stores.cancel());
    let export = arguments.blobs.choose(&arguments.store, screen, &stop)?;
    let chosen = std::sync::Arc::clone(&export.chosen);
    tell_chosen(&chosen, screen);
    let request = JobRequest {
        export: Some(export),
        mhl: arguments.mhl,
        ..JobRequest::listing("preview", Origin::Store)
    };
    let mut gathered = gather(&request)?;
    let sector = SectorSize::B512;
    let rest = arguments
        .drive_size
        .checked_rem(sector.bytes())
        .unwrap_or(0);
    let size = DriveSize {
        serial: "DRIVE".to_owned(),
        bytes: arguments.drive_size.saturating_sub(rest),
        sector,
        kept: None,
    };
    let plan = as_much_as_fits(&mut gathered, &[size], true)?;
    Ok(tell(
        &chosen,
        &gathered,
        &plan,
        arguments.drive_size,
        screen,
    ))
}

fn tell(
    chosen: &Chosen,
    gathered: &Gathered,
    plan: &Plan,
    drive_bytes: u64,
    screen: &Screen,
) -> Ended {
    let left_out = gathered.left_out(plan);
    let preview = Preview {
        unique: chosen.unique,
        duplicates: chosen.duplicates,
        nonexistent: u64::try_from(chosen.nonexistent.len()).unwrap_or(u64::MAX),
        drive_bytes,
        cannot: u64::try_from(left_out.len()).unwrap_or(u64::MAX),
        drives: plan
            .drives
            .iter()
            .map(|drive| (u64::from(drive.files), drive.used_bytes))
            .collect(),
    };
    for line in preview.lines() {
        screen.line(&line);
    }
    screen.line("");
    screen.line(&plan.why);
    for assumed in &plan.assumed {
        screen.line(&format!("  assumed: {assumed}"));
    }
    for note in &gathered.notes {
        screen.line(&format!("  {note}"));
    }
    for (file, _) in &left_out {
        screen.aside(&format!(
            "cannot be exported: {}: {}",
            file.path, file.reason
        ));
    }
    let drives = plan.drives.iter().map(|drive| {
        json!({
            "blobs": drive.files,
            "bytes": drive.file_bytes,
            "used_bytes": drive.used_bytes,
            "capacity_bytes": drive.capacity_bytes,
        })
    });
    screen.object(&json!({
        "unique": preview.unique,
        "duplicates": preview.duplicates,
        "nonexistent": chosen.nonexistent,
        "drive_bytes": drive_bytes,
        "can": preview.can(),
        "cannot": preview.cannot,
        "drives": drives.collect::<Vec<_>>(),
        "lower_bound": plan.lower_bound,
        "proven": plan.proven,
        "why": plan.why,
        "assumed": plan.assumed,
        "properties_left_behind": {"content_disposition": chosen.dispositions()},
        "left_out": left_out.iter().map(|(file, _)| file).collect::<Vec<_>>(),
    }));
    Ended::amiss_if(preview.cannot > 0 || preview.nonexistent > 0)
}
