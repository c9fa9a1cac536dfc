//! What a folder points with.

use std::fmt;

/// A file or folder: its MFT record, and which use of that record. Stored in eight bytes, the sequence in the top two.
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

    /// Splits the stored form.
    #[must_use]
    pub const fn from_stored(stored: u64) -> Self {
        let [a, b, c, d, e, f, low, high] = stored.to_le_bytes();
        Self {
            record: u64::from_le_bytes([a, b, c, d, e, f, 0, 0]),
            sequence: u16::from_le_bytes([low, high]),
        }
    }

    /// Returns whether the record is one that NTFS keeps for itself: 0 to 23 ($MFT to $Extend, and those that hold what
    /// of $MFT does not fit into record 0).
    #[must_use]
    pub const fn is_system(self) -> bool {
        self.record < 24 && self.record != Self::ROOT.record
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "record {} use {}", self.record, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_in_the_top_two_bytes() {
        let id = FileId::from_stored(0x0005_0000_0000_0040);
        assert_eq!((id.record, id.sequence), (64, 5));
    }
}
