//! Names that Azure Files cannot hold although NTFS and Blob storage can (azure-import-export.md, 2.6).

use thiserror::Error;

use ntfs_image::name::{self, NameProblem};

use super::listed_path::ListedPath;
use super::listing::{FolderId, Listing};
use super::mapping::Mapping;
use crate::blob_name;

/// Why a file share cannot hold a name. The text finishes the sentence "NAME cannot go to Azure Files: ".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShareNameProblem {
    /// Windows cannot hold it either.
    #[error(transparent)]
    Windows(NameProblem),
    /// A control character: U+0081 is the page's example of one beyond ASCII.
    #[error("the name holds a control character (U+{code_point:04X})")]
    Control {
        /// The first one.
        code_point: u32,
    },
    /// No share, or nothing below it.
    #[error("it is no SHARE/NAME")]
    NoShare,
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

/// Checks a whole path of a share, the share before it: `share/dir/name`. A manifest may come from anybody.
///
/// # Errors
/// The first [`ShareNameProblem`], and the part of the path that has it.
pub fn check_share_path(path: &str) -> Result<(), (String, ShareNameProblem)> {
    let wrong = |part: &str, problem| (part.to_owned(), problem);
    let (share, rest) = path
        .split_once('/')
        .filter(|(share, rest)| blob_name::is_container(share) && !rest.is_empty())
        .ok_or_else(|| wrong(path, ShareNameProblem::NoShare))?;
    if share == blob_name::ROOT_CONTAINER {
        return Err(wrong(share, ShareNameProblem::NoShare));
    }
    for part in rest.split('/') {
        if let Some(found) = part.chars().find(|found| found.is_control()) {
            let code_point = u32::from(found);
            return Err(wrong(part, ShareNameProblem::Control { code_point }));
        }
        let is_whole = name::check(part).map_err(ShareNameProblem::Windows);
        let is_whole = is_whole.and_then(|()| check(part));
        is_whole.map_err(|problem| wrong(part, problem))?;
    }
    Ok(())
}

/// Checks one part of a path that NTFS and Blob storage take.
///
/// # Errors
/// [`ShareNameProblem`].
fn check(name: &str) -> Result<(), ShareNameProblem> {
    if is_reserved(name) {
        return Err(ShareNameProblem::Reserved);
    }
    match name.chars().find(|found| is_private(*found)) {
        Some(found) => Err(ShareNameProblem::PrivateUse {
            code_point: u32::from(found),
        }),
        None => Ok(()),
    }
}

/// Returns a name like this one that a share holds.
pub(super) fn plain(name: &str) -> String {
    let plain = name
        .chars()
        .map(|found| if is_private(found) { '_' } else { found });
    let plain: String = plain.collect();
    if is_reserved(&plain) {
        format!("{plain}_")
    } else {
        plain
    }
}

pub(super) fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case("CLOCK$")
}

const fn is_private(found: char) -> bool {
    matches!(found, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// Returns the path of every file and folder of a listing that a share cannot hold, new names applied.
#[must_use]
pub fn share_problems(listing: &Listing, mapping: &Mapping) -> Vec<(String, ShareNameProblem)> {
    let files = listing.all_facts().filter(|(number, facts)| {
        !facts.is_folder && mapping.plain_bytes(listing, *number).is_none()
    });
    let files = files.map(|(number, _)| listing.entry(number).path);
    let folders = (1..listing.folder_count()).map(|id| listing.folder(FolderId(id)).listed());
    let problem = |path: ListedPath<'_>| {
        let problem = check(mapping.name(path)).err()?;
        Some((path.to_string(), problem))
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

    #[test]
    fn a_path_is_a_share_and_names_that_windows_takes() {
        for good in ["team/a", "team-2/\u{fc}ber uns/\u{1f3ac} clip (2).mov"] {
            assert_eq!(check_share_path(good), Ok(()), "{good}");
        }
        for bad in [
            "team",
            "team/",
            "Team/a",
            "$root/a",
            "team//a",
            "team/../a",
            "team/a:b",
            "team/con/a",
            "team/a ",
            "team/a.",
            "team/a\u{81}",
            "team/CLOCK$",
        ] {
            assert!(check_share_path(bad).is_err(), "{bad}");
        }
    }
}
