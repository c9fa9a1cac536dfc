//! A path as a listing keeps it: its folder, whose path many share, and its own name.

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
            self.name.cmp(other.name)
        } else {
            self.each().cmp(other.each())
        }
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
    }

    #[test]
    fn it_is_written_as_the_whole_path() {
        let json = serde_json::to_string(&ListedPath::of("a/\"b\"")).expect("a text");
        assert_eq!(json, r#""a/\"b\"""#);
    }
}
