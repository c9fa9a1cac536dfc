//! Checks every invariant of an NTFS volume that `chkdsk` is known to check, and some that nobody else does.
//!
//! ```text
//! boot sector, $UpCase                                    boot, system
//! $MFT from start to end, once                            records -> attributes, streams, attribute_lists, files
//!     each file's clusters are claimed                        -> clusters
//!     each file adds what folders must say of it              -> record_table
//!     each index is gone through, and                         -> index, folder
//!         each entry subtracts what it says                   -> record_table
//! $Volume, $AttrDef, $BadClus, $Extend, $LogFile, $Secure  system, log_file, secure
//! $Bitmap against the clusters claimed                     clusters
//! every folder leads to the root                           linkage
//! records whose sum is not 0: which name, which entry      linkage
//! ```
//!
//! So a volume without fault is read once, ascending, and each record costs 24 bytes; only what is wrong is looked at
//! again. The walk does not stop at a fault, and says one thing once as far as it can.
//!
//! What Windows and other drivers leave behind on sound volumes (space allocated ahead, a hard link's old size) is a note,
//! not a finding.

mod attribute_lists;
mod attributes;
mod boot;
mod checker;
mod clusters;
mod expectation;
mod files;
mod finding;
mod folder;
mod index;
mod linkage;
mod log_file;
mod names;
mod place;
mod reader;
mod record_table;
mod records;
mod report;
mod secure;
mod security_descriptor;
mod streams;
mod system;

pub use checker::check;
pub use finding::{Finding, FindingKind};
pub use report::CheckReport;
