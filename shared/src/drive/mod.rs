//! One drive, end to end: partition table, BitLocker and NTFS stacked into one ascending list of
//! segments.
//!
//! ```text
//! 0          1 MiB                                                                   last MiB border      end
//! |GPT | gap |FVE boot|metadata ... data |M1|H|X| data ... |M2| ... |M3| ... data ... free ... |backup boot| gap |GPT|
//!                     '------------------- the NTFS volume, encrypted in place -------------------------'
//! ```
//! A volume that somebody encrypted by hand may be kept ([`Kept`]): its keys, its place and what is
//! around it stay as they are, and a new file system goes around BitLocker's areas, wherever they are.
//!
//! Everything follows from the plan, one start time and one volume master key, so a resumed drive
//! equals an uninterrupted one. Nothing here reads a file: file data appear as segments, resident
//! files as slots that the caller fills.

#[cfg(test)]
pub(crate) mod built;
mod ids;
mod kept;
mod layout;
mod mend;
mod seal;
mod segment;
#[cfg(test)]
mod tests;

pub use crate::plan::NodeSource;
pub use ids::DriveIds;
pub use kept::{FoundVolume, Kept, KeptError};
pub use layout::{DriveLayout, DriveLayoutError, DriveSpec};
pub use mend::{Mend, MendRange, MendWhat};
pub use seal::SealParts;
pub use segment::{DriveSegment, What};
