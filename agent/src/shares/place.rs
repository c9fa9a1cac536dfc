//! Where a file is: a share, and a path in it.

use std::fmt;

use shared::manifest::renamed;

/// A file or folder of a share: `share/dir/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePath {
    share: String,
    path: String,
}

impl SharePath {
    /// Reads `share/dir/name`; `None` without a share, or without anything below it. Whether the server takes the names
    /// is another question ([`check_share_path`](shared::plan::share_names::check_share_path)).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (share, path) = text.split_once('/')?;
        let is_whole = !share.is_empty() && path.split('/').all(|part| !part.is_empty());
        is_whole.then(|| Self {
            share: share.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Returns the share.
    #[must_use]
    pub fn share(&self) -> &str {
        &self.share
    }

    /// Returns the path in the share, with slashes.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns every folder above it, the outermost first.
    pub fn folders(&self) -> impl Iterator<Item = Self> + '_ {
        let cuts = self.path.match_indices('/');
        cuts.filter_map(|(at, _)| {
            Some(Self {
                share: self.share.clone(),
                path: self.path.get(..at)?.to_owned(),
            })
        })
    }

    /// Returns another file in the same folder.
    #[must_use]
    pub fn beside(&self, name: &str) -> Self {
        let folder = self.path.rfind('/').and_then(|at| self.path.get(..=at));
        Self {
            share: self.share.clone(),
            path: format!("{}{name}", folder.unwrap_or_default()),
        }
    }

    /// Returns the name that is tried instead of one that is taken: ` (2)`. Folders keep theirs.
    #[must_use]
    pub fn renamed(&self, number: u64) -> Self {
        let own = self.path.rsplit('/').next().unwrap_or(&self.path);
        self.beside(&renamed(own, number))
    }
}

impl fmt::Display for SharePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.share, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_is_the_files_alone() {
        let place = SharePath::parse("team/v1.2/a.mov").expect("a path");
        assert_eq!(place.renamed(2).to_string(), "team/v1.2/a (2).mov");
        let folders: Vec<_> = place.folders().map(|folder| folder.to_string()).collect();
        assert_eq!(folders, ["team/v1.2"]);
        let top = SharePath::parse("team/a").expect("a path");
        assert_eq!(
            (top.beside("b").to_string(), top.folders().count()),
            ("team/b".to_owned(), 0)
        );
        assert!(SharePath::parse("team").is_none() && SharePath::parse("team/a//b").is_none());
    }
}
