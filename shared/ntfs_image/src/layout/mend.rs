//! The same volume without the files that could not be written.
//!
//! Nothing moves: a left-out file's record becomes a free one, its entry goes from its folder's index, its clusters
//! become free. So only few blocks differ, and they can be written over the first version in any state of it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "slots and bytes of a volume whose plan was checked to fit"
)]

use std::ops::Range;
use std::sync::Arc;

use super::areas::Area;
use super::error::LayoutError;
use super::number::{index, narrow, wide};
use super::records::{USERS_FIRST, node_of, record_of};
use super::view::View;
use super::volume::NtfsLayout;
use crate::Node;

impl NtfsLayout {
    /// Returns the same volume without the nodes for which `left_out` is true, and without everything below such
    /// folders. What was left out before stays so.
    ///
    /// `resized` is one file that got shorter (the manifest), and its new length: it keeps its place.
    ///
    /// # Errors
    /// [`LayoutError::Resize`] when that file is a folder, is left out or would grow, or when another one was resized
    /// before.
    pub fn without(
        &self,
        left_out: &dyn Fn(Node) -> bool,
        resized: Option<(Node, u64)>,
    ) -> Result<Self, LayoutError> {
        let tree = &self.plan.tree;
        let nodes = tree.node_count();
        let mut view = View {
            gone: self.view.gone.clone(),
            touched: self.view.touched.clone(),
            resized: resized.or(self.view.resized),
            trees: None,
            freed: 0,
        };
        for node in (1..nodes).map(Node) {
            let parent = tree.parent(node);
            let was_gone = view.gone.contains(node.0);
            if !was_gone && (view.gone.contains(parent.0) || left_out(node)) {
                view.gone.insert(node.0, nodes);
                view.touched.insert(parent.0, nodes);
            }
        }
        if let Some((file, bytes)) = resized {
            let may = !tree.is_folder(file)
                && !view.gone.contains(file.0)
                && bytes <= self.bytes_of(file)
                && self.view.resized.is_none_or(|(other, _)| other == file);
            if !may {
                let name = tree.name(file);
                return Err(LayoutError::Resize { name, bytes });
            }
            view.touched.insert(tree.parent(file).0, nodes);
        }
        if !view.gone.is_empty() {
            let folders = self.plan.folders();
            view.trees = Some(folders.reload(&self.plan.large, &view.gone));
        }
        let mut mended = Self {
            plan: Arc::clone(&self.plan),
            view,
        };
        mended.view.freed = mended.count_freed();
        Ok(mended)
    }

    fn count_freed(&self) -> u64 {
        let mut freed = 0;
        self.each_freed_slot(0, self.plan.areas.end(), |_, count| freed += count);
        freed
    }

    /// Calls `freed` with the slots between `first` and `end` that were planned and are in use no more, ascending.
    pub(super) fn each_freed_slot(&self, first: u64, end: u64, mut freed: impl FnMut(u64, u64)) {
        let mut report = |from: u64, to: u64| {
            let (from, to) = (from.max(first), to.min(end));
            if from < to {
                freed(from, to - from);
            }
        };
        let plan = &self.plan;
        let shape = &plan.shape;
        let slots_of = |number: usize| {
            let large = &plan.large[number];
            let count = large.block_slots(shape) + large.map_slots(shape);
            large.slot..large.slot + count
        };
        let start = plan.large.partition_point(|large| large.slot <= first);
        for number in start.saturating_sub(1)..plan.large.len() {
            let slots = slots_of(number);
            if slots.start >= end {
                break;
            }
            if self.index_tree(number).is_none() {
                report(slots.start, slots.end);
            }
        }
        let data = self.data_start();
        if end <= data {
            return;
        }
        let node = plan.data.node_before(first.saturating_sub(data));
        for planned in plan.data.starting_at(&plan.tree, node) {
            let from = data + planned.first;
            if from >= end {
                break;
            }
            report(from + self.kept_slots(planned), from + planned.count);
        }
    }

    /// Iterates over the byte ranges of metadata that differ between this layout and a mended one, ascending, in
    /// multiples of 4096 bytes. Slots of resident files count as equal unless their record changed.
    ///
    /// # Panics
    /// When `mended` does not come from this layout by [`NtfsLayout::without`].
    pub fn differences<'a>(&'a self, mended: &'a Self) -> impl Iterator<Item = Range<u64>> + 'a {
        assert!(
            Arc::ptr_eq(&self.plan, &mended.plan),
            "a layout and what was made from it"
        );
        let cluster_bytes = self.plan.shape.cluster_bytes;
        let pages = self
            .suspects(mended)
            .flat_map(|slots| self.plan.spans.runs(slots.start, slots.end - slots.start))
            .flat_map(move |run| {
                let first = run.cluster.unwrap_or(0) * cluster_bytes;
                let end = first + run.count * cluster_bytes;
                (first..end).step_by(index(PIECE_BYTES)).map(move |at| {
                    let bytes = PIECE_BYTES.min(end - at);
                    at..at + bytes
                })
            })
            .flat_map(|piece| self.differing_pages(mended, piece));
        merged(pages)
    }

    /// Iterates over the ranges of slots in which metadata may differ, ascending.
    fn suspects<'a>(&'a self, mended: &'a Self) -> impl Iterator<Item = Range<u64>> + 'a {
        let plan = &self.plan;
        let whole = move |area| {
            let start = plan.areas.start(area);
            start..start + plan.areas.count(area)
        };
        let records = whole(Area::Mft).filter(move |slot| {
            let per_slot = plan.shape.cluster_bytes / plan.shape.record_bytes;
            let first = plan.mft_first + narrow((slot - plan.areas.start(Area::Mft)) * per_slot);
            first < USERS_FIRST || self.any_changed(mended, first, narrow(per_slot))
        });
        let folders = plan
            .large
            .iter()
            .filter(move |large| {
                large.folder == 0 || self.is_changed(mended, node_of(large.record))
            })
            .map(move |large| {
                let count = large.block_slots(&plan.shape) + large.map_slots(&plan.shape);
                large.slot..large.slot + count
            });
        std::iter::once(whole(Area::MftBitmap))
            .chain(records.map(|slot| slot..slot + 1))
            .chain(folders)
            .chain([whole(Area::Bitmap), whole(Area::Mirror)])
    }

    fn any_changed(&self, mended: &Self, first: u32, count: u32) -> bool {
        let nodes = self.plan.tree.node_count();
        (first..first.saturating_add(count))
            .map(node_of)
            .take_while(|node| node.0 < nodes)
            .any(|node| self.is_changed(mended, node))
    }

    /// Returns whether anything about the node's record, or about its list if it is a folder, may differ.
    fn is_changed(&self, mended: &Self, node: Node) -> bool {
        [&self.view, &mended.view].iter().any(|view| {
            view.gone.contains(node.0)
                || view.touched.contains(node.0)
                || view.resized.is_some_and(|(resized, _)| resized == node)
        })
    }

    fn differing_pages(&self, mended: &Self, piece: Range<u64>) -> Vec<Range<u64>> {
        let mut before = vec![0; index(piece.end - piece.start)];
        let mut after = before.clone();
        self.render(piece.start, &mut before, &mut |_, _| {});
        mended.render(piece.start, &mut after, &mut |_, _| {});
        let page = index(PAGE_BYTES);
        let pairs = before.chunks(page).zip(after.chunks(page));
        (piece.start..)
            .step_by(page)
            .zip(pairs)
            .filter(|(_, (before, after))| before != after)
            .map(|(at, (before, _))| at..at + wide(before.len()))
            .collect()
    }

    /// Iterates over the byte ranges of file data that are in use here and free in `mended`, ascending.
    ///
    /// # Panics
    /// When `mended` does not come from this layout by [`NtfsLayout::without`].
    pub fn freed<'a>(&'a self, mended: &'a Self) -> impl Iterator<Item = Range<u64>> + 'a {
        assert!(
            Arc::ptr_eq(&self.plan, &mended.plan),
            "a layout and what was made from it"
        );
        let plan = &self.plan;
        let start = self.data_start();
        let cluster_bytes = plan.shape.cluster_bytes;
        let extents = plan
            .data
            .starting_at(&plan.tree, Node(0))
            .filter(|planned| planned.count > 0)
            .flat_map(move |planned| {
                let kept = mended.kept_slots(planned);
                let count = self.kept_slots(planned).saturating_sub(kept);
                plan.spans.runs(start + planned.first + kept, count)
            })
            .map(move |run| {
                let first = run.cluster.unwrap_or(0);
                first * cluster_bytes..(first + run.count) * cluster_bytes
            });
        merged(extents)
    }
}

/// Joins ranges that follow on each other.
fn merged(ranges: impl Iterator<Item = Range<u64>>) -> impl Iterator<Item = Range<u64>> {
    let mut ranges = ranges.peekable();
    std::iter::from_fn(move || {
        let mut range = ranges.next()?;
        while let Some(next) = ranges.next_if(|next| next.start == range.end) {
            range.end = next.end;
        }
        Some(range)
    })
}

/// What is compared at a time.
const PIECE_BYTES: u64 = 1 << 20;
/// What is told apart.
const PAGE_BYTES: u64 = 4096;

/// The root's record is among those that are always compared.
const _: () = assert!(record_of(Node(0)) < USERS_FIRST);
