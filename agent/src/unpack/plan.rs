//! What is on the drive, what proves it, and where it goes; in the order in which it lies there.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use disk::ReadAt;
use ntfs_image::FileTime;
use ntfs_image::read::{Entry, File, Place, Volume, VolumeError};
use shared::api::ReceiveNames;
use shared::blob_name::file_name;
use shared::manifest::{ManifestFile, Part};
use shared::mhl::is_hash_list;
use shared::plan::MANIFEST_NAME;
use shared::verify::is_windows_own;

use super::found::{Desk, Standing};
use super::log::LogProofs;
use super::manifest::{DriveManifest, manifest_of};
use super::names::{SIDE, fitting, is_safe_name, place_of_blob};
use crate::pipeline::Cancel;

const WINDOWS_OWN: &str = "\\System Volume Information";

/// A folder of the drive.
pub(super) struct Folder {
    pub(super) path: String,
    pub(super) place: PathBuf,
    pub(super) modified: FileTime,
    /// The folder that it is in.
    pub(super) parent: Option<usize>,
    pub(super) is_made: bool,
    /// Whether it was not there before, so that nothing in it has a file's name.
    pub(super) is_new: bool,
}

/// A file that is to be copied.
pub(super) struct Item {
    /// On the drive.
    pub(super) path: String,
    /// The blob that it is called after; empty where it keeps the drive's name.
    pub(super) blob: String,
    /// Where it goes, when that is free.
    pub(super) place: PathBuf,
    /// Its folder, where folders are as on the drive.
    pub(super) folder: Option<usize>,
    pub(super) file: File,
    pub(super) proof: Proof,
    /// Whether it matters that nothing proves it.
    pub(super) counts: bool,
}

/// What proves a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// Ranges and their MD5, of the manifest or a log.
    pub(super) ranges: Option<Vec<Part>>,
    /// CRC-64/NVME of the whole, of a log.
    pub(super) crc64: Option<u64>,
    /// Whether its length is already known to be another.
    pub(super) is_refuted: bool,
}

impl Proof {
    pub(super) const fn is_some(&self) -> bool {
        (self.ranges.is_some() || self.crc64.is_some()) && !self.is_refuted
    }
}

impl Item {
    /// Returns what the state knows it by.
    pub(super) fn key(&self) -> String {
        format!("{}\u{0}{}", self.path, self.blob)
    }

    /// Returns its bytes on the drive, without holes: what it takes in the destination at most.
    pub(super) fn data_bytes(&self) -> u64 {
        let extents = self.file.extents().iter();
        let data = extents.filter(|extent| matches!(extent.place, Place::At(_) | Place::Resident));
        data.fold(0, |sum, extent| sum.saturating_add(extent.bytes))
    }

    /// Returns what is known of its content once everything that proves it agreed, or not.
    pub(super) const fn standing(&self, agrees: bool) -> Standing {
        match (agrees, self.proof.is_some()) {
            (false, _) => Standing::Refuted,
            (true, true) => Standing::Proven,
            (true, false) => Standing::Unproven,
        }
    }

    fn disk_order(&self) -> (u64, u64) {
        let first = self
            .file
            .extents()
            .iter()
            .find_map(|extent| match extent.place {
                Place::At(at) => Some(at),
                _ => None,
            });
        (first.unwrap_or(0), self.file.id().record)
    }
}

/// Everything that is to be done.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) folders: Vec<Folder>,
    pub(super) items: Vec<Item>,
    pub(super) has_manifest: bool,
    pub(super) was_cancelled: bool,
}

/// Lists the drive; what cannot be copied is said at `desk`. `side` is the side folder's name.
pub(super) fn list<R: ReadAt>(
    volume: &Volume<R>,
    names: ReceiveNames,
    side: &str,
    log: Option<&LogProofs>,
    cancel: &Cancel,
    desk: &Desk<'_>,
) -> Listing {
    let manifest = manifest_of(volume).unwrap_or_else(|what| {
        let what = format!("the manifest cannot be read: {what}");
        desk.find("manifest", what, None, None);
        None
    });
    let mut listing = Listing {
        has_manifest: manifest.is_some(),
        ..Listing::default()
    };
    let attached = manifest.iter().flat_map(attached_parts).collect();
    let mut lister = Lister {
        volume,
        names,
        side,
        manifest,
        attached,
        log,
        parents: Vec::new(),
        seen: HashSet::new(),
        desk,
        listing: &mut listing,
    };
    for item in volume.walk() {
        if cancel.is_cancelled() {
            lister.listing.was_cancelled = true;
            return listing;
        }
        match item {
            Ok((path, entry)) => lister.take(&path, &entry),
            Err(error) => volume_error(desk, &error, None),
        }
    }
    lister.name_missing();
    listing.items.sort_by_key(Item::disk_order);
    listing
}

/// Returns path and hash of every metadata and properties file.
fn attached_parts(manifest: &DriveManifest) -> Vec<(String, [u8; 16])> {
    let files = manifest.files.values().flatten();
    let attached = files.flat_map(|file| [&file.metadata, &file.properties]);
    let attached = attached.flatten();
    attached
        .map(|attached| (attached.path.clone(), attached.hash))
        .collect()
}

struct Lister<'a, R> {
    volume: &'a Volume<R>,
    names: ReceiveNames,
    side: &'a str,
    manifest: Option<DriveManifest>,
    /// Metadata and properties files that the manifest names.
    attached: HashMap<String, [u8; 16]>,
    log: Option<&'a LogProofs>,
    /// The folders that the walk is in: path on the drive, and place in the listing.
    parents: Vec<(String, usize)>,
    /// Files of the manifest that were found.
    seen: HashSet<String>,
    desk: &'a Desk<'a>,
    listing: &'a mut Listing,
}

impl<R: ReadAt> Lister<'_, R> {
    fn take(&mut self, path: &str, entry: &Entry) {
        if is_below(path, WINDOWS_OWN) {
            return;
        }
        let parent = path
            .strip_suffix(entry.name.as_str())
            .and_then(|path| path.strip_suffix('\\'))
            .unwrap_or("");
        while self
            .parents
            .last()
            .is_some_and(|(above, _)| !is_below(parent, above))
        {
            self.parents.pop();
        }
        let nearest = self.parents.last();
        if nearest.map_or("", |(above, _)| above) != parent {
            // Its folder has no place, and that was said.
            return;
        }
        let folder = nearest.map(|(_, folder)| *folder);
        if !entry.lossless || !is_safe_name(&entry.name) || path.strip_prefix('\\') == Some(SIDE) {
            let what = format!("the name {:?} cannot be used for a file here", entry.name);
            self.desk.find("unsafe-name", what, Some(path), None);
            return;
        }
        if let Some(tag) = entry.reparse {
            let what = format!("it is a reparse point ({tag:?}), which has no content of its own");
            self.desk.find("reparse-point", what, Some(path), None);
            return;
        }
        if entry.is_folder {
            self.folder(path, entry, folder);
        } else {
            self.file(path, entry, folder);
        }
    }

    fn folder(&mut self, path: &str, entry: &Entry, parent: Option<usize>) {
        if self.names == ReceiveNames::Drive {
            self.tell_fitting(path, &entry.name);
        }
        let place = self.beside_parent(parent, &entry.name);
        self.parents
            .push((path.to_owned(), self.listing.folders.len()));
        self.listing.folders.push(Folder {
            path: path.to_owned(),
            place,
            modified: entry.modified,
            parent,
            is_made: false,
            is_new: false,
        });
    }

    fn beside_parent(&self, parent: Option<usize>, name: &str) -> PathBuf {
        let above = parent.and_then(|parent| self.listing.folders.get(parent));
        above
            .map_or_else(PathBuf::new, |above| above.place.clone())
            .join(&*fitting(name))
    }

    /// Says so when a name is too long here and another one is taken.
    fn tell_fitting(&self, path: &str, name: &str) {
        let short = fitting(name);
        if short != name {
            let bytes = name.len();
            let what = format!(
                "its name has {bytes} bytes, which no file here can have; it is called {short}"
            );
            self.desk.find("renamed", what, Some(path), None);
        }
    }

    fn file(&mut self, path: &str, entry: &Entry, folder: Option<usize>) {
        let file = match self.volume.open_file(entry.id) {
            Ok(file) => file,
            Err(error) => {
                self.seen.insert(path.to_owned());
                return volume_error(self.desk, &error, Some(path));
            }
        };
        let is_blobs = self.names == ReceiveNames::Blobs && self.listing.has_manifest;
        for stream in file.streams().iter().filter(|_| !is_windows_own(path)) {
            let what = format!(
                "its alternate stream {:?} ({} bytes) is not copied",
                stream.name, stream.bytes
            );
            self.desk.find("alternate-stream", what, Some(path), None);
        }
        let named = self
            .manifest
            .as_ref()
            .and_then(|m| m.files.get(path))
            .cloned();
        let Some(named) = named else {
            return self.nameless(path, entry, folder, file, is_blobs);
        };
        self.seen.insert(path.to_owned());
        let mut blobs = HashSet::new();
        for blob in named.iter().take(if is_blobs { usize::MAX } else { 1 }) {
            if !blobs.insert(&blob.blob) {
                let what = format!("the manifest names it twice as the blob {:?}", blob.blob);
                self.desk.find("manifest", what, Some(path), None);
                continue;
            }
            let proof = self.proof(path, Some(blob), &file);
            let (place, blob, folder) = if is_blobs {
                let (place, is_changed) = place_of_blob(&blob.blob);
                if is_changed {
                    let what = format!(
                        "the blob's name {:?} cannot be a file's here; it is called {}",
                        blob.blob,
                        place.display()
                    );
                    self.desk.find("renamed", what, Some(path), None);
                }
                (place, blob.blob.clone(), None)
            } else {
                self.tell_fitting(path, &entry.name);
                (
                    self.beside_parent(folder, &entry.name),
                    String::new(),
                    folder,
                )
            };
            self.listing.items.push(Item {
                path: path.to_owned(),
                blob,
                place,
                folder,
                file: file.clone(),
                proof,
                counts: true,
            });
        }
    }

    /// Takes a file that the manifest does not name as a blob's.
    fn nameless(
        &mut self,
        path: &str,
        entry: &Entry,
        folder: Option<usize>,
        file: File,
        is_blobs: bool,
    ) {
        let manifest = self.manifest.as_ref();
        let is_manifest = manifest.is_some_and(|manifest| manifest.path == path);
        // A list proves others; its chain, not the manifest, proves it.
        let is_ours = manifest.is_some() && is_hash_list(path);
        if is_blobs && is_windows_own(path) {
            return;
        }
        let name = match manifest {
            // An export's has the serial in its name already.
            Some(manifest) if is_manifest && entry.name == MANIFEST_NAME => {
                format!("{}.{MANIFEST_NAME}", file_name(&manifest.drive_id))
            }
            _ => entry.name.clone(),
        };
        let (place, folder) = if is_blobs {
            let below = path.trim_start_matches('\\').split('\\');
            let below: PathBuf = below.map(|part| fitting(part).into_owned()).collect();
            let below = below.with_file_name(&*fitting(&name));
            (
                Path::new(SIDE).join(self.side).join("drive").join(below),
                None,
            )
        } else {
            self.tell_fitting(path, &name);
            (self.beside_parent(folder, &name), folder)
        };
        let mut proof = self.proof(path, None, &file);
        if let Some(hash) = self.attached.get(path) {
            self.seen.insert(path.to_owned());
            let (at, bytes, hash) = (0, file.bytes(), *hash);
            proof.ranges = Some(vec![Part { at, bytes, hash }]);
        }
        self.listing.items.push(Item {
            path: path.to_owned(),
            blob: String::new(),
            place,
            folder,
            file,
            proof,
            counts: !(is_manifest || is_windows_own(path) || is_ours),
        });
    }

    /// Returns what proves a file; says so when that already refutes it.
    fn proof(&self, path: &str, named: Option<&ManifestFile>, file: &File) -> Proof {
        let mut proof = Proof {
            ranges: named.map(|named| named.parts().filter(|part| part.bytes > 0).collect()),
            ..Proof::default()
        };
        let logged = self
            .log
            .and_then(|log| log.of(path, named.map(|named| named.blob.as_str())));
        let mut lengths = vec![("manifest", named.map(|named| named.bytes))];
        if let Some(logged) = logged {
            lengths.push(("log", Some(logged.bytes)));
            proof.crc64 = logged.crc64;
            if proof.ranges.is_none() {
                proof.ranges.clone_from(&logged.ranges);
            }
        }
        for (whose, bytes) in lengths {
            let Some(bytes) = bytes.filter(|bytes| *bytes != file.bytes()) else {
                continue;
            };
            let what = format!("it has {} bytes; the {whose} says {bytes}", file.bytes());
            self.desk.find("length", what, Some(path), None);
            proof.is_refuted = true;
        }
        proof
    }

    /// Names what manifest and log have and the drive has not.
    fn name_missing(&self) {
        let manifest = self
            .manifest
            .iter()
            .flat_map(|manifest| manifest.files.keys());
        let attached = self.attached.keys();
        let mut missing: Vec<&String> = manifest
            .chain(attached)
            .filter(|path| !self.seen.contains(*path))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        for path in missing {
            let what = "it is in the manifest and not on the drive".to_owned();
            self.desk.find("missing-file", what, Some(path), None);
        }
        if let Some(log) = self.log {
            log.name_missing(self.desk);
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
}

/// Says that the drive contradicts itself or cannot be read.
pub(super) fn volume_error(desk: &Desk<'_>, error: &VolumeError, path: Option<&str>) {
    match error {
        VolumeError::Read(_) => desk.fail("unreadable", error.to_string(), path),
        _ => desk.find("unreadable", error.to_string(), path, None),
    }
}
