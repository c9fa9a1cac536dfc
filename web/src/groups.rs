//! Top folders of a listing, by which the stowage bars are coloured.

use serde::{Deserialize, Serialize};
use shared::plan::{Facts, FolderId, Listing, in_pieces};

/// So many groups have a colour and pattern of their own; the smallest beyond them are one.
pub const GROUPS_MAX: usize = 16;

/// One top folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// The folder's path in the listing; empty when it stands for more or less than one folder.
    #[serde(default)]
    pub path: String,
    /// Bytes of all files in it.
    pub bytes: u64,
    /// Files in it.
    pub files: u64,
}

/// The groups of a listing: the first folders below the source where there is more than one.
#[derive(Clone, Debug)]
pub struct Groups {
    all: Vec<Group>,
    of_folder: Vec<usize>,
}

impl Groups {
    /// Groups the files of a listing, largest group first.
    #[must_use]
    pub fn new(listing: &Listing) -> Self {
        let top = branching(listing);
        let mut names = vec![(String::from("files beside the folders"), String::new())];
        // Parents have smaller numbers, so a folder's group is known when its children ask.
        let mut of_folder: Vec<usize> = Vec::new();
        for id in 0..listing.folder_count() {
            let folder = listing.folder(FolderId(id));
            let group = match folder.parent {
                Some(parent) if parent == top => {
                    names.push((folder.name().to_owned(), folder.path.to_owned()));
                    names.len().saturating_sub(1)
                }
                Some(parent) => of_folder.get(place(parent)).copied().unwrap_or(0),
                None => 0,
            };
            of_folder.push(group);
        }
        let mut groups = Self {
            all: names
                .into_iter()
                .map(|(name, path)| Group {
                    name,
                    path,
                    ..Group::default()
                })
                .collect(),
            of_folder,
        };
        groups.count(listing);
        groups.sort();
        groups
    }

    /// Returns the groups.
    #[must_use]
    pub fn all(&self) -> &[Group] {
        &self.all
    }

    /// Returns the place of the group of a folder's files.
    #[must_use]
    pub fn of(&self, folder: FolderId) -> usize {
        self.of_folder.get(place(folder)).copied().unwrap_or(0)
    }

    fn count(&mut self, listing: &Listing) {
        each_file(listing, &mut |file| {
            let group = self.of(file.folder);
            if let Some(group) = self.all.get_mut(group) {
                group.bytes = group.bytes.saturating_add(file.bytes);
                group.files = group.files.saturating_add(1);
            }
        });
    }

    /// Puts the largest first, drops empty ones, and joins those that have no colour left.
    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.all.len())
            .filter(|&old| self.all.get(old).is_some_and(|group| group.files > 0))
            .collect();
        order.sort_by_key(|&old| std::cmp::Reverse(self.all.get(old).map(|group| group.bytes)));
        let mut sorted: Vec<Group> = Vec::new();
        let mut new_place = vec![0; self.all.len()];
        let last = GROUPS_MAX.saturating_sub(1);
        let joins = order.len() > GROUPS_MAX;
        for (new, &old) in order.iter().enumerate() {
            let (Some(group), Some(place)) = (self.all.get(old), new_place.get_mut(old)) else {
                continue;
            };
            *place = if joins { new.min(last) } else { new };
            match sorted.get_mut(last).filter(|_| joins) {
                Some(rest) => {
                    rest.bytes = rest.bytes.saturating_add(group.bytes);
                    rest.files = rest.files.saturating_add(group.files);
                    rest.path.clear();
                    rest.name = format!("{} smaller folders", order.len().saturating_sub(last));
                }
                None => sorted.push(group.clone()),
            }
        }
        self.all = sorted;
        for group in &mut self.of_folder {
            *group = new_place.get(*group).copied().unwrap_or(0);
        }
    }
}

fn each_file(listing: &Listing, work: &mut impl FnMut(Facts)) {
    in_pieces(listing.len(), &mut |piece| {
        let all = piece.map(|number| listing.facts(number));
        all.filter(|facts| !facts.is_folder).for_each(&mut *work);
    });
}

/// Returns the folder whose children are the groups: down from the source while there is only one folder and no file.
fn branching(listing: &Listing) -> FolderId {
    let count = usize::try_from(listing.folder_count()).unwrap_or(usize::MAX);
    let mut children: Vec<(u32, u32)> = vec![(0, 0); count];
    for id in 1..listing.folder_count() {
        let parent = listing.folder(FolderId(id)).parent;
        if let Some(slot) = parent.and_then(|parent| children.get_mut(place(parent))) {
            *slot = (slot.0.saturating_add(1), id);
        }
    }
    let mut has_files = vec![false; count];
    each_file(listing, &mut |file| {
        if let Some(slot) = has_files.get_mut(place(file.folder)) {
            *slot = true;
        }
    });
    let mut at = FolderId::TOP;
    while let (Some((1, only)), Some(false)) = (children.get(place(at)), has_files.get(place(at))) {
        let below = FolderId(*only);
        if children
            .get(place(below))
            .is_none_or(|(count, _)| *count == 0)
        {
            break;
        }
        at = below;
    }
    at
}

fn place(id: FolderId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;
    use shared::plan::Kind;

    use super::*;

    fn groups(files: &[(&str, u64)]) -> (Listing, Groups) {
        let mut listing = Listing::new();
        for (path, bytes) in files {
            listing
                .push(path, *bytes, FileTime(0), Kind::File)
                .expect("small");
        }
        let groups = Groups::new(&listing);
        (listing, groups)
    }

    fn names(groups: &Groups) -> Vec<(&str, u64)> {
        groups
            .all()
            .iter()
            .map(|group| (group.name.as_str(), group.bytes))
            .collect()
    }

    #[test]
    fn the_largest_top_folder_comes_first() {
        let (_, groups) = groups(&[("a/x", 1), ("b/c/y", 5), ("b/z", 1), ("loose", 2)]);
        assert_eq!(
            names(&groups),
            [("b", 6), ("files beside the folders", 2), ("a", 1)]
        );
    }

    #[test]
    fn a_single_top_folder_is_looked_into() {
        let (_, groups) = groups(&[("film/a/x", 1), ("film/b/y", 2)]);
        assert_eq!(names(&groups), [("b", 2), ("a", 1)]);
    }

    #[test]
    fn what_has_no_colour_left_is_one_group() {
        let files: Vec<(String, u64)> = (0..20).map(|n| (format!("f{n:02}/x"), 100 - n)).collect();
        let files: Vec<(&str, u64)> = files.iter().map(|(p, b)| (p.as_str(), *b)).collect();
        let (listing, groups) = groups(&files);
        assert_eq!(groups.all().len(), GROUPS_MAX);
        assert_eq!(groups.all()[15].name, "5 smaller folders");
        assert_eq!(groups.all()[15].path, "");
        assert_eq!(groups.all()[14].path, "f14");
        assert_eq!(groups.of(listing.facts(19).folder), 15);
        let total: u64 = groups.all().iter().map(|group| group.bytes).sum();
        assert_eq!(total, files.iter().map(|(_, bytes)| bytes).sum::<u64>());
    }
}
