//! `--shipment NAME`: a command that copies writes into the ledger what becomes of the drives.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use shared::api::{DriveSnapshot, JobSnapshot};
use shared::handoff::proven;
use shared::job::Verdict;
use shared::ledger::{Direction, DriveStep, LedgerFacts};
use zeroize::Zeroizing;

use super::report::put;
use super::screen::Screen;
use super::side_door;
use super::size::{show_files, show_size};
use crate::jobs::{JobError, Kind};
use crate::shipments::Following;

#[derive(Args, Default)]
#[group(skip)]
pub(super) struct ShipmentArguments {
    /// Writes into this shipment of the ledger what becomes of the drives (see `argosy jobs`). What the ledger does not
    /// take is said, and stops nothing
    #[arg(long, value_name = "NAME")]
    shipment: Option<String>,
    /// The state folder with the ledger, when it is not your own
    #[arg(long, value_name = "DIR", requires = "shipment")]
    ledger_dir: Option<PathBuf>,
}

impl ShipmentArguments {
    /// Returns the shipment that is followed; none when none is named.
    ///
    /// # Errors
    /// [`JobError`] when there is no folder for a ledger.
    pub(super) fn follow(&self) -> Result<Option<Following>, JobError> {
        let Some(name) = &self.shipment else {
            return Ok(None);
        };
        let state_dir = side_door::state_dir(self.ledger_dir.as_ref())?;
        Ok(Some(Following::new(&state_dir, name)))
    }
}

/// Writes down that the drives of a job are being copied.
pub(super) fn begins(following: Option<&Following>, job: Option<&JobSnapshot>) {
    if let (Some(following), Some(job)) = (following, job) {
        for drive in &job.drives {
            following.begins(&serial(drive));
        }
    }
}

/// Writes down how the drives of a job of an export ended: their journals' facts, and where their logs are.
pub(super) fn exported(
    following: Option<&Following>,
    job: &JobSnapshot,
    folders: &[PathBuf],
    logs: &[PathBuf],
) {
    let Some(following) = following else {
        return;
    };
    for drive in &job.drives {
        let serial = serial(drive);
        let facts = facts(folders, drive);
        let verdict = drive.verdict.unwrap_or(Verdict::Failed);
        if let (Err(why), Verdict::Verified | Verdict::Incomplete) = (&facts, verdict) {
            unproven(following, &serial, why);
        }
        let facts = facts.ok();
        let held = facts.as_ref().map_or_else(String::new, |facts| {
            format!(", {}, {}", show_files(facts.files), show_size(facts.bytes))
        });
        let own = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.contains(&format!(
                "_{}_",
                shared::blob_name::file_name(&drive.serial)
            ))
        };
        let logs: String = logs.iter().filter(own).map(|log| named(log)).collect();
        let note = format!("drive {serial}: filled by argosy export, {verdict}{held}{logs}");
        match verdict {
            Verdict::Verified => following.ends(&serial, facts, DriveStep::Completed, &note),
            Verdict::Incomplete | Verdict::Written => {
                following.ends(&serial, facts, DriveStep::CompletedMoreInfo, &note);
            }
            // It is not done: a resume goes on with it.
            Verdict::Failed => following.note(&note),
        }
    }
}

/// Writes down which drives were filled for an import: those that their journals prove become part of it.
pub(super) fn prepared(following: Option<&Following>, job: &JobSnapshot, folders: &[PathBuf]) {
    let Some(following) = following else {
        return;
    };
    for drive in &job.drives {
        let serial = serial(drive);
        match facts(folders, drive) {
            Ok(facts) => following.filled(&serial, Direction::Import, &facts),
            Err(why) => unproven(following, &serial, &why),
        }
    }
}

fn unproven(following: &Following, serial: &str, why: &str) {
    let name = following.name();
    following.refuse(format!("shipment {name}: drive {serial}: {why}"));
}

/// Tells what the ledger says now, and what it did not take; returns how that ends.
pub(super) fn tell(
    following: Option<&Following>,
    object: &mut Value,
    screen: &Screen,
) -> Option<Kind> {
    let following = following?;
    let refused = tell_refused(following, screen);
    let shipment = following.shipment();
    if let Some(shipment) = &shipment {
        screen.line(&format!("shipment {}: {}", shipment.name, shipment.state));
    }
    let drives = shipment.iter().flat_map(|shipment| &shipment.drives);
    let drives: Vec<_> = drives
        .map(|drive| json!({"serial": drive.serial, "state": drive.state}))
        .collect();
    let state = shipment.as_ref().map(|shipment| shipment.state);
    let told = json!({
        "shipment": following.name(), "state": state, "drives": drives, "refused": refused,
    });
    put(object, "ledger", told);
    (!refused.is_empty()).then_some(Kind::Incomplete)
}

/// Says what the ledger did not take, and returns it.
pub(super) fn tell_refused(following: &Following, screen: &Screen) -> Vec<String> {
    let refused = following.refused();
    for why in &refused {
        screen.aside(&format!("argosy: not in the ledger: {why}"));
    }
    if !refused.is_empty() {
        screen.aside(
            "  what now: put it right with argosy jobs; the drives and blobs are as said above",
        );
    }
    refused
}

/// Returns a log's place, as a note has it.
pub(super) fn named(log: &Path) -> String {
    format!(", log {}", log.display())
}

/// The serial as the ledger has it: without spaces.
fn serial(drive: &DriveSnapshot) -> String {
    drive.serial.split_whitespace().collect()
}

/// Returns what a drive's journal proves.
///
/// # Errors
/// Why it proves nothing.
fn facts(folders: &[PathBuf], drive: &DriveSnapshot) -> Result<LedgerFacts, String> {
    let folder = folders.first().ok_or("its journal has no folder")?;
    let journal = folder.join(&drive.journal);
    let read = std::fs::read(&journal);
    let bytes = Zeroizing::new(read.map_err(|error| format!("{}: {error}", journal.display()))?);
    let proven = proven(&bytes).map_err(|error| error.to_string())?;
    Ok(LedgerFacts::from(&proven))
}
