//! Shipments as a file that one site gives to another, and what becomes of two accounts of one shipment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::entry::{Change, Entry};
use super::error::LedgerError;
use super::shipment::Shipment;

/// The latest version; every version up to it is read. Version 2 has `proven`; files without it are written as version 1,
/// which earlier versions read.
const VERSION: u32 = 2;

/// Shipments in a file, and on the wire: `{"argosy_ledger": 1, "shipments": [{"name", "entries"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    argosy_ledger: u32,
    shipments: Vec<Told>,
}

/// One shipment in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    name: String,
    entries: Vec<Entry>,
}

/// A file that is no ledger.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// It is not in the form.
    #[error("this is no ledger of shipments: {0}")]
    Form(String),
    /// A later Argosy wrote it.
    #[error("this ledger is of version {found}; this Argosy reads up to {VERSION}")]
    Version {
        /// What it says.
        found: u32,
    },
    /// A shipment is in it twice.
    #[error("shipment {name} is in it twice")]
    Twice {
        /// The shipment.
        name: String,
    },
    /// An entry cannot stand where it does.
    #[error(transparent)]
    Entry(#[from] LedgerError),
}

/// What becomes of two accounts of one shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Both say the same, or ours says more: nothing is to be done.
    Ours,
    /// Theirs goes on where ours ends: these entries are new.
    Newer(Vec<Entry>),
    /// From this entry on, counted from 1, they tell different stories.
    Diverged {
        /// The entry.
        number: usize,
    },
}

impl Exchange {
    /// Returns the file's content for `shipments`.
    pub fn of<'a>(shipments: impl IntoIterator<Item = &'a Shipment>) -> Self {
        let told = |shipment: &Shipment| Told {
            name: shipment.name.clone(),
            entries: shipment.entries.clone(),
        };
        let shipments: Vec<_> = shipments.into_iter().map(told).collect();
        let is_new = |entry: &Entry| matches!(entry.change, Change::Proven { .. });
        let needs_new = shipments.iter().any(|told| told.entries.iter().any(is_new));
        Self {
            argosy_ledger: if needs_new { VERSION } else { 1 },
            shipments,
        }
    }

    /// Returns the file's text.
    ///
    /// # Panics
    /// Never: plain data has a JSON form.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has a JSON form")
    }

    /// Folds every shipment in it.
    ///
    /// # Errors
    /// [`ExchangeError`]; nothing of such a file is to be believed.
    pub fn shipments(self) -> Result<Vec<Shipment>, ExchangeError> {
        let mut names = BTreeSet::new();
        let mut shipments = Vec::with_capacity(self.shipments.len());
        for told in self.shipments {
            if !names.insert(told.name.clone()) {
                return Err(ExchangeError::Twice { name: told.name });
            }
            shipments.push(Shipment::replay(&told.name, told.entries)?);
        }
        Ok(shipments)
    }
}

/// Reads a file and folds every shipment in it.
///
/// # Errors
/// [`ExchangeError`]; nothing of such a file is to be believed.
pub fn read_exchange(json: &[u8]) -> Result<Vec<Shipment>, ExchangeError> {
    let form = |error: serde_json::Error| ExchangeError::Form(error.to_string());
    // A later version may have another form: its number counts first.
    let value: serde_json::Value = serde_json::from_slice(json).map_err(form)?;
    let version = value
        .get("argosy_ledger")
        .and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version > u64::from(VERSION)) {
        let found = u32::try_from(version).unwrap_or(u32::MAX);
        return Err(ExchangeError::Version { found });
    }
    let exchange: Exchange = serde_json::from_value(value).map_err(form)?;
    exchange.shipments()
}

/// Compares two accounts of one shipment.
#[must_use]
pub fn merge(ours: &Shipment, theirs: &Shipment) -> Merged {
    let common = ours.entries.iter().zip(&theirs.entries);
    let same = common.take_while(|(ours, theirs)| ours == theirs).count();
    if same == theirs.entries.len() {
        Merged::Ours
    } else if same == ours.entries.len() {
        Merged::Newer(theirs.entries.iter().skip(same).cloned().collect())
    } else {
        Merged::Diverged {
            number: same.saturating_add(1),
        }
    }
}
