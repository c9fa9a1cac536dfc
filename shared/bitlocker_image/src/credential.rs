//! What opens a volume.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

use crate::{RecoveryPassword, RecoveryPasswordError};

/// What opens a volume. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Credential {
    /// The 48 digits.
    RecoveryPassword(#[zeroize(skip)] RecoveryPassword), // wipes itself
    /// A passphrase, as typed.
    Passphrase(String),
    /// The 32 bytes of an external key.
    ExternalKey([u8; 32]),
    /// The bytes of a key file (.BEK).
    BekFile(Vec<u8>),
    /// The key that a suspended volume stores in the clear.
    Clear,
}

/// Why a key file holds no credential.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// Nothing in it.
    #[error("the key file is empty")]
    Empty,
    /// Neither a .BEK nor text.
    #[error("the key file is neither a .BEK nor text")]
    NotText,
    /// It looks like a recovery password, but is none.
    #[error("the key file holds a recovery password with a mistake: {0}")]
    RecoveryPassword(#[from] RecoveryPasswordError),
    /// Several lines, none or several of them a recovery password.
    #[error(
        "the key file has {lines} lines and {passwords} recovery passwords in them; one line, or one password, is needed"
    )]
    Lines {
        /// Lines that are not empty.
        lines: usize,
        /// Recovery passwords found.
        passwords: usize,
    },
}

impl Credential {
    /// Reads a key file: a 48-digit recovery password, a base64 external key, a .BEK, the word `clear`, or else a passphrase.
    ///
    /// # Errors
    /// [`CredentialError`] when it holds none of these.
    pub fn parse(_key_file: &[u8]) -> Result<Self, CredentialError> {
        todo!()
    }
}

/// Says only the kind.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RecoveryPassword(_) => "RecoveryPassword(secret)",
            Self::Passphrase(_) => "Passphrase(secret)",
            Self::ExternalKey(_) => "ExternalKey(secret)",
            Self::BekFile(_) => "BekFile(secret)",
            Self::Clear => "Clear",
        })
    }
}
