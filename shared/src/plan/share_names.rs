//! Names that Azure Files cannot hold although NTFS and Blob storage can (azure-import-export.md, 2.6).

use thiserror::Error;

use super::listing::{FolderId, Listing};
use super::mapping::Mapping;

/// Why a file share cannot hold a name. The text finishes the sentence "NAME cannot go to Azure Files: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShareNameProblem {
    /// A code point of a private-use area: U+E000 is the page's example of an illegal one.
    #[error("the name holds U+{code_point:04X}, a code point of private use")]
    PrivateUse {
        /// The first such code point.
        code_point: u32,
    },
    /// `CLOCK$`, which a share reserves beside the devices that Windows reserves.
    #[error("the name is reserved there")]
    Reserved,
}

/// Checks one part of a path that NTFS and Blob storage take.
///
/// # Errors
/// [`ShareNameProblem`].
fn check(name: &str) -> Result<(), ShareNameProblem> {
    if name.eq_ignore_ascii_case("CLOCK$") {
        return Err(ShareNameProblem::Reserved);
    }
    let private = |found: &char| matches!(*found, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    match name.chars().find(private) {
        Some(found) => Err(ShareNameProblem::PrivateUse {
            code_point: u32::from(found),
        }),
        None => Ok(()),
    }
}

/// Returns the path of every file and folder of a listing that a share cannot hold, new names applied.
#[must_use]
pub fn share_problems(listing: &Listing, mapping: &Mapping) -> Vec<(String, ShareNameProblem)> {
    let files = listing
        .iter()
        .filter(|(_, entry)| !entry.is_folder)
        .map(|(_, entry)| entry.path);
    let folders = (1..listing.folder_count()).map(|id| listing.folder(FolderId(id)).path);
    let problem = |path: &str| {
        let problem = check(mapping.name(path)).err()?;
        Some((path.to_owned(), problem))
    };
    folders.chain(files).filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_refuses_two_things_that_blob_storage_takes() {
        for (name, problem) in [
            ("clock$", Some(ShareNameProblem::Reserved)),
            (
                "a\u{e000}",
                Some(ShareNameProblem::PrivateUse { code_point: 0xe000 }),
            ),
            ("clock$.txt", None),
            ("漢 é", None),
        ] {
            assert_eq!(check(name).err(), problem, "{name:?}");
        }
    }
}
