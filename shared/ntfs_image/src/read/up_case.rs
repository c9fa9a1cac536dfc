//! The volume's own table of upper case.

use std::cmp::Ordering;

use super::stored::units;

/// $UpCase of a volume: versions of Windows differ in it, and an index is ordered by the one on its own volume.
#[derive(Clone, Debug)]
pub(crate) struct UpCase {
    table: Vec<u16>,
}

impl UpCase {
    pub(crate) const BYTES: u64 = 131_072;
    pub(crate) const LENGTH: usize = 131_072;

    /// Takes the 131,072 stored bytes.
    pub(crate) fn new(stored: &[u8]) -> Self {
        Self {
            table: units(stored).collect(),
        }
    }

    /// Returns the table that today's Windows writes.
    pub(crate) fn windows() -> Self {
        Self {
            table: crate::upcase::TABLE.to_vec(),
        }
    }

    pub(crate) fn upcase(&self, unit: u16) -> u16 {
        self.table.get(usize::from(unit)).copied().unwrap_or(unit)
    }

    /// Compares two names regardless of case.
    pub(crate) fn compare(
        &self,
        a: impl Iterator<Item = u16>,
        b: impl Iterator<Item = u16>,
    ) -> Ordering {
        let fold = |unit| self.upcase(unit);
        a.map(fold).cmp(b.map(fold))
    }
}
