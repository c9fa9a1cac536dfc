//! Where the files of a drive came from: looked for below folders by their paths on the drive, or said by a person.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

/// Folders of originals, and what a person said of those that are elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Originals {
    folders: Vec<PathBuf>,
    said: HashMap<String, PathBuf>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// One file. It may have another length than wanted, when no other was found.
    Here(PathBuf),
    /// None.
    Nowhere,
    /// Several of the wanted length.
    Several(Vec<PathBuf>),
    /// One that cannot be looked at.
    Unreadable(PathBuf, String),
}

/// A path on a drive begins with the session's folder, and that of a data set's row: originals have neither.
const DROPPED_MAX: usize = 2;

impl Originals {
    /// Returns originals below `folders`, but for those whose paths on the drive are in `said`.
    #[must_use]
    pub const fn new(folders: Vec<PathBuf>, said: HashMap<String, PathBuf>) -> Self {
        Self { folders, said }
    }

    /// Returns whether there is nowhere to look.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty() && self.said.is_empty()
    }

    /// Looks for a file that is `path` on the drive, of any length.
    #[must_use]
    pub fn locate_any(&self, path: &str) -> Option<PathBuf> {
        // No file is that long, so whatever is found is one of another length.
        match self.locate(path, u64::MAX) {
            Located::Here(path) => Some(path),
            _ => None,
        }
    }

    /// Looks for the file that is `path` on the drive and has `bytes` bytes: the longest part of its path counts.
    #[must_use]
    pub fn locate(&self, path: &str, bytes: u64) -> Located {
        if let Some(said) = self.said.get(path) {
            return match length(said) {
                Ok(Some(_)) => Located::Here(said.clone()),
                Ok(None) => Located::Nowhere,
                Err(error) => Located::Unreadable(said.clone(), error.to_string()),
            };
        }
        let parts: Vec<&str> = path.split('\\').filter(|part| !part.is_empty()).collect();
        let leads_out = |part: &&str| matches!(*part, "." | "..") || part.contains('/');
        if parts.iter().any(leads_out) {
            return Located::Nowhere;
        }
        let (mut other, mut unreadable) = (None, None);
        for dropped in 0..=DROPPED_MAX {
            let Some(rest) = parts.get(dropped..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let mut right = BTreeSet::new();
            for folder in &self.folders {
                let candidate = rest
                    .iter()
                    .fold(folder.clone(), |path, part| path.join(part));
                match length(&candidate) {
                    Ok(Some(found)) if found == bytes => {
                        right.insert(std::fs::canonicalize(&candidate).unwrap_or(candidate));
                    }
                    Ok(Some(_)) => other = other.or(Some(candidate)),
                    Ok(None) => {}
                    Err(error) => {
                        unreadable = unreadable.or(Some((candidate, error.to_string())));
                    }
                }
            }
            let mut right = right.into_iter();
            match (right.next(), right.len()) {
                (None, _) => {}
                (Some(one), 0) => return Located::Here(one),
                (Some(one), _) => {
                    return Located::Several(std::iter::once(one).chain(right).collect());
                }
            }
        }
        match (other, unreadable) {
            (Some(other), _) => Located::Here(other),
            (None, Some((path, why))) => Located::Unreadable(path, why),
            (None, None) => Located::Nowhere,
        }
    }
}

/// Returns the length of a file; `None` where there is none.
fn length(path: &Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(path) {
        Ok(facts) => Ok(facts.is_file().then_some(facts.len())),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // No such name, a file where a folder should be, a name that this system does not take.
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("room");
            std::fs::write(path, content).expect("room");
        }
        folder
    }

    fn originals(folder: &tempfile::TempDir, below: &[&str]) -> Originals {
        let below = below.iter().map(|name| folder.path().join(name)).collect();
        Originals::new(below, HashMap::new())
    }

    #[test]
    fn a_file_is_found_with_and_without_the_folders_that_only_the_drive_has() {
        let folder = tree(&[("x/a/b.txt", "12345"), ("x/reel-1/c", "1")]);
        let originals = originals(&folder, &["x"]);
        let here = |name: &str| {
            Located::Here(std::fs::canonicalize(folder.path().join(name)).expect("there"))
        };
        assert_eq!(originals.locate(r"\reel-1\a\b.txt", 5), here("x/a/b.txt"));
        assert_eq!(originals.locate(r"\reel-1\2\a\b.txt", 5), here("x/a/b.txt"));
        assert_eq!(originals.locate(r"\reel-1\c", 1), here("x/reel-1/c"));
        assert_eq!(
            originals.locate(r"\reel-1\2\3\a\b.txt", 5),
            Located::Nowhere
        );
    }

    #[test]
    fn two_of_the_same_length_are_not_told_apart_and_one_of_another_length_does_not_count() {
        let folder = tree(&[("x/a", "12345"), ("y/a", "54321"), ("z/a", "1")]);
        let both = originals(&folder, &["x", "y"]).locate(r"\s\a", 5);
        assert!(matches!(both, Located::Several(paths) if paths.len() == 2));
        let one = originals(&folder, &["z", "y", "y"]).locate(r"\s\a", 5);
        assert!(matches!(one, Located::Here(path) if path.ends_with("y/a")));
        let other = originals(&folder, &["z"]).locate(r"\s\a", 5);
        assert!(matches!(other, Located::Here(path) if path.ends_with("z/a")));
    }

    #[test]
    fn no_path_leads_out_of_the_folders() {
        let folder = tree(&[("x/a", "1"), ("secret", "1")]);
        let originals = originals(&folder, &["x"]);
        for path in [r"\..\secret", r"\s\..\secret", r"\../secret"] {
            assert_eq!(originals.locate(path, 1), Located::Nowhere, "{path}");
        }
    }
}
