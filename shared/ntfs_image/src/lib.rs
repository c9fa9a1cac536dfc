//! An NTFS 3.1 volume as bytes.
//!
//! ```text
//! Tree (names, sizes, times) -> NtfsLayout -> segments, render        written in one ascending pass
//! disk -> read::Volume -> entries, find, walk, read                     any volume, ours or a stranger's
//! disk -> check::check -> findings                                     every invariant, of any volume
//! ```
#![forbid(unsafe_code)]

pub mod attribute;
pub mod boot_sector;
pub mod check;
pub mod file_time;
pub mod fixup;
pub mod index;
pub mod layout;
pub mod name;
pub mod read;
pub mod record;
pub mod runs;
pub mod tree;
pub mod upcase;

pub use file_time::FileTime;
pub use layout::{
    AmendError, Change, ChangeBytes, Content, Cost, Costed, Ground, LayoutError, NtfsLayout,
    ReservedFile, Segment, VolumeSpec, cluster_bytes,
};
pub use tree::{Node, Tree, TreeError};
