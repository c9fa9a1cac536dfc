//! Reading a drive back and proving it.
//!
//! ```text
//! ReadAt -> partition table -> unlock -> check (every NTFS invariant) -> the manifest -> every block's MD5
//!                                                                  '-> nothing else is on the volume
//! ```
//! The agent and the browser run the same function: it takes bytes by [`disk::ReadAt`], starts no
//! thread and reads no clock. It shares no code with what laid the drive out, beyond the stored
//! structures.

#[cfg(test)]
mod agreement;
mod batch;
mod files;
mod finding;
mod manifest;
mod open;
mod others;
mod outer;
mod report;
mod run;
mod seen;
#[cfg(test)]
mod tests;

pub use finding::{FINDINGS_MAX, Finding, FindingCode};
pub use manifest::{FindManifestError, find_manifest};
pub use open::{OpenDriveError, OpenedDrive, open_drive, open_shared};
pub use others::is_windows_own;
pub use report::{Expected, VerifyPhase, VerifyProgress, VerifyReport, VerifyVerdict};
pub use run::{verify, verify_opened};
