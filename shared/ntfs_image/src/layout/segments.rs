//! The volume as a list of parts, in the order in which a drive is written.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "bytes and clusters of a volume whose plan was checked to fit"
)]

use super::areas::Area;
use super::data::DataSlots;
use super::spans::Place;
use super::volume::NtfsLayout;
use crate::Node;

/// A part of the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Byte offset on the volume.
    pub at: u64,
    /// Bytes, a multiple of the sector; not 0.
    pub bytes: u64,
    /// What belongs there.
    pub what: Content,
}

/// What belongs into a [`Segment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What [`NtfsLayout::render`] gives.
    Metadata,
    /// Whole clusters of a file's bytes; zeros past its end.
    FileData {
        /// The file.
        file: Node,
        /// Offset in the file of the segment's first byte.
        from: u64,
    },
    /// The extent of a reserved file; zeros on the plain volume.
    Reserved {
        /// Index into [`VolumeSpec::reserved`](crate::VolumeSpec::reserved).
        index: usize,
    },
    /// Nobody's.
    Free,
    /// Of a volume that exists: never written in the pass. Some of it changes at the very end.
    Kept,
}

impl NtfsLayout {
    /// Iterates over all parts of the volume: ascending, without gaps, from 0 to its last byte.
    ///
    /// The first 8192 bytes and the last sector are [`Content::Metadata`]. A mended layout has the same parts, but
    /// for the files that are left out, which are [`Content::Free`].
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let plan = &self.plan;
        let mut files = plan
            .data
            .starting_at(&plan.tree, Node(0))
            .filter(|slots| slots.count > 0);
        let mut file = files.next();
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= plan.spec.bytes {
                return None;
            }
            let (what, end) = self.part_at(at, |slot| {
                while let Some(passed) = file.filter(|file| file.first + file.count <= slot) {
                    debug_assert!(passed.first <= slot);
                    file = files.next();
                }
                file.expect("every slot of the data area is a file's")
            });
            let bytes = end - at;
            let segment = Segment { at, bytes, what };
            at = end;
            Some(segment)
        })
    }

    /// Returns what the part that starts at byte `at` is and where it ends. `file_at` finds the file that was planned
    /// for a slot of the data.
    fn part_at(&self, at: u64, file_at: impl FnOnce(u64) -> DataSlots) -> (Content, u64) {
        let plan = &self.plan;
        let cluster_bytes = plan.shape.cluster_bytes;
        let cluster = at / cluster_bytes;
        if cluster >= plan.shape.clusters {
            let tail = if plan.ground.is_some() {
                Content::Kept
            } else {
                Content::Metadata
            };
            return (tail, plan.spec.bytes);
        }
        let (slot, span_end) = match plan.spans.place(cluster) {
            (Place::Kept, end) => return (Content::Kept, end * cluster_bytes),
            (Place::Boot, end) => return (Content::Metadata, end * cluster_bytes),
            (Place::Reserved(index), end) => {
                let file = &plan.spec.reserved[index];
                let file_end = (file.at + file.bytes).next_multiple_of(plan.shape.sector_bytes);
                return if at < file_end {
                    (Content::Reserved { index }, file_end)
                } else {
                    // What is left of the file's last cluster must read as zeros.
                    (Content::Metadata, end * cluster_bytes)
                };
            }
            (Place::Slot(slot), end) => (slot, end),
        };
        let until = |slot_end: u64| span_end.min(cluster.saturating_add(slot_end - slot));
        let (area, area_end) = plan.areas.find(slot);
        let (what, end) = match area {
            Area::Free => (Content::Free, span_end),
            Area::RootIndex | Area::MftBitmap if plan.ground.is_some() => {
                (Content::Kept, until(area_end))
            }
            Area::Data => {
                let start = self.data_start();
                let planned = file_at(slot - start);
                let kept_end = start + planned.first + self.kept_slots(planned);
                if slot < kept_end {
                    let from = (slot - start - planned.first) * cluster_bytes;
                    let file = planned.node;
                    (Content::FileData { file, from }, until(kept_end))
                } else {
                    let planned_end = start + planned.first + planned.count;
                    (Content::Free, until(planned_end))
                }
            }
            _ => (Content::Metadata, until(area_end)),
        };
        (what, end * cluster_bytes)
    }
}
