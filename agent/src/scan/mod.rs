//! What is in a source folder: walked in parallel, without following a symlink, everything that
//! cannot go named with its reason.
//!
//! ```text
//! scan -> walk (a task a folder) -> found, sorted -> ScanReport
//! SourceRoot -> open_file, later, of what the report lists: through no symlink, not out of it
//! ```
//!
//! Deliberately absent: judging names. NTFS and Blob storage have their say in `shared::plan`.

mod beneath;
mod facts;
mod options;
mod report;
mod walk;

pub use beneath::{OpenSourceError, SourceFile, SourceRoot, SourceState};
pub use options::{ScanOptions, ScanProgress, ScanWatch};
pub use report::{Entry, ScanReport, Skipped, SkippedReason};
pub use walk::{ScanError, scan};
