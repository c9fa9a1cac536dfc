//! Files that do not get onto a drive, and why.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One path that is not on the drive although it is in the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LeftOut {
    /// Path below the source, parts joined by `/`. Where a name is not Unicode, its nearest
    /// readable form.
    pub path: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a path is not on the drive. Serialised as [`code`](Self::code); codes never change their
/// meaning.
///
/// The reasons come in two groups. Those found while planning were shown before anything was
/// erased, and do not make the drive incomplete; those found while copying do
/// ([`makes_incomplete`](Self::makes_incomplete)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LeftOutReason {
    /// A symbolic link or junction.
    Symlink,
    /// A socket.
    Socket,
    /// A named pipe.
    Pipe,
    /// A character or block device.
    Device,
    /// A file or folder that the reading user may not open.
    Unreadable,
    /// A name that is not Unicode (stray bytes, lone surrogates) or holds U+FFFE or U+FFFF.
    NameNotUnicode,
    /// A name that NTFS or Windows cannot hold.
    NameNotNtfs,
    /// A name that Windows keeps for a device (`CON`, `NUL.txt`, ...).
    NameReserved,
    /// A name or path that Blob storage cannot hold.
    NameNotBlob,
    /// Two names in one folder that differ in case only.
    CaseTwin,
    /// A file larger than a blob may be, or than any of the drives.
    TooLarge,
    /// A folder on which another file system is mounted, where only one was asked for.
    OtherFileSystem,
    /// Something the person chose not to take.
    Excluded,
    /// A file whose size or time moved between the plan and its copy, or while it was copied.
    Changed,
    /// A file that was there at the plan and no longer at its copy.
    Vanished,
    /// A file whose bytes could not be read.
    ReadFailed,
    /// A blob whose bytes are not those that its own Content-MD5 was made from.
    Corrupted,
    /// A blob in the archive tier, which nobody can read before it is rehydrated.
    Archived,
    /// A blob for which the drives had no room left.
    NoRoom,
}

impl LeftOutReason {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Self; 19] = [
        Self::Symlink,
        Self::Socket,
        Self::Pipe,
        Self::Device,
        Self::Unreadable,
        Self::NameNotUnicode,
        Self::NameNotNtfs,
        Self::NameReserved,
        Self::NameNotBlob,
        Self::CaseTwin,
        Self::TooLarge,
        Self::OtherFileSystem,
        Self::Excluded,
        Self::Changed,
        Self::Vanished,
        Self::ReadFailed,
        Self::Corrupted,
        Self::Archived,
        Self::NoRoom,
    ];

    /// Returns the stable code, as it stands in journals, CSV files and `--json`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Symlink => "symlink",
            Self::Socket => "socket",
            Self::Pipe => "pipe",
            Self::Device => "device",
            Self::Unreadable => "unreadable",
            Self::NameNotUnicode => "name-not-unicode",
            Self::NameNotNtfs => "name-not-ntfs",
            Self::NameReserved => "name-reserved",
            Self::NameNotBlob => "name-not-blob",
            Self::CaseTwin => "case-twin",
            Self::TooLarge => "too-large",
            Self::OtherFileSystem => "other-file-system",
            Self::Excluded => "excluded",
            Self::Changed => "changed",
            Self::Vanished => "vanished",
            Self::ReadFailed => "read-failed",
            Self::Corrupted => "corrupted",
            Self::Archived => "archived",
            Self::NoRoom => "no-room",
        }
    }

    /// Returns the reason of a code; `None` for a code of another version.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Returns the reason in words that finish the sentence "NAME was left out: ".
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Symlink => {
                "it is a symbolic link, and Blob storage has none; copy what it points to if you need it"
            }
            Self::Socket => "it is a socket, which has no content",
            Self::Pipe => "it is a named pipe, which has no content",
            Self::Device => "it is a device, not a file",
            Self::Unreadable => "the user who reads the source may not open it",
            Self::NameNotUnicode => "its name is not valid Unicode text",
            Self::NameNotNtfs => "NTFS or Windows cannot hold its name",
            Self::NameReserved => "Windows keeps its name for a device",
            Self::NameNotBlob => "Blob storage cannot hold its name or path",
            Self::CaseTwin => {
                "another name in its folder differs only in upper and lower case, which Windows takes for the same"
            }
            Self::TooLarge => "it is larger than a blob or a drive may be",
            Self::OtherFileSystem => "it lies on another file system that is mounted there",
            Self::Excluded => "it was excluded on purpose",
            Self::Changed => "it changed after the plan was made, so its copy could not be trusted",
            Self::Vanished => "it was no longer there when its turn came",
            Self::ReadFailed => "its content could not be read",
            Self::Corrupted => "its content is not what its Content-MD5 was made from",
            Self::Archived => "it is in the archive tier; rehydrate it and export it then",
            Self::NoRoom => "the drives had no room left for it",
        }
    }

    /// Returns whether a drive with such a file is `incomplete`: the file was planned, and failed
    /// during the copy.
    #[must_use]
    pub const fn makes_incomplete(self) -> bool {
        matches!(
            self,
            Self::Changed | Self::Vanished | Self::ReadFailed | Self::Corrupted
        )
    }
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_serialised_as_its_code_and_comes_back() {
        for reason in LeftOutReason::ALL {
            let json = serde_json::to_string(&reason).expect("a unit variant is a string");
            assert_eq!(json, format!("\"{}\"", reason.code()));
            assert_eq!(
                serde_json::from_str::<LeftOutReason>(&json).expect("just written"),
                reason
            );
            assert_eq!(LeftOutReason::from_code(reason.code()), Some(reason));
        }
    }

    #[test]
    fn a_code_of_another_version_is_not_taken_for_a_known_one() {
        assert_eq!(LeftOutReason::from_code("Symlink"), None);
        assert_eq!(LeftOutReason::from_code(""), None);
    }
}
