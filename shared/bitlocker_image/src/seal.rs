//! Makes the metadata of a new volume.

use disk::SectorSize;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{Cipher, Identifiers, RecoveryPassword, Regions, Secrets};

/// What a new volume is to be, besides its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Length of the partition, a multiple of the sector.
    pub volume_bytes: u64,
    /// The drive's logical sector, which is also the unit of encryption.
    pub sector: SectorSize,
    /// How the sectors are encrypted; [`Cipher::can_create`] must hold.
    pub cipher: Cipher,
    /// Where BitLocker's own areas lie.
    pub regions: Regions,
    /// The time of creation: FILETIME, 100 ns since 1601.
    pub created: u64,
    /// A text that anyone can read on the locked drive; Windows writes computer name, label and date here.
    pub description: String,
}

/// A volume's metadata, ready to be written.
#[derive(Debug)]
pub struct SealedVolume {
    /// The 65,536 bytes that go to each of the three places of [`Regions::information`].
    pub information_area: Vec<u8>,
    /// Opens the volume.
    pub recovery_password: RecoveryPassword,
    /// Name (`{GUID}.BEK`) and bytes of the key file, when the volume has an external key.
    pub external_key_file: Option<(String, Zeroizing<Vec<u8>>)>,
    /// Volume and protector GUIDs.
    pub identifiers: Identifiers,
}

/// Why a volume cannot be sealed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The Elephant diffuser is only read.
    #[error("{cipher} volumes can be read, not created")]
    Cipher {
        /// The cipher asked for.
        cipher: Cipher,
    },
    /// The volume key does not fit the cipher.
    #[error("a key of {found} bytes for {cipher}, which takes {}", cipher.key_bytes())]
    KeyLength {
        /// The cipher.
        cipher: Cipher,
        /// Length of the key given.
        found: usize,
    },
    /// Length or region is not a multiple of the sector, or the regions leave the volume or overlap.
    #[error(
        "{what} at {at:#x} does not fit a volume of {volume_bytes} bytes with sectors of {sector_bytes}"
    )]
    Place {
        /// What is misplaced.
        what: &'static str,
        /// Its offset.
        at: u64,
        /// Length of the volume.
        volume_bytes: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// The description is longer than the information area can hold.
    #[error("a description of {found} UTF-16 units; at most {max} fit")]
    Description {
        /// Its length.
        found: usize,
        /// The most.
        max: usize,
    },
    /// A passphrase that Windows would not take.
    #[error("a passphrase of {found} UTF-16 units; Windows takes {min} to {max}")]
    Passphrase {
        /// Its length.
        found: usize,
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
}

/// Makes the metadata of a new volume. Runs the key stretch (2^20 SHA-256) once per password.
///
/// # Errors
/// [`SealError`] when the specification contradicts itself.
pub fn seal(_spec: &VolumeSpec, _secrets: &Secrets) -> Result<SealedVolume, SealError> {
    todo!()
}
