//! A path as a listing keeps it: its folder, whose path many share, and its own name.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// Where an entry or a folder of a listing is, relative to the source. It reads, compares and is written as the whole path;
/// that is put together only where somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedPath<'a> {
    /// The whole path of the folder that holds it, parts joined by `/`; `None` for what lies in the source itself.
    pub folder: Option<&'a str>,
    /// The last part.
    pub name: &'a str,
}

impl<'a> ListedPath<'a> {
    /// Takes a whole path apart.
    #[must_use]
    pub fn of(path: &'a str) -> Self {
        // Names are short: looking byte by byte is quicker than preparing to look faster.
        let slash = path.bytes().rposition(|byte| byte == b'/');
        let cut = slash.and_then(|at| Some((path.get(..at)?, path.get(at.checked_add(1)?..)?)));
        match cut {
            Some((folder, name)) => Self {
                folder: Some(folder),
                name,
            },
            None => Self {
                folder: None,
                name: path,
            },
        }
    }

    /// Returns the bytes of the whole path.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let folder = self
            .folder
            .map_or(0, |folder| folder.len().saturating_add(1));
        folder.saturating_add(self.name.len())
    }

    /// Returns the parts of the whole path, the name last.
    pub fn parts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let folders = self.folder.into_iter().flat_map(|folder| folder.split('/'));
        folders.chain([self.name])
    }

    fn folder_bytes(&self) -> &'a [u8] {
        self.folder.unwrap_or_default().as_bytes()
    }

    /// Returns the bytes of the whole path, one after the other.
    fn each(&self) -> impl Iterator<Item = u8> + use<'a> {
        let folder = self.folder.into_iter();
        let folder = folder.flat_map(|folder| folder.bytes().chain([b'/']));
        folder.chain(self.name.bytes())
    }
}

impl Display for ListedPath<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        if let Some(folder) = self.folder {
            to.write_str(folder)?;
            to.write_str("/")?;
        }
        to.write_str(self.name)
    }
}

impl Serialize for ListedPath<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl PartialEq<str> for ListedPath<'_> {
    fn eq(&self, whole: &str) -> bool {
        *self == ListedPath::of(whole)
    }
}

impl PartialEq<&str> for ListedPath<'_> {
    fn eq(&self, whole: &&str) -> bool {
        self == *whole
    }
}

impl PartialOrd for ListedPath<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ListedPath<'_> {
    /// As the whole paths compare, byte by byte.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.folder == other.folder {
            return self.name.cmp(other.name);
        }
        // Most paths part in their folders, which are compared in one go.
        let (one, two) = (self.folder_bytes(), other.folder_bytes());
        let both = one.len().min(two.len());
        let order = one.get(..both).cmp(&two.get(..both));
        order.then_with(|| self.each().skip(both).cmp(other.each().skip(both)))
    }
}

/// A whole path, in one piece or in two. Maps by whole paths are asked for either, so that nothing is put together for it.
pub(super) trait WholePath {
    fn listed(&self) -> ListedPath<'_>;
}

impl WholePath for String {
    fn listed(&self) -> ListedPath<'_> {
        ListedPath::of(self)
    }
}

impl WholePath for ListedPath<'_> {
    fn listed(&self) -> ListedPath<'_> {
        *self
    }
}

/// Texts and listed paths have one order.
impl<'a> Borrow<dyn WholePath + 'a> for String {
    fn borrow(&self) -> &(dyn WholePath + 'a) {
        self
    }
}

impl PartialEq for dyn WholePath + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.listed() == other.listed()
    }
}

impl Eq for dyn WholePath + '_ {}

impl PartialOrd for dyn WholePath + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn WholePath + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.listed().cmp(&other.listed())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_whole_path_is(one in "[ab/.]{0,8}", other in "[ab/.]{0,8}") {
            let (listed, second) = (ListedPath::of(&one), ListedPath::of(&other));
            prop_assert_eq!(listed.to_string(), one.as_str());
            prop_assert_eq!(listed.bytes(), one.len());
            prop_assert_eq!(listed.parts().collect::<Vec<_>>(), one.split('/').collect::<Vec<_>>());
            prop_assert_eq!(listed.cmp(&second), one.cmp(&other));
            prop_assert_eq!(listed == other.as_str(), one == other);
        }

        #[test]
        fn a_map_by_whole_paths_finds_it(paths in prop::collection::btree_map("[ab/.]{0,6}", 0_u8..9, 0..20), wanted in "[ab/.]{0,6}") {
            let listed: &dyn WholePath = &ListedPath::of(&wanted);
            prop_assert_eq!(paths.get(listed), paths.get(&wanted));
        }
    }

    #[test]
    fn it_is_written_as_the_whole_path() {
        let json = serde_json::to_string(&ListedPath::of("a/\"b\"")).expect("a text");
        assert_eq!(json, r#""a/\"b\"""#);
    }
}
