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
use super::ground::Ground;
use super::indexes::{Folders, LargeFolder, Trees, all_folders};
use super::number::narrow;
use super::records::{self, USERS_FIRST, records_behind};
use super::security::Security;
use super::spans::Spans;
use super::spec::{Shape, VolumeSpec, cluster_bytes};
use super::system_files::SystemFile;
use super::system_names::SystemNames;
use crate::Tree;
use crate::record::Reference;

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
    /// The volume that exists already and is added to; `None` for a new one.
    pub(super) ground: Option<Ground>,
    /// The first record of the area of records, as the layout counts them.
    pub(super) mft_first: u32,
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
            is_onto: false,
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
            ground: None,
            mft_first: 0,
        };
        plan.system_files = plan.make_system_files();
        Ok(plan)
    }

    /// Plans a tree onto the free clusters of a volume that exists.
    pub(super) fn onto(
        spec: VolumeSpec,
        ground: Ground,
        mut tree: Tree,
    ) -> Result<Self, LayoutError> {
        tree.shrink();
        let spec = VolumeSpec {
            reserved: Vec::new(),
            ..spec
        };
        let shape = Shape::new(&spec, cluster_bytes(spec.bytes, spec.sector))?;
        let does_not_fit = |missing_bytes| LayoutError::DoesNotFit {
            missing_bytes,
            volume_bytes: spec.bytes,
        };
        let names = SystemNames::new(&[]);
        let children = Children::new(&tree, &names, 0)?;
        let data = DataPlaces::new(&tree, &shape).ok_or_else(|| does_not_fit(u64::MAX))?;
        let spans = Spans::of_free(&ground.free, &shape);
        let folders = Folders {
            tree: &tree,
            names: &names,
            children: &children,
            room: data.room,
            is_onto: true,
        };
        let mut large = folders.large();
        let record_count = records_behind(&tree, shape.record_bytes, shape.cluster_bytes);
        let all_records = u64::from(ground.first_record) + record_count;
        if all_records >= RECORDS_MAX {
            return Err(does_not_fit(u64::MAX));
        }
        let root = shape.clusters_for(ground.root_bytes(&tree));
        let bitmap = shape.clusters_for(bitmap_bytes(all_records));
        let mft = shape.clusters_for(record_count * shape.record_bytes);
        let indexes_start = root + bitmap + mft;
        let indexes_end = folders.place(&mut large, indexes_start, &spans, &shape)?;
        let trees = folders.load(&mut large);
        let areas = Areas::new(|area| match area {
            Area::RootIndex => root,
            Area::MftBitmap => bitmap,
            Area::Mft => mft,
            Area::Indexes => indexes_end - indexes_start,
            Area::Data => data.total(),
            _ => 0,
        });
        if areas.end() > spans.slots() {
            let missing = areas.end() - spans.slots();
            return Err(does_not_fit(missing.saturating_mul(shape.cluster_bytes)));
        }
        Ok(Self {
            spec,
            shape,
            tree,
            names,
            children,
            data,
            large,
            trees,
            spans,
            areas,
            record_count,
            security: Security::new(),
            system_files: Vec::new(),
            ground: Some(ground),
            mft_first: USERS_FIRST,
        })
    }

    /// Returns the number that a record has on the volume: on one that exists, the tree's records lie behind all
    /// that were there.
    pub(super) fn actual(&self, record: u32) -> u32 {
        match &self.ground {
            Some(ground) if record >= USERS_FIRST => record - USERS_FIRST + ground.first_record,
            _ => record,
        }
    }

    /// Returns what other records and indexes call a record by.
    pub(super) fn reference(&self, record: u32) -> Reference {
        records::reference(self.actual(record))
    }

    /// Returns what decides how folders are indexed.
    pub(super) fn folders(&self) -> Folders<'_> {
        Folders {
            tree: &self.tree,
            names: &self.names,
            children: &self.children,
            room: self.data.room,
            is_onto: self.ground.is_some(),
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
/// Numbers of records are kept below this, as a tree keeps its nodes.
const RECORDS_MAX: u64 = 0xffff_f000;
const CLUSTERS_MAX: u64 = 1 << 40;
