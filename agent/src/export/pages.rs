//! Which pages of a page blob hold something. All others are zeros, and nothing is sent for them.

use std::ops::Range;

/// Bytes of a blob that are asked about at once: a list of all pages of a long blob may take the service longer than it
/// lets an answer take, and be of any length.
const WINDOW: u64 = 128 << 20;
/// A hole up to this length is read with what is around it: a request of its own costs more.
const HOLE_BYTES_MIN: u64 = 64 << 10;

/// What is known of the pages of one blob: those of one window of it, in the beginning of none.
#[derive(Debug, Default)]
pub(super) struct Pages {
    window: Range<u64>,
    /// Ascending, apart from each other.
    held: Vec<Range<u64>>,
}

impl Pages {
    /// Returns the window around `at` of a blob of `bytes`, when that is another than the one that is known.
    pub(super) fn unknown(&self, at: u64, bytes: u64) -> Option<Range<u64>> {
        if self.window.contains(&at) {
            return None;
        }
        let start = at.saturating_sub(at.checked_rem(WINDOW).unwrap_or(0));
        Some(start..bytes.min(start.saturating_add(WINDOW)))
    }

    /// Takes what the store says of a window: offset and length of each range that holds something, ascending.
    pub(super) fn take(&mut self, window: Range<u64>, ranges: &[(u64, u64)]) {
        self.held.clear();
        for (start, bytes) in ranges {
            let end = start.saturating_add(*bytes).min(window.end);
            let start = (*start).max(window.start);
            match self.held.last_mut() {
                Some(last) if start.saturating_sub(last.end) < HOLE_BYTES_MIN => last.end = end,
                _ if start < end => self.held.push(start..end),
                _ => {}
            }
        }
        self.window = window;
    }

    /// Returns the end of the window that is known.
    pub(super) const fn end(&self) -> u64 {
        self.window.end
    }

    /// Returns what of `wanted`, which lies in the window, has to be read.
    pub(super) fn held(&self, wanted: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let first = self.held.partition_point(|range| range.end <= wanted.start);
        let behind = self.held.iter().skip(first);
        let behind = behind.take_while(move |range| range.start < wanted.end);
        behind.map(move |range| range.start.max(wanted.start)..range.end.min(wanted.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    fn held(pages: &Pages, wanted: Range<u64>) -> Vec<(u64, u64)> {
        let ranges = pages.held(wanted);
        ranges.map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn only_what_holds_something_is_read_and_of_that_only_what_is_wanted() {
        let mut pages = Pages::default();
        assert_eq!(pages.unknown(0, WINDOW * 2), Some(0..WINDOW));
        pages.take(0..WINDOW, &[(512, 512), (1024 * KIB, 8 * KIB)]);
        assert_eq!(pages.unknown(WINDOW - 1, WINDOW * 2), None);
        assert_eq!(held(&pages, 0..512), []);
        assert_eq!(
            held(&pages, 600..WINDOW),
            [(600, 1024), (1024 * KIB, 1032 * KIB)]
        );
        assert_eq!(
            held(&pages, 1030 * KIB..1031 * KIB),
            [(1030 * KIB, 1031 * KIB)]
        );
        assert_eq!(held(&pages, 1032 * KIB..WINDOW), []);
    }

    #[test]
    fn a_short_hole_is_read_and_a_window_ends_with_the_blob() {
        let mut pages = Pages::default();
        pages.take(
            0..WINDOW,
            &[(0, 512), (HOLE_BYTES_MIN, 512), (HOLE_BYTES_MIN * 3, 512)],
        );
        let (near, far) = (HOLE_BYTES_MIN + 512, HOLE_BYTES_MIN * 3);
        assert_eq!(held(&pages, 0..WINDOW), [(0, near), (far, far + 512)]);
        assert_eq!(
            pages.unknown(WINDOW, WINDOW + 512),
            Some(WINDOW..WINDOW + 512)
        );
        // A list may name more than was asked about.
        pages.take(WINDOW..WINDOW + 512, &[(WINDOW - 512, 2048)]);
        assert_eq!(held(&pages, WINDOW..WINDOW + 512), [(WINDOW, WINDOW + 512)]);
        assert_eq!(pages.end(), WINDOW + 512);
    }
}
