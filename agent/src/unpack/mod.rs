//! Copies everything out of a BitLocker or NTFS drive, ours or anybody's, and compares it with the
//! drive's manifest on the way.
//!
//! ```text
//! disk -> ReadAhead -> open_drive -> plan (what, proof, place; in the drive's order)
//!                          '-> load (decrypt, hash side by side) -> writers -> parts in the side folder
//!                                                                                '-> arrive: durable, then renamed, then noted
//! ```
//!
//! Nothing on the drive decides where a file goes but the names of its folders or its blob's, and
//! those are only ever looked up below the destination: no name leads out of it, no link in it is
//! followed, and no existing file is replaced. A file has its name only once all of it is durable, so
//! whatever ends a run, the next one goes on.

mod arrive;
mod destination;
mod found;
mod home;
mod load;
mod log;
mod manifest;
mod names;
mod out;
mod plan;
mod range_hasher;
mod report_file;
mod run;
mod side;
mod space;
mod state;

pub use arrive::Progress;
pub use destination::{has_room, take_back, unusable};
pub use found::{Row, Rows, UnpackFinding, UnpackReport};
pub use home::{Home, HomeError};
pub use log::LogProofs;
pub use manifest::{DriveManifest, manifest_of};
pub use names::SIDE;
pub(crate) use names::{fitting, is_safe_name, place_of_blob};
pub use range_hasher::{RangeHasher, Span, take_all};
pub use report_file::ReportFile;
pub use run::{UnpackOptions, Unpacking};
pub use space::free_bytes;
