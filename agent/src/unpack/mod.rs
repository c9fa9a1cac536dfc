//! Copies everything out of a BitLocker or NTFS drive, ours or anybody's, and compares it with the
//! drive's manifest on the way.
//!
//! ```text
//! disk -> ReadAhead -> open_drive -> Volume::walk -> RangeHasher (manifest) -> Home (destination folder)
//! ```
//!
//! Nothing on the drive decides where a file goes but the names of its folders, and those are only
//! ever looked up below the destination: no name leads out of it, no link in it is followed, and no
//! existing file is replaced.

mod home;
mod manifest;
mod range_hasher;
mod run;

pub use home::{Home, HomeError};
pub use manifest::{DriveManifest, manifest_of};
pub use range_hasher::RangeHasher;
pub use run::{UnpackFinding, UnpackOptions, UnpackReport, unpack};
