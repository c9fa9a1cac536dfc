//! The ledger: every shipment from the day it is opened to the day its drives are back.
//!
//! ```text
//! Opened -> Entry* --apply, which refuses what cannot follow--> Shipment (a state, its drives, its parcels)
//!
//! Creating -> Shipping -> Received -> Transferring -> Packaging -> Completed | Closed      the service's words
//!    '--> Canceled <--'        '----------'-------------'--- <-> Faulted                   (azure-import-export.md, 7.2)
//! ```
//! A shipment *is* its entries: nothing is ever changed, only added. So two sites that pass a shipment back and forth
//! agree when one's entries begin with the other's, and a ledger that diverged says where. No keys are in it.

mod drive;
mod entry;
mod error;
mod exchange;
mod follow;
mod shipment;
mod state;
#[cfg(test)]
mod tests;
mod words;

pub use drive::LedgerDrive;
pub use entry::{Change, Direction, Entry, LedgerFacts, Sent, Service, Way};
pub use error::{LedgerError, Refused};
pub use exchange::{Exchange, ExchangeError, Merged, merge, read_exchange};
pub use shipment::Shipment;
pub use state::{DriveStep, ShipmentState};
