//! Opens a volume.

use std::fmt;

use disk::{ReadAt, ReadError, SectorSize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Cipher, Credential, Guid, RecoveryPassword, Regions, SectorCipher};

/// How a protector is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtectorKind {
    /// A key stored in the clear (protection suspended).
    Clear,
    /// The TPM of the computer.
    Tpm,
    /// A key file.
    ExternalKey,
    /// TPM and PIN.
    TpmPin,
    /// The 48 digits.
    RecoveryPassword,
    /// A smart card or certificate.
    Certificate,
    /// A passphrase.
    Passphrase,
    /// Another number.
    Other(u16),
}

/// A protector, as anyone can read it on the locked drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectorFacts {
    /// The GUID that Windows shows for it.
    pub id: Guid,
    /// How it is opened.
    pub kind: ProtectorKind,
    /// When it was last changed: FILETIME.
    pub changed: u64,
}

/// What is wrong with one of the three information areas.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyFault {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A field that it cannot have.
    #[error("{what} is {found:#x} at byte {at} of the area")]
    Field {
        /// The field.
        what: &'static str,
        /// Its offset in the area.
        at: u64,
        /// Its value.
        found: u64,
    },
    /// The CRC-32 is wrong.
    #[error("checksum {found:#010x} stored, {computed:#010x} computed")]
    Checksum {
        /// As stored.
        found: u32,
        /// As computed.
        computed: u32,
    },
    /// The SHA-256 sealed by the volume master key is not that of the area: someone changed it.
    #[error("the hash that the volume's own key seals does not match: the metadata was altered")]
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

/// What the metadata says, all of it covered by the hash that the volume's own key seals.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeFacts {
    /// The volume's GUID.
    pub id: Guid,
    /// How the sectors are encrypted.
    pub cipher: Cipher,
    /// The unit of encryption.
    pub sector: SectorSize,
    /// Bytes from the start that are encrypted.
    pub encrypted_bytes: u64,
    /// The three information areas.
    pub information: [u64; 3],
    /// Where the first [`header_bytes`](Self::header_bytes) are kept.
    pub header: u64,
    /// How many bytes from the start are kept there.
    pub header_bytes: u64,
    /// The area named by Windows 8 and later.
    pub spare: Option<u64>,
    /// When the volume was made: FILETIME.
    pub created: u64,
    /// The plain text that Windows writes: computer, label, date.
    pub description: String,
    /// Every protector, in stored order.
    pub protectors: Vec<ProtectorFacts>,
}

/// Why a volume does not open.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnlockError {
    /// The medium failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No BitLocker signature.
    #[error("this is no BitLocker volume: its first sector has neither signature nor GUID")]
    NotBitLocker,
    /// The Windows Vista form.
    #[error("a BitLocker volume of Windows Vista; Windows 7 and later are supported")]
    Vista,
    /// A conversion is in progress.
    #[error(
        "Windows has not finished encrypting or decrypting this volume: let it finish there, then try again"
    )]
    Converting,
    /// None of the three copies of the metadata can be used.
    #[error("all three copies of the BitLocker metadata are damaged: 1: {}; 2: {}; 3: {}", .faults[0], .faults[1], .faults[2])]
    NoGoodCopy {
        /// One fault per copy.
        faults: Box<[CopyFault; 3]>,
    },
    /// The credential is of a kind that the volume has no protector for.
    #[error("{wanted:?} does not open this volume; it has: {present:?}")]
    NoSuchProtector {
        /// What was given.
        wanted: ProtectorKind,
        /// What would open it.
        present: Vec<ProtectorKind>,
    },
    /// The credential opens none of the volume's protectors.
    #[error("wrong {kind:?}: it opens none of the {tried} protectors of its kind")]
    WrongCredential {
        /// What was given.
        kind: ProtectorKind,
        /// Protectors tried.
        tried: usize,
    },
    /// The key file is none.
    #[error(transparent)]
    KeyFile(#[from] crate::ExternalKeyFileError),
    /// The metadata is authentic, yet says something unsupported or impossible.
    #[error("the metadata says {what}: {found:#x}")]
    Unsupported {
        /// The field.
        what: &'static str,
        /// Its value.
        found: u64,
    },
}

/// What opening an information area gives.
#[derive(ZeroizeOnDrop, Zeroize)]
pub struct OpenedArea {
    volume_master_key: [u8; 32],
    volume_key: Vec<u8>,
    #[zeroize(skip)]
    facts: VolumeFacts,
}

impl OpenedArea {
    /// Returns the volume master key: what is derived from it is as secret as it is.
    #[must_use]
    pub const fn volume_master_key(&self) -> &[u8; 32] {
        &self.volume_master_key
    }
    /// Returns the cipher of the volume's sectors.
    #[must_use]
    pub fn sector_cipher(&self) -> SectorCipher {
        todo!()
    }
    /// Returns what the metadata says.
    #[must_use]
    pub const fn facts(&self) -> &VolumeFacts {
        &self.facts
    }
    /// Returns the recovery password that the metadata keeps for Windows under the volume master key, if there is one.
    #[must_use]
    pub fn recovery_password(&self) -> Option<&RecoveryPassword> {
        todo!()
    }
}

impl fmt::Debug for OpenedArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedArea")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// Opens one 65,536-byte information area by itself: proves that the credential opens it, and that nobody altered it.
///
/// # Errors
/// [`UnlockError`].
pub fn open_information_area(
    _area: &[u8],
    _credential: &Credential,
) -> Result<OpenedArea, UnlockError> {
    todo!()
}

/// An opened volume: reads as the file system inside.
pub struct UnlockedVolume<R> {
    volume: R,
    sector_cipher: SectorCipher,
    opened: OpenedArea,
    copies: [CopyState; 3],
}

impl<R> fmt::Debug for UnlockedVolume<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockedVolume")
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}

impl<R: ReadAt> UnlockedVolume<R> {
    /// Opens a volume. No metadata field is used for data before the hash sealed by the volume's own key is checked.
    ///
    /// # Errors
    /// [`UnlockError`].
    pub fn unlock(_volume: R, _credential: &Credential) -> Result<Self, UnlockError> {
        todo!()
    }
    /// Returns how the sectors are encrypted.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        self.opened.facts.cipher
    }
    /// Returns the unit of encryption.
    #[must_use]
    pub const fn sector(&self) -> SectorSize {
        self.opened.facts.sector
    }
    /// Returns what the metadata says.
    #[must_use]
    pub const fn facts(&self) -> &VolumeFacts {
        &self.opened.facts
    }
    /// Returns the places of BitLocker's areas; `None` for a Windows 7 or To Go volume, whose areas are not laid out like a new volume's.
    #[must_use]
    pub fn regions(&self) -> Option<Regions> {
        todo!()
    }
    /// Returns the state of the three copies of the metadata.
    #[must_use]
    pub const fn copies(&self) -> &[CopyState; 3] {
        &self.copies
    }
    /// Returns keys and facts.
    #[must_use]
    pub const fn opened(&self) -> &OpenedArea {
        &self.opened
    }
    /// Returns the cipher of the sectors.
    #[must_use]
    pub const fn sector_cipher(&self) -> &SectorCipher {
        &self.sector_cipher
    }
    /// Returns the locked volume.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.volume
    }
}

impl<R: ReadAt> ReadAt for UnlockedVolume<R> {
    fn bytes(&self) -> u64 {
        self.volume.bytes()
    }
    fn read_at(&self, _at: u64, _into: &mut [u8]) -> Result<(), ReadError> {
        todo!()
    }
}
