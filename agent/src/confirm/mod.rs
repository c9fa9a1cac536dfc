//! Closes the loop: is everything that was prepared in storage?
//!
//! ```text
//! journals -> KeptManifest (proven by MD5) -> Expected: 64 bytes a file
//!                 |                              ^  lists of each container, page by page: name, size, Content-MD5
//!                 '- once more, for what that leaves open -> copy logs -> originals' CRC-64 -> read back -> unproven
//! ```
//! Nothing is said that was not compared: a blob of the right name and size is *there*, and no more.

mod compare;
mod evidence;
mod expected;
mod findings;
mod report;
mod run;

pub use evidence::Evidence;
pub use findings::{Findings, Found};
pub use report::ConfirmReport;
pub use run::{Asked, Progress, confirm, in_the_way};
pub use shared::api::{StorageCode as Code, StorageFinding as Finding, StorageVerdict as Verdict};
