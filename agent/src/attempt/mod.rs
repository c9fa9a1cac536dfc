//! One drive, from where its journal stands to its verdict.
//!
//! A new drive and one that was interrupted go the same way: [`Ledger`] says where the drive stands,
//! and [`run()`] takes it from there, phase by phase, each step first durable on the drive and then in
//! the journal. An interrupted drive is recognised by its content before anything is written to it.
//!
//! ```text
//!            +- no journal:  Begun::new, the key in it ----------------+
//! DriveJob --+                                                        +-> erase -> fill -> mend -> seal -> read back
//!            +- a journal:   Begun::reopen, Known::recognise, Resumed -+   (from the stage in the journal on)
//! ```
//!
//! What it touches of the world comes in as arguments: the drive ([`Bay`]), the journal's disk
//! ([`crate::shelf`]), the sources, the clock. So the same code runs on drives and in a simulation
//! that crashes it at every step.

mod added;
mod bay;
mod begun;
mod common;
mod drive_job;
mod drive_meter;
mod erasure;
mod keys;
mod ledger;
mod left_out_csv;
mod marker;
mod read_back;
mod run;
mod stop;

pub use added::digest;
pub use bay::{Bay, BayError, DriveBay};
pub use begun::{Begun, ReopenError, forget, whole_journal};
pub use common::{Clock, Common, Grain, now, tool};
pub use drive_job::DriveJob;
pub use drive_meter::{DriveMeter, Speed};
pub use erasure::{Likeness, untouched};
pub use keys::{DriveKeys, NoKeys};
pub use ledger::{Ledger, Teller};
pub use left_out_csv::read_left_out;
pub use read_back::place;
pub use run::{UNTOLD, run, untold};
pub use stop::{DriveEnd, Stop};
