//! A drive that somebody encrypted and filled by hand: hashed where it lies, never written to.
//!
//! ```text
//! survey: walk the volume -> files with blob names, and what cannot go (refused, named)
//! manifest: read and hash each file -> SERIAL.DriveManifest.xml beside the journal
//! adopt: key, identity -> SERIAL.jrn (InPlace, Closed written), SERIAL_DriveInfo_SERIAL.xml
//! ```
//! The person copies the manifest onto the drive, and `argosy verify` proves it there. What WAImportExport
//! calls `/skipwrite`.

mod adopt;
mod manifest;
mod survey;

pub use adopt::{Adopted, Adoption, Described, adopt};
pub use survey::Hindrance;
