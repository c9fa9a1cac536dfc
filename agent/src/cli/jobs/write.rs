//! From the command line to what is written down.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Deserialize;
use shared::handoff::{Address, proven};
use shared::ledger::{
    Change, Direction, DriveStep, Entry, LedgerFacts, Sent, Shipment, ShipmentState, Way,
    read_exchange,
};
use zeroize::Zeroizing;

use super::{Drives, Fact, Move, New, Target};
use crate::attempt::now;
use crate::jobs::JobError;
use crate::machine;

/// Returns the first entries of a shipment.
pub(super) fn opening(new: &New) -> Result<Vec<Entry>, JobError> {
    let direction = new.direction.into();
    let mut changes = vec![Change::Opened {
        direction,
        service: new.service.into(),
    }];
    changes.extend(added(&new.drives, direction)?);
    Ok(entries(changes))
}

/// Returns the entries of a step. Drives go along where the shipment's step says what becomes of them.
pub(super) fn steps(step: &Move, before: &Shipment) -> Result<Vec<Entry>, JobError> {
    let moved = |serial: &String, to| Change::DriveMoved {
        serial: serial.clone(),
        to,
    };
    let changes = match step.target()? {
        Target::Drives(to) => step.serial.iter().map(|serial| moved(serial, to)).collect(),
        Target::Shipment(to) => {
            let mut changes = vec![Change::Moved { to }];
            if to == ShipmentState::Received {
                let waiting = before.drives.iter();
                let waiting = waiting.filter(|drive| drive.state == DriveStep::Specified);
                changes.extend(waiting.map(|drive| moved(&drive.serial, DriveStep::Received)));
            }
            changes
        }
    };
    Ok(entries(changes))
}

/// Returns the entries of a fact about a shipment.
pub(super) fn facts(fact: &Fact, before: &Shipment) -> Result<Vec<Entry>, JobError> {
    let changes = match fact {
        Fact::Add { drives, .. } => added(drives, before.direction)?,
        Fact::Sent {
            carrier,
            tracking,
            back,
            ..
        } => {
            let sent = Sent {
                way: if *back { Way::Back } else { Way::There },
                carrier: carrier.clone(),
                tracking: tracking.clone(),
            };
            vec![Change::Sent(sent)]
        }
        Fact::Address { details, .. } => vec![address(details)?],
        Fact::Note { text, .. } => vec![Change::Note { text: text.clone() }],
    };
    Ok(entries(changes))
}

fn entries(changes: Vec<Change>) -> Vec<Entry> {
    let (at, by) = (now(), machine::name());
    let entry = |change| Entry {
        at,
        by: by.clone(),
        change,
    };
    changes.into_iter().map(entry).collect()
}

fn added(drives: &Drives, direction: Direction) -> Result<Vec<Change>, JobError> {
    let journals = drives.journal.iter().map(|path| journaled(path, direction));
    let bare = drives.serial.iter().map(|serial| {
        Ok(Change::Added {
            serial: serial.split_whitespace().collect(),
            facts: None,
        })
    });
    journals.chain(bare).collect()
}

/// Returns what a journal says of its drive, when it is right, proves the drive, and was filled for this direction.
fn journaled(path: &Path, direction: Direction) -> Result<Change, JobError> {
    let place = path.display().to_string();
    let journal = Zeroizing::new(read(path)?);
    let drive = proven(&journal).map_err(|error| {
        let next = "`argosy journal check` says everything that is wrong with a journal.";
        JobError::refused(error.to_string(), place.as_str(), next)
    })?;
    let own = Direction::of(&drive);
    if own != direction {
        let (own, wanted, serial) = (own.word(), direction.word(), &drive.serial);
        return Err(JobError::refused(
            format!("drive {serial} was filled for an {own}; this shipment is an {wanted}"),
            place,
            "Put it into a shipment of its own direction.",
        ));
    }
    Ok(Change::Added {
        facts: Some(LedgerFacts::from(&drive)),
        serial: drive.serial,
    })
}

/// The one part of the details that a ledger keeps.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Addressed {
    return_address: Address,
}

fn address(path: &Path) -> Result<Change, JobError> {
    let details: Addressed = serde_json::from_slice(&read(path)?)
        .map_err(|error| JobError::usage(error.to_string(), path.display().to_string()))?;
    let address = details.return_address;
    Ok(Change::ReturnAddress { address })
}

/// Reads another site's file.
pub(super) fn exchange(path: &Path) -> Result<Vec<Shipment>, JobError> {
    read_exchange(&read(path)?)
        .map_err(|error| JobError::usage(error.to_string(), path.display().to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, JobError> {
    let failed = |error| format!("cannot read it: {error}");
    std::fs::read(path).map_err(|error| JobError::usage(failed(error), path.display().to_string()))
}

/// Writes a file that must not be there, for its owner's eyes: addresses are in it.
pub(super) fn new_file(path: &Path, content: &[u8]) -> Result<(), JobError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(|error| {
        JobError::io(
            error.to_string(),
            path.display().to_string(),
            "The ledger is as it was. Give a new name: nothing is written over.",
        )
    })
}
