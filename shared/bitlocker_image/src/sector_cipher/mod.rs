//! Encrypts and decrypts sectors in place, many blocks at a time.
//!
//! ```text
//! bytes  >  groups of 256 sectors (their tweaks or IVs: one wide AES call)  >  batches of 64 blocks
//!           XTS: xor tweaks, AES, xor tweaks        CBC: block n of 64 sectors in lockstep
//! ```
//! Where the processor has instructions for AES the `lanes` crate uses them. Elsewhere the loops run inside the `aes` crate's
//! backend (its closure traits), all in safe code. `xts-mode` and `cbc` do the same block by block and are the oracles here.

mod blocks;
mod cbc;
mod elephant;
mod helped;
#[cfg(test)]
mod tests;
mod xts;

use std::fmt;
use std::sync::Arc;

use aes::{Aes128, Aes256};
use cipher::KeyInit;
use disk::SectorSize;
use thiserror::Error;

use crate::Cipher;
use blocks::Key;
use cbc::Cbc;
use elephant::Elephant;
pub use helped::{CbcAnswer, CbcDecryptor};
use xts::Xts;

/// The cipher of one volume's sectors. Cheap to clone; its keys are wiped when dropped.
#[derive(Clone)]
pub struct SectorCipher {
    cipher: Cipher,
    sector: SectorSize,
    mode: Mode,
}

/// A volume key that does not fit its cipher.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a key of {found} bytes for {cipher}, which takes {}", cipher.key_bytes())]
pub struct SectorCipherError {
    /// The cipher.
    pub cipher: Cipher,
    /// Length of the key given.
    pub found: usize,
}

#[derive(Clone)]
enum Mode {
    Xts128(Arc<Xts<Aes128>>),
    Xts256(Arc<Xts<Aes256>>),
    Cbc128(Arc<Cbc<Aes128>>),
    Cbc256(Arc<Cbc<Aes256>>),
    Elephant128(Arc<Elephant<Aes128>>),
    Elephant256(Arc<Elephant<Aes256>>),
}

impl SectorCipher {
    /// Returns the cipher of a volume with this key.
    ///
    /// # Errors
    /// [`SectorCipherError`] when the key's length is not [`Cipher::key_bytes`].
    pub fn new(
        cipher: Cipher,
        volume_key: &[u8],
        sector: SectorSize,
    ) -> Result<Self, SectorCipherError> {
        Self::with(cipher, volume_key, sector, true)
    }

    /// The same; without `fast`, by the code for processors that have no instructions for AES.
    fn with(
        cipher: Cipher,
        volume_key: &[u8],
        sector: SectorSize,
        fast: bool,
    ) -> Result<Self, SectorCipherError> {
        let mode = Mode::new(cipher, volume_key, fast).ok_or(SectorCipherError {
            cipher,
            found: volume_key.len(),
        })?;
        Ok(Self {
            cipher,
            sector,
            mode,
        })
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

    /// Encrypts whole sectors in place; the first lies `first_sector` sectors from the start of the
    /// partition.
    ///
    /// Feed 32 KiB or more at a time: shorter runs cost more per byte.
    ///
    /// # Panics
    /// When `bytes` is no whole number of sectors, or the range leaves 64-bit byte offsets.
    pub fn encrypt(&self, first_sector: u64, bytes: &mut [u8]) {
        let sector = self.checked_range(first_sector, bytes);
        match &self.mode {
            Mode::Xts128(mode) => mode.encrypt(first_sector, sector, bytes),
            Mode::Xts256(mode) => mode.encrypt(first_sector, sector, bytes),
            Mode::Cbc128(mode) => mode.encrypt(first_sector, sector, bytes),
            Mode::Cbc256(mode) => mode.encrypt(first_sector, sector, bytes),
            Mode::Elephant128(mode) => mode.encrypt(first_sector, sector, bytes),
            Mode::Elephant256(mode) => mode.encrypt(first_sector, sector, bytes),
        }
    }

    /// Decrypts whole sectors in place; see [`encrypt`](Self::encrypt).
    ///
    /// # Panics
    /// When `bytes` is no whole number of sectors, or the range leaves 64-bit byte offsets.
    pub fn decrypt(&self, first_sector: u64, bytes: &mut [u8]) {
        let sector = self.checked_range(first_sector, bytes);
        match &self.mode {
            Mode::Xts128(mode) => mode.decrypt(first_sector, sector, bytes),
            Mode::Xts256(mode) => mode.decrypt(first_sector, sector, bytes),
            Mode::Cbc128(mode) => mode.decrypt(first_sector, sector, bytes),
            Mode::Cbc256(mode) => mode.decrypt(first_sector, sector, bytes),
            Mode::Elephant128(mode) => mode.decrypt(first_sector, sector, bytes),
            Mode::Elephant256(mode) => mode.decrypt(first_sector, sector, bytes),
        }
    }

    /// Decrypts as [`decrypt`](Self::decrypt) does, with `helper` doing the AES; `volume_key` is the key that this
    /// was made with. Returns whether it could: if not, `bytes` is as it was. The Elephant diffuser is never helped.
    ///
    /// # Panics
    /// When `bytes` is no whole number of sectors, or the range leaves 64-bit byte offsets.
    pub fn decrypt_with(
        &self,
        helper: &dyn CbcDecryptor,
        volume_key: &[u8],
        first_sector: u64,
        bytes: &mut [u8],
    ) -> bool {
        let sector = self.checked_range(first_sector, bytes);
        if bytes.is_empty() {
            return true;
        }
        let data_key = volume_key.get(..volume_key.len() / 2).unwrap_or_default();
        match &self.mode {
            Mode::Xts128(mode) => mode.decrypt_with(helper, data_key, first_sector, sector, bytes),
            Mode::Xts256(mode) => mode.decrypt_with(helper, data_key, first_sector, sector, bytes),
            Mode::Cbc128(mode) => {
                mode.decrypt_with(helper, volume_key, first_sector, sector, bytes)
            }
            Mode::Cbc256(mode) => {
                mode.decrypt_with(helper, volume_key, first_sector, sector, bytes)
            }
            Mode::Elephant128(_) | Mode::Elephant256(_) => false,
        }
    }

    /// Returns the bytes of a sector, having made sure that the range is one.
    fn checked_range(&self, first_sector: u64, bytes: &[u8]) -> usize {
        let sector = match self.sector {
            SectorSize::B512 => 512,
            SectorSize::B4096 => 4096,
        };
        assert!(
            bytes.len().is_multiple_of(sector),
            "{} bytes are no whole number of sectors of {sector}",
            bytes.len()
        );
        let end = first_sector
            .checked_mul(self.sector.bytes())
            .zip(u64::try_from(bytes.len()).ok())
            .and_then(|(at, length)| at.checked_add(length));
        assert!(
            end.is_some(),
            "sector {first_sector} lies beyond 64-bit byte offsets"
        );
        sector
    }
}

impl Mode {
    /// Splits the volume key as the mode stores its parts; `None` when its length is wrong.
    /// Source: bitlocker.md part 3.3, table of algorithms.
    fn new(cipher: Cipher, key: &[u8], fast: bool) -> Option<Self> {
        if key.len() != cipher.key_bytes() {
            return None;
        }
        let (first, second) = key.split_at(key.len() / 2);
        Some(match cipher {
            Cipher::XtsAes128 => Self::Xts128(Arc::new(Xts::new(
                Key::new(first, fast)?,
                Key::new(second, fast)?,
            ))),
            Cipher::XtsAes256 => Self::Xts256(Arc::new(Xts::new(
                Key::new(first, fast)?,
                Key::new(second, fast)?,
            ))),
            Cipher::CbcAes128 => Self::Cbc128(Arc::new(Cbc::new(Key::new(key, fast)?))),
            Cipher::CbcAes256 => Self::Cbc256(Arc::new(Cbc::new(Key::new(key, fast)?))),
            Cipher::CbcElephant128 => Self::Elephant128(Arc::new(Elephant::new(
                Key::new(first.get(..16)?, fast)?,
                aes(second.get(..16)?)?,
            ))),
            Cipher::CbcElephant256 => Self::Elephant256(Arc::new(Elephant::new(
                Key::new(first, fast)?,
                aes(second)?,
            ))),
        })
    }
}

fn aes<C: KeyInit>(key: &[u8]) -> Option<C> {
    C::new_from_slice(key).ok()
}

impl fmt::Debug for SectorCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SectorCipher")
            .field("cipher", &self.cipher)
            .field("sector", &self.sector)
            .finish_non_exhaustive()
    }
}
