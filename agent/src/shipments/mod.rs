//! The ledger of shipments on this machine: what `shared::ledger` decides, kept where a crash cannot harm it.

mod store;
#[cfg(test)]
mod tests;

pub use store::{Shipments, ShipmentsError, Taken};
