//! Encrypts and decrypts sectors in place, many blocks at a time.

use disk::SectorSize;
use thiserror::Error;

use crate::Cipher;

/// The cipher of one volume's sectors.
#[derive(Clone)]
pub struct SectorCipher {
    cipher: Cipher,
    sector: SectorSize,
}

/// A volume key that does not fit its cipher.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectorCipherError {
    /// Wrong length.
    #[error("a key of {found} bytes for {cipher}, which takes {}", cipher.key_bytes())]
    KeyLength {
        /// The cipher.
        cipher: Cipher,
        /// Length of the key given.
        found: usize,
    },
}

impl SectorCipher {
    /// Returns the cipher of a volume with this key.
    ///
    /// # Errors
    /// [`SectorCipherError`] when the key's length is not [`Cipher::key_bytes`].
    pub fn new(
        _cipher: Cipher,
        _volume_key: &[u8],
        _sector: SectorSize,
    ) -> Result<Self, SectorCipherError> {
        todo!()
    }

    /// Returns the cipher's name and key length.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// Returns the unit of encryption.
    #[must_use]
    pub const fn sector(&self) -> SectorSize {
        self.sector
    }

    /// Encrypts whole sectors in place; the first lies `first_sector` sectors from the start of the partition.
    ///
    /// Feed 32 KiB or more at a time: shorter runs cost more per byte.
    ///
    /// # Panics
    /// When `bytes` is no whole number of sectors, or the range leaves 64-bit byte offsets.
    pub fn encrypt(&self, _first_sector: u64, _bytes: &mut [u8]) {
        todo!()
    }

    /// Decrypts whole sectors in place; see [`encrypt`](Self::encrypt).
    ///
    /// # Panics
    /// When `bytes` is no whole number of sectors, or the range leaves 64-bit byte offsets.
    pub fn decrypt(&self, _first_sector: u64, _bytes: &mut [u8]) {
        todo!()
    }
}
