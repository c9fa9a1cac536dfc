//! Jobs: one thread owns one job, from the confirmed plan to the verdict.
//!
//! [`Jobs`] is a handle that is cheap to clone; the command line and the page use the same one.
//! What it tells is in the words of [`shared::api`].
//!
//! ```text
//! request -> Prepared (list, plan, look) -> confirm -> Frozen (keys, plan file) -> drive_run, one thread a drive
//!                |                                                                   |
//!                +-> JobError: nothing was written                  Ledger (journal, side file) -> Hub -> events
//! ```
//!
//! What happens to a drive is an event that is first durable in the drive's journal and only then
//! published.

mod abort;
mod attempt;
mod drive_meter;
mod drive_run;
mod error;
mod freeze;
mod gather;
mod handle;
mod hub;
mod kept_paths;
mod ledger;
mod left_out_csv;
mod old_journals;
pub mod plan_file;
mod prepared;
mod read_back;
mod request;
mod runner;
mod store;
mod targets;

pub use abort::{Aborted, abort};
pub use error::{JobError, Kind};
pub use gather::{Attached, Gathered, gather, mapped};
pub use handle::Jobs;
pub use ledger::now;
pub use left_out_csv::read_left_out;
pub use read_back::place;
pub use request::{Confirmation, JobRequest, Origin, TargetRequest};
pub use targets::serial_source;

/// Returns the program and its version, as journals and plans name it.
#[must_use]
pub fn tool() -> String {
    format!("argosy {}", env!("CARGO_PKG_VERSION"))
}
