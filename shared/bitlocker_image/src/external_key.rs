//! The key file (.BEK) of an external key protector.

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Guid;

/// A key file, read: which protector it is of, and the key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ExternalKeyFile {
    /// The protector it opens.
    #[zeroize(skip)]
    pub protector: Guid,
    /// When it was made: FILETIME.
    #[zeroize(skip)]
    pub created: u64,
    /// The key.
    pub key: [u8; 32],
}

/// Why bytes are no key file.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternalKeyFileError {
    /// The header's numbers are not those of a key file of this length.
    #[error("not a key file: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

impl ExternalKeyFile {
    /// Returns `{GUID}.BEK`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.BEK", self.protector)
    }

    /// Returns the 156 bytes of the file in the form of Windows 10, which every reader takes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        todo!()
    }

    /// Reads a key file, of Windows 10 (156 bytes) or 11 (180).
    ///
    /// # Errors
    /// [`ExternalKeyFileError`] when it is none.
    pub fn parse(_file: &[u8]) -> Result<Self, ExternalKeyFileError> {
        todo!()
    }
}
