//! Which part of the volume a range is.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside the volume, checked on entry"
)]

use crate::Node;
use crate::layout::areas::Area;
use crate::layout::attribute_definitions;
use crate::layout::number::{index, wide};
use crate::layout::spans::Place;
use crate::layout::volume::NtfsLayout;
use crate::upcase;

impl NtfsLayout {
    /// Writes the volume's bytes from offset `at` on into `into`, as if all [`FileData`](crate::Content::FileData) were
    /// zeros; reserved extents and free clusters are zeros too.
    ///
    /// `resident` is called for every file in the range whose bytes lie in its record, in the order of nodes, and
    /// fills its slot. Fastest when `at` and the length are multiples of 4096; any range gives the same bytes, but a
    /// record that lies in it in part only is made whole first, its slot included.
    ///
    /// # Panics
    /// When the range leaves the volume.
    pub fn render(&self, at: u64, into: &mut [u8], resident: &mut dyn FnMut(Node, &mut [u8])) {
        assert!(
            at.checked_add(wide(into.len()))
                .is_some_and(|end| end <= self.plan.spec.bytes),
            "a range of the volume"
        );
        into.fill(0);
        let mut at = at;
        let mut rest = into;
        while !rest.is_empty() {
            let (place, end) = self.stretch(at);
            let count = index(wide(rest.len()).min(end - at));
            let (part, after) = rest.split_at_mut(count);
            self.render_stretch(place, at, part, resident);
            (at, rest) = (at + wide(count), after);
        }
    }

    /// Returns what lies at byte `at`, and where it ends or does not follow on.
    fn stretch(&self, at: u64) -> (Stretch, u64) {
        let plan = &self.plan;
        let cluster_bytes = plan.shape.cluster_bytes;
        let cluster = at / cluster_bytes;
        if cluster >= plan.shape.clusters {
            let tail = if plan.ground.is_some() {
                Stretch::Zeros
            } else {
                Stretch::Tail
            };
            return (tail, plan.spec.bytes);
        }
        match plan.spans.place(cluster) {
            (Place::Boot, end) => (Stretch::Boot, end * cluster_bytes),
            (Place::Reserved(_) | Place::Kept, end) => (Stretch::Zeros, end * cluster_bytes),
            (Place::Slot(slot), span_end) => {
                let (area, area_end) = plan.areas.find(slot);
                let end = span_end.min(cluster.saturating_add(area_end - slot));
                if matches!(area, Area::Data | Area::Free) {
                    return (Stretch::Zeros, end * cluster_bytes);
                }
                let first = plan.areas.start(area);
                let offset = (slot - first) * cluster_bytes + at % cluster_bytes;
                (Stretch::Area(area, offset), end * cluster_bytes)
            }
        }
    }

    fn render_stretch(
        &self,
        stretch: Stretch,
        at: u64,
        into: &mut [u8],
        resident: &mut dyn FnMut(Node, &mut [u8]),
    ) {
        match stretch {
            Stretch::Boot => self.render_boot(at, 0, into),
            Stretch::Tail => {
                let copy = self.plan.spec.bytes - self.plan.shape.sector_bytes;
                self.render_boot(at, copy, into);
            }
            Stretch::Zeros => {}
            Stretch::Area(area, offset) => self.render_area(area, offset, into, resident),
        }
    }

    fn render_area(
        &self,
        area: Area,
        offset: u64,
        into: &mut [u8],
        resident: &mut dyn FnMut(Node, &mut [u8]),
    ) {
        match area {
            // On a volume that exists they are made of what is there: see `amend`.
            Area::RootIndex => {}
            Area::MftBitmap if self.plan.ground.is_some() => {}
            Area::MftBitmap => self.render_record_bitmap(offset, into),
            // The mirror holds records of system files only: 64 KiB are 64 records at most.
            Area::Mft | Area::Mirror => self.render_records(offset, into, resident),
            Area::Indexes => self.render_indexes(offset, into),
            Area::UpCase => upcase::render(offset, into),
            Area::AttributeDefinitions => attribute_definitions::render(offset, into),
            Area::Security => self.plan.security.render(offset, into),
            Area::Bitmap => self.render_cluster_bitmap(offset, into),
            // All ones: an empty log, to be made anew by the first driver that writes.
            Area::LogFile => into.fill(0xff),
            Area::Data | Area::Free => {}
        }
    }
}

/// What a part of the volume is, and the offset in it.
#[derive(Clone, Copy, Debug)]
enum Stretch {
    Boot,
    Area(Area, u64),
    Zeros,
    /// After the last whole cluster: the copy of the boot sector.
    Tail,
}
