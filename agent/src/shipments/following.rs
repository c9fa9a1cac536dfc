//! A shipment that a command moves on while it works. Whatever the ledger says, the data work goes on.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use shared::ledger::{Change, Direction, DriveStep, LedgerFacts, Shipment};

use super::entry::entries;
use super::store::{Shipments, ShipmentsError};

/// Letters of a note; a ledger takes no longer one.
const NOTE_MAX: usize = 1000;

/// A shipment, followed. The ledger is open for moments only, so that others can write too.
pub struct Following {
    state_dir: PathBuf,
    name: String,
    refused: RefCell<Vec<String>>,
}

impl Following {
    /// Returns one that writes into the ledger of `state_dir` about the shipment `name`.
    #[must_use]
    pub fn new(state_dir: &Path, name: &str) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            name: name.to_owned(),
            refused: RefCell::default(),
        }
    }

    /// Returns the shipment's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes down that a drive is being copied now.
    pub fn begins(&self, serial: &str) {
        self.write(|shipment| shipment.begins_to_copy(serial));
    }

    /// Writes down how the copying of a drive ended, and a note of it.
    pub fn ends(&self, serial: &str, facts: Option<LedgerFacts>, end: DriveStep, note: &str) {
        self.write(|shipment| shipment.ends_to_copy(serial, facts.clone(), end));
        self.note(note);
    }

    /// Writes down a drive that was filled, and what its journal says.
    pub fn filled(&self, serial: &str, direction: Direction, facts: &LedgerFacts) {
        let mut foreign = None;
        self.write(|shipment| {
            if shipment.direction == direction {
                return shipment.takes_filled(serial, facts);
            }
            foreign = Some(shipment.direction);
            Vec::new()
        });
        if let Some(own) = foreign {
            self.refuse(format!(
                "shipment {}: drive {serial} was filled for an {}; the shipment is an {}",
                self.name,
                direction.word(),
                own.word()
            ));
        }
    }

    /// Writes a note down.
    pub fn note(&self, text: &str) {
        let text = line(text);
        self.write(|_| vec![Change::Note { text: text.clone() }]);
    }

    /// Writes facts down, all or none.
    pub fn facts(&self, changes: Vec<Change>) {
        self.write(|_| changes);
    }

    /// Returns the shipment as it stands now; none when the ledger does not say.
    #[must_use]
    pub fn shipment(&self) -> Option<Shipment> {
        Shipments::open(&self.state_dir)
            .and_then(|ledger| ledger.get(&self.name))
            .ok()
    }

    /// Returns what the ledger did not take, in its words.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.refused.borrow().clone()
    }

    /// Keeps what cannot be written down, to be said at the end.
    pub fn refuse(&self, said: String) {
        let mut refused = self.refused.borrow_mut();
        // A shipment that is not there is said once.
        if !refused.contains(&said) {
            refused.push(said);
        }
    }

    fn write(&self, changes: impl FnOnce(&Shipment) -> Vec<Change>) {
        let written = Shipments::open(&self.state_dir).and_then(|ledger| {
            let changes = changes(&ledger.get(&self.name)?);
            if !changes.is_empty() {
                ledger.add(&self.name, entries(changes))?;
            }
            Ok::<(), ShipmentsError>(())
        });
        if let Err(error) = written {
            self.refuse(error.to_string());
        }
    }
}

/// Returns a text as the one line that a note is.
fn line(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(plain).take(NOTE_MAX).collect()
}
