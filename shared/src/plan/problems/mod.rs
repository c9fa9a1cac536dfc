//! What cannot go as it is called.
//!
//! ```text
//! listing -> rule of each name (folders first) -> twins in each folder -> rule of each whole path -> Problems
//! ```

mod blobs;
mod found;
mod mend;
mod proposal;
mod rule;
mod twins;

pub(in crate::plan) use found::judged;
pub use found::{Problem, Problems, problems};
pub use mend::mend;
pub(in crate::plan) use proposal::propose;
pub use rule::Rule;
