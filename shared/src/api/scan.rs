//! Choosing and scanning a source.

use crate::job::LeftOut;
use serde::{Deserialize, Serialize};

/// `POST /api/folders`: what is in a folder of the agent's machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldersRequest {
    /// An absolute path; none = where choosing begins (the reading user's home).
    #[serde(default)]
    pub path: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldersReply {
    /// The folder, absolute, as the agent resolved it.
    pub path: String,
    /// The folder above; none at the top.
    pub parent: Option<String>,
    /// Its folders, sorted by name.
    pub folders: Vec<FolderEntry>,
    /// How many files are directly in it.
    pub files: u64,
    /// Good places to start from: home, mounted file systems.
    pub places: Vec<FolderEntry>,
}

/// A folder to step into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderEntry {
    /// What to show.
    pub name: String,
    /// What to ask for.
    pub path: String,
    /// Whether the reading user may open it.
    pub readable: bool,
}

/// `POST /api/scan`. While it runs, [`News::Scanning`](super::News::Scanning) tells how far it is; whoever
/// breaks the connection off ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The source folder, absolute.
    pub path: String,
    /// Whether folders on which another file system is mounted are entered.
    #[serde(default)]
    pub other_file_systems: bool,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReply {
    /// The folder, absolute, as the agent resolved it.
    pub path: String,
    /// What was found.
    #[serde(flatten)]
    pub counts: ScanCounts,
    /// Files and folders that could not be opened. The first 1,000.
    pub unreadable: Vec<LeftOut>,
    /// How much that is in all.
    #[serde(default)]
    pub unreadable_counts: UnreadableCounts,
    /// Symlinks, sockets, devices and the like. The first 1,000.
    pub left_out: Vec<LeftOut>,
    /// How many were left out in all, those not named here included.
    pub left_out_count: u64,
    /// Names that cannot go as they are. The first 1,000.
    pub problems: Vec<NameProblem>,
    /// How many name problems there are in all.
    pub problem_count: u64,
    /// Things said once, with counts: hard links copied in full, sparse files counted in full, ACLs
    /// not carried.
    pub notes: Vec<String>,
    /// The bytes when a file with several names is counted once; each name is copied in full.
    #[serde(default)]
    pub unique_bytes: u64,
    /// Whether the listing follows, which the page plans from; not when there are too many entries for
    /// a browser, then the agent alone plans.
    pub has_listing: bool,
}

/// What a scan counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanCounts {
    /// Regular files that can be read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders below the source.
    pub folders: u64,
}

/// How much the reading user may not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableCounts {
    /// Files.
    pub files: u64,
    /// Their bytes, as far as their lengths are known.
    pub bytes: u64,
    /// Folders that cannot be looked into: nobody knows what is in them.
    pub folders: u64,
}

impl UnreadableCounts {
    /// Returns whether there is nothing of the sort.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.files == 0 && self.folders == 0
    }

    /// Returns it in words, what there is none of left out: `1 file (2 MB) and 3 folders`. `size` writes bytes.
    #[must_use]
    pub fn words(&self, size: impl FnOnce(u64) -> String) -> String {
        let counted = |count: u64, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let files = counted(self.files, "file");
        let files = files.map(|files| format!("{files} ({})", size(self.bytes)));
        let parts: Vec<String> = files
            .into_iter()
            .chain(counted(self.folders, "folder"))
            .collect();
        parts.join(" and ")
    }
}

/// A name that NTFS or Blob storage cannot hold, and one that they can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameProblem {
    /// Path below the source.
    pub path: String,
    /// The rule that it breaks, in words.
    pub rule: String,
    /// The name proposed for its last part; empty when the path has to be left out.
    pub mend: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_not_said() {
        let words = |files, folders| {
            let counts = UnreadableCounts {
                files,
                bytes: 7,
                folders,
            };
            counts.words(|bytes| format!("{bytes} B"))
        };
        assert_eq!(words(1, 0), "1 file (7 B)");
        assert_eq!(words(0, 2), "2 folders");
        assert_eq!(words(3, 1), "3 files (7 B) and 1 folder");
    }
}
