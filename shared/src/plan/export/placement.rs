//! A place on the drive for every blob.
//!
//! A blob lies where its path says, `/` as `\`. What NTFS cannot hold so (characters, a blank or dot
//! at the end, empty parts, a name that is another's to Windows, a blob that is also a folder of
//! others) gets the nearest name that is free; the manifest keeps the blob's own path. The result
//! depends on the blobs alone, not on the order in which they come.

use std::collections::{BTreeMap, HashMap, HashSet};

use ntfs_image::name::{UNITS_MAX, folded};

use super::attached::{METADATA_SUFFIX, PROPERTIES_SUFFIX};
use crate::plan::Rule;
use crate::plan::problems::propose;

/// A blob that wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed<'a> {
    /// Its path, container included.
    pub path: &'a str,
    /// The snapshot that it is, if it is one.
    pub snapshot: Option<&'a str>,
    /// Whether a metadata file lies beside it.
    pub has_metadata: bool,
}

/// Names longer than this have no room behind them for `.properties`.
const FILE_UNITS_MAX: usize = UNITS_MAX.saturating_sub(PROPERTIES_SUFFIX.len());

/// Returns the path on the drive, parts joined by `/`, of each of `blobs`, in their order. All are
/// different to Windows, and so are the names of the properties and metadata files beside them.
#[must_use]
pub fn place(blobs: &[Placed<'_>]) -> Vec<String> {
    let mut order: Vec<usize> = (0..blobs.len()).collect();
    order.sort_by_key(|number| blobs.get(*number));
    let mut places = Places::default();
    let files: Vec<(usize, usize)> = order
        .iter()
        .filter_map(|number| Some((*number, places.folder_of(blobs.get(*number)?.path))))
        .collect();
    places.name_folders();
    let mut names: Vec<Option<String>> = vec![None; blobs.len()];
    // Who can have the own name gets it before anybody is given another.
    for own in [true, false] {
        for (number, folder) in &files {
            if let (Some(blob), Some(name @ None)) = (blobs.get(*number), names.get_mut(*number)) {
                *name = if own {
                    places.own_name(*folder, blob)
                } else {
                    Some(places.other_name(*folder, blob))
                };
            }
        }
    }
    let mut paths = vec![String::new(); blobs.len()];
    for (number, folder) in files {
        let name = names.get_mut(number).and_then(Option::take);
        if let (Some(path), Some(name)) = (paths.get_mut(number), name) {
            *path = places.path_of(folder, &name);
        }
    }
    paths
}

/// The folders, and which names are taken in each.
#[derive(Default)]
struct Places {
    folders: Vec<Folder>,
    known: HashMap<(Option<usize>, Key), usize>,
    taken: HashSet<(Option<usize>, Vec<u16>)>,
}

struct Folder {
    parent: Option<usize>,
    name: String,
}

/// What makes two folders one: to Windows, or, where their names cannot stay, in the store.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Folded(Vec<u16>),
    Exact(String),
}

impl Places {
    /// Returns the folder of a blob, making it and those above it. Every blob has one: its container.
    fn folder_of(&mut self, path: &str) -> usize {
        let (above, _) = split(path);
        let mut parent = None;
        for part in above.split('/') {
            let key = match Rule::of_name(part) {
                None => Key::Folded(folded(part)),
                Some(_) => Key::Exact(part.to_owned()),
            };
            let next = self.folders.len();
            let id = *self.known.entry((parent, key)).or_insert(next);
            if id == next {
                let name = part.to_owned();
                self.folders.push(Folder { parent, name });
            }
            parent = Some(id);
        }
        parent.unwrap_or(0)
    }

    /// Gives every folder the name that it has on the drive: its own first, then those that need
    /// another.
    fn name_folders(&mut self) {
        let mut odd = BTreeMap::new();
        for (id, folder) in self.folders.iter().enumerate() {
            if Rule::of_name(&folder.name).is_none() {
                self.taken.insert((folder.parent, folded(&folder.name)));
            } else {
                odd.insert((folder.parent, folder.name.clone()), id);
            }
        }
        for ((parent, name), id) in odd {
            let taken = |candidate: &str| self.taken.contains(&(parent, folded(candidate)));
            let found = propose(&name, UNITS_MAX, &taken).unwrap_or_else(|| last_resort(&name));
            self.taken.insert((parent, folded(&found)));
            if let Some(folder) = self.folders.get_mut(id) {
                folder.name = found;
            }
        }
    }

    /// Takes a blob's own name for it, when it can have that.
    fn own_name(&mut self, folder: usize, blob: &Placed<'_>) -> Option<String> {
        let (_, name) = split(blob.path);
        let is_short = name.encode_utf16().count() <= FILE_UNITS_MAX;
        let can = blob.snapshot.is_none() && is_short && Rule::of_name(name).is_none();
        if !can || self.is_taken(folder, blob, name) {
            return None;
        }
        self.take(folder, blob, name);
        Some(name.to_owned())
    }

    /// Takes the nearest name that is free.
    fn other_name(&mut self, folder: usize, blob: &Placed<'_>) -> String {
        let (_, name) = split(blob.path);
        let wanted = match blob.snapshot {
            Some(snapshot) => marked(name, &snapshot.replace(':', "-")),
            None => name.to_owned(),
        };
        let is_free = Rule::of_name(&wanted).is_none()
            && wanted.encode_utf16().count() <= FILE_UNITS_MAX
            && !self.is_taken(folder, blob, &wanted);
        let found = if is_free {
            wanted
        } else {
            let taken = |candidate: &str| self.is_taken(folder, blob, candidate);
            let found = propose(&wanted, FILE_UNITS_MAX, &taken);
            found.unwrap_or_else(|| last_resort(&format!("{}{:?}", blob.path, blob.snapshot)))
        };
        self.take(folder, blob, &found);
        found
    }

    /// Returns whether a name, or one of those behind it, is somebody's in the folder.
    fn is_taken(&self, folder: usize, blob: &Placed<'_>, name: &str) -> bool {
        all_names(blob, name).any(|name| self.taken.contains(&(Some(folder), folded(&name))))
    }

    fn take(&mut self, folder: usize, blob: &Placed<'_>, name: &str) {
        let names = all_names(blob, name).map(|name| (Some(folder), folded(&name)));
        self.taken.extend(names);
    }

    fn path_of(&self, folder: usize, name: &str) -> String {
        let mut parts = vec![name];
        let mut above = Some(folder);
        while let Some(folder) = above.and_then(|id| self.folders.get(id)) {
            parts.push(&folder.name);
            above = folder.parent;
        }
        parts.reverse();
        parts.join("/")
    }
}

/// Returns a blob's file and the files beside it.
fn all_names(blob: &Placed<'_>, name: &str) -> impl Iterator<Item = String> {
    let metadata = blob
        .has_metadata
        .then(|| format!("{name}{METADATA_SUFFIX}"));
    [name.to_owned(), format!("{name}{PROPERTIES_SUFFIX}")]
        .into_iter()
        .chain(metadata)
}

/// Splits a blob path into what lies above it and its last part.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Puts `mark` before the extension.
fn marked(name: &str, mark: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} ({mark}).{extension}"),
        _ => format!("{name} ({mark})"),
    }
}

/// A name for the thousandth of its kind.
fn last_resort(text: &str) -> String {
    format!("blob-{:016x}", crate::plan::listing::hash_of(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed<'a>(paths: &[&'a str]) -> Vec<String> {
        let blob = |path: &&'a str| Placed {
            path,
            snapshot: None,
            has_metadata: true,
        };
        let blobs: Vec<Placed<'_>> = paths.iter().map(blob).collect();
        place(&blobs)
    }

    #[test]
    fn a_blob_lies_where_its_path_says_wherever_ntfs_can_hold_that() {
        let paths = [
            "music/love/a.mp3",
            "$root/logo.bmp",
            "music/\u{e9}t\u{e9}/\u{1f980}",
        ];
        assert_eq!(placed(&paths), paths);
    }

    #[test]
    fn what_ntfs_cannot_hold_gets_the_nearest_name_that_is_free() {
        for (paths, expected) in [
            (
                vec!["c/a:b?.txt", "c/a_b_.txt"],
                vec!["c/a_b_ (2).txt", "c/a_b_.txt"],
            ),
            (vec!["c/x. ", "c/dir./y"], vec!["c/x_", "c/dir_/y"]),
            (
                vec!["c/a//b", "c/a/", "c/.", "c/.."],
                vec!["c/a/_/b", "c/a/_ (2)", "c/_", "c/_ (2)"],
            ),
            (vec!["con/NUL.txt"], vec!["con_/NUL_.txt"]),
            (vec!["c/a", "c/a/b"], vec!["c/a (2)", "c/a/b"]),
            (vec!["c/A", "c/a"], vec!["c/A", "c/a (2)"]),
        ] {
            assert_eq!(placed(&paths), expected, "{paths:?}");
        }
    }

    #[test]
    fn folders_that_are_one_to_windows_become_one() {
        assert_eq!(
            placed(&["c/Dir/a", "c/dir/b", "c/DIR/a"]),
            ["c/DIR/a (2)", "c/DIR/b", "c/DIR/a"]
        );
    }

    #[test]
    fn a_blob_in_the_place_of_anothers_properties_goes_elsewhere() {
        let expected = ["c/x", "c/x (2).properties", "c/x (2).metadata"];
        assert_eq!(placed(&["c/x", "c/x.properties", "c/x.metadata"]), expected);
    }

    #[test]
    fn a_name_without_room_for_its_properties_is_cut() {
        let long = format!("c/{}.mov", "n".repeat(250));
        let placed = placed(&[&long]);
        let name = placed[0].strip_prefix("c/").expect("in its container");
        assert_eq!((name.len(), name.ends_with("n.mov")), (244, true));
    }

    #[test]
    fn a_snapshot_has_its_time_in_its_name() {
        let blob = Placed {
            path: "c/a.vhd",
            snapshot: None,
            has_metadata: false,
        };
        let snapshot = Placed {
            snapshot: Some("2026-11-28T10:51:43.1234567Z"),
            ..blob
        };
        let placed = place(&[snapshot, blob]);
        assert_eq!(
            placed,
            ["c/a (2026-11-28T10-51-43.1234567Z).vhd", "c/a.vhd"]
        );
    }

    #[test]
    fn the_order_in_which_blobs_come_changes_nothing() {
        let mut paths = vec![
            "c/a",
            "c/A",
            "c/a/b",
            "c/a?",
            "c/a_",
            "c/a*",
            "d/",
            "d//",
            "c/A.properties",
        ];
        let forward = placed(&paths);
        paths.reverse();
        let mut backward = placed(&paths);
        backward.reverse();
        assert_eq!(forward, backward);
        let different: HashSet<_> = forward.iter().map(|path| folded(path)).collect();
        assert_eq!(different.len(), forward.len(), "{forward:?}");
    }
}
