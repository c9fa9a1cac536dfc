//! What became of every blob of a drive, as the service tells it: the classic drive log (2014-11-01) and the copy log of
//! today (2021-08-01). Written by an ingest, read by a repair and a confirmation.
//!
//! ```text
//! LoggedBlob --ClassicWriter--> <DriveLog> of Blobs, with every block    --read_classic--> DriveLog
//!      \-----current::*-------> a run of <File> and <ErroredEntity>, a summary  --read_current--> CurrentLog
//! ```
//!
//! Source: azure-import-export.md 5.3 and 5.5 (storage-import-export-file-format-log.md,
//! storage-import-export-tool-reviewing-job-status-v1.md).

mod classic;
mod classic_reader;
mod crc64;
mod current;
mod current_reader;
mod entry;
mod status;

pub use crate::xml_element::NoXml;
pub use classic::ClassicWriter;
pub use classic_reader::{DriveLog, LogError, is_classic, read_classic};
pub use crc64::Crc64;
pub use current::{Category, Errored, Succeeded, write_errored, write_succeeded, write_summary};
pub use current_reader::{CurrentLog, read_current};
pub use entry::{LoggedAttached, LoggedBlob, LoggedPart};
pub use status::{AttachedStatus, BlobStatus, DispositionStatus, DriveStatus, PartStatus};
