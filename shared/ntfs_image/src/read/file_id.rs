//! What a folder points with.

use std::fmt;

use crate::record::Reference;

/// A file or folder: its MFT record, and which use of that record. Stored as a
/// [`Reference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// Number of the MFT record, from 0.
    pub record: u64,
    /// Counts the record's uses; 0 matches any.
    pub sequence: u16,
}

impl FileId {
    /// The root folder.
    pub const ROOT: Self = Self {
        record: 5,
        sequence: 5,
    };

    /// Returns whether the record is one that NTFS keeps for itself: 0 to 23 ($MFT to $Extend, and those that hold what
    /// of $MFT does not fit into record 0).
    #[must_use]
    pub const fn is_system(self) -> bool {
        self.record < 24 && self.record != Self::ROOT.record
    }
}

impl From<Reference> for FileId {
    fn from(stored: Reference) -> Self {
        Self {
            record: stored.number(),
            sequence: stored.sequence(),
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "record {} use {}", self.record, self.sequence)
    }
}
