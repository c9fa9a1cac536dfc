//! Reading a drive back and proving it.
//!
//! ```text
//! ReadAt -> partition table -> unlock -> check (every NTFS invariant) -> \DriveManifest.xml -> every block's MD5
//!                                                                  '-> nothing else is on the volume
//! ```
//! The agent and the browser run the same function: it takes bytes by [`disk::ReadAt`], starts no thread and reads no
//! clock. It shares no code with what laid the drive out, beyond the stored structures.

mod contents;
mod finding;
mod open;
mod report;

pub use contents::{Contents, Item};
pub use finding::{Finding, FindingCode};
pub use open::{OpenDriveError, OpenedDrive, open_drive};
pub use report::{Expected, FINDINGS_MAX, VerifyPhase, VerifyProgress, VerifyReport, VerifyVerdict, verify};
