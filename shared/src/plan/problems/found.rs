//! Every problem of a listing.

use ntfs_image::name::UNITS_MAX;

use super::Rule;
use super::proposal::propose;
use super::twins::{Free, twins};
use crate::blob_name::{self, BlobNameProblem};
use crate::left_out::LeftOut;
use crate::manifest::BlobKind;
use crate::plan::collated::Collated;
use crate::plan::in_pieces;
use crate::plan::lengths::Lengths;
use crate::plan::listing::{Facts, FolderId, Listing, index};
use crate::plan::mapping::Mapping;
use crate::plan::named::Named;
use crate::plan::problems::blobs::Blobs;
use crate::plan::share_names;

/// A name that cannot be on the drive or in Blob storage. What it names is left out, with
/// everything below it, unless its proposal (or another name) is taken up in [`Mapping::renames`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The first entry that is left out for it.
    pub entry: u32,
    /// The file or folder with the bad name, as the listing has it.
    pub path: String,
    /// What is wrong.
    pub rule: Rule,
    /// A last part that would do, free in its folder; `None` when no name helps.
    pub proposal: Option<String>,
}

/// Every problem of a listing, and which entries they leave out.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// In listing order of the first entry left out.
    pub found: Vec<Problem>,
    /// File entries with a problem of their own, ascending, and where in `found` it is.
    files: Vec<(u32, u32)>,
    /// For each folder, where in `found` its or its parents' problem is; empty when no folder has
    /// one.
    folders: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Problems {
    /// Returns why entry `number` is left out; `None` when it goes.
    #[must_use]
    pub fn of_entry(&self, listing: &Listing, number: u32) -> Option<&Problem> {
        if self.found.is_empty() {
            return None;
        }
        if let Ok(place) = self
            .files
            .binary_search_by_key(&number, |(entry, _)| *entry)
        {
            let (_, problem) = self.files.get(place)?;
            return self.found.get(index(*problem));
        }
        let folder = listing
            .folder_of(number)
            .unwrap_or_else(|| listing.facts(number).folder);
        let problem = self
            .folders
            .get(index(folder.0))
            .copied()
            .filter(|problem| *problem != NONE)?;
        self.found.get(index(problem))
    }

    /// Returns every entry that is left out, in listing order.
    #[must_use]
    pub fn left_out(&self, listing: &Listing) -> Vec<LeftOut> {
        if self.found.is_empty() {
            return Vec::new();
        }
        let reason = |number| {
            self.of_entry(listing, number)
                .map(|problem| problem.rule.reason())
        };
        let left_out = |number| {
            reason(number).map(|reason| LeftOut {
                path: listing.entry(number).path.to_string(),
                reason,
            })
        };
        (0..listing.len()).filter_map(left_out).collect()
    }
}

/// Returns every name of `listing` that cannot go, new names of `mapping` applied.
#[must_use]
pub fn problems(listing: &Listing, mapping: &Mapping) -> Problems {
    judged(listing, mapping).0
}

/// Returns every name that cannot go, and the order of all names that break no rule by themselves.
pub(in crate::plan) fn judged(listing: &Listing, mapping: &Mapping) -> (Problems, Collated) {
    let mut bad = by_name(listing, mapping);
    let is_good = |named: Named| {
        bad.binary_search_by_key(&named, |(named, _)| *named)
            .is_err()
    };
    let names = Collated::new(listing, mapping, &is_good);
    for (named, first) in twins(listing, &names) {
        let rule = if named.path(listing) == first.path(listing) {
            Rule::Twice
        } else {
            let of = first.path(listing).to_string();
            Rule::CaseTwin { of }
        };
        bad.push((named, rule));
    }
    let mut outer = Problems::new(listing, &bad);
    let by_path = by_path(listing, mapping, &outer);
    if !by_path.is_empty() {
        bad.extend(by_path);
        outer = Problems::new(listing, &bad);
    }
    let mut free = Free::new(listing, mapping, &names);
    for problem in &mut outer.found {
        let named = named_of(listing, problem);
        problem.proposal = proposal(&mut free, named, &problem.rule);
    }
    (outer, names)
}

/// Names that break a rule by themselves, sorted.
fn by_name(listing: &Listing, mapping: &Mapping) -> Vec<(Named, Rule)> {
    let rule = |named: Named| {
        if let Named::File(number) = named
            && mapping.plain_bytes(listing, number).is_some()
        {
            return None;
        }
        let name = mapping.name(named.path(listing));
        Rule::of_name(name).map(|rule| (named, rule))
    };
    let mut bad = Named::filter_map(listing, &rule);
    bad.sort_by_key(|(named, _)| *named);
    bad
}

/// Whole paths that cannot go, among those that no other problem leaves out.
fn by_path(listing: &Listing, mapping: &Mapping, known: &Problems) -> Vec<(Named, Rule)> {
    let mut bad = Vec::new();
    let mut blobs = Blobs::default();
    let lengths = Lengths::new(listing, mapping);
    let mut look = |number: u32| {
        let facts = listing.facts(number);
        if known.of_entry(listing, number).is_some() {
            return;
        }
        let rule = if facts.is_folder {
            let path = listing.entry(number).path.to_string();
            Rule::of_length(&blob_name::drive_path(
                &mapping.session,
                &mapping.renamed(&path),
            ))
        } else if is_short((listing, mapping), &lengths, (number, facts)) {
            None
        } else {
            mapping.naming(listing, number).map_or_else(Some, |naming| {
                Rule::of_length(&naming.path)
                    .or_else(|| blobs.taken(listing, mapping, (number, &naming)))
            })
        };
        let named = listing
            .folder_of(number)
            .map_or(Named::File(number), Named::Folder);
        bad.extend(rule.map(|rule| (named, rule)));
    };
    in_pieces(listing.len(), &mut |piece| piece.for_each(&mut look));
    bad
}

/// Returns true for files whose lengths alone tell that their paths and blobs break no rule: their
/// parts are good, and where everything goes to one place no two are one blob.
fn is_short(
    (listing, mapping): (&Listing, &Mapping),
    lengths: &Lengths,
    (number, file): (u32, Facts),
) -> bool {
    let [target] = mapping.targets.as_slice() else {
        return false;
    };
    // A share has rules of its own.
    if target.kind == Some(BlobKind::File) {
        return false;
    }
    lengths.of(listing, mapping, number).is_some_and(|found| {
        Rule::is_short(u64::from(found.drive_units))
            && blob_name::is_short(u64::from(found.blob_units), u64::from(found.blob_parts))
            && found.kind(file.bytes, target.kind).is_ok()
    })
}

impl Problems {
    fn new(listing: &Listing, bad: &[(Named, Rule)]) -> Self {
        let mut all = Self::default();
        let mut bad: Vec<_> = bad
            .iter()
            .map(|(named, rule)| (named.first_entry(listing), *named, rule))
            .collect();
        bad.sort_by_key(|(entry, named, _)| (*entry, *named));
        if bad
            .iter()
            .any(|(_, named, _)| matches!(named, Named::Folder(_)))
        {
            all.folders = vec![NONE; index(listing.folder_count())];
        }
        for (entry, named, rule) in bad {
            let place = u32::try_from(all.found.len()).unwrap_or(NONE);
            match named {
                Named::File(entry) => all.files.push((entry, place)),
                Named::Folder(id) => all.folders[index(id.0)] = place,
            }
            let path = named.path(listing).to_string();
            all.found.push(Problem {
                entry,
                path,
                rule: rule.clone(),
                proposal: None,
            });
        }
        all.files.sort_unstable();
        // Parents have smaller numbers, so one pass hands a problem down; a folder's own comes
        // after its parent's is solved.
        for id in 1..all.folders.len() {
            let id = FolderId(u32::try_from(id).unwrap_or(NONE));
            let above = listing
                .folder(id)
                .parent
                .map_or(NONE, |parent| all.folders[index(parent.0)]);
            if above != NONE {
                all.folders[index(id.0)] = above;
            }
        }
        all
    }
}

/// A problem's path is a folder's when the entry it begins with is not that path's file.
fn named_of(listing: &Listing, problem: &Problem) -> Named {
    let entry = listing.entry(problem.entry);
    if !entry.is_folder && entry.path == problem.path.as_str() {
        return Named::File(problem.entry);
    }
    let mut folder = listing.folder_of(problem.entry).unwrap_or(entry.folder);
    while let Some(parent) = listing.folder(folder).parent {
        if listing.folder(folder).path == problem.path {
            break;
        }
        folder = parent;
    }
    Named::Folder(folder)
}

fn proposal(free: &mut Free<'_>, named: Named, rule: &Rule) -> Option<String> {
    let listing = free.listing;
    let name = free.mapping.name(named.path(listing));
    let units_max = match rule {
        Rule::Twice | Rule::PageBlob(_) | Rule::NoTarget | Rule::PathTooLong { .. } => return None,
        Rule::Blob(BlobNameProblem::TooLong { found }) => {
            let units = u64::try_from(name.encode_utf16().count()).unwrap_or(u64::MAX);
            let excess = found.saturating_sub(1024);
            // A name of fewer than 8 units would say nothing any more.
            let left = units.checked_sub(excess).filter(|left| *left >= 8)?;
            usize::try_from(left).ok()?
        }
        Rule::Blob(BlobNameProblem::Control { .. } | BlobNameProblem::NonCharacter { .. }) => {
            UNITS_MAX
        }
        Rule::Blob(_) => return None,
        // A folder above it has the name.
        Rule::Share { part, .. } if part != name => return None,
        Rule::Share { .. } | Rule::Name(_) | Rule::CaseTwin { .. } | Rule::SameBlob { .. } => {
            UNITS_MAX
        }
    };
    let folder = named.parent(listing);
    let plain = matches!(rule, Rule::Share { .. }).then(|| share_names::plain(name));
    // A plain one that is free does; what is proposed for another is another again.
    let plain = plain.filter(|plain| !free.is_taken(folder, plain));
    let found = plain.or_else(|| {
        propose(name, units_max, &|candidate| {
            free.is_taken(folder, candidate)
        })
    })?;
    free.propose(folder, &found);
    Some(found)
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;

    use super::*;
    use crate::plan::Kind;

    fn judged(paths: &[&str], renames: &[(&str, &str)]) -> (Listing, Problems) {
        let mut listing = Listing::new();
        for path in paths {
            let kind = if path.ends_with('/') {
                Kind::Folder
            } else {
                Kind::File
            };
            let path = path.trim_end_matches('/');
            listing
                .push(path, 1, FileTime(0), kind)
                .expect("few entries");
        }
        let destination = "film/raw/".parse().expect("a destination");
        let mut mapping = Mapping::of_source("s-1".parse().expect("a session"), destination);
        mapping.renames = renames
            .iter()
            .map(|(path, name)| ((*path).to_owned(), (*name).to_owned()))
            .collect();
        let problems = problems(&listing, &mapping);
        (listing, problems)
    }

    fn proposals(problems: &Problems) -> Vec<(&str, Option<&str>)> {
        problems
            .found
            .iter()
            .map(|problem| (problem.path.as_str(), problem.proposal.as_deref()))
            .collect()
    }

    #[test]
    fn good_names_have_no_problems() {
        let (_, problems) = judged(
            &["a/B.txt", "a/e\u{301}", "\u{1f980}", "empty/", "a/\u{e9}"],
            &[],
        );
        assert!(problems.found.is_empty(), "{:?}", problems.found);
    }

    #[test]
    fn a_bad_folder_leaves_out_everything_below_it() {
        let (listing, problems) = judged(&["a?/b/c", "ok", "a?/d", "a?/b/"], &[]);
        assert_eq!(proposals(&problems), [("a?", Some("a_"))]);
        let left_out: Vec<_> = problems
            .left_out(&listing)
            .into_iter()
            .map(|left_out| left_out.path)
            .collect();
        assert_eq!(left_out, ["a?/b/c", "a?/d", "a?/b"]);
        assert!(problems.of_entry(&listing, 1).is_none());
    }

    #[test]
    fn a_new_name_ends_the_problem() {
        let (_, problems) = judged(&["a?/b/c", "x:y"], &[("a?", "a_"), ("x:y", "x y")]);
        assert!(problems.found.is_empty(), "{:?}", problems.found);
    }

    #[test]
    fn a_new_name_that_is_taken_is_a_problem_itself() {
        let (_, problems) = judged(&["a?", "A_"], &[("a?", "a_")]);
        assert_eq!(proposals(&problems), [("A_", Some("A_ (2)"))]);
    }

    #[test]
    fn of_twins_the_first_stays_whatever_they_are() {
        let (_, problems) = judged(&["Read.me", "read.ME", "dir/x", "DIR/y", "READ.ME/z"], &[]);
        let of = |problem: &Problem| match &problem.rule {
            Rule::CaseTwin { of } => of.clone(),
            rule => panic!("{rule}"),
        };
        let found: Vec<_> = problems
            .found
            .iter()
            .map(|problem| (problem.path.as_str(), of(problem)))
            .collect();
        let expected = [
            ("read.ME", "Read.me"),
            ("DIR", "dir"),
            ("READ.ME", "Read.me"),
        ];
        assert_eq!(found, expected.map(|(path, of)| (path, of.to_owned())));
        assert_eq!(proposals(&problems)[0].1, Some("read (2).ME"));
        assert_eq!(
            proposals(&problems)[2].1,
            Some("READ (3).ME"),
            "two proposals are never the same"
        );
    }

    #[test]
    fn a_path_listed_twice_goes_once() {
        let (listing, problems) = judged(&["a/b", "a/b", "c", "c/d", "e/", "e/"], &[]);
        let found: Vec<_> = problems
            .found
            .iter()
            .map(|problem| (problem.entry, &problem.rule))
            .collect();
        assert_eq!(found, [(1, &Rule::Twice), (3, &Rule::Twice)]);
        assert!(problems.of_entry(&listing, 0).is_none());
    }

    #[test]
    fn what_blob_storage_cannot_hold_is_found_with_its_prefix_counted() {
        let part = "p".repeat(200);
        let long = format!("{part}/{part}/{part}/{part}/{part}/{}", "q".repeat(100));
        let deep = vec!["d"; 255].join("/");
        let (_, problems) = judged(&[&long, &deep, "c\u{85}"], &[]);
        let rules: Vec<_> = problems.found.iter().map(|problem| &problem.rule).collect();
        assert!(
            matches!(
                rules[0],
                Rule::Blob(BlobNameProblem::TooLong { found: 1109 })
            ),
            "{rules:?}"
        );
        assert!(
            matches!(rules[1], Rule::Blob(BlobNameProblem::TooManyParts { .. })),
            "{rules:?}"
        );
        assert!(
            matches!(
                rules[2],
                Rule::Blob(BlobNameProblem::Control { code_point: 0x85 })
            ),
            "{rules:?}"
        );
        let shorter = problems.found[0].proposal.as_deref();
        assert_eq!(
            shorter,
            Some("q".repeat(15).as_str()),
            "100 less the 85 units too many"
        );
        assert_eq!(problems.found[1].proposal, None);
    }

    #[test]
    fn a_row_of_a_data_set_that_is_not_there_is_a_problem_not_a_panic() {
        let mut listing = Listing::new();
        for path in ["1/a", "2/a", "x", "0/a", "1"] {
            listing
                .push(path, 1, FileTime(0), Kind::File)
                .expect("few entries");
        }
        let mut mapping = Mapping::of_source(
            "s-1".parse().expect("a session"),
            "film/".parse().expect("ok"),
        );
        mapping.numbered = true;
        let problems = problems(&listing, &mapping);
        let bad: Vec<_> = (0..5)
            .filter(|number| problems.of_entry(&listing, *number).is_some())
            .collect();
        assert_eq!(bad, [1, 2, 3, 4]);
    }
}
