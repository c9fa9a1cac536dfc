//! What is wrong with a drive.

use serde::{Deserialize, Serialize};

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule it breaks.
    pub code: FindingCode,
    /// What is wrong, in words.
    pub message: String,
    /// The file it is about, as the drive has it: `\a\b`.
    pub file: Option<String>,
    /// Where: in the file when one is named, else on the disk. Bytes.
    pub offset: Option<u64>,
}

/// The rule that a finding breaks. Serialised in kebab-case; codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingCode {
    /// The partition table, or one copy of it, is damaged.
    PartitionTable,
    /// There is no volume, or it does not open.
    Unlock,
    /// The copies of the BitLocker information area differ.
    BitlockerCopy,
    /// A rule of NTFS is broken.
    FileSystem,
    /// There is no manifest, or it cannot be read to its end.
    Manifest,
    /// The manifest is not the one of the journal.
    ManifestHash,
    /// The manifest is of another drive or session.
    OtherDrive,
    /// A file of the manifest is not on the drive.
    MissingFile,
    /// A file has another length than the manifest says.
    Length,
    /// The manifest's blocks do not cover the file once, from start to end.
    Coverage,
    /// The bytes of a block do not have the manifest's hash.
    Content,
    /// A file could not be read.
    Unreadable,
    /// A file that the manifest does not name.
    UnexpectedFile,
    /// The person stopped the verification.
    Cancelled,
}
