//! What a tree takes of a volume, to the cluster, from three columns: parent, length of the name,
//! size.
//!
//! Nothing is kept for a file: it is counted and forgotten. Folders take 24 bytes.
//! [`NtfsLayout`](super::NtfsLayout) takes the places of its areas from here, so what is counted is what
//! is laid out, and `shared::plan` plans by it.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters and bytes of one volume; the sum of the files' is saturated, and all are checked at the end"
)]

use super::areas::{Area, Areas};
use super::attribute_definitions;
use super::data::RecordRoom;
use super::error::LayoutError;
use super::indexes::{self, LargeFolder, Tally};
use super::number::{index, narrow};
use super::plan::{MIRRORED_RECORDS, bitmap_bytes, log_clusters, missing_bytes};
use super::records::{
    EXTEND, RESERVED_FIRST, ROOT, SYSTEM_VOLUME_INFORMATION, USERS_FIRST, record_count,
};
use super::security::Security;
use super::spans::Spans;
use super::spec::{Shape, VolumeSpec, cluster_bytes};
use super::system_names::{EXTEND_CHILDREN, ROOT_CHILDREN, SystemNames};
use crate::{Tree, name, upcase};

/// Counts what files and folders take of a volume, row by row.
///
/// Folders are numbered in the order in which a [`Tree`] would get them; 0 is the root. The entries
/// of one folder come in the order of their names ([`name::compare`]); those of the root come by
/// name, since the system's own lie between them.
#[derive(Clone, Debug)]
pub struct Cost {
    spec: VolumeSpec,
    pub(super) shape: Shape,
    pub(super) spans: Spans,
    room: RecordRoom,
    root: Vec<Vec<u16>>,
    tallies: Vec<Tally>,
    nodes: u32,
    data: u64,
}

/// What everything together takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costed {
    /// Bytes of all clusters in use, as [`NtfsLayout::used_bytes`](super::NtfsLayout::used_bytes).
    pub used_bytes: u64,
    /// Bytes of all free clusters.
    pub free_bytes: u64,
}

/// Where everything lies, in slots.
pub(super) struct Placed {
    pub(super) areas: Areas,
    pub(super) large: Vec<LargeFolder>,
    pub(super) record_count: u64,
}

/// Why not.
pub(super) enum NotPlaced {
    /// So much is missing.
    Missing(u64),
    /// The record of this folder is too small for the pieces of its index.
    RecordFull { folder: u32 },
}

impl Cost {
    /// Starts with the empty volume that `spec` describes.
    ///
    /// # Errors
    /// [`LayoutError`] for a volume that cannot be laid out whatever is on it.
    pub fn new(spec: &VolumeSpec) -> Result<Self, LayoutError> {
        let shape = Shape::new(spec, cluster_bytes(spec.bytes, spec.sector))?;
        Ok(Self {
            spec: spec.clone(),
            spans: Spans::new(spec, &shape),
            room: RecordRoom::new(&shape),
            shape,
            root: Vec::new(),
            tallies: vec![Tally::of_folder(0)],
            nodes: 1,
            data: 0,
        })
    }

    /// Counts a folder with a name of `units` UTF-16 units, and returns its number. Its entry in its
    /// parent is counted by [`Self::entry`] or [`Self::root_entry`].
    pub fn folder(&mut self, units: u8) -> u32 {
        self.nodes = self.nodes.saturating_add(1);
        self.tallies.push(Tally::of_folder(units));
        narrow(self.tallies.len() - 1)
    }

    /// Counts the record and content of a file of `bytes` with a name of `units` UTF-16 units. Its
    /// entry in its parent is counted apart, like a folder's.
    pub fn file(&mut self, units: u8, bytes: u64) {
        self.nodes = self.nodes.saturating_add(1);
        let slots = self.room.slots_of(usize::from(units), bytes);
        self.data = self.data.saturating_add(slots);
    }

    /// Counts the entry of a file or folder with a name of `units` in `folder`, which is not the
    /// root.
    ///
    /// # Panics
    /// When there is no such folder.
    pub fn entry(&mut self, folder: u32, units: u8) {
        self.tallies[index(folder)].push(usize::from(units));
    }

    /// Counts the entry of a file or folder in the root.
    pub fn root_entry(&mut self, name: &str) {
        self.root.push(name.encode_utf16().collect());
    }

    /// Returns what everything counted takes.
    ///
    /// # Errors
    /// [`LayoutError`]; `DoesNotFit` says how much is missing.
    pub fn finish(mut self) -> Result<Costed, LayoutError> {
        self.add_system_entries();
        let placed = self.place().map_err(|why| match why {
            NotPlaced::Missing(missing_bytes) => LayoutError::DoesNotFit {
                missing_bytes,
                volume_bytes: self.spec.bytes,
            },
            NotPlaced::RecordFull { folder } => LayoutError::FolderRecordFull {
                folder: format!("number {folder}"),
            },
        })?;
        let clusters =
            self.shape.boot_clusters + self.spans.reserved_clusters() + placed.areas.end();
        let used_bytes = clusters * self.shape.cluster_bytes;
        Ok(Costed {
            used_bytes,
            free_bytes: self.shape.clusters * self.shape.cluster_bytes - used_bytes,
        })
    }

    /// Counts the root's entries, the system's among them, and those of the system's folders.
    fn add_system_entries(&mut self) {
        let names = SystemNames::new(&self.spec.reserved);
        let none = Tree::new();
        let system = |record: u32| names.units(&none, record).to_vec();
        let mut root = std::mem::take(&mut self.root);
        root.extend(ROOT_CHILDREN.map(system));
        if !self.spec.reserved.is_empty() {
            root.push(system(SYSTEM_VOLUME_INFORMATION));
        }
        root.sort_by(|one, other| name::compare(one, other));
        for name in root {
            self.tallies[0].push(name.len());
        }
        let reserved = narrow(self.spec.reserved.len());
        let own: [(u32, Vec<u32>); 2] = [
            (EXTEND, EXTEND_CHILDREN.to_vec()),
            (
                SYSTEM_VOLUME_INFORMATION,
                (RESERVED_FIRST..RESERVED_FIRST + reserved).collect(),
            ),
        ];
        for (folder, children) in own {
            let mut tally = Tally::of_folder(system(folder).len());
            let mut children: Vec<_> = children.into_iter().map(system).collect();
            children.sort_by(|one, other| name::compare(one, other));
            for name in children {
                tally.push(name.len());
            }
            self.tallies.push(tally);
        }
    }

    /// Counts a whole tree, whose files' data take `data` clusters, by the entries of each folder;
    /// `$Extend` and System Volume Information are the last.
    pub(super) fn add_tree<'a>(
        &mut self,
        tree: &'a Tree,
        names: &'a SystemNames,
        children: &super::children::Children,
        data: u64,
    ) {
        let units = |record: u32| names.units(tree, record).len();
        self.tallies.clear();
        for (folder, record) in indexes::all_folders(tree) {
            let mut tally = Tally::of_folder(units(record));
            for child in children.of(folder) {
                tally.push(units(*child));
            }
            self.tallies.push(tally);
        }
        self.nodes = tree.node_count();
        self.data = data;
    }

    /// Gives everything that was counted its place.
    pub(super) fn place(&self) -> Result<Placed, NotPlaced> {
        let shape = &self.shape;
        if self.data >= 1 << 63 {
            return Err(NotPlaced::Missing(u64::MAX));
        }
        let record_count = record_count(self.nodes, shape.record_bytes, shape.cluster_bytes);
        let records_end = shape.clusters_for(bitmap_bytes(record_count))
            + shape.clusters_for(record_count * shape.record_bytes);
        let mut large = self.large_folders();
        let indexes_end = self.place_indexes(&mut large, records_end)?;
        let areas = Areas::new(|area| match area {
            Area::MftBitmap => shape.clusters_for(bitmap_bytes(record_count)),
            Area::Mft => shape.clusters_for(record_count * shape.record_bytes),
            Area::Indexes => indexes_end - records_end,
            Area::UpCase => shape.clusters_for(upcase::TABLE_BYTES),
            Area::AttributeDefinitions => shape.clusters_for(attribute_definitions::TABLE_BYTES),
            Area::Security => shape.clusters_for(Security::new().stream_bytes()),
            Area::Bitmap => shape.clusters_for(bitmap_bytes(shape.clusters)),
            Area::LogFile => log_clusters(self.spec.bytes, shape),
            Area::Mirror => shape.clusters_for(MIRRORED_RECORDS * shape.record_bytes),
            Area::Data => self.data,
            Area::Free | Area::RootIndex => 0,
        });
        if areas.end() > self.spans.slots() {
            let missing = missing_bytes(&self.spec, shape, &self.spans, &areas);
            return Err(NotPlaced::Missing(missing));
        }
        Ok(Placed {
            areas,
            large,
            record_count,
        })
    }

    /// Returns the folders whose entries do not fit their records, not yet placed.
    fn large_folders(&self) -> Vec<LargeFolder> {
        let system = self.tallies.len() - 2;
        let record = |folder: usize| match folder {
            0 => ROOT,
            other if other == system => EXTEND,
            other if other > system => SYSTEM_VOLUME_INFORMATION,
            // Only the layout, which knows the nodes, needs more.
            _ => USERS_FIRST,
        };
        let folders = self.tallies.iter().enumerate();
        let large = folders
            .filter_map(|(folder, tally)| tally.large(self.room, narrow(folder), record(folder)));
        large.collect()
    }

    /// Gives each large folder its slots, from `first` on; returns the first slot after all of them.
    fn place_indexes(&self, large: &mut [LargeFolder], first: u64) -> Result<u64, NotPlaced> {
        let mut next = first;
        for large in large {
            let units = usize::from(self.tallies[index(large.folder)].units);
            let placed = large.place(next, units, self.room, &self.spans, &self.shape);
            next = placed.ok_or(NotPlaced::RecordFull {
                folder: large.folder,
            })?;
        }
        Ok(next)
    }
}
