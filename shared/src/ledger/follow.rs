//! What is to be written down when a drive of a shipment is copied: the steps that lead there, and no more.

use super::entry::{Change, Direction, LedgerFacts};
use super::shipment::Shipment;
use super::state::{DriveStep, ShipmentState};

impl Shipment {
    /// Returns what is to be written down when a person moves it on. Drives that were on their way arrive with their parcel.
    #[must_use]
    pub fn moves_on(&self, to: ShipmentState) -> Vec<Change> {
        let mut changes = vec![Change::Moved { to }];
        if to == ShipmentState::Received {
            let waiting = self.drives.iter();
            let waiting = waiting.filter(|drive| drive.state == DriveStep::Specified);
            changes.extend(waiting.map(|drive| Change::DriveMoved {
                serial: drive.serial.clone(),
                to: DriveStep::Received,
            }));
        }
        changes
    }

    /// Returns what is to be written down before a drive is copied: that it and its shipment have arrived, and are being
    /// copied. Nothing for one that is being copied, or was, already. What cannot follow, as the copying of a drive that
    /// never arrived, is among it all the same, so that whoever writes it down hears why.
    #[must_use]
    pub fn begins_to_copy(&self, serial: &str) -> Vec<Change> {
        let mut changes = Vec::new();
        let moved = |to| Change::DriveMoved {
            serial: serial.to_owned(),
            to,
        };
        let drive = self.drive(serial).map(|drive| drive.state);
        let goes_on = drive == Some(DriveStep::Transferring);
        let was_copied =
            drive.is_some_and(|step| step.is_done() && step != DriveStep::NeverReceived);
        if was_copied || (goes_on && self.state == ShipmentState::Transferring) {
            return changes;
        }
        if self.state == ShipmentState::Shipping {
            let to = ShipmentState::Received;
            changes.push(Change::Moved { to });
        }
        // Those of an export are known only where they are filled.
        if drive.is_none() && self.direction == Direction::Export {
            changes.push(Change::Added {
                serial: serial.to_owned(),
                facts: None,
            });
        }
        // Out of `faulted` only a person leads it: somebody is being asked.
        if !matches!(
            self.state,
            ShipmentState::Transferring | ShipmentState::Faulted
        ) {
            let to = ShipmentState::Transferring;
            changes.push(Change::Moved { to });
        }
        if drive == Some(DriveStep::Specified) {
            changes.push(moved(DriveStep::Received));
        }
        if !goes_on {
            changes.push(moved(DriveStep::Transferring));
        }
        changes
    }

    /// Returns what is to be written down when a drive was filled: it becomes part of the shipment, or what its journal says
    /// becomes known. Nothing where that stands there already.
    #[must_use]
    pub fn takes_filled(&self, serial: &str, facts: &LedgerFacts) -> Vec<Change> {
        let (serial, facts) = (serial.to_owned(), facts.clone());
        match self.drive(&serial).map(|drive| &drive.facts) {
            None => {
                let facts = Some(facts);
                vec![Change::Added { serial, facts }]
            }
            Some(Some(known)) if *known == facts => Vec::new(),
            Some(_) => vec![Change::Proven { serial, facts }],
        }
    }

    /// Returns what is to be written down once a drive is copied: how, and what its journal says where that was not known.
    #[must_use]
    pub fn ends_to_copy(
        &self,
        serial: &str,
        facts: Option<LedgerFacts>,
        end: DriveStep,
    ) -> Vec<Change> {
        let drive = self.drive(serial);
        let facts = facts.filter(|_| drive.is_some_and(|drive| drive.facts.is_none()));
        let mut changes: Vec<_> = facts
            .map(|facts| Change::Proven {
                serial: serial.to_owned(),
                facts,
            })
            .into_iter()
            .collect();
        // What is done is done: a second run that had nothing left to do changes no more.
        if !drive.is_some_and(|drive| drive.state.is_done()) {
            changes.push(Change::DriveMoved {
                serial: serial.to_owned(),
                to: end,
            });
        }
        changes
    }
}
