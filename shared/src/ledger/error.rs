//! Why something cannot be written down.

use thiserror::Error;

use super::state::{DriveStep, ShipmentState};
use crate::plan::DRIVES_PER_JOB;

/// Why a fact cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// The first entry must open the shipment, and no other may.
    #[error("a shipment begins by being opened, once")]
    Opening,
    /// The state cannot follow.
    #[error("it is {from}; {to} cannot follow{}", may(.from.next().iter().map(|state| state.word())))]
    State {
        /// Where it stands.
        from: ShipmentState,
        /// Where it was to go.
        to: ShipmentState,
    },
    /// The drive's state cannot follow.
    #[error("drive {serial} is {from}; {to} cannot follow{}", may(.from.next().iter().map(|state| state.word())))]
    Drive {
        /// The drive.
        serial: String,
        /// Where it stands.
        from: DriveStep,
        /// Where it was to go.
        to: DriveStep,
    },
    /// There is no such drive.
    #[error("drive {serial} is not part of it")]
    NoSuchDrive {
        /// The drive.
        serial: String,
    },
    /// The drive is in it already.
    #[error("drive {serial} is part of it already")]
    DriveTwice {
        /// The drive.
        serial: String,
    },
    /// What its journal says is known already.
    #[error("what the journal of drive {serial} says is written down already")]
    ProvenTwice {
        /// The drive.
        serial: String,
    },
    /// A drive that nothing proves.
    #[error("drive {serial} is {verdict}, so it must not be shipped")]
    NotProven {
        /// The drive.
        serial: String,
        /// How it ended.
        verdict: crate::job::Verdict,
    },
    /// The service takes no more.
    #[error(
        "{DRIVES_PER_JOB} drives are in it already, and the service takes no more; open another shipment"
    )]
    Full,
    /// Something has to be said first.
    #[error("before it is {to}, say {missing}")]
    Missing {
        /// The state that waits for it.
        to: ShipmentState,
        /// What is missing.
        missing: &'static str,
    },
    /// A drive has to go on first.
    #[error("before it is {to}, say what became of drive {serial}: it is {state}")]
    DriveWaits {
        /// The state that waits for it.
        to: ShipmentState,
        /// The drive.
        serial: String,
        /// Where it stands.
        state: DriveStep,
    },
    /// It can be completed only when no drive has more to say.
    #[error("drive {serial} is not completed without errors; a shipment with errors is closed")]
    NotWithoutErrors {
        /// The drive.
        serial: String,
    },
    /// Drives change only while the shipment is at the place where that happens.
    #[error("drive {serial} cannot be {to} while the shipment is {at}")]
    NotNow {
        /// The drive.
        serial: String,
        /// Where it was to go.
        to: DriveStep,
        /// Where the shipment stands.
        at: ShipmentState,
    },
    /// A drive can be added only before the others are copied.
    #[error("no drive can be added: it is {at}")]
    TooLate {
        /// Where it stands.
        at: ShipmentState,
    },
    /// A text is empty, or so long that it is none.
    #[error("{field} must be 1 to {max} characters, in one line")]
    Text {
        /// What the text is.
        field: &'static str,
        /// How long it may be.
        max: usize,
    },
}

fn may<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    match words.split_last() {
        None => ": that is its end".to_owned(),
        Some((last, [])) => format!(", only {last}"),
        Some((last, others)) => format!(", only {} or {last}", others.join(", ")),
    }
}

/// Entries that are no shipment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("shipment {name}, entry {number}: {why}")]
pub struct LedgerError {
    /// The shipment.
    pub name: String,
    /// The entry, from 1.
    pub number: usize,
    /// Why it cannot stand there.
    pub why: Refused,
}
