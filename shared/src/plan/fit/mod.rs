//! Which files go onto which drive.
//!
//! ```text
//! problems -> Measures -> Costs (bytes each file takes) -> bound (fewer than this cannot do, and why)
//!                        |                          |
//!                        '-> pack onto k drives <---'  k = bound, bound + 1, ...; where no quick way packs
//!                                 |    ^               them, `exact` packs or proves that k cannot do
//!                                 v    | what the estimate missed
//!                            Count of every drive, as a layout comes to  -> Plan
//! ```
//! Packing counts bytes cheaply and a little too low; a count of all areas then proves each drive to
//! the last cluster, and what the count missed is taken off that drive's room before it is packed again. So
//! a plan never promises what does not fit, and never refuses for an estimate's sake.

#[cfg(test)]
mod agreement;
mod assumed;
mod bin;
mod bound;
mod contents;
mod cost;
mod count;
mod decided;
mod error;
mod exact;
#[cfg(test)]
mod falkenauer;
mod fill;
#[cfg(test)]
mod listed;
mod marks;
mod measures;
mod options;
mod pack;
mod planned;
mod prove;
mod search;
mod stock;
#[cfg(test)]
mod tests;
mod words;

pub use error::FitError;
pub use options::{DriveSize, PlanOptions};
pub use planned::{DRIVES_PER_JOB, Plan, PlanHasher, PlannedDrive};
pub use search::fit;
