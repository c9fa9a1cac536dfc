//! The service's words. Each is written as its variant is named (azure-import-export.md, 5.3).

use std::fmt;
use std::str::FromStr;

use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as UnknownWord, StrDeserializer};
use serde::{Deserialize, Serialize};

/// How a drive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the service's own words, which are all that is known of them"
)]
pub enum DriveStatus {
    Completed,
    CompletedWithWarnings,
    CompletedWithErrors,
    DiskNotFound,
    VolumeNotNtfs,
    DiskOperationFailed,
    BitLockerVolumeNotFound,
    BitLockerNotActivated,
    BitLockerProtectorNotFound,
    BitLockerKeyInvalid,
    BitLockerUnlockVolumeFailed,
    BitLockerFailed,
    ManifestNameInvalid,
    ManifestNameTooLong,
    ManifestNotFound,
    ManifestAccessDenied,
    ManifestCorrupted,
    ManifestFormatInvalid,
    ManifestDriveIdMismatch,
    ReadManifestFailed,
    BlobListFormatInvalid,
    BlobRequestForbidden,
    InternalError,
}

/// How a blob ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the service's own words, which are all that is known of them"
)]
pub enum BlobStatus {
    Completed,
    CompletedWithErrors,
    FileNameInvalid,
    FileNameTooLong,
    FileNotFound,
    FileAccessDenied,
    BlobRequestFailed,
    BlobRequestForbidden,
    RenameFailed,
    BlobUnexpectedChange,
    LeasePresent,
    IOFailed,
    Failed,
}

/// What became of the rule for a blob that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the service's own words, which are all that is known of them"
)]
pub enum DispositionStatus {
    Created,
    Renamed,
    Skipped,
    Overwritten,
    Cancelled,
}

/// How a block or page range ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the service's own words, which are all that is known of them"
)]
pub enum PartStatus {
    Completed,
    Committed,
    Uncommitted,
    Corrupted,
    FileUnexpectedEnd,
    BlobUnexpectedEnd,
    BlobRequestFailed,
    IOFailed,
    Failed,
    Cancelled,
}

/// How a metadata or properties file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the service's own words, which are all that is known of them"
)]
pub enum AttachedStatus {
    Completed,
    FileNameInvalid,
    FileNameTooLong,
    FileNotFound,
    FileAccessDenied,
    Corrupted,
    XmlReadFailed,
    XmlWriteFailed,
    BlobRequestFailed,
    IOFailed,
    Failed,
    Cancelled,
}

impl fmt::Display for DriveStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for BlobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for DispositionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for PartStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for AttachedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for DriveStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::deserialize(of(word))
    }
}

impl FromStr for BlobStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::deserialize(of(word))
    }
}

impl FromStr for DispositionStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::deserialize(of(word))
    }
}

impl FromStr for PartStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::deserialize(of(word))
    }
}

impl FromStr for AttachedStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::deserialize(of(word))
    }
}

fn of(word: &str) -> StrDeserializer<'_, UnknownWord> {
    word.into_deserializer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_written_and_read_as_the_service_has_it() {
        assert_eq!(
            DriveStatus::ManifestDriveIdMismatch.to_string(),
            "ManifestDriveIdMismatch"
        );
        assert_eq!(BlobStatus::IOFailed.to_string(), "IOFailed");
        assert_eq!("IOFailed".parse(), Ok(PartStatus::IOFailed));
        assert_eq!("Overwritten".parse(), Ok(DispositionStatus::Overwritten));
        assert_eq!("XmlReadFailed".parse(), Ok(AttachedStatus::XmlReadFailed));
        assert!("completed".parse::<BlobStatus>().is_err());
    }
}
