//! How often a drive's progress is marked.

/// The most marks of writing, and of verifying, in a journal: spacing needs 2,049 at most, the rest
/// is for those that an attempt sets where it stops.
pub const MARKS_MAX: u64 = 2_400;

/// The spacing of marks: every max(1 GiB, drive / 2048), so that a journal stays below 2 MB for any
/// drive and any number of attempts. A mark is a position on the drive, not a moment: an attempt
/// again makes no mark again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    spacing: u64,
    last: u64,
}

impl Marks {
    /// Begins for a drive of `drive_bytes`, with the last mark at `through` (0 for none).
    #[must_use]
    pub fn new(drive_bytes: u64, through: u64) -> Self {
        Self {
            spacing: SPACING_MIN.max(drive_bytes / 2048),
            last: through,
        }
    }

    /// Begins with a mark every `spacing` bytes, for drives that are small and are to have many.
    #[must_use]
    pub const fn every(spacing: u64, through: u64) -> Self {
        Self {
            spacing,
            last: through,
        }
    }

    /// Returns the distance between marks in bytes.
    #[must_use]
    pub const fn spacing(&self) -> u64 {
        self.spacing
    }

    /// Returns whether `through` is far enough from the last mark for another.
    #[must_use]
    pub const fn is_due(&self, through: u64) -> bool {
        through.saturating_sub(self.last) >= self.spacing
    }

    /// Takes note of a mark at `through`.
    pub fn set(&mut self, through: u64) {
        self.last = self.last.max(through);
    }
}

const SPACING_MIN: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_drive_needs_more_marks_than_a_journal_holds() {
        for bytes in [
            0,
            1,
            64 << 20,
            1 << 30,
            2 << 40,
            (2 << 40) + 1,
            8_000_000_000_000,
            1 << 60,
            u64::MAX,
        ] {
            let marks = Marks::new(bytes, 0);
            assert!(bytes / marks.spacing() + 1 < MARKS_MAX, "{bytes}");
        }
    }

    #[test]
    fn a_mark_is_due_one_spacing_after_the_last() {
        let mut marks = Marks::new(8_000_000_000_000, 0);
        let step = marks.spacing();
        assert_eq!(step, 8_000_000_000_000 / 2048);
        assert!(!marks.is_due(step - 1));
        assert!(marks.is_due(step));
        marks.set(step);
        assert!(!marks.is_due(2 * step - 1));
        assert!(marks.is_due(2 * step));
    }
}
