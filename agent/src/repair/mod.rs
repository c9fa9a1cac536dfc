//! Mends what a copy log says went wrong.
//!
//! ```text
//! copy log (classic; today's with the drive's manifest) -> Wanted -> Originals: the file of each, below folders or by a path map
//!                                                                          '- OriginalFiles in place of a drive -> ingest
//! ```
//! An original is compared with the hashes of the log or manifest before anything of it is sent.

mod export;
mod files;
mod import;
mod mend;
mod originals;
mod read_at;
mod wanted;

pub use export::{ExportRepair, ExportRepairReport, HomeFinding};
pub use import::{Repair, RepairReport};
pub use originals::{Located, Originals};
pub(crate) use read_at::read_at;
pub use wanted::{Wanted, WantedError, WantedFile, wanted};
