//! Jobs: one thread owns one job, from the list of files to the verdict.
//!
//! [`Jobs`] is a handle that is cheap to clone; the command line and the page use the same one.
//!
//! ```text
//! start -> Listing -> AwaitingConfirmation -> confirm -> Running -> Finished
//!             |                |                            |
//!             +--- Refused     +----------- cancel ---------+--> Finished(cancelled)
//! ```
//!
//! Every change is an event that is first in the drive's journal (where it belongs there) and only then published.

mod error;
mod event;
mod handle;
mod request;
mod snapshot;

pub use error::{ConfirmError, JobError, StartError};
pub use event::{JobEvent, JobNews};
pub use handle::Jobs;
pub use request::{Confirmation, FreeSpace, JobId, JobRequest, SourceRequest, TargetRequest};
pub use snapshot::{DriveSnapshot, DriveStage, JobSnapshot, JobStage, PlannedDriveView, Rates};
