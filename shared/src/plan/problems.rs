//! What cannot go as it is called.

use super::{Listing, Mapping};
use crate::left_out::LeftOutReason;

/// A name that cannot be on the drive or in Blob storage. What it names is left out, with everything below it, unless
/// its proposal (or another name) is taken up in [`Mapping::renames`].
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

/// Why a name cannot go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// NTFS or Windows cannot hold the name.
    Name(ntfs_image::name::NameProblem),
    /// Windows and NTFS tell names in one folder apart only beyond upper and lower case.
    CaseTwin {
        /// The path that came first.
        of: String,
    },
    /// The listing names the path twice, or as a file and as a folder.
    Twice,
    /// The whole path on the drive is longer than the 32,767 units Windows can open.
    PathTooLong {
        /// UTF-16 units it has.
        found: u32,
    },
    /// Blob storage cannot hold the name; the text says why.
    Blob(String),
}

impl Problem {
    /// Returns the reason under which journals and reports count it.
    #[must_use]
    pub fn reason(&self) -> LeftOutReason {
        todo!()
    }
}

/// Every problem of a listing, and which entries they leave out.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// In listing order of the first entry left out.
    pub found: Vec<Problem>,
}

impl Problems {
    /// Returns why entry `number` is left out, `None` when it goes.
    #[must_use]
    pub fn of_entry(&self, listing: &Listing, number: u32) -> Option<&Problem> {
        todo!("{listing:?} {number}")
    }
}

/// Returns every name of `listing` that cannot go, new names of `mapping` applied.
#[must_use]
pub fn problems(listing: &Listing, mapping: &Mapping) -> Problems {
    todo!("{listing:?} {mapping:?}")
}
