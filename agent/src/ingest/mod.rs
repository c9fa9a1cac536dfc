//! From a drive into a store and into file shares: does what the Azure Import service does with an import drive, and with its words.
//!
//! ```text
//! drive -> unlock -> NTFS -> ManifestFacts (MD5, DriveId)       one thread reads the drive: `serve`
//!                                                                      ^  DriveFiles (asks, one after the other)
//! manifest, blob by blob -> Target (rename, no-overwrite, overwrite) -> blocks | pages -> commit -> StateFile, LogFiles
//!           file by file -> Aim    (likewise) -> ranges under another name -> times -> its name -> the same
//! ```
//!
//! Every block is compared with the manifest *before* it is sent, and nothing is committed of a blob whose file differs.
//! Memory: `parallel` blocks, and what the state file says of every blob.

mod attached;
mod blob;
mod blocks;
mod check;
mod drive_files;
mod goals;
mod item;
mod item_target;
mod log_files;
mod outcome;
mod pages;
mod repair;
mod report;
mod run;
mod state_file;
mod state_record;
mod target;

pub use check::{Amount, DriveFault, Expected, ManifestFacts, check_manifest, unlock_status};
pub(crate) use drive_files::{DriveFailed, DriveFile, Files, Place};
pub use goals::Goals;
pub use log_files::{LogFiles, LogFormat, LogLevel, LogOptions};
pub use report::{IngestFinding, IngestReport};
pub use run::{Filled, IngestOptions, ingest};
pub(crate) use run::{SaidThere, send_again};
pub use state_file::{StateError, StateFile};
pub use state_record::StateOf;
