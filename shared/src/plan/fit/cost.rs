//! How many bytes of a volume each file and folder takes.
//!
//! Counted as ntfs.md 4.2 does, and never too high: rounding that depends on what lies beside a
//! file is left out.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of file lengths that the listing's total bounds; overflow stops a release build too"
)]

use disk::SectorSize;

use super::contents::Contents;
use super::measures::{Measures, units};
use crate::plan::export::{METADATA_SUFFIX, PROPERTIES_SUFFIX};
use crate::plan::listing::{FolderId, Listing, index};
use crate::plan::mapping::{Mapping, PROPERTIES_BYTES};
use crate::plan::pieces_of;

/// A kind of volume, as far as costs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Bytes count, nothing else.
    Bare,
    /// NTFS.
    Ntfs {
        /// Bytes of an MFT record.
        record: u64,
        /// Bytes of a cluster.
        cluster: u64,
    },
}

/// Bytes of an index block, and what entries can fill of it.
const BLOCK: u64 = 4096;
const BLOCK_ROOM: u64 = 4016;

impl Class {
    pub(super) fn of(sector: SectorSize, volume_bytes: u64) -> Self {
        let record = match sector {
            SectorSize::B512 => 1024,
            SectorSize::B4096 => 4096,
        };
        Self::Ntfs {
            record,
            cluster: ntfs_image::cluster_bytes(volume_bytes, sector),
        }
    }

    /// Bytes of a record, which every file and folder has.
    pub(super) const fn record(self) -> u64 {
        match self {
            Self::Bare => 0,
            Self::Ntfs { record, .. } => record,
        }
    }

    /// Bytes that a file's record and content take.
    fn file(self, units: u64, bytes: u64) -> u64 {
        match self {
            Self::Bare => bytes,
            Self::Ntfs { record, cluster } => {
                let used = header(record) + 96 + up8(90 + 2 * units) + 8;
                let resident = bytes < record && used + up8(24 + bytes) <= record;
                record
                    + if resident {
                        0
                    } else {
                        bytes.next_multiple_of(cluster)
                    }
            }
        }
    }

    /// Bytes of a folder's entry for a name of `units`.
    pub(super) const fn edge(self, units: u64) -> u64 {
        match self {
            Self::Bare => 0,
            Self::Ntfs { .. } => 16 + up8(66 + 2 * units),
        }
    }

    /// Most entry bytes that a folder with a name of `units` holds in its own record.
    pub(super) fn small(self, units: u64) -> u64 {
        match self {
            Self::Bare => u64::MAX,
            Self::Ntfs { record, .. } => {
                let used = header(record) + 96 + up8(90 + 2 * units) + 64 + 16 + 8;
                record.saturating_sub(used)
            }
        }
    }

    /// Bytes of the index blocks of a folder whose entries take `edges`.
    pub(super) fn blocks(self, edges: u64, small: u64) -> u64 {
        match self {
            Self::Ntfs { cluster, .. } if edges > small => {
                (edges.div_ceil(BLOCK_ROOM) * BLOCK).next_multiple_of(cluster)
            }
            _ => 0,
        }
    }

    /// Bytes of the index blocks of a folder that lies on at most `drives` drives.
    fn blocks_least(self, edges: u64, small: u64, drives: u64) -> u64 {
        match self {
            Self::Bare => 0,
            Self::Ntfs { .. } => {
                edges.saturating_sub(small.saturating_mul(drives)) / BLOCK_ROOM * BLOCK
            }
        }
    }
}

/// Attributes begin behind the record's header and its fixup array.
const fn header(record: u64) -> u64 {
    up8(0x30 + 2 * (record / 512 + 1))
}

const fn up8(bytes: u64) -> u64 {
    bytes.next_multiple_of(8)
}

/// What a folder takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FolderCost {
    /// Everything below it, its index blocks included, its own record not.
    pub(super) inner: u64,
    /// Bytes of its own entry in its parent.
    pub(super) edge: u64,
    /// Bytes of the entries in it.
    pub(super) edges: u64,
    /// Most of those that its record holds.
    pub(super) small: u64,
}

/// What everything takes on one class of volume.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    pub(super) class: Class,
    /// By entry, what a file takes beyond its length: record, rest of its last cluster, lines in the manifest and properties
    /// file; 0 for folders and what is left out. Four bytes each, of ten million.
    beyond: Vec<u32>,
    /// By folder.
    pub(super) folders: Vec<FolderCost>,
}

impl Costs {
    pub(super) fn new(
        class: Class,
        listing: &Listing,
        contents: &Contents,
        mapping: &Mapping,
        measures: &Measures,
    ) -> Self {
        let mut beyond = vec![0; index(listing.len())];
        let mut folders = vec![FolderCost::default(); index(listing.folder_count())];
        let mut add = |number: u32| {
            let file = listing.facts(number);
            let units = u64::from(measures.units(number));
            let own = class.file(units, file.bytes);
            let (beside, edges) = beside(class, mapping, number, (units, file.bytes));
            let all = own + beside + attached(class, (listing, mapping), measures, number);
            // Never below zero: content that takes no clusters is shorter than the record it lies in. Above 4 GB, which no
            // file has, it would be counted too low, as costs may be.
            beyond[index(number)] = u32::try_from(all - file.bytes).unwrap_or(u32::MAX);
            let folder = &mut folders[index(file.folder.0)];
            folder.edges += class.edge(units) + edges;
            folder.inner += all;
        };
        pieces_of(contents.files(), &mut |files| {
            files.iter().copied().for_each(&mut add)
        });
        let mut all = contents.folders();
        for id in all.iter().copied() {
            let folder = listing.folder(FolderId(id));
            let units = units(mapping.name(folder.listed()));
            let cost = &mut folders[index(id)];
            (cost.edge, cost.small) = (class.edge(units), class.small(units));
            let edge = cost.edge;
            let parent = folder.parent.unwrap_or(FolderId::TOP);
            folders[index(parent.0)].edges += edge;
        }
        // The root itself has no name; what it holds of its own takes room in its record that is not
        // counted here.
        folders[0].small = class.small(mapping.top_folder().map_or(0, units));
        all.insert(0, 0);
        for id in all.iter().rev().copied() {
            let cost = &mut folders[index(id)];
            cost.inner += class.blocks(cost.edges, cost.small);
            let inner = cost.inner;
            if let Some(parent) = listing.folder(FolderId(id)).parent {
                folders[index(parent.0)].inner += class.record() + inner;
            }
        }
        Self {
            class,
            beyond,
            folders,
        }
    }

    /// Returns what a file that goes takes: record, content, lines in the manifest and properties file.
    pub(super) fn file(&self, listing: &Listing, number: u32) -> u64 {
        listing.facts(number).bytes + u64::from(self.beyond[index(number)])
    }
}

/// What everything takes at least, whatever lies where and on whichever class of volume.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Files, and the records of folders.
    fixed: u64,
    /// The classes, and what each counts for the folders too large for their records.
    large: Vec<(Class, Vec<FolderCost>)>,
}

impl Demand {
    pub(super) fn new(all: &[Costs], listing: &Listing, contents: &Contents) -> Self {
        let mut fixed = 0;
        pieces_of(contents.files(), &mut |files| {
            let least = files.iter().map(|file| least(all, listing, *file));
            fixed += least.sum::<u64>();
        });
        let mut folders = contents.folders();
        let count = u64::try_from(folders.len()).unwrap_or(u64::MAX);
        let record = all.iter().map(|costs| costs.class.record()).min();
        folders.push(0);
        let is_large = |id: &u32| {
            all.iter()
                .any(|costs| costs.folders[index(*id)].edges > costs.folders[index(*id)].small)
        };
        folders.retain(is_large);
        let of = |costs: &Costs| {
            let large = folders.iter().map(|id| costs.folders[index(*id)]).collect();
            (costs.class, large)
        };
        Self {
            fixed: fixed + count * record.unwrap_or(0),
            large: all.iter().map(of).collect(),
        }
    }

    /// Returns the bytes on at most `drives` drives: a folder's names take more blocks on one drive
    /// than as little lists in the records of many.
    pub(super) fn on(&self, drives: u64) -> u64 {
        let blocks = |(class, large): &(Class, Vec<FolderCost>)| -> u64 {
            let blocks = |cost: &FolderCost| class.blocks_least(cost.edges, cost.small, drives);
            large.iter().map(blocks).sum()
        };
        self.fixed + self.large.iter().map(blocks).min().unwrap_or(0)
    }
}

/// Returns what a file takes on the class of volume where it takes least.
pub(super) fn least(all: &[Costs], listing: &Listing, file: u32) -> u64 {
    all.iter()
        .map(|costs| costs.file(listing, file))
        .min()
        .unwrap_or(0)
}

/// Bytes of the files beside an exported blob, and of their entries in its folder.
fn beside(class: Class, mapping: &Mapping, number: u32, (units, bytes): (u64, u64)) -> (u64, u64) {
    let blob = mapping.export.as_ref().and_then(|all| all.blob(number));
    let Some(blob) = blob.filter(|_| class != Class::Bare) else {
        return (0, 0);
    };
    let one = |suffix: &str, content: &[u8]| {
        let units = units + self::units(suffix);
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        (class.file(units, bytes), class.edge(units))
    };
    let properties = one(PROPERTIES_SUFFIX, &blob.properties_file(bytes));
    let metadata = blob.metadata_file();
    let metadata = metadata.map_or((0, 0), |content| one(METADATA_SUFFIX, &content));
    (properties.0 + metadata.0, properties.1 + metadata.1)
}

/// Bytes of a file's lines in manifest and hash list, and of its properties file.
fn attached(
    class: Class,
    (listing, mapping): (&Listing, &Mapping),
    measures: &Measures,
    number: u32,
) -> u64 {
    if class == Class::Bare {
        return 0;
    }
    let properties = if mapping.content_md5 {
        let units = units(&crate::plan::mapping::properties_name(number));
        class.file(units, PROPERTIES_BYTES) + class.edge(units)
    } else {
        0
    };
    measures.lines(number) + properties + listed(listing, mapping, number)
}

/// Bytes of a file's lines in the hash list, where one is wanted.
fn listed(listing: &Listing, mapping: &Mapping, number: u32) -> u64 {
    if mapping.mhl.is_none() {
        return 0;
    }
    // A file that has no name there is left out before.
    mapping.naming(listing, number).map_or(0, |naming| {
        mapping.listed_bytes(&naming.path, listing.facts(number).bytes)
    })
}
