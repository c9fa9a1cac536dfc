//! `$MFT` and its bitmap, the root's record, `$Bitmap`: what a volume has to change for a further tree.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "records, clusters and bytes of a layout that was checked to fit the volume"
)]

use std::ops::Range;

use disk::ReadAt;

use super::error::AmendError;
use super::pages::{Change, Pages, places};
use super::record_edit::{RecordEdit, runs_of, sizes_of};
use super::root_index::{self, RootEntry, RootIndex};
use crate::attribute::kind;
use crate::layout::areas::Area;
use crate::layout::ground::Ground;
use crate::layout::number::{index, narrow, wide};
use crate::layout::plan::bitmap_bytes;
use crate::layout::render::index_root::INDEX_NAME;
use crate::layout::render::record_writer::{RecordFacts, RecordWriter};
use crate::layout::volume::NtfsLayout;
use crate::read::stream::Stream;
use crate::read::{FileId, Volume};
use crate::record::number;
use crate::runs::Run;

/// Returns the nameless data stream of one of NTFS's own files.
pub(in crate::layout) fn system_stream<R: ReadAt>(
    volume: &Volume<R>,
    record: u64,
) -> Result<Stream, AmendError> {
    stream(volume, record, kind::DATA)
}

fn stream<R: ReadAt>(volume: &Volume<R>, record: u64, kind: u32) -> Result<Stream, AmendError> {
    let id = FileId {
        record,
        sequence: 0,
    };
    let found = volume.gather(id)?.stream(volume.geometry(), kind, "")?;
    found.ok_or(AmendError::Unlike {
        what: "one of NTFS's own files has no data",
    })
}

impl NtfsLayout {
    /// Returns what has to be written over `volume`, whose ground this was laid out onto, for the tree to be part of
    /// it; everything else was written before, as [`NtfsLayout::segments`] says. `replaced` are files of the root
    /// that go: one that comes may have the name.
    ///
    /// It depends only on `volume` as it was. Written in any order, in part, and again, the end is the same.
    ///
    /// # Errors
    /// [`AmendError`], above all when a name is taken.
    pub fn amendment<R: ReadAt>(
        &self,
        volume: &Volume<R>,
        replaced: &[&str],
    ) -> Result<Vec<Change>, AmendError> {
        let geometry = volume.geometry();
        let shape = &self.plan.shape;
        let alike = geometry.cluster_bytes == shape.cluster_bytes
            && geometry.record_bytes == shape.record_bytes
            && geometry.clusters == shape.clusters;
        let what = "it is not the volume that this was laid out for";
        let other = || AmendError::Unlike { what };
        let ground = self.plan.ground.as_ref().filter(|_| alike);
        let ground = ground.ok_or_else(other)?;
        if Ground::read(volume)? != *ground {
            return Err(other());
        }
        let mut amendment = Amendment {
            layout: self,
            volume,
            first_record: u64::from(ground.first_record),
            pages: Pages::new(volume.disk()),
            freed: Vec::new(),
            freed_records: Vec::new(),
            taken: Vec::new(),
        };
        let mut entries = root_index::present(volume)?;
        for name in replaced {
            amendment.replace(&mut entries, name)?;
        }
        entries.extend(self.new_in_root());
        root_index::sort(&mut entries)?;
        amendment.grow_table(&mut entries)?;
        amendment.write_root(&entries)?;
        amendment.write_bitmap()?;
        Ok(amendment.pages.finish())
    }
}

struct Amendment<'a, R> {
    layout: &'a NtfsLayout,
    volume: &'a Volume<R>,
    first_record: u64,
    pages: Pages<'a, R>,
    /// Clusters that are in use no more.
    freed: Vec<Run>,
    freed_records: Vec<u64>,
    /// Runs of the areas that are written here.
    taken: Vec<Run>,
}

impl<R: ReadAt> Amendment<'_, R> {
    /// Takes a file out of the root, with its record and its clusters.
    fn replace(&mut self, entries: &mut Vec<RootEntry>, name: &str) -> Result<(), AmendError> {
        let found = entries.iter().position(|entry| entry.name() == name);
        let Some(found) = found else {
            let name = name.to_owned();
            return Err(AmendError::NotThere { name });
        };
        let reference = entries.remove(found).reference;
        let record = self
            .volume
            .mft()
            .record(self.volume.disk(), reference.number())?;
        // Taken apart for what it would say of a record that goes on elsewhere.
        RecordEdit::new(&record)?;
        let opened = self.volume.open_file(FileId::from(reference))?;
        if !opened.streams().is_empty() || opened.link_count() != 1 {
            let what = "the file to be replaced has further streams or names";
            return Err(AmendError::Unlike { what });
        }
        self.freed.extend(runs_of(&record, kind::DATA, "")?);
        let shape = &self.layout.plan.shape;
        let mut free = vec![0; index(shape.record_bytes)];
        let sequence = match record.header.sequence.get().wrapping_add(1) {
            0 => 1,
            next => next,
        };
        RecordWriter::new(&mut free, self.layout.plan.data.room.attributes_at)
            .finish(RecordFacts::free(narrow(reference.number()), sequence));
        self.put_record(reference.number(), &free)?;
        self.freed_records.push(reference.number());
        Ok(())
    }

    /// Makes `$MFT` longer by the layout's records, with a new bitmap.
    fn grow_table(&mut self, entries: &mut [RootEntry]) -> Result<(), AmendError> {
        let plan = &self.layout.plan;
        let cluster_bytes = plan.shape.cluster_bytes;
        let record = self.volume.mft().record(self.volume.disk(), number::MFT)?;
        let mut edit = RecordEdit::new(&record)?;
        let mut runs = runs_of(&record, kind::DATA, "")?;
        let before = self.volume.mft().data.bytes;
        if sizes_of(&runs, cluster_bytes, 0).clusters * cluster_bytes != before {
            let what = "its $MFT has room that it does not use";
            return Err(AmendError::Unlike { what });
        }
        let more: Vec<Run> = self.area_runs(Area::Mft, plan.areas.count(Area::Mft));
        push_runs(&mut runs, &more);
        let data = before + plan.record_count * plan.shape.record_bytes;
        edit.remove(kind::DATA, "");
        let sizes = sizes_of(&runs, cluster_bytes, data);
        edit.put_runs((kind::DATA, ""), &runs, sizes);

        self.freed.extend(runs_of(&record, kind::BITMAP, "")?);
        let map = self.record_map()?;
        let runs = self.put_area(Area::MftBitmap, &map)?;
        edit.remove(kind::BITMAP, "");
        let map_sizes = sizes_of(&runs, cluster_bytes, wide(map.len()));
        edit.put_runs((kind::BITMAP, ""), &runs, map_sizes);

        let allocated = sizes.clusters * cluster_bytes;
        let unlike = || AmendError::Unlike {
            what: "its $MFT is not called so in its root",
        };
        let key = root_index::resize(entries, number::MFT, allocated, data).ok_or_else(unlike)?;
        let value = edit.value(kind::FILE_NAME);
        let value = value.filter(|value| value.len() == key.len());
        value.ok_or_else(unlike)?.copy_from_slice(&key);
        let bytes = edit.finish()?;
        self.put_record(number::MFT, &bytes)?;
        let mirror = system_stream(self.volume, number::MFT_MIRROR)?;
        let end = wide(bytes.len());
        let at = places(&mirror, 0..end)?;
        match at.as_slice() {
            [one] => self.pages.put(one.start, &bytes),
            _ => Err(AmendError::Unlike {
                what: "its $MFTMirr is in pieces",
            }),
        }
    }

    /// Returns the bitmap of all records.
    fn record_map(&self) -> Result<Vec<u8>, AmendError> {
        let plan = &self.layout.plan;
        let bits = self.first_record + plan.record_count;
        let mut map = vec![0; index(bitmap_bytes(bits))];
        let old = stream(self.volume, number::MFT, kind::BITMAP)?;
        let count = map.len().min(index(old.bytes));
        self.volume
            .mft()
            .read(self.volume.disk(), &old, 0, &mut map[..count])?;
        for record in &self.freed_records {
            crate::layout::bits::clear(&mut map, *record, *record + 1);
        }
        for node in 1..plan.tree.node_count() {
            if !self.layout.is_left_out(crate::Node(node)) {
                let bit = self.first_record + u64::from(node) - 1;
                crate::layout::bits::set(&mut map, bit, bit + 1);
            }
        }
        Ok(map)
    }

    /// Writes the root's record and index.
    fn write_root(&mut self, entries: &[RootEntry]) -> Result<(), AmendError> {
        let record = self.volume.mft().record(self.volume.disk(), number::ROOT)?;
        let mut edit = RecordEdit::new(&record)?;
        self.freed
            .extend(runs_of(&record, kind::INDEX_ALLOCATION, INDEX_NAME)?);
        self.freed
            .extend(runs_of(&record, kind::BITMAP, INDEX_NAME)?);
        for kind in [kind::INDEX_ROOT, kind::INDEX_ALLOCATION, kind::BITMAP] {
            edit.remove(kind, INDEX_NAME);
        }
        let room = edit.room().saturating_sub(NAMED_VALUE_BYTES);
        let unit = self.layout.plan.shape.clusters_per_block();
        let root = RootIndex::new(entries, unit, room);
        edit.put_resident(kind::INDEX_ROOT, INDEX_NAME, &root.root);
        if !root.blocks.is_empty() {
            let runs = self.put_area(Area::RootIndex, &root.blocks)?;
            let cluster_bytes = self.layout.plan.shape.cluster_bytes;
            let sizes = sizes_of(&runs, cluster_bytes, wide(root.blocks.len()));
            edit.put_runs((kind::INDEX_ALLOCATION, INDEX_NAME), &runs, sizes);
            edit.put_resident(kind::BITMAP, INDEX_NAME, &root.map);
        }
        let bytes = edit.finish()?;
        self.put_record(number::ROOT, &bytes)
    }

    /// Writes which clusters are in use.
    fn write_bitmap(&mut self) -> Result<(), AmendError> {
        let plan = &self.layout.plan;
        let bitmap = system_stream(self.volume, number::BITMAP)?;
        for run in std::mem::take(&mut self.taken) {
            self.pages.bits(&bitmap, clusters(run), true)?;
        }
        let first = plan.areas.start(Area::Mft);
        for run in plan.spans.runs(first, plan.areas.end() - first) {
            self.pages.bits(&bitmap, clusters(run), true)?;
        }
        let mut gone = Vec::new();
        self.layout
            .each_freed_slot(first, plan.areas.end(), |slot, count| {
                gone.extend(plan.spans.runs(slot, count));
            });
        gone.append(&mut self.freed);
        for run in gone {
            self.pages.bits(&bitmap, clusters(run), false)?;
        }
        Ok(())
    }

    /// Puts bytes into the first clusters of an area; returns those.
    fn put_area(&mut self, area: Area, bytes: &[u8]) -> Result<Vec<Run>, AmendError> {
        let shape = &self.layout.plan.shape;
        let cluster_bytes = shape.cluster_bytes;
        let count = shape.clusters_for(wide(bytes.len()));
        assert!(
            count <= self.layout.plan.areas.count(area),
            "{area:?} has room for what was planned"
        );
        let runs = self.area_runs(area, count);
        let mut whole = bytes.to_vec();
        whole.resize(index(count * cluster_bytes), 0);
        let mut rest = whole.as_slice();
        for run in &runs {
            let (part, after) = rest.split_at(index(run.count * cluster_bytes));
            self.pages
                .put(run.cluster.unwrap_or(0) * cluster_bytes, part)?;
            rest = after;
        }
        self.taken.extend(&runs);
        Ok(runs)
    }

    fn area_runs(&self, area: Area, count: u64) -> Vec<Run> {
        let plan = &self.layout.plan;
        plan.spans.runs(plan.areas.start(area), count).collect()
    }

    fn put_record(&mut self, record: u64, bytes: &[u8]) -> Result<(), AmendError> {
        let record_bytes = self.layout.plan.shape.record_bytes;
        let at = record * record_bytes;
        let mut rest = bytes;
        for place in places(&self.volume.mft().data, at..at + record_bytes)? {
            let (part, after) = rest.split_at(index(place.end - place.start));
            self.pages.put(place.start, part)?;
            rest = after;
        }
        Ok(())
    }
}

/// Adds runs, joined to the last one where they follow on it.
fn push_runs(runs: &mut Vec<Run>, more: &[Run]) {
    for run in more {
        match runs.last_mut() {
            Some(Run {
                cluster: Some(first),
                count,
            }) if Some(*first + *count) == run.cluster => *count += run.count,
            _ => runs.push(*run),
        }
    }
}

fn clusters(run: Run) -> Range<u64> {
    let first = run.cluster.unwrap_or(0);
    first..first + run.count
}

/// Bytes of the header of a resident attribute named `$I30`.
const NAMED_VALUE_BYTES: usize = 24 + 8;
