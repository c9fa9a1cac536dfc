//! One ascending pass over one drive, and what follows it.
//!
//! A layout says what every byte of the drive will be ([`shared::drive::DriveLayout`]); this module
//! reads the files, hashes, encrypts and writes. Stages are threads with bounded queues between
//! them; six buffers of up to 16 MiB go round, four of them hashed side by side, so a drive takes 96 MiB
//! however large it is.
//!
//! ```text
//! Course -> Reader -> Hasher -> Encrypter -> Writer -> device
//! (legs)      ^                                | |
//!             +-------- empty buffers ---------+ +-> Marks: flush, side file, journal `Durable`
//!
//! then: ASC MHL where wanted, manifest (from the side file's hashes), mend, seal, read back
//! onto a drive that keeps what is on it: manifest behind the one that is there, mend, redo, read back
//! ```
//!
//! A file that cannot be read, or that moved since the plan, is left out and named; its bytes go on
//! as encrypted zeros, so that the pass never stops for a source. A device that fails stops it at
//! once.

mod batch;
mod cancel;
mod course;
mod error;
mod hash;
mod hash_index;
mod hash_list;
mod last_place;
mod long_blobs;
mod manifest;
mod mend;
mod overwritten;
mod plain;
mod properties;
mod read;
mod read_ahead;
mod recognise;
mod redo;
mod seal;
mod side_file;
mod source_read;
mod sources;
mod start;
mod stopwatch;
mod structures;
mod surface;
mod work;
mod write;

pub use cancel::Cancel;
pub use course::LEG_BYTES;
pub use error::PipelineError;
pub use hash_index::HashIndex;
pub use hash_list::write_hash_list;
pub use long_blobs::{Past, bytes_read_back};
pub use manifest::{ManifestWritten, write_manifest, write_manifest_into};
pub use mend::mend;
pub use overwritten::Overwritten;
pub use plain::Plain;
pub use properties::content_md5_file;
pub use read_ahead::{ReadAhead, reading_ahead, reading_ahead_timed};
pub use recognise::{Known, RecogniseError};
pub use redo::{RedoReader, redo, redo_bytes, redone};
pub use seal::seal;
pub use side_file::{SideFile, SideFileError, SideReader};
pub use sources::{SourceFiles, SourceRead, SourceTarget, Sources};
pub use start::Start;
pub use stopwatch::{Part, Stopwatch};
pub use structures::{Mended, Structures};
pub use surface::{SurfaceCheck, SurfaceError, check_surface, is_check_pattern};
pub use work::Work;
pub use write::{Filled, Marks, Meter, fill, total_bytes};

#[cfg(test)]
mod tests;
