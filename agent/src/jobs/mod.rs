//! Jobs: one thread owns one job, from the confirmed plan to the verdict.
//!
//! [`Jobs`] is a handle that is cheap to clone; the command line and the page use the same one. What it tells is in the
//! words of [`shared::api`].
//!
//! ```text
//! plan (scan, fit, look at the drives) -> WaitsForConfirmation -> confirm -> Running -> Ended
//!   |                                          |                     |
//!   +-> JobError                               +------- cancel ------+--> Ended
//! ```
//!
//! What happens to a drive is an event that is first durable in the drive's journal and only then published.

mod error;
mod handle;
mod request;

pub use error::{JobError, Kind};
pub use handle::Jobs;
pub use request::{Confirmation, JobRequest, Origin, TargetRequest};
