//! A shipment: its entries, folded.

use serde::Serialize;

use super::drive::LedgerDrive;
use super::entry::{Change, Direction, Entry, LedgerFacts, Sent, Service, Way};
use super::error::{LedgerError, Refused};
use super::state::{DriveStep, ShipmentState};
use crate::handoff::Address;
use crate::job::{Moment, Verdict};
use crate::plan::DRIVES_PER_JOB;

/// Longest serial, carrier, tracking number; more than any label holds.
const WORD_MAX: usize = 100;
/// Longest note.
const NOTE_MAX: usize = 1000;

/// A shipment as its entries have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shipment {
    /// What people and the service call it.
    pub name: String,
    /// Where the data goes.
    pub direction: Direction,
    /// Who has the storage.
    pub service: Service,
    /// Where it stands.
    pub state: ShipmentState,
    /// Its drives, in the order they were added.
    pub drives: Vec<LedgerDrive>,
    /// Its parcels, in the order they were sent.
    pub sent: Vec<Sent>,
    /// Where the drives come back to.
    pub return_address: Option<Address>,
    /// Everything that was written down, oldest first.
    pub entries: Vec<Entry>,
}

impl Shipment {
    /// Begins a shipment with its first entry.
    ///
    /// # Errors
    /// [`Refused::Opening`] when the entry does not open it; [`Refused::Text`] for the name.
    pub fn open(name: &str, first: Entry) -> Result<Self, Refused> {
        let Change::Opened { direction, service } = first.change else {
            return Err(Refused::Opening);
        };
        is_line("the name", name, 64)?;
        Ok(Self {
            name: name.to_owned(),
            direction,
            service,
            state: ShipmentState::Creating,
            drives: Vec::new(),
            sent: Vec::new(),
            return_address: None,
            entries: vec![first],
        })
    }

    /// Folds entries.
    ///
    /// # Errors
    /// [`LedgerError`] with the first entry that cannot stand where it does.
    pub fn replay(
        name: &str,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Self, LedgerError> {
        let at = |number| {
            move |why| LedgerError {
                name: name.to_owned(),
                number,
                why,
            }
        };
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(Refused::Opening).map_err(at(1))?;
        let mut shipment = Self::open(name, first).map_err(at(1))?;
        for (entry, number) in entries.zip(2..) {
            shipment.apply(entry).map_err(at(number))?;
        }
        Ok(shipment)
    }

    /// Writes one more fact down.
    ///
    /// # Errors
    /// [`Refused`]: nothing was changed.
    pub fn apply(&mut self, entry: Entry) -> Result<(), Refused> {
        match &entry.change {
            Change::Opened { .. } => return Err(Refused::Opening),
            Change::Added { serial, facts } => self.add(serial, facts.as_ref())?,
            Change::Proven { serial, facts } => self.prove(serial, facts)?,
            Change::Moved { to } => {
                self.may_move(*to)?;
                self.state = *to;
            }
            Change::DriveMoved { serial, to } => self.move_drive(serial, *to)?,
            Change::Sent(sent) => {
                is_line("the carrier", &sent.carrier, WORD_MAX)?;
                is_line("the tracking number", &sent.tracking, WORD_MAX)?;
                self.sent.push(sent.clone());
            }
            Change::ReturnAddress { address } => self.return_address = Some(address.clone()),
            Change::Note { text } => is_line("a note", text, NOTE_MAX)?,
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Says whether a fact can follow, without writing it down.
    ///
    /// # Errors
    /// [`Refused`], as [`apply`](Self::apply) would.
    pub fn may(&self, change: Change) -> Result<(), Refused> {
        let mut trial = Self {
            entries: Vec::new(),
            ..self.clone()
        };
        trial.apply(Entry {
            at: Moment(0),
            by: String::new(),
            change,
        })
    }

    /// Returns a drive.
    #[must_use]
    pub fn drive(&self, serial: &str) -> Option<&LedgerDrive> {
        self.drives.iter().find(|drive| drive.serial == serial)
    }

    fn add(&mut self, serial: &str, facts: Option<&LedgerFacts>) -> Result<(), Refused> {
        use ShipmentState::{Creating, Received, Shipping, Transferring};
        is_line("a serial", serial, WORD_MAX)?;
        // Those of an export are known only where they are filled.
        let in_time = match self.direction {
            Direction::Import => matches!(self.state, Creating),
            Direction::Export => {
                matches!(self.state, Creating | Shipping | Received | Transferring)
            }
        };
        if !in_time {
            return Err(Refused::TooLate { at: self.state });
        }
        if self.drive(serial).is_some() {
            let serial = serial.to_owned();
            return Err(Refused::DriveTwice { serial });
        }
        if self.drives.len() >= DRIVES_PER_JOB {
            return Err(Refused::Full);
        }
        facts.map_or(Ok(()), |facts| is_proven(serial, facts))?;
        self.drives.push(LedgerDrive {
            serial: serial.to_owned(),
            state: match self.direction {
                Direction::Import => DriveStep::Specified,
                Direction::Export => DriveStep::Received,
            },
            facts: facts.cloned(),
            has_more_info: false,
        });
        Ok(())
    }

    fn prove(&mut self, serial: &str, facts: &LedgerFacts) -> Result<(), Refused> {
        let drive = self.drives.iter_mut().find(|drive| drive.serial == serial);
        let drive = drive.ok_or_else(|| Refused::NoSuchDrive {
            serial: serial.to_owned(),
        })?;
        if drive.facts.is_some() {
            let serial = serial.to_owned();
            return Err(Refused::ProvenTwice { serial });
        }
        is_proven(serial, facts)?;
        drive.facts = Some(facts.clone());
        Ok(())
    }

    fn may_move(&self, to: ShipmentState) -> Result<(), Refused> {
        let from = self.state;
        if !from.next().contains(&to) {
            return Err(Refused::State { from, to });
        }
        let missing = |missing| Err(Refused::Missing { to, missing });
        match to {
            ShipmentState::Shipping => {
                if self.direction == Direction::Import && self.drives.is_empty() {
                    return missing("which drives are in it");
                }
                if !self.sent.iter().any(|sent| sent.way == Way::There) {
                    return missing("who carries the parcel, and its tracking number");
                }
                if self.service != Service::Own && self.return_address.is_none() {
                    return missing("where the drives come back to");
                }
                Ok(())
            }
            ShipmentState::Transferring if self.drives.is_empty() => {
                missing("which drives are in it")
            }
            ShipmentState::Packaging => self.all_done(to),
            ShipmentState::Completed => {
                self.all_done(to)?;
                let amiss = |drive: &&LedgerDrive| {
                    drive.has_more_info || drive.state == DriveStep::NeverReceived
                };
                match self.drives.iter().find(amiss) {
                    Some(drive) => Err(Refused::NotWithoutErrors {
                        serial: drive.serial.clone(),
                    }),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn all_done(&self, to: ShipmentState) -> Result<(), Refused> {
        match self.drives.iter().find(|drive| !drive.state.is_done()) {
            Some(drive) => Err(Refused::DriveWaits {
                to,
                serial: drive.serial.clone(),
                state: drive.state,
            }),
            None => Ok(()),
        }
    }

    fn move_drive(&mut self, serial: &str, to: DriveStep) -> Result<(), Refused> {
        use ShipmentState::{
            Canceled, Closed, Completed, Packaging, Received, Shipping, Transferring,
        };
        let at = self.state;
        let drive = self.drives.iter_mut().find(|drive| drive.serial == serial);
        let drive = drive.ok_or_else(|| Refused::NoSuchDrive {
            serial: serial.to_owned(),
        })?;
        let from = drive.state;
        if !from.next().contains(&to) {
            let serial = serial.to_owned();
            return Err(Refused::Drive { serial, from, to });
        }
        let in_time = match to {
            DriveStep::Specified => false,
            DriveStep::Received | DriveStep::NeverReceived => {
                matches!(at, Shipping | Received | Transferring)
            }
            DriveStep::Transferring | DriveStep::Completed | DriveStep::CompletedMoreInfo => {
                at == Transferring
            }
            DriveStep::ShippedBack => matches!(at, Packaging | Completed | Closed | Canceled),
        };
        if !in_time {
            let serial = serial.to_owned();
            return Err(Refused::NotNow { serial, to, at });
        }
        drive.state = to;
        drive.has_more_info |= to == DriveStep::CompletedMoreInfo;
        Ok(())
    }
}

fn is_proven(serial: &str, facts: &LedgerFacts) -> Result<(), Refused> {
    match facts.verdict {
        Verdict::Verified | Verdict::Incomplete => Ok(()),
        verdict => Err(Refused::NotProven {
            serial: serial.to_owned(),
            verdict,
        }),
    }
}

fn is_line(field: &'static str, text: &str, max: usize) -> Result<(), Refused> {
    let length = text.chars().count();
    let is_one = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if is_one && length <= max {
        Ok(())
    } else {
        Err(Refused::Text { field, max })
    }
}
