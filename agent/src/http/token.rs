//! Tokens: what is handed out, and the hash that is kept of it.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random::{self, NoRandomness};

/// Bytes of every token: 256 bits.
const TOKEN_BYTES: usize = 32;

/// A secret that lets somebody do something. It cannot be printed by accident: only [`Token::as_str`] shows it.
pub struct Token(Zeroizing<String>);

impl Token {
    /// Returns a new one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(super) fn new() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        random::fill(bytes.as_mut_slice())?;
        Ok(Self(hex(bytes.as_slice())))
    }

    /// Returns its 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what is kept of it.
    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// SHA-256 of a token.
#[derive(Debug)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    /// Returns the hash of what somebody gave for a token.
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Compares in a time that does not depend on the contents.
    pub(super) fn equals(&self, other: &Self) -> bool {
        let differing = self
            .0
            .iter()
            .zip(other.0)
            .fold(0, |or, (a, b)| or | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

/// Returns `bytes` as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2)));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_no_two_are_equal() {
        let (one, two) = (Token::new(), Token::new());
        let (one, two) = (one.expect("random bytes"), two.expect("random bytes"));
        assert_eq!(one.as_str().len(), 64);
        assert_ne!(one.as_str(), two.as_str());
        assert!(one.hash().equals(&TokenHash::of(one.as_str())));
        assert!(!one.hash().equals(&two.hash()));
    }

    #[test]
    fn a_printed_token_does_not_show_it() {
        let token = Token::new().expect("random bytes");
        assert!(!format!("{token:?} {:?}", token.hash()).contains(token.as_str()));
    }
}
