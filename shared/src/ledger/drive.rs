//! A drive of a shipment.

use serde::Serialize;

use super::entry::LedgerFacts;
use super::state::DriveStep;

/// A drive of a shipment, as its entries have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerDrive {
    /// Its serial.
    pub serial: String,
    /// Where it stands.
    pub state: DriveStep,
    /// What its journal says; none when there is none.
    pub facts: Option<LedgerFacts>,
    /// Whether the logs of its copying said more than "completed".
    pub has_more_info: bool,
}
