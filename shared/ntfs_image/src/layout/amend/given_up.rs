//! What a further tree leaves behind.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "slots and bytes of a layout that was checked to fit the volume"
)]

use std::ops::Range;

use crate::layout::areas::Area;
use crate::layout::volume::NtfsLayout;
use crate::record::number;

impl NtfsLayout {
    /// Returns where a further tree, laid out onto the volume, leaves clusters of this layout free, beside those of the
    /// files that it replaces: the bitmap of all records, and the blocks of the root's index, which it writes anew. In
    /// bytes on the volume.
    #[must_use]
    pub fn given_up(&self) -> Vec<Range<u64>> {
        let (plan, shape) = (&self.plan, &self.plan.shape);
        let area = |area| (plan.areas.start(area), plan.areas.count(area));
        let mut slots = vec![area(Area::RootIndex), area(Area::MftBitmap)];
        let roots = plan
            .large
            .iter()
            .filter(|folder| u64::from(folder.record) == number::ROOT);
        slots.extend(roots.map(|folder| {
            let count = folder.block_slots(shape) + folder.map_slots(shape);
            (folder.slot, count)
        }));
        let taken = slots.into_iter().filter(|(_, count)| *count > 0);
        let runs = taken.flat_map(|(slot, count)| plan.spans.runs(slot, count));
        let bytes = |cluster: u64| cluster * shape.cluster_bytes;
        runs.filter_map(|run| {
            let first = run.cluster?;
            Some(bytes(first)..bytes(first + run.count))
        })
        .collect()
    }
}
