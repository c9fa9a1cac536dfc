//! The two bitmaps of a volume: which records are in use, and which clusters.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "bits of records and clusters, below 2^33, relative to a range that holds them"
)]

use crate::layout::bits;
use crate::layout::number::wide;
use crate::layout::records::USERS_FIRST;
use crate::layout::volume::NtfsLayout;

impl NtfsLayout {
    /// Renders the bitmap of `$MFT` from byte `offset` on.
    pub(super) fn render_record_bitmap(&self, offset: u64, into: &mut [u8]) {
        let (first, end) = bit_range(offset, into);
        let plan = &self.plan;
        for file in &plan.system_files {
            let bit = u64::from(file.record);
            set_between(into, (first, end), bit, bit + 1);
        }
        // Node 1 has the first of the users' records.
        let base = u64::from(USERS_FIRST) - 1;
        let users_end = base + u64::from(plan.tree.node_count());
        set_between(into, (first, end), base + 1, users_end);
        let mut from = u32::try_from(first.saturating_sub(base)).unwrap_or(u32::MAX);
        while let Some(node) = self.view.gone.next(from) {
            let bit = u64::from(node) + base;
            if bit >= end {
                break;
            }
            bits::clear(into, bit - first, bit - first + 1);
            from = node + 1;
        }
    }

    /// Renders `$Bitmap` from byte `offset` on.
    pub(super) fn render_cluster_bitmap(&self, offset: u64, into: &mut [u8]) {
        let plan = &self.plan;
        let range = bit_range(offset, into);
        set_between(into, range, 0, plan.shape.boot_clusters);
        let used = plan.areas.end();
        for span in plan.spans.spans() {
            let count = used.saturating_sub(span.slot).min(span.count);
            set_between(into, range, span.cluster, span.cluster + count);
        }
        for (cluster, count) in plan.spans.reserved() {
            set_between(into, range, cluster, cluster + count);
        }
        // There are no clusters after the last one, so they are not free.
        let bitmap_end = plan.cluster_bitmap_bytes() * 8;
        set_between(into, range, plan.shape.clusters, bitmap_end);
        let (first, end) = range;
        self.each_freed(first, end, |cluster, count| {
            bits::clear(into, cluster - first, cluster + count - first);
        });
    }

    /// Calls `freed` for the parts of planned extents between clusters `first` and `end` that are in use no more.
    fn each_freed(&self, first: u64, end: u64, mut freed: impl FnMut(u64, u64)) {
        if self.view.freed == 0 {
            return;
        }
        let plan = &self.plan;
        for span in plan.spans.spans() {
            let (from, to) = (first.max(span.cluster), end.min(span.cluster + span.count));
            if from < to {
                let slot = span.slot + (from - span.cluster);
                self.each_freed_slot(slot, slot + (to - from), |slot, count| {
                    freed(span.cluster + (slot - span.slot), count);
                });
            }
        }
    }
}

/// Returns the bits that `into` holds, as bytes from `offset` on.
fn bit_range(offset: u64, into: &[u8]) -> (u64, u64) {
    (offset * 8, (offset + wide(into.len())) * 8)
}

/// Sets bits `from..to` as far as they lie in the range.
fn set_between(into: &mut [u8], (first, end): (u64, u64), from: u64, to: u64) {
    let (from, to) = (from.max(first), to.min(end));
    if from < to {
        bits::set(into, from - first, to - first);
    }
}
