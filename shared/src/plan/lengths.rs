//! How long paths on the drive and names of blobs are, without making them.

use super::listed_path::ListedPath;
use super::listing::{FolderId, Listing, index};
use super::mapping::{Goal, Mapping};
use crate::blob_name::{self, ROOT_CONTAINER};
use crate::manifest::{self, BlobKind, PageBlobRefused, escaped_bytes};

/// Lengths of the paths and blobs of a listing's files, from those of their folders and of their own
/// names. 28 bytes a folder.
#[derive(Clone, Debug)]
pub(super) struct Lengths {
    /// By folder.
    folders: Vec<Option<Before>>,
}

/// What stands before a file's own name.
#[derive(Clone, Copy, Debug)]
struct Before {
    target: u32,
    drive: Length,
    /// Without the container, as the store counts.
    blob_units: u32,
    /// Whole.
    blob_bytes: u32,
    slashes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Length {
    units: u32,
    bytes: u32,
}

/// How long the names of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileLengths {
    /// The number of its target, from 0.
    pub(super) target: u32,
    /// UTF-16 units of its name on the drive.
    pub(super) name_units: u32,
    /// UTF-16 units of its path on the drive.
    pub(super) drive_units: u32,
    /// UTF-16 units of its name in the container.
    pub(super) blob_units: u32,
    /// Parts of its name in the container.
    pub(super) blob_parts: u32,
    /// Bytes that path and blob take in a manifest.
    pub(super) manifest_bytes: u64,
    /// Whether it is called as a disk image is.
    pub(super) is_disk_image: bool,
}

impl FileLengths {
    /// Chooses the kind of a blob as [`manifest::choose_kind`] does.
    pub(super) fn kind(
        &self,
        bytes: u64,
        asked: Option<BlobKind>,
    ) -> Result<BlobKind, PageBlobRefused> {
        manifest::choose_kind_of(self.is_disk_image, bytes, asked).map(|choice| choice.kind)
    }
}

impl Lengths {
    pub(super) fn new(listing: &Listing, mapping: &Mapping) -> Self {
        let mut folders = Vec::with_capacity(index(listing.folder_count()));
        folders.push(Before::top(mapping));
        for id in (1..listing.folder_count()).map(FolderId) {
            let folder = listing.folder(id);
            let name = mapping.name(folder.listed());
            let above = match folder.parent {
                Some(parent) if mapping.numbered && parent == FolderId::TOP => {
                    Before::row(mapping, folder.listed(), name)
                }
                parent => {
                    let parent = parent.unwrap_or(FolderId::TOP);
                    let before: Option<Before> = folders[index(parent.0)];
                    before.and_then(|before| before.below(mapping, name))
                }
            };
            folders.push(above);
        }
        Self { folders }
    }

    /// Returns the lengths of file `number`; `None` where only the names themselves tell: blobs out of a store, rows of a
    /// data set that are one file, and what no row is for.
    pub(super) fn of(
        &self,
        listing: &Listing,
        mapping: &Mapping,
        number: u32,
    ) -> Option<FileLengths> {
        let folder = listing.facts(number).folder;
        let before = self.folders.get(index(folder.0)).copied().flatten()?;
        let (name, is_disk_image) = match mapping.plain_bytes(listing, number) {
            Some(bytes) => (Length::plain(bytes), false),
            None => {
                let name = mapping.name(listing.entry(number).path);
                (Length::of(name), manifest::is_disk_image(name))
            }
        };
        Some(FileLengths {
            is_disk_image,
            target: before.target,
            name_units: name.units,
            drive_units: before.drive.units.saturating_add(name.units),
            blob_units: before.blob_units.saturating_add(name.units),
            blob_parts: before.slashes.saturating_add(1),
            manifest_bytes: [
                before.drive.bytes,
                before.blob_bytes,
                name.bytes,
                name.bytes,
            ]
            .map(u64::from)
            .into_iter()
            .fold(0, u64::saturating_add),
        })
    }
}

impl Length {
    fn plain(bytes: u8) -> Self {
        let bytes = u32::from(bytes);
        Self {
            units: bytes,
            bytes,
        }
    }

    fn of(text: &str) -> Self {
        let units = if text.is_ascii() {
            text.len()
        } else {
            text.encode_utf16().count()
        };
        Self {
            units: u32::try_from(units).unwrap_or(u32::MAX),
            bytes: u32::try_from(escaped_bytes(text)).unwrap_or(u32::MAX),
        }
    }

    fn and(self, more: u32, behind: Self) -> Self {
        let sum = |one: u32, other: u32| one.saturating_add(other).saturating_add(more);
        Self {
            units: sum(self.units, behind.units),
            bytes: sum(self.bytes, behind.bytes),
        }
    }
}

impl Before {
    /// Returns what stands before the files of the source itself.
    fn top(mapping: &Mapping) -> Option<Self> {
        if mapping.export.is_some() || mapping.numbered {
            return None;
        }
        let drive = Length::of(&blob_name::drive_path(&mapping.session, ""));
        Self::of_target(mapping, 0, drive)
    }

    /// Returns what stands before the files of a data set's row, whose folder on the drive is `name`.
    fn row(mapping: &Mapping, path: ListedPath<'_>, name: &str) -> Option<Self> {
        if mapping.export.is_some() {
            return None;
        }
        let (target, _) = mapping.target_of(path, "").ok()?;
        let drive = blob_name::drive_path(&mapping.session, name);
        Self::of_target(mapping, target, Length::of(&drive).and(1, Length::of("")))
    }

    fn of_target(mapping: &Mapping, target: u32, drive: Length) -> Option<Self> {
        let Goal::Folder(destination) = &mapping.targets.get(index(target))?.goal else {
            return None;
        };
        let prefix = destination.prefix();
        let slashes = prefix.bytes().filter(|byte| *byte == b'/').count();
        let container = Length::of(destination.container());
        Some(Self {
            target,
            drive,
            blob_units: Length::of(prefix).units,
            blob_bytes: container.and(1, Length::of(prefix)).bytes,
            slashes: u32::try_from(slashes).unwrap_or(u32::MAX),
        })
    }

    /// Returns what stands before the files of a folder below.
    fn below(self, mapping: &Mapping, name: &str) -> Option<Self> {
        let Goal::Folder(destination) = &mapping.targets.get(index(self.target))?.goal else {
            return None;
        };
        if destination.container() == ROOT_CONTAINER {
            return None;
        }
        let name = Length::of(name);
        let more = |sum: u32, part: u32| sum.saturating_add(part).saturating_add(1);
        Some(Self {
            target: self.target,
            drive: self.drive.and(1, name),
            blob_units: more(self.blob_units, name.units),
            blob_bytes: more(self.blob_bytes, name.bytes),
            slashes: self.slashes.saturating_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{Kind, Target};

    fn mapping(numbered: bool, destination: &str) -> Mapping {
        let first: Target = {
            let destination = "film/".parse().expect("a destination");
            let session = "s-1".parse().expect("a session");
            Mapping::of_source(session, destination).targets.remove(0)
        };
        let destination = destination.parse().expect("a destination");
        let mut mapping = Mapping::of_source("reel-1".parse().expect("a session"), destination);
        mapping.numbered = numbered;
        mapping.targets.push(first);
        mapping
    }

    proptest! {
        #[test]
        fn lengths_are_those_of_the_names(
            paths in prop::collection::vec("([12]/)?([a&é😀]{1,4}/){0,3}[a<\"b中]{1,5}(\\.VHD)?", 1..20),
            numbered in any::<bool>(),
            destination in prop::sample::select(vec!["film/", "film/a&b/c/", "$root/"]),
            rename in any::<bool>(),
        ) {
            let mut listing = Listing::new();
            let mut mapping = mapping(numbered, destination);
            for path in &paths {
                listing.push(path, 1, FileTime(0), Kind::File).expect("few");
                if rename && let Some((above, _)) = path.rsplit_once('/') {
                    mapping.renames.insert(above.to_owned(), "new & name".to_owned());
                    mapping.renames.insert(path.clone(), "é".to_owned());
                }
            }
            let lengths = Lengths::new(&listing, &mapping);
            for (number, entry) in listing.iter() {
                let found = lengths.of(&listing, &mapping, number);
                let Ok(naming) = mapping.naming(&listing, number) else {
                    prop_assert!(found.is_none() || destination == "$root/");
                    continue;
                };
                let name = naming.blob.split_once('/').map_or("", |(_, name)| name);
                let units = |text: &str| u32::try_from(text.encode_utf16().count()).expect("short");
                let expected = FileLengths {
                    target: mapping.target_number(&listing, number).expect("has one"),
                    name_units: units(mapping.name(entry.path)),
                    drive_units: units(&naming.path),
                    blob_units: units(name),
                    blob_parts: u32::try_from(name.split('/').count()).expect("few"),
                    manifest_bytes: escaped_bytes(&naming.path).saturating_add(escaped_bytes(&naming.blob)),
                    is_disk_image: manifest::is_disk_image(mapping.name(entry.path)),
                };
                prop_assert_eq!(found, Some(expected));
            }
        }
    }
}
