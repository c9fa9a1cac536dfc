//! Who owns which cluster.

use std::ops::Range;

use disk::ReadError;

use super::FindingKind as Kind;
use super::reader::Sequential;
use super::report::Reporter;
use crate::read::bit_set::BitSet;

/// The clusters that attributes own.
#[derive(Debug)]
pub(super) struct Clusters {
    owned: BitSet,
    /// Clusters of the volume.
    count: u64,
    /// Clusters that attributes may still claim. Honest ones claim each once; a crafted volume must not take forever.
    claims_left: u64,
}

impl Clusters {
    pub(super) fn new(count: u64) -> Self {
        Self {
            owned: BitSet::default(),
            count,
            claims_left: count.saturating_mul(CLAIMS_PER_CLUSTER_MAX),
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.owned.count()
    }

    /// Notes that `range`, which lies in the volume, has an owner; returns the parts that had one already.
    pub(super) fn claim(&mut self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut twice: Vec<Range<u64>> = Vec::new();
        let length = range.end.saturating_sub(range.start);
        if length > self.claims_left {
            return vec![range];
        }
        self.claims_left = self.claims_left.saturating_sub(length);
        self.owned
            .insert_range(range, |part| match twice.last_mut() {
                Some(last) if last.end == part.start => last.end = part.end,
                _ => twice.push(part),
            });
        twice
    }

    /// Compares with $Bitmap.
    pub(super) fn compare(
        &self,
        bitmap: &mut Sequential<'_>,
        reporter: &mut Reporter,
    ) -> Result<(), ReadError> {
        let mut lost = Ranges::default();
        let mut unmarked = Ranges::default();
        let mut tail = Ranges::default();
        let bits = bitmap.stream.bytes.saturating_mul(8);
        let looked_at = bits.min(self.count.saturating_add(TAIL_BITS_MAX));
        let mut first = 0;
        while first < looked_at.max(self.count) {
            let bytes = bitmap.get(first / 8, 8)?;
            let (word, _) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
            let marked = u64::from_le_bytes(*word);
            let owned = self.owned.word(first);
            let inside = mask(self.count.saturating_sub(first));
            let stored = mask(bits.saturating_sub(first));
            lost.add(first, marked & !owned & inside);
            unmarked.add(first, owned & !marked & inside & stored);
            tail.add(first, !marked & !inside & stored);
            first = first.saturating_add(64);
        }
        for range in lost.finish() {
            reporter.violation(
                Kind::ClusterLost,
                text(&range),
                "owned",
                "marked used, owned by nobody",
            );
        }
        for range in unmarked.finish() {
            reporter.violation(
                Kind::ClusterUnmarked,
                text(&range),
                "marked used",
                "owned, but marked free",
            );
        }
        for range in tail.finish() {
            reporter.violation(
                Kind::BitmapTail,
                text(&range),
                "1 past the last cluster",
                "0",
            );
        }
        Ok(())
    }
}

pub(super) fn text(range: &Range<u64>) -> String {
    format!("clusters {:#x}..{:#x}", range.start, range.end)
}

/// Joins set bits to ranges.
#[derive(Debug, Default)]
struct Ranges {
    done: Vec<Range<u64>>,
    open: Option<Range<u64>>,
}

impl Ranges {
    /// Adds the bits of a word, the lowest of which is number `first`. Words come in ascending order.
    fn add(&mut self, first: u64, word: u64) {
        let mut word = word;
        while word != 0 {
            let skipped = u64::from(word.trailing_zeros());
            let length = u64::from((word >> skipped).trailing_ones());
            let start = first.saturating_add(skipped);
            let end = start.saturating_add(length);
            match &mut self.open {
                Some(open) if open.end == start => open.end = end,
                _ => {
                    let closed = self.open.replace(start..end);
                    self.done
                        .extend(closed.filter(|_| self.done.len() < RANGES_MAX));
                }
            }
            word &= !(mask(length) << skipped);
        }
    }

    fn finish(mut self) -> Vec<Range<u64>> {
        self.done.extend(self.open.take());
        self.done
    }
}

/// Returns a word whose lowest `bits` bits are 1; all of them from 64 on.
fn mask(bits: u64) -> u64 {
    let shift = u32::try_from(bits).unwrap_or(64);
    1_u64
        .checked_shl(shift)
        .map_or(u64::MAX, |bit| bit.wrapping_sub(1))
}

/// More than this many places are not told apart.
const RANGES_MAX: usize = 100_000;
/// Bits that are looked at beyond a bitmap's last: a crafted one may claim to be endless.
const TAIL_BITS_MAX: u64 = 1 << 22;
const CLAIMS_PER_CLUSTER_MAX: u64 = 4;

/// Returns how many bytes a bitmap of `bits` has: whole words.
pub(super) fn bitmap_bytes(bits: u64) -> u64 {
    bits.div_ceil(64).saturating_mul(8)
}

/// Returns the bits of `bitmap` from `from` to its end that are set, up to a few.
pub(super) fn set_bits_from(bitmap: &mut Sequential<'_>, from: u64) -> Result<Vec<u64>, ReadError> {
    let mut set = Vec::new();
    let mut byte = from / 8;
    let end = byte
        .saturating_add(TAIL_BITS_MAX / 8)
        .min(bitmap.stream.bytes);
    while byte < end && set.len() < 8 {
        let bits = bitmap.get(byte, 1)?.first().copied().unwrap_or(0);
        for bit in 0..8 {
            let number = byte.saturating_mul(8).saturating_add(bit);
            if number >= from && bits >> bit & 1 == 1 {
                set.push(number);
            }
        }
        byte = byte.saturating_add(1);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::stream::Stream;

    fn compare(clusters: &Clusters, bitmap: &[u8]) -> Vec<(Kind, String)> {
        let stream = Stream::resident(bitmap);
        let disk: Vec<u8> = Vec::new();
        let mut reporter = Reporter::new(100);
        clusters
            .compare(&mut Sequential::new(&disk, &stream), &mut reporter)
            .expect("in memory");
        let found = reporter.report.findings.into_iter();
        found.map(|finding| (finding.kind, finding.place)).collect()
    }

    #[test]
    fn lost_unmarked_and_tail_bits_are_told_apart() {
        let mut clusters = Clusters::new(100);
        assert!(clusters.claim(0..70).is_empty());
        assert_eq!(clusters.claim(60..72), vec![60..70]);
        let mut bitmap = [0xff_u8; 16];
        bitmap[0] = 0xfe;
        bitmap[9] = 0b1100_0000;
        bitmap[10] = 0;
        bitmap[11] = 0;
        bitmap[12] = 0xdf;
        assert_eq!(
            compare(&clusters, &bitmap),
            [
                (Kind::ClusterLost, "clusters 0x4e..0x50".to_owned()),
                (Kind::ClusterLost, "clusters 0x60..0x64".to_owned()),
                (Kind::ClusterUnmarked, "clusters 0x0..0x1".to_owned()),
                (Kind::BitmapTail, "clusters 0x65..0x66".to_owned()),
            ]
        );
    }
}
