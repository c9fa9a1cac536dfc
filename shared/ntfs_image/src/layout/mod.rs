//! A volume planned to the byte before its first byte is written.
//!
//! ```text
//! spec, tree -> plan:  children   entries of each folder, sorted
//!                      indexes    which folders need blocks, and the shape of their trees
//!                      data       clusters of each file, in the order of adding
//!                      cost       what all of that takes: areas one after the other, counted in slots
//!                      spans      slots -> clusters, around what is reserved
//! plan + view (what is left out) -> segments, render, differences
//!
//! ground (what is free on a volume that exists), tree -> plan; then amend: what changes of what is there, last
//! ```
//!
//! The order on the volume: `$Boot`, the bitmap of `$MFT`, `$MFT`, index blocks, `$UpCase`, `$AttrDef`, `$Secure`,
//! `$Bitmap`, `$LogFile`, `$MFTMirr`, then the files' data. Reserved extents lie where they were asked for and
//! everything goes around them. The copy of the boot sector is the last sector.

mod amend;
mod areas;
mod attribute_definitions;
mod bits;
mod children;
mod cost;
mod data;
mod error;
mod ground;
mod index_tree;
mod indexes;
mod mend;
mod number;
mod plan;
mod records;
mod render;
mod security;
mod segments;
mod spans;
mod spec;
mod system_files;
mod system_names;
mod view;
mod view_index;
mod volume;

pub use amend::{AmendError, Change, ChangeBytes};
pub use cost::{Cost, Costed};
pub use error::LayoutError;
pub use ground::Ground;
pub use segments::{Content, Segment};
pub use spec::{ReservedFile, VolumeSpec, cluster_bytes};
pub use volume::NtfsLayout;
