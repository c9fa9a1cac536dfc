//! What is in a source folder: walked in parallel, without following a symlink, everything that
//! cannot go named with its reason.
//!
//! ```text
//! scan -> walk (a task a folder: Names, facts) -> found, sorted: Entries -> ScanReport
//! SourceRoot -> open_file, later, of what the report lists: through no symlink, not out of it
//! ```
//!
//! Deliberately absent: judging names. NTFS and Blob storage have their say in `shared::plan`.

mod beneath;
mod entries;
mod facts;
mod names;
mod options;
mod report;
mod walk;

pub use beneath::{OpenSourceError, SourceFile, SourceRoot, SourceState};
pub use entries::{Entries, Entry};
pub use options::{ScanOptions, ScanProgress, ScanWatch};
pub use report::{ScanReport, Skipped, SkippedReason};
pub use walk::{ScanError, scan};
