//! What lies inside a folder of one drive of a plan: what the stowage picture zooms to.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared::plan::{ListedPath, Listing, Plan};

/// So many children are shown; the smallest beyond them are one.
pub const CHILDREN_MAX: usize = 60;

/// A folder as one drive holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderView {
    /// The drive's place in the plan.
    pub drive: u32,
    /// The folder's path in the listing; empty for all of it.
    pub folder: String,
    /// Its bytes on this drive.
    pub bytes: u64,
    /// Its files on this drive.
    pub files: u64,
    /// What lies in it, largest first.
    pub children: Vec<Child>,
}

/// One thing in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its name, or words for many.
    pub name: String,
    /// Its bytes on this drive.
    pub bytes: u64,
    /// Files on this drive: 1 for a file.
    pub files: u64,
    /// Whether it can be looked into.
    pub is_folder: bool,
    /// Whether a part of it is on another drive; only a folder can be.
    pub is_split: bool,
}

/// Looks into a folder of a drive; from the top, folders that hold nothing but one folder are passed through.
#[must_use]
pub fn inside(listing: &Listing, plan: &Plan, drive: u32, folder: &str) -> FolderView {
    let mut view = look(listing, plan, drive, folder);
    loop {
        let below = match view.children.as_slice() {
            [only] if only.is_folder && folder.is_empty() => join(&view.folder, &only.name),
            _ => return view,
        };
        view = look(listing, plan, drive, &below);
    }
}

fn look(listing: &Listing, plan: &Plan, drive: u32, folder: &str) -> FolderView {
    let mut view = FolderView {
        drive,
        folder: folder.to_owned(),
        ..FolderView::default()
    };
    let mut by_name: HashMap<&str, Child> = HashMap::new();
    for (place, planned) in (0..).zip(&plan.drives) {
        for &number in &planned.entries {
            let entry = listing.entry(number);
            let Some((name, is_folder)) = child(entry.path, folder).filter(|_| !entry.is_folder)
            else {
                continue;
            };
            let child = by_name.entry(name).or_default();
            if place != drive {
                child.is_split = true;
                continue;
            }
            child.is_folder = is_folder;
            child.bytes = child.bytes.saturating_add(entry.bytes);
            child.files = child.files.saturating_add(1);
            view.bytes = view.bytes.saturating_add(entry.bytes);
            view.files = view.files.saturating_add(1);
        }
    }
    view.children = largest_first(by_name);
    view
}

fn largest_first(by_name: HashMap<&str, Child>) -> Vec<Child> {
    let mut children: Vec<Child> = by_name
        .into_iter()
        .filter(|(_, child)| child.files > 0)
        .map(|(name, child)| Child {
            name: name.to_owned(),
            ..child
        })
        .collect();
    children.sort_by(|one, other| (other.bytes, &one.name).cmp(&(one.bytes, &other.name)));
    if children.len() > CHILDREN_MAX {
        let rest = children.split_off(CHILDREN_MAX.saturating_sub(1));
        let mut joined = Child {
            name: format!("{} smaller ones", rest.len()),
            ..Child::default()
        };
        for child in rest {
            joined.bytes = joined.bytes.saturating_add(child.bytes);
            joined.files = joined.files.saturating_add(child.files);
        }
        children.push(joined);
    }
    children
}

/// Returns what lies in a folder and is, or holds, a file: its name, and whether it is a folder; none for a file elsewhere.
fn child<'a>(file: ListedPath<'a>, folder: &str) -> Option<(&'a str, bool)> {
    let above = file.folder.unwrap_or_default();
    if above == folder {
        return Some((file.name, false));
    }
    let below = if folder.is_empty() {
        above
    } else {
        above.strip_prefix(folder)?.strip_prefix('/')?
    };
    let name = below.split_once('/').map_or(below, |(name, _)| name);
    Some((name, true))
}

/// Returns a child's path.
#[must_use]
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::listed::read_csv;
    use crate::planning::{PlanRequest, WantedDrive, plan};

    use super::*;

    fn planned(csv: &str) -> (Listing, Plan) {
        let (listing, _) = read_csv(csv.as_bytes()).expect("well formed");
        let request = PlanRequest {
            session: "reels-1".to_owned(),
            destination: None,
            content_md5: false,
            mhl: None,
            take_proposals: false,
            renames: Vec::new(),
            drives: vec![WantedDrive {
                serial: "drive".to_owned(),
                bytes: 1_400_000_512,
                sector_bytes: 512,
            }],
            as_many_as_needed: true,
        };
        let (plan, _) = plan(&listing, &request).expect("fits");
        (listing, plan)
    }

    const CSV: &str = "path,bytes\nfilm/a/1.mov,600000000\nfilm/a/2.mov,500000000\n\
        film/b/x.mov,900000000\nfilm/b/y/z.mov,7\nfilm/ab.mov,5\n";

    #[test]
    fn what_all_drives_hold_of_a_folder_is_all_of_it() {
        let (listing, plan) = planned(CSV);
        let bytes: u64 = (0..2)
            .map(|drive| inside(&listing, &plan, drive, "film").bytes)
            .sum();
        assert_eq!(bytes, 2_000_000_012);
    }

    #[test]
    fn a_name_that_only_begins_like_the_folder_is_not_in_it() {
        let (listing, plan) = planned(CSV);
        let files: u64 = (0..2)
            .map(|drive| inside(&listing, &plan, drive, "film/a").files)
            .sum();
        assert_eq!(files, 2);
    }

    #[test]
    fn the_largest_comes_first_and_a_lonely_folder_is_passed_through() {
        let (listing, plan) = planned("path,bytes\nfilm/a/1.mov,6\nfilm/a/2.mov,50\n");
        let view = inside(&listing, &plan, 0, "");
        assert_eq!(view.folder, "film/a");
        let names: Vec<&str> = view
            .children
            .iter()
            .map(|child| child.name.as_str())
            .collect();
        assert_eq!(names, ["2.mov", "1.mov"]);
        assert!(
            view.children
                .iter()
                .all(|child| !child.is_folder && !child.is_split)
        );
    }

    #[test]
    fn more_than_a_picture_can_show_are_joined_and_nothing_is_lost() {
        let mut csv = "path,bytes\n".to_owned();
        for number in 1..=100 {
            csv.push_str(&format!("f{number:03}.mov,{number}\n"));
        }
        let (listing, plan) = planned(&csv);
        let view = inside(&listing, &plan, 0, "");
        assert_eq!(view.children.len(), CHILDREN_MAX);
        assert_eq!(view.children[59].name, "41 smaller ones");
        let bytes: u64 = view.children.iter().map(|child| child.bytes).sum();
        assert_eq!((bytes, view.bytes, view.files), (5050, 5050, 100));
    }
}
