//! A drive's files counted to the last cluster, without a tree and a layout.

use ntfs_image::{Cost, Costed, LayoutError};

use super::bin::Goods;
use super::marks::Marks;
use super::measures::units;
use super::prove::Volume;
use crate::manifest;
use crate::plan::listing::{FolderId, index};
use crate::plan::mapping::{self, Mapping, PROPERTIES_BYTES};
use crate::plan::named::Named;
use crate::plan::tree::{MANIFEST_BYTES_MIN, MANIFEST_NAME};

/// What a drive's files come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Of the volume's clusters.
    pub(super) costed: Costed,
    /// Files that become blobs.
    pub(super) files: u32,
}

/// Numbers of entries have so many digits in names of properties files; longer ones are in another
/// order than their numbers.
const ENTRIES_MAX: u32 = 100_000_000;

/// Counts what [`DriveTree`](crate::plan::DriveTree) makes, in the order it makes it.
struct Count<'a> {
    goods: &'a Goods<'a>,
    mapping: &'a Mapping,
    cost: Cost,
    /// By folder of the listing, its number in `cost`.
    folders: Vec<Option<u32>>,
    /// The number of the folder of properties and metadata files, once there is one.
    attached: Option<u32>,
    /// Names of the files in it that belong to targets.
    of_targets: Vec<String>,
    /// Targets whose files are counted already.
    targets: Vec<bool>,
    /// Files in the attached folder that belong to entries.
    properties: Vec<u32>,
    manifest_bytes: u64,
    files: u32,
}

impl Volume {
    /// Counts `entries` (ascending) as the volume of the drive `serial`; `None` for what only a
    /// layout tells: blobs with files beside them, hash lists, and volumes that hold something already.
    pub(super) fn count(
        &self,
        goods: &Goods<'_>,
        entries: &[u32],
        mapping: &Mapping,
        serial: &str,
    ) -> Option<Result<Counted, LayoutError>> {
        let is_simple = mapping.export.is_none()
            && mapping.mhl.is_none()
            && self.space.onto.is_none()
            && goods.listing.len() <= ENTRIES_MAX;
        is_simple.then(|| {
            let cost = Cost::new(&self.spec())?;
            let frame = manifest::planned_frame_bytes(serial, mapping.session.as_str());
            let mut count = Count {
                goods,
                mapping,
                cost,
                folders: vec![None; index(goods.listing.folder_count())],
                attached: None,
                of_targets: Vec::new(),
                targets: vec![false; mapping.targets.len()],
                properties: Vec::new(),
                manifest_bytes: frame,
                files: 0,
            };
            count.nodes(entries);
            count.entries(entries);
            let files = count.files;
            let costed = count.cost.finish();
            let costed = self
                .space
                .with_headroom(costed, |costed| costed.free_bytes)?;
            Ok(Counted { costed, files })
        })
    }
}

impl Count<'_> {
    /// Counts every file and folder, in the order in which a tree gets them.
    fn nodes(&mut self, entries: &[u32]) {
        let top = self.mapping.session.as_str();
        self.folders[0] = Some(self.cost.folder(short(units(top))));
        for number in entries.iter().copied() {
            let listing = self.goods.listing;
            let entry = listing.facts(number);
            if let Some(folder) = listing.folder_of(number) {
                self.folder(folder);
                continue;
            }
            self.target(number);
            self.folder(entry.folder);
            let measures = self.goods.measures;
            self.cost.file(measures.units(number), entry.bytes);
            self.files = self.files.saturating_add(1);
            self.manifest_bytes = self.manifest_bytes.saturating_add(measures.lines(number));
            if self.mapping.content_md5 {
                self.attached();
                let name = mapping::properties_name(number);
                self.cost.file(short(units(&name)), PROPERTIES_BYTES);
                self.properties.push(number);
            }
        }
        let bytes = self.manifest_bytes.max(MANIFEST_BYTES_MIN);
        self.cost.file(short(units(MANIFEST_NAME)), bytes);
    }

    /// Counts what every folder lists, in the order of its index.
    fn entries(&mut self, entries: &[u32]) {
        self.cost.root_entry(self.mapping.session.as_str());
        self.cost.root_entry(MANIFEST_NAME);
        if let Some(attached) = self.attached {
            self.cost.root_entry(&self.mapping.attached_folder());
            for number in &self.properties {
                let name = mapping::properties_name(*number);
                self.cost.entry(attached, short(units(&name)));
            }
            // Their names begin with a letter, behind all digits.
            self.of_targets.sort();
            for name in &self.of_targets {
                self.cost.entry(attached, short(units(name)));
            }
        }
        let listing = self.goods.listing;
        let mut marks = Marks::new(listing.len());
        for number in entries {
            marks.set(*number);
        }
        for id in (0..listing.folder_count()).map(FolderId) {
            let Some(folder) = self.folders[index(id.0)] else {
                continue;
            };
            for named in self.goods.collated.of(id) {
                match named {
                    Named::File(number) if marks.has(number) => {
                        self.cost.entry(folder, self.goods.measures.units(number));
                    }
                    Named::Folder(below) if self.folders[index(below.0)].is_some() => {
                        self.cost.entry(folder, self.folder_units(below));
                    }
                    Named::File(_) | Named::Folder(_) => {}
                }
            }
        }
    }

    /// Counts a folder and those above it, once.
    fn folder(&mut self, id: FolderId) {
        let mut missing = Vec::new();
        let mut id = id;
        while self.folders[index(id.0)].is_none() {
            missing.push(id);
            id = self
                .goods
                .listing
                .folder(id)
                .parent
                .unwrap_or(FolderId::TOP);
        }
        for id in missing.into_iter().rev() {
            let units = self.folder_units(id);
            self.folders[index(id.0)] = Some(self.cost.folder(units));
        }
    }

    /// Counts the metadata and properties files of an entry's target, once.
    fn target(&mut self, number: u32) {
        let target = self.mapping.target_number(self.goods.listing, number);
        let Ok(target) = target else { return };
        let Some(seen) = self.targets.get_mut(index(target)) else {
            return;
        };
        if std::mem::replace(seen, true) {
            return;
        }
        let found = &self.mapping.targets[index(target)];
        let properties = found
            .properties_bytes
            .filter(|_| !self.mapping.content_md5)
            .map(|bytes| (mapping::target_properties_name(target), bytes));
        let metadata = found
            .metadata_bytes
            .map(|bytes| (mapping::target_metadata_name(target), bytes));
        for (name, bytes) in metadata.into_iter().chain(properties) {
            self.attached();
            self.cost.file(short(units(&name)), bytes);
            self.of_targets.push(name);
        }
    }

    fn attached(&mut self) {
        if self.attached.is_none() {
            let name = self.mapping.attached_folder();
            self.attached = Some(self.cost.folder(short(units(&name))));
        }
    }

    fn folder_units(&self, id: FolderId) -> u8 {
        short(units(
            self.mapping.name(self.goods.listing.folder(id).listed()),
        ))
    }
}

/// Names that go have 255 units at most.
fn short(units: u64) -> u8 {
    u8::try_from(units).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use disk::SectorSize;
    use ntfs_image::FileTime;
    use proptest::prelude::*;

    use super::*;
    use crate::plan::fit::DriveSize;
    use crate::plan::fit::contents::Contents;
    use crate::plan::fit::measures::Measures;
    use crate::plan::problems::judged;
    use crate::plan::{Kind, Listing};

    /// A source folder, or a data set of two rows, some with files of their own on the drive.
    fn mapping(numbered: bool, content_md5: bool, attached: Option<u64>) -> Mapping {
        let destination = "film/raw/".parse().expect("a destination");
        let mut mapping = Mapping::of_source("s-1".parse().expect("a session"), destination);
        mapping.numbered = numbered;
        mapping.content_md5 = content_md5;
        let mut other = mapping.targets[0].clone();
        other.metadata_bytes = attached;
        mapping.targets[0].properties_bytes = attached;
        mapping.targets.push(other);
        mapping
            .renames
            .insert("b".to_owned(), "Zebra & co".to_owned());
        mapping
            .renames
            .insert("1/b".to_owned(), "Zebra & co".to_owned());
        mapping
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn what_is_counted_is_what_a_layout_takes(
            paths in prop::collection::vec(
                ("([12]/)?([abB<é]{1,2}/|C{60}/){0,3}([aA$é😀.]{0,4}[xyzX]|z{90,200})", any::<bool>(), 0_u64..9_000_000),
                1..150,
            ),
            (numbered, content_md5) in any::<(bool, bool)>(),
            attached in prop::option::of(1_u64..5000),
            sector in prop::sample::select(vec![SectorSize::B512, SectorSize::B4096]),
            bytes in prop::sample::select(vec![64_u64 << 20, 1 << 30, 8 << 40]),
            left_out in 0_u32..7,
        ) {
            let mut listing = Listing::new();
            for (path, is_small, bytes) in &paths {
                let bytes = if *is_small { bytes % 3000 } else { *bytes };
                let kind = if bytes % 11 == 0 { Kind::Folder } else { Kind::File };
                listing.push(path, bytes, FileTime(0), kind).expect("few");
            }
            let mapping = mapping(numbered, content_md5, attached);
            let (problems, collated) = judged(&listing, &mapping);
            let goes = |number| problems.of_entry(&listing, number).is_none();
            let contents = Contents::new(&listing, &goes);
            let measures = Measures::new(&listing, &contents, &mapping);
            let goods = Goods {
                listing: &listing,
                contents: &contents,
                collated: &collated,
                measures: &measures,
                costs: &[],
            };
            let drive = DriveSize { serial: "D & 1".to_owned(), bytes, sector, kept: None };
            let volume = Volume::new(&drive).expect("large enough");
            let on_it = |number: &u32| goes(*number) && number % 7 != left_out;
            let entries: Vec<u32> = (0..listing.len()).filter(on_it).collect();
            let counted = volume
                .count(&goods, &entries, &mapping, &drive.serial)
                .expect("nothing special")
                .map(|counted| (counted.costed.used_bytes, counted.files));
            let laid_out = volume
                .lay_out(&listing, &entries, &mapping, &drive.serial)
                .expect("good names");
            prop_assert_eq!(counted, laid_out);
        }
    }
}
