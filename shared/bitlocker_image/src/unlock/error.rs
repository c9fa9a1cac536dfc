//! Why a volume does not open.

use disk::ReadError;
use thiserror::Error;

use super::facts::ProtectorKind;
use crate::{ExternalKeyFileError, Guid};

/// Why a volume does not open.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnlockError {
    /// The medium failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No BitLocker signature.
    #[error("this is no BitLocker volume: its first sector has neither signature nor GUID of one")]
    NotBitLocker,
    /// The Windows Vista form.
    #[error("a BitLocker volume of Windows Vista; those of Windows 7 and later can be opened")]
    Vista,
    /// A conversion is in progress.
    #[error(
        "Windows has not finished encrypting or decrypting this volume: attach it to Windows, let it finish, then try again"
    )]
    Converting,
    /// None of the three copies of the metadata can be used.
    #[error("all three copies of the BitLocker metadata are damaged: {}", one_by_one(.faults))]
    NoGoodCopy {
        /// One fault per copy.
        faults: Vec<CopyFault>,
    },
    /// One information area by itself cannot be used.
    #[error("the information area has {0}")]
    Area(CopyFault),
    /// The volume has no protector of the credential's kind.
    #[error("a {wanted} does not open this volume; what does: {}", listed(.present))]
    NoSuchProtector {
        /// What was given.
        wanted: ProtectorKind,
        /// What would open it.
        present: Vec<ProtectorKind>,
    },
    /// The credential opens none of the volume's protectors.
    #[error("wrong {kind}: it opens none of the volume's {tried} protectors of that kind")]
    WrongCredential {
        /// What was given.
        kind: ProtectorKind,
        /// Protectors tried.
        tried: usize,
    },
    /// The key file is none.
    #[error(transparent)]
    KeyFile(#[from] ExternalKeyFileError),
    /// The key file is of another volume.
    #[error("the key file belongs to protector {found}, which this volume does not have")]
    KeyFileOfOther {
        /// The protector that the key file names.
        found: Guid,
    },
    /// The metadata is authentic, yet says something unsupported or impossible.
    #[error("the metadata says that {what} is {found:#x}, which cannot be read")]
    Unsupported {
        /// The field.
        what: &'static str,
        /// Its value.
        found: u64,
    },
    /// The volume is shorter than its metadata says.
    #[error(
        "the volume has {volume_bytes} bytes, but {encrypted_bytes} were encrypted: its end is missing"
    )]
    Cut {
        /// Bytes there are.
        volume_bytes: u64,
        /// Bytes there should be.
        encrypted_bytes: u64,
    },
}

fn one_by_one(faults: &[CopyFault]) -> String {
    let faults = (1..).zip(faults);
    let faults: Vec<String> = faults
        .map(|(copy, fault)| format!("copy {copy} has {fault}"))
        .collect();
    faults.join("; ")
}

fn listed(kinds: &[ProtectorKind]) -> String {
    if kinds.is_empty() {
        return "nothing".to_owned();
    }
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    kinds.join(", ")
}

/// What is wrong with an information area.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyFault {
    /// It could not be read.
    #[error("bytes that the medium does not give: {0}")]
    Read(#[from] ReadError),
    /// A field with a value that it cannot have.
    #[error("{what} {found:#x} at byte {at:#x}")]
    Field {
        /// The field.
        what: &'static str,
        /// Its offset in the area.
        at: usize,
        /// Its value.
        found: u64,
    },
    /// The CRC-32 is wrong.
    #[error("checksum {found:#010x}, which should be {computed:#010x}")]
    Checksum {
        /// As stored.
        found: u32,
        /// As computed.
        computed: u32,
    },
    /// The SHA-256 sealed by the volume master key is not that of the area: someone changed it.
    #[error("been altered: the hash sealed by the volume's own key does not match")]
    SealedHash,
}

/// The state of one of the three information areas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyState {
    /// Byte for byte the one that the volume was opened with.
    Good,
    /// Right by its checksum, yet different.
    Differs,
    /// Damaged.
    Fault(CopyFault),
}
