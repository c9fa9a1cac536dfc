//! Jobs: one thread owns one job, from the confirmed plan to the verdict.
//!
//! [`Jobs`] is a handle that is cheap to clone; the command line and the page use the same one.
//! What it tells is in the words of [`shared::api`].
//!
//! ```text
//! request -> Prepared (list, plan, look) -> confirm -> Frozen (keys, plan file) -+-> attempt::run, one thread a drive
//!                |                                                              |           |
//!                +-> JobError: nothing was written     resume: plan file, journals      Ledger -> Hub -> events
//! ```
//!
//! What happens to a drive is an event that is first durable in the drive's journal and only then
//! published.

mod abort;
mod add;
mod confirmation;
mod copy_logs;
mod freeze;
mod gather;
mod gather_listing;
mod gather_rows;
mod gather_store;
mod handle;
mod hub;
mod interrupted;
mod kept_paths;
mod kept_volume;
mod left_on_the_way;
mod locate;
mod manifest_again;
mod moved;
mod not_exported;
mod old_journals;
mod on_drive;
pub mod plan_file;
mod prepared;
mod renames_file;
mod replacement;
mod request;
mod resume;
mod room;
mod runner;
mod scan_reply;
mod session_journals;
mod session_plans;
mod share;
mod store;
mod targets;

pub use crate::attempt::{now, place, read_left_out};
pub use crate::job_error::{JobError, Kind};
pub use abort::{Aborted, abort};
pub use copy_logs::copy_logs;
pub use gather::{Gathered, gather};
pub use gather_rows::{Attached, mapped};
pub use handle::Jobs;
pub use kept_volume::{HeadKept, KeptTarget};
pub use manifest_again::{KeptManifest, kept_manifest};
pub use not_exported::{NotExported, not_exported};
pub use old_journals::{free_for, journals};
pub use replacement::ReplaceRequest;
pub use request::{
    Confirmation, ExportRequest, JobRequest, Origin, Passphrase, SectorDoubt, TargetRequest,
};
pub use resume::{ResumeRequest, Whereabouts};
pub use room::as_much_as_fits;
pub use scan_reply::scan_reply;
pub use session_journals::session_journals;
pub use targets::{identity_of, serial_source};
