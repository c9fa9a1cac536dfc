//! A disk with changes on it, which stops whoever reads it without end.

use std::cell::Cell;

use disk::{ReadAt, ReadError};

/// Bytes of a disk, with others in their place here and there.
pub(crate) struct Overlay<'a> {
    base: &'a [u8],
    changes: Vec<(u64, &'a [u8])>,
    left: Cell<u64>,
}

impl<'a> Overlay<'a> {
    /// Makes a disk that may be read `times` times over; a short read counts as a page, and a disk as 1 MiB at least:
    /// what looks for a volume on a tiny one reads past its end.
    pub(crate) fn new(base: &'a [u8], times: u64) -> Self {
        let bytes = long(base.len()).max(1 << 20);
        Self {
            base,
            changes: Vec::new(),
            left: Cell::new(bytes.saturating_mul(times)),
        }
    }

    /// Puts `bytes` at `at`, over what was put there before.
    pub(crate) fn put(&mut self, at: u64, bytes: &'a [u8]) {
        self.changes.push((at, bytes));
    }
}

impl ReadAt for Overlay<'_> {
    fn bytes(&self) -> u64 {
        long(self.base.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let cost = long(into.len()).saturating_add(4096);
        let left = self.left.get().checked_sub(cost);
        self.left
            .set(left.expect("an honest reader reads a disk a few times at most"));
        self.base.read_at(at, into)?;
        for (place, bytes) in &self.changes {
            let before = usize::try_from(at.saturating_sub(*place)).unwrap_or(usize::MAX);
            let within = usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
            let seen = bytes.get(before..).unwrap_or_default();
            crate::patch::put(into, within, seen);
        }
        Ok(())
    }
}

pub(crate) fn long(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_from_wherever_a_read_begins() {
        let base = [0; 32];
        let mut disk = Overlay::new(&base, 100_000);
        disk.put(10, &[1, 2, 3, 4]);
        disk.put(12, &[9]);
        let mut whole = [0; 32];
        disk.read_at(0, &mut whole).expect("inside");
        assert_eq!(whole[9..15], [0, 1, 2, 9, 4, 0]);
        for start in 0..20_usize {
            let mut piece = [0; 5];
            disk.read_at(long(start), &mut piece).expect("inside");
            assert_eq!(piece, whole[start..start.saturating_add(5)]);
        }
    }

    #[test]
    #[should_panic(expected = "honest reader")]
    fn reading_without_end_stops_the_program() {
        let disk = Overlay::new(&[0; 4096], 4);
        loop {
            disk.read_at(0, &mut [0]).expect("inside");
        }
    }
}
