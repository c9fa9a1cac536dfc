//! Blobs that two rows of a data set would make.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Rule;
use crate::manifest::BlobKind;
use crate::plan::listing::Listing;
use crate::plan::listing::hash_of;
use crate::plan::mapping::{Mapping, Naming};

/// The blobs so far: 16 bytes each, and none where one folder is sent to one place, since paths that
/// differ are blobs that differ there.
#[derive(Debug, Default)]
pub(super) struct Blobs {
    first: HashMap<u64, u32>,
}

impl Blobs {
    /// Takes the blob (or the file of a share) of entry `number`; returns what is wrong when an earlier entry has it.
    pub(super) fn taken(
        &mut self,
        listing: &Listing,
        mapping: &Mapping,
        (number, naming): (u32, &Naming),
    ) -> Option<Rule> {
        if mapping.targets.len() < 2 {
            return None;
        }
        let place = place(naming);
        let first = *self.first.entry(hash_of(&place)).or_insert(number);
        if first == number {
            return None;
        }
        // Names with one hash are looked at themselves.
        let same = mapping
            .naming(listing, first)
            .is_ok_and(|naming| self::place(&naming) == place);
        same.then(|| Rule::SameBlob {
            of: listing.entry(first).path.to_string(),
        })
    }
}

/// Where a file ends up. A share tells names apart only beyond upper and lower case.
fn place(naming: &Naming) -> Cow<'_, str> {
    match naming.kind {
        BlobKind::Block | BlobKind::Page => Cow::Borrowed(&naming.blob),
        BlobKind::File => Cow::Owned(format!("//{}", naming.blob.to_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;

    use super::*;
    use crate::plan::{Goal, Kind, Problem, Target, problems};

    /// Returns what is wrong with files of a data set, whose first row goes to `film/`; `more` makes
    /// the others from it.
    fn found(paths: &[&str], more: impl Fn(&Target) -> Vec<Target>) -> Vec<Problem> {
        let mut listing = Listing::new();
        for path in paths {
            listing
                .push(path, 1, FileTime(0), Kind::File)
                .expect("few entries");
        }
        let mut mapping = Mapping::of_source(
            "set-1".parse().expect("a session"),
            "film/".parse().expect("a destination"),
        );
        mapping.numbered = true;
        mapping.targets.extend(more(&mapping.targets[0]));
        problems(&listing, &mapping).found
    }

    #[test]
    fn the_second_of_two_rows_that_make_one_blob_is_named() {
        let found = found(&["1/a", "1/sub/b", "2/b", "2/c"], |first| {
            let goal = Goal::Folder("film/sub/".parse().expect("a destination"));
            vec![Target {
                goal,
                ..first.clone()
            }]
        });
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].entry), ("2/b", 2));
        let of = "1/sub/b".to_owned();
        assert_eq!(found[0].rule, Rule::SameBlob { of });
        assert_eq!(found[0].proposal.as_deref(), Some("b (2)"));
    }

    #[test]
    fn a_share_tells_no_cases_apart_and_is_no_container() {
        let found = found(&["1/a", "2/A", "3/a"], |first| {
            let kind = Some(BlobKind::File);
            let row = Target {
                kind,
                ..first.clone()
            };
            vec![row; 2]
        });
        let paths: Vec<_> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["3/a"], "{found:?}");
    }
}
