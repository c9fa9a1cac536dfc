//! What the metadata says, in words.

use std::fmt;

use disk::SectorSize;

use crate::metadata::protection;
use crate::{Cipher, Guid};

/// How a protector is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtectorKind {
    /// A key stored in the clear: protection is suspended.
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

impl ProtectorKind {
    pub(super) const fn of(protection: u16) -> Self {
        match protection {
            protection::CLEAR => Self::Clear,
            protection::TPM => Self::Tpm,
            protection::EXTERNAL_KEY => Self::ExternalKey,
            protection::TPM_PIN => Self::TpmPin,
            protection::RECOVERY_PASSWORD => Self::RecoveryPassword,
            protection::CERTIFICATE => Self::Certificate,
            protection::PASSPHRASE => Self::Passphrase,
            other => Self::Other(other),
        }
    }
}

/// Writes what opens it: `recovery password`.
impl fmt::Display for ProtectorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "clear key",
            Self::Tpm => "TPM",
            Self::ExternalKey => "external key",
            Self::TpmPin => "TPM and PIN",
            Self::RecoveryPassword => "recovery password",
            Self::Certificate => "certificate",
            Self::Passphrase => "passphrase",
            Self::Other(number) => return write!(f, "unknown protector {number:#06x}"),
        })
    }
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

/// What the metadata says. All of it is covered by the hash that the volume's own key seals.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeFacts {
    /// The volume's GUID.
    pub id: Guid,
    /// How the sectors are encrypted.
    pub cipher: Cipher,
    /// The unit of encryption.
    pub sector: SectorSize,
    /// Bytes from the start that are encrypted; what follows is plain.
    pub encrypted_bytes: u64,
    /// The three information areas.
    pub information: [u64; 3],
    /// Where the first [`header_bytes`](Self::header_bytes) are kept.
    pub header: u64,
    /// How many bytes from the start are kept there: 8192, of a FAT To Go volume several MiB.
    pub header_bytes: u64,
    /// The area named by Windows 8 and later; Windows 7 has none.
    pub spare: Option<u64>,
    /// Build number of the Windows that made the volume, if it says so.
    pub os_build: Option<u32>,
    /// When the volume was made: FILETIME.
    pub created: u64,
    /// The plain text that Windows writes: computer, label, date.
    pub description: String,
    /// Every protector, in stored order.
    pub protectors: Vec<ProtectorFacts>,
}
