//! `\DriveManifest.xml`: what is on a drive, blob by blob, with an MD5 for every block. Grammar
//! 2014-11-01.
//!
//! ```text
//! ManifestFile --ManifestWriter--> XML --ManifestReader--> ManifestFile          (both stream, memory of one file)
//!      \--PlannedFile--> planned_frame_bytes + planned_file_bytes = the XML's exact length, before any byte is read
//! ```
//!
//! The length has to be known first because the file's extent on the drive is planned before the
//! data pass. Nothing in it therefore depends on content but the hashes, and those have a fixed
//! length.
//!
//! Source: reference azure-import-export.md part 4 (storage-import-export-file-format-manifest.md).

mod attached;
mod attached_values;
mod blob_list;
mod blocks;
mod error;
mod escape;
mod file;
mod planned;
mod reader;
mod renamed;
mod tags;
mod writer;

pub use attached::{AttachedKind, AttachedProblem};
pub use blob_list::{BlobList, BlobListError, WantedBlobs};
pub(crate) use blocks::choose_kind_of;
pub use blocks::{
    BLOCK_BYTES, BLOCKS_MAX, BlobKind, KindChoice, PAGE_BYTES, PageBlobRefused, block_bytes,
    choose_kind, is_disk_image, part_count, parts,
};
pub use error::{ManifestError, ManifestFault};
pub(crate) use escape::write_escaped;
pub use escape::{NotXml, check_text};
pub use file::{Attached, Disposition, ManifestFile, Part, PlannedFile, Ranges};
pub(crate) use planned::{PlannedLines, escaped_bytes};
pub use planned::{planned_bytes, planned_file_bytes, planned_frame_bytes};
pub use reader::{ManifestReader, ManifestSummary};
pub use renamed::renamed;
pub use writer::{CLIENT_CREATOR, ManifestWriteError, ManifestWriter, WrittenManifest};
