//! The encryption methods of a BitLocker volume.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How the sectors of a volume are encrypted.
/// Source: bitlocker.md parts 3.3 (method numbers, key lengths) and 7 (modes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cipher {
    /// XTS-AES-128: what Windows 10 and later use for fixed drives. Needs Windows 10 1511 or later.
    XtsAes128,
    /// XTS-AES-256.
    XtsAes256,
    /// AES-CBC-128: opens on Windows 7 and later too.
    CbcAes128,
    /// AES-CBC-256.
    CbcAes256,
    /// AES-CBC-128 with the Elephant diffuser of Windows Vista and 7: read, never created.
    CbcElephant128,
    /// AES-CBC-256 with the Elephant diffuser: read, never created.
    CbcElephant256,
}

impl Cipher {
    /// The ciphers that can be created, the default first.
    pub const CREATED: [Self; 4] = [
        Self::XtsAes128,
        Self::XtsAes256,
        Self::CbcAes128,
        Self::CbcAes256,
    ];

    /// Returns whether [`seal`](crate::seal()) makes volumes of this cipher; the Elephant diffuser is
    /// only read.
    #[must_use]
    pub const fn can_create(self) -> bool {
        !matches!(self, Self::CbcElephant128 | Self::CbcElephant256)
    }

    /// Returns the length of the full volume encryption key in bytes.
    #[must_use]
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::CbcAes128 => 16,
            Self::XtsAes128 | Self::CbcAes256 => 32,
            Self::XtsAes256 | Self::CbcElephant128 | Self::CbcElephant256 => 64,
        }
    }

    /// Returns the method number as stored in the dataset header and the key's container.
    #[must_use]
    pub const fn method(self) -> u16 {
        match self {
            Self::CbcElephant128 => 0x8000,
            Self::CbcElephant256 => 0x8001,
            Self::CbcAes128 => 0x8002,
            Self::CbcAes256 => 0x8003,
            Self::XtsAes128 => 0x8004,
            Self::XtsAes256 => 0x8005,
        }
    }

    /// Returns the cipher of a stored method number, `None` when it is unknown.
    #[must_use]
    pub const fn from_method(method: u16) -> Option<Self> {
        Some(match method {
            0x8000 => Self::CbcElephant128,
            0x8001 => Self::CbcElephant256,
            0x8002 => Self::CbcAes128,
            0x8003 => Self::CbcAes256,
            0x8004 => Self::XtsAes128,
            0x8005 => Self::XtsAes256,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::XtsAes128 => "xts-aes-128",
            Self::XtsAes256 => "xts-aes-256",
            Self::CbcAes128 => "cbc-aes-128",
            Self::CbcAes256 => "cbc-aes-256",
            Self::CbcElephant128 => "cbc-elephant-128",
            Self::CbcElephant256 => "cbc-elephant-256",
        }
    }
}

/// Writes the name that the command line and the journal use: `xts-aes-128`.
impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A cipher name that means nothing.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error(
    "no cipher is called {found:?}; known are xts-aes-128, xts-aes-256, cbc-aes-128 and cbc-aes-256"
)]
pub struct UnknownCipher {
    /// The name given.
    pub found: String,
}

impl FromStr for Cipher {
    type Err = UnknownCipher;
    fn from_str(name: &str) -> Result<Self, UnknownCipher> {
        [Self::CbcElephant128, Self::CbcElephant256]
            .into_iter()
            .chain(Self::CREATED)
            .find(|cipher| cipher.name() == name)
            .ok_or_else(|| UnknownCipher {
                found: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cipher_is_found_by_its_name_and_by_its_method_number() {
        for method in 0x8000..=0x8005 {
            let cipher = Cipher::from_method(method).expect("known");
            assert_eq!(cipher.method(), method);
            assert_eq!(cipher.to_string().parse(), Ok(cipher));
        }
        assert_eq!(Cipher::from_method(0x8006), None);
        assert!("aes".parse::<Cipher>().is_err());
    }
}
