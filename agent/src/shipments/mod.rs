//! The ledger of shipments on this machine: what `shared::ledger` decides, kept where a crash cannot harm it.

mod entry;
mod following;
mod store;
#[cfg(test)]
mod tests;

pub use entry::entries;
pub use following::Following;
pub use store::{Shipments, ShipmentsError, Taken};
