//! What later sessions wrote over what an earlier one left on a drive.

use std::ops::Range;

/// Ranges of a disk that somebody else answers for, ascending and disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overwritten(Vec<Range<u64>>);

impl Overwritten {
    /// Returns whether any of the `bytes` bytes at `at` is in it.
    #[must_use]
    pub fn touches(&self, at: u64, bytes: u64) -> bool {
        let next = self.0.partition_point(|range| range.end <= at);
        let found = self.0.get(next);
        found.is_some_and(|range| range.start < at.saturating_add(bytes))
    }

    /// Adds ranges, in any order.
    pub fn extend(&mut self, ranges: impl IntoIterator<Item = Range<u64>>) {
        let ranges = ranges.into_iter().filter(|range| range.start < range.end);
        self.0.extend(ranges);
        self.0.sort_unstable_by_key(|range| range.start);
        self.0.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_any_order_cover_what_they_cover_and_nothing_else() {
        let mut all = Overwritten::default();
        all.extend([30..40, 5..7, 7..9, 20..35]);
        all.extend([8..10, 50..50]);
        assert_eq!(all.0, [5..10, 20..40]);
        for (at, bytes, touches) in [
            (0, 5, false),
            (0, 6, true),
            (9, 1, true),
            (10, 10, false),
            (10, 11, true),
            (39, 100, true),
            (40, 100, false),
            (50, 1, false),
        ] {
            assert_eq!(all.touches(at, bytes), touches, "{at} {bytes}");
        }
    }
}
