//! What is written down of a shipment: one entry a fact.

use serde::{Deserialize, Serialize};

use super::state::{DriveStep, ShipmentState};
use crate::handoff::{Address, ProvenDrive};
use crate::job::{Moment, Verdict};

/// One fact, when it was written down, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it was written down.
    pub at: Moment,
    /// The machine it was written down on.
    pub by: String,
    /// The fact.
    pub change: Change,
}

/// A fact about a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// The shipment exists. Always the first entry, and only that.
    Opened {
        /// Where the data goes.
        direction: Direction,
        /// Who has the storage.
        service: Service,
    },
    /// A drive is part of it.
    Added {
        /// The drive's serial.
        serial: String,
        /// What its journal says; none when there is no journal here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        facts: Option<LedgerFacts>,
    },
    /// A drive that was filled after it became part of it is proven now: files of version 2.
    Proven {
        /// The drive's serial.
        serial: String,
        /// What its journal says.
        facts: LedgerFacts,
    },
    /// The shipment goes on.
    Moved {
        /// To this state.
        to: ShipmentState,
    },
    /// A drive goes on.
    DriveMoved {
        /// The drive's serial.
        serial: String,
        /// To this state.
        to: DriveStep,
    },
    /// A parcel is on its way.
    Sent(Sent),
    /// Where the drives come back to.
    ReturnAddress {
        /// The address.
        address: Address,
    },
    /// Anything else worth knowing.
    Note {
        /// In a person's words.
        text: String,
    },
}

/// Where the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From drives to storage.
    Import,
    /// From storage to drives.
    Export,
}

/// Who has the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Azure, Microsoft.ImportExport.
    ImportExport,
    /// Azure, Microsoft.DataBox with disks of the customer.
    Databox,
    /// A site of one's own, or a partner's, with `argosy ingest` and `argosy export`.
    Own,
}

/// What a drive's journal says, as far as others may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerFacts {
    /// How the drive ended.
    pub verdict: Verdict,
    /// MD5 of the manifest, upper-case Base16.
    pub manifest_hash: String,
    /// Files on it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A parcel on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// There, or back.
    pub way: Way,
    /// FedEx, UPS, DHL.
    pub carrier: String,
    /// The carrier's number of it.
    pub tracking: String,
}

/// Which way a parcel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To where the storage is.
    There,
    /// Back to its owner.
    Back,
}

impl From<&ProvenDrive> for LedgerFacts {
    fn from(drive: &ProvenDrive) -> Self {
        Self {
            verdict: drive.verdict,
            manifest_hash: drive.manifest_hash.clone(),
            files: drive.files,
            bytes: drive.bytes,
        }
    }
}

impl Direction {
    /// Returns the direction of a shipment that a drive can be part of.
    #[must_use]
    pub const fn of(drive: &ProvenDrive) -> Self {
        if drive.exported {
            Self::Export
        } else {
            Self::Import
        }
    }

    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
        }
    }
}
