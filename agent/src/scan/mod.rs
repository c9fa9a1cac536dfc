//! What is in a source folder: walked in parallel, without following a symlink, everything that cannot go named with its reason.

mod beneath;
mod report;
mod walk;

pub use beneath::{OpenSourceError, SourceFile, SourceRoot};
pub use report::{ScanReport, Skipped, SkippedReason};
pub use walk::{ScanError, scan};
