//! Taking up every proposal.

use super::{Problem, problems};
use crate::plan::listing::Listing;
use crate::plan::mapping::Mapping;

/// A new name can bring out a problem below or beside it, and that one another.
const ROUNDS: usize = 8;

/// Takes the proposal of every problem into [`Mapping::renames`], until none is left that helps. Returns
/// the problems that were found on the way, each path's first.
pub fn mend(listing: &Listing, mapping: &mut Mapping) -> Vec<Problem> {
    let mut all: Vec<Problem> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for _ in 0..ROUNDS {
        let mut is_changed = false;
        for problem in problems(listing, mapping).found {
            if let Some(proposal) = &problem.proposal {
                let path = problem.path.clone();
                let before = mapping.renames.insert(path, proposal.clone());
                is_changed |= before.as_ref() != Some(proposal);
            }
            if known.insert(problem.path.clone()) {
                all.push(problem);
            }
        }
        if !is_changed {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;

    use super::*;
    use crate::plan::Kind;

    #[test]
    fn after_mending_everything_goes_that_has_a_name_that_would_do() {
        let mut listing = Listing::new();
        for path in ["a?/CON", "a?/con", "A_/x", "tail.", "fine"] {
            listing
                .push(path, 1, FileTime(0), Kind::File)
                .expect("few entries");
        }
        let mut mapping = Mapping::of_source(
            "reels-1".parse().expect("a session"),
            "film/".parse().expect("a destination"),
        );
        let found = mend(&listing, &mut mapping);
        assert!(found.iter().any(|problem| problem.path == "a?"));
        assert!(found.iter().any(|problem| problem.path == "tail."));
        assert!(problems(&listing, &mapping).found.is_empty());
        assert_eq!(mapping.renamed("fine"), "fine");
        assert_ne!(mapping.renamed("a?/CON"), "a?/CON");
    }
}
