//! The rules a name can break.

use ntfs_image::name::{self, NameProblem};
use thiserror::Error;

use crate::blob_name::BlobNameProblem;
use crate::left_out::LeftOutReason;
use crate::manifest::PageBlobRefused;
use crate::plan::share_names::ShareNameProblem;

/// Why a name cannot go. The text finishes the sentence "NAME cannot go: ".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rule {
    /// NTFS or Windows cannot hold the name.
    #[error(transparent)]
    Name(NameProblem),
    /// Windows tells names in one folder apart only beyond upper and lower case.
    #[error("to Windows it is the same name as {of}")]
    CaseTwin {
        /// The path that came first.
        of: String,
    },
    /// The listing names the path twice, or as a file and as a folder.
    #[error("the listing has it twice")]
    Twice,
    /// The whole path on the drive is longer than Windows can open.
    #[error("its path has {units} UTF-16 units; Windows opens at most {PATH_UNITS_MAX}")]
    PathTooLong {
        /// UTF-16 units it has.
        units: u64,
    },
    /// Blob storage cannot hold the name.
    #[error(transparent)]
    Blob(BlobNameProblem),
    /// A file share cannot hold the name.
    #[error("a file share cannot hold \"{part}\": {why}")]
    Share {
        /// The part of its path.
        part: String,
        /// The rule.
        why: ShareNameProblem,
    },
    /// Two rows of a data set send different files to one place.
    #[error("it would be the same blob, or the same file of the share, as {of}")]
    SameBlob {
        /// The path that came first.
        of: String,
    },
    /// A page blob was asked for, and the length is no whole number of pages.
    #[error(transparent)]
    PageBlob(PageBlobRefused),
    /// The path does not begin with the number of a row of the data set.
    #[error("its path does not begin with the number of a row of the data set")]
    NoTarget,
}

/// 32,767 less the drive letter and prefix that Windows adds.
const PATH_UNITS_MAX: u64 = 32_760;

impl Rule {
    /// Returns the reason under which journals and reports count it.
    #[must_use]
    pub const fn reason(&self) -> LeftOutReason {
        match self {
            Self::Name(NameProblem::Device { .. }) => LeftOutReason::NameReserved,
            Self::Name(_) | Self::PathTooLong { .. } => LeftOutReason::NameNotNtfs,
            Self::CaseTwin { .. } | Self::Twice => LeftOutReason::CaseTwin,
            Self::Blob(BlobNameProblem::NonCharacter { .. }) => LeftOutReason::NameNotUnicode,
            Self::Blob(_)
            | Self::Share { .. }
            | Self::SameBlob { .. }
            | Self::PageBlob(_)
            | Self::NoTarget => LeftOutReason::NameNotBlob,
        }
    }

    /// Returns the rule that one part of a path breaks by itself.
    pub(in crate::plan) fn of_name(name: &str) -> Option<Self> {
        let wrong = |found: &char| found.is_control() || matches!(found, '\u{fffe}' | '\u{ffff}');
        if let Err(problem) = name::check(name) {
            return Some(Self::Name(problem));
        }
        if name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return None;
        }
        let code_point = u32::from(name.chars().find(wrong)?);
        Some(Self::Blob(if code_point >= 0xfffe {
            BlobNameProblem::NonCharacter { code_point }
        } else {
            BlobNameProblem::Control { code_point }
        }))
    }

    /// Returns whether Windows opens a path of so many UTF-16 units.
    pub(super) const fn is_short(units: u64) -> bool {
        units <= PATH_UNITS_MAX
    }

    /// Returns whether a path on the drive is too long for Windows.
    pub(super) fn of_length(drive_path: &str) -> Option<Self> {
        let units = u64::try_from(drive_path.encode_utf16().count()).unwrap_or(u64::MAX);
        (units > PATH_UNITS_MAX).then_some(Self::PathTooLong { units })
    }
}
