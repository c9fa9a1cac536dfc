//! Clusters that may be allocated, counted as if nothing were reserved.
//!
//! The layout puts one thing after the other and never looks at reserved extents: it counts *slots*, which are the
//! allocatable clusters in ascending order. Here a range of slots becomes the runs of clusters that it covers.
//!
//! ```text
//! clusters  | $Boot |      span 0      | reserved |   span 1   | reserved |       span 2        |
//! slots             0 ............... n            n ........ m            m ...................
//! ```

#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters of one volume, below 2^33"
)]

use std::ops::Range;

use crate::runs::Run;

use super::spec::{Shape, VolumeSpec};

/// Consecutive clusters that may be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Slot of the first cluster.
    pub(super) slot: u64,
    /// The first cluster.
    pub(super) cluster: u64,
    /// Clusters; not 0.
    pub(super) count: u64,
}

/// What a cluster is, before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Of `$Boot`.
    Boot,
    /// Allocatable: its slot.
    Slot(u64),
    /// Of this reserved file.
    Reserved(usize),
    /// In use on a volume that exists already.
    Kept,
}

/// All spans of a volume, ascending.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    spans: Vec<Span>,
    /// First cluster, clusters, index in the spec; ascending.
    reserved: Vec<(u64, u64, usize)>,
    boot_clusters: u64,
    clusters: u64,
}

impl Spans {
    /// The spec's extents are known to be disjoint, inside the volume and after `$Boot`.
    pub(super) fn new(spec: &VolumeSpec, shape: &Shape) -> Self {
        let mut reserved: Vec<_> = spec
            .reserved
            .iter()
            .enumerate()
            .map(|(index, file)| {
                let first = file.at / shape.cluster_bytes;
                (first, shape.clusters_for(file.bytes), index)
            })
            .collect();
        reserved.sort_unstable();
        let mut spans = Vec::new();
        let (mut slot, mut cluster) = (0, shape.boot_clusters);
        for (start, end) in reserved
            .iter()
            .map(|&(first, count, _)| (first, first + count))
            .chain([(shape.clusters, shape.clusters)])
        {
            if start > cluster {
                let count = start - cluster;
                spans.push(Span {
                    slot,
                    cluster,
                    count,
                });
                slot += count;
            }
            cluster = end;
        }
        Self {
            spans,
            reserved,
            boot_clusters: shape.boot_clusters,
            clusters: shape.clusters,
        }
    }

    /// The spans of a volume that exists: what is free on it, and nothing else. `free` is ascending and disjoint.
    pub(super) fn of_free(free: &[Range<u64>], shape: &Shape) -> Self {
        let mut slot = 0;
        let spans = free.iter().map(|range| {
            let (cluster, count) = (range.start, range.end - range.start);
            let first = slot;
            slot += count;
            Span {
                slot: first,
                cluster,
                count,
            }
        });
        Self {
            spans: spans.collect(),
            reserved: Vec::new(),
            boot_clusters: 0,
            clusters: shape.clusters,
        }
    }

    /// Returns how many slots there are.
    pub(super) fn slots(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.slot + span.count)
    }

    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// First cluster and clusters of each reserved file, ascending.
    pub(super) fn reserved(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.reserved
            .iter()
            .map(|&(first, count, _)| (first, count))
    }

    /// Returns the runs of clusters that `count` slots from `slot` on cover, ascending.
    pub(super) fn runs(&self, slot: u64, count: u64) -> impl Iterator<Item = Run> + Clone + '_ {
        let first = self
            .spans
            .partition_point(|span| span.slot + span.count <= slot);
        let end = slot + count;
        self.spans[first..]
            .iter()
            .take_while(move |span| count > 0 && span.slot < end)
            .map(move |span| {
                let from = slot.max(span.slot);
                let through = end.min(span.slot + span.count);
                Run {
                    cluster: Some(span.cluster + (from - span.slot)),
                    count: through - from,
                }
            })
    }

    /// Returns the cluster of a slot.
    pub(super) fn cluster(&self, slot: u64) -> u64 {
        let run = self.runs(slot, 1).next();
        run.and_then(|run| run.cluster)
            .expect("only slots of the volume are asked for")
    }

    /// Returns what `cluster` is, and the first cluster after it that is something else or does not follow on.
    pub(super) fn place(&self, cluster: u64) -> (Place, u64) {
        assert!(cluster < self.clusters, "a cluster of the volume");
        if cluster < self.boot_clusters {
            return (Place::Boot, self.boot_clusters);
        }
        let next = self.spans.partition_point(|span| span.cluster <= cluster);
        if let Some(span) = next.checked_sub(1).map(|span| self.spans[span])
            && cluster < span.cluster + span.count
        {
            let slot = span.slot + (cluster - span.cluster);
            return (Place::Slot(slot), span.cluster + span.count);
        }
        let found = self
            .reserved
            .partition_point(|&(first, ..)| first <= cluster);
        match found.checked_sub(1).map(|found| self.reserved[found]) {
            Some((first, count, index)) => (Place::Reserved(index), first + count),
            None => {
                let free = self.spans.get(next).map(|span| span.cluster);
                (Place::Kept, free.unwrap_or(self.clusters))
            }
        }
    }

    /// Returns the clusters of all reserved files.
    pub(super) fn reserved_clusters(&self) -> u64 {
        self.reserved().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileTime;
    use crate::layout::spec::ReservedFile;
    use disk::SectorSize;

    fn spans(reserved: &[(u64, u64)]) -> Spans {
        let spec = VolumeSpec {
            bytes: 1 << 20,
            sector: SectorSize::B512,
            start_lba: 0,
            serial: 0,
            label: String::new(),
            created: FileTime(0),
            reserved: reserved
                .iter()
                .map(|&(first, count)| ReservedFile {
                    name: format!("r{first}"),
                    at: first * 4096,
                    bytes: count * 4096,
                })
                .collect(),
        };
        Spans::new(&spec, &Shape::new(&spec, 4096).unwrap())
    }

    #[test]
    fn slots_go_around_what_is_reserved() {
        let spans = spans(&[(100, 2), (2, 3), (102, 1)]);
        // 255 clusters, of which 2 are $Boot's and 6 reserved.
        assert_eq!(spans.slots(), 247);
        let runs: Vec<_> = spans
            .runs(90, 10)
            .map(|run| (run.cluster.unwrap(), run.count))
            .collect();
        assert_eq!(runs, [(95, 5), (103, 5)]);
        assert_eq!(spans.runs(90, 0).count(), 0);
        assert_eq!(spans.cluster(0), 5);
        assert_eq!(spans.place(1), (Place::Boot, 2));
        assert_eq!(spans.place(4), (Place::Reserved(1), 5));
        assert_eq!(spans.place(101), (Place::Reserved(0), 102));
        assert_eq!(spans.place(103), (Place::Slot(95), 255));
    }

    #[test]
    fn every_slot_has_its_own_cluster() {
        let spans = spans(&[(2, 1), (50, 7), (254, 1)]);
        let clusters: Vec<_> = (0..spans.slots()).map(|slot| spans.cluster(slot)).collect();
        assert!(clusters.is_sorted());
        for (slot, cluster) in (0..).zip(clusters) {
            assert_eq!(spans.place(cluster).0, Place::Slot(slot));
        }
    }
}
