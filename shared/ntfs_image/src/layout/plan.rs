//! Where everything lies: all that is decided once and never changes while a drive is written and mended.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters of one volume; sums that could be larger are saturated or checked where they are made"
)]

use super::areas::{Area, Areas};
use super::children::Children;
use super::cost::{Cost, NotPlaced, Placed};
use super::data::DataPlaces;
use super::error::LayoutError;
use super::indexes::{Folders, LargeFolder, Trees, all_folders};
use super::number::narrow;
use super::security::Security;
use super::spans::Spans;
use super::spec::{Shape, VolumeSpec, cluster_bytes};
use super::system_files::SystemFile;
use super::system_names::SystemNames;
use crate::Tree;

/// A whole volume, planned.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) spec: VolumeSpec,
    pub(super) shape: Shape,
    pub(super) tree: Tree,
    pub(super) names: SystemNames,
    pub(super) children: Children,
    pub(super) data: DataPlaces,
    /// Ascending by folder and by slot.
    pub(super) large: Vec<LargeFolder>,
    pub(super) trees: Trees,
    pub(super) spans: Spans,
    pub(super) areas: Areas,
    pub(super) record_count: u64,
    pub(super) security: Security,
    /// Ascending by record.
    pub(super) system_files: Vec<SystemFile>,
}

impl Plan {
    pub(super) fn new(spec: VolumeSpec, mut tree: Tree) -> Result<Self, LayoutError> {
        tree.shrink();
        let shape = Shape::new(&spec, cluster_bytes(spec.bytes, spec.sector))?;
        let names = SystemNames::new(&spec.reserved);
        let children = Children::new(&tree, &names, narrow(spec.reserved.len()))?;
        let data = DataPlaces::new(&tree, &shape).ok_or(LayoutError::DoesNotFit {
            missing_bytes: u64::MAX,
            volume_bytes: spec.bytes,
        })?;
        let mut cost = Cost::new(&spec)?;
        cost.add_tree(&tree, &names, &children, data.total());
        let placed = cost.place().map_err(|why| match why {
            NotPlaced::Missing(missing_bytes) => LayoutError::DoesNotFit {
                missing_bytes,
                volume_bytes: spec.bytes,
            },
            NotPlaced::RecordFull { folder } => LayoutError::FolderRecordFull {
                folder: folder_name(folder, &tree, &names),
            },
        })?;
        let folders = Folders {
            tree: &tree,
            names: &names,
            children: &children,
            room: data.room,
        };
        let Placed {
            areas,
            mut large,
            record_count,
        } = placed;
        let trees = folders.load(&mut large);
        let mut plan = Self {
            spec,
            shape,
            tree,
            names,
            children,
            data,
            large,
            trees,
            spans: cost.spans,
            areas,
            record_count,
            security: Security::new(),
            system_files: Vec::new(),
        };
        plan.system_files = plan.make_system_files();
        Ok(plan)
    }

    /// Returns what decides how folders are indexed.
    pub(super) fn folders(&self) -> Folders<'_> {
        Folders {
            tree: &self.tree,
            names: &self.names,
            children: &self.children,
            room: self.data.room,
        }
    }

    /// Returns the bytes of an area's clusters.
    pub(super) fn area_bytes(&self, area: Area) -> u64 {
        self.areas.count(area) * self.shape.cluster_bytes
    }

    pub(super) fn mft_bitmap_bytes(&self) -> u64 {
        bitmap_bytes(self.record_count)
    }

    pub(super) fn cluster_bitmap_bytes(&self) -> u64 {
        bitmap_bytes(self.shape.clusters)
    }
}

/// Returns the name of folder number `folder`.
fn folder_name(folder: u32, tree: &Tree, names: &SystemNames) -> String {
    let found = all_folders(tree).find(|(number, _)| *number == folder);
    let units = found.map(|(_, record)| names.units(tree, record));
    String::from_utf16_lossy(units.unwrap_or_default())
}

/// Returns how many bytes more the volume would need, its clusters staying as they are.
///
/// A larger volume has a larger bitmap and log, so the answer is found step by step. No step goes too far, since each
/// further cluster can make good for one missing cluster at most.
pub(super) fn missing_bytes(spec: &VolumeSpec, shape: &Shape, spans: &Spans, areas: &Areas) -> u64 {
    let fixed = areas.end() - areas.count(Area::Bitmap) - areas.count(Area::LogFile);
    let not_slots = shape.boot_clusters + spans.reserved_clusters();
    let missing = |more: u64| {
        let bytes = spec.bytes + more * shape.cluster_bytes;
        let clusters = shape.clusters_of_volume(bytes);
        let bitmap = shape.clusters_for(bitmap_bytes(clusters));
        let needed = fixed + bitmap + log_clusters(bytes, shape);
        needed.saturating_sub(clusters - not_slots)
    };
    let mut more = areas.end() - spans.slots();
    // Beyond what any volume holds the estimate is as good as the truth.
    while more < CLUSTERS_MAX {
        match missing(more) {
            0 => break,
            still => more += still,
        }
    }
    more.saturating_mul(shape.cluster_bytes)
}

/// Returns the bytes of a bitmap with `bits` bits, as NTFS stores one.
pub(super) const fn bitmap_bytes(bits: u64) -> u64 {
    bits.div_ceil(8).next_multiple_of(8)
}

/// Returns the clusters of `$LogFile`: what mkntfs gives it (reference/ntfs.md 3.2).
pub(super) fn log_clusters(volume_bytes: u64, shape: &Shape) -> u64 {
    const LARGE_VOLUME: u64 = 12 << 30;
    const LARGE_LOG: u64 = 64 << 20;
    const SMALLEST_LOG: u64 = 2 << 20;
    let bytes = if volume_bytes >= LARGE_VOLUME {
        LARGE_LOG
    } else {
        SMALLEST_LOG.max(volume_bytes / 200)
    };
    bytes / shape.cluster_bytes
}

pub(super) const MIRRORED_RECORDS: u64 = 4;
const CLUSTERS_MAX: u64 = 1 << 40;
