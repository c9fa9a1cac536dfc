//! A job in words: the states of one drive, what moves it on, and how the end is called.
//!
//! ```text
//! DriveEvent --step--> DriveState --verdict--> Verdict --worst of the drives--> the job's
//! ```

mod event;
mod finding;
mod identity;
mod moment;
mod state;
mod verdict;

pub use crate::left_out::{LeftOut, LeftOutReason};
pub use event::DriveEvent;
pub use finding::Finding;
pub use identity::{DriveIdentity, FreeSpace, SerialSource};
pub use moment::{Moment, NotAMoment};
pub use state::{DriveState, OutOfOrder, Stage};
pub use verdict::Verdict;
