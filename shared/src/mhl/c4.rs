//! C4: SHA-512 in 90 letters, by which a chain names its lists.

use sha2::{Digest, Sha512};

/// Base 58 without `0`, `O`, `I` and `l`.
const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Digits of 512 bits in base 58.
const DIGITS: usize = 88;

/// A C4 identifier, as bytes stream past.
///
/// Source: SMPTE ST 2114:2017.
#[derive(Clone, Debug, Default)]
pub struct C4(Sha512);

impl C4 {
    /// Takes bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the identifier.
    #[must_use]
    pub fn finish(self) -> String {
        text(self.0.finalize().into())
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "the rest is below 58, so rest * 256 + a byte is below 14,848"
)]
fn text(mut number: [u8; 64]) -> String {
    let mut digits = [b'1'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u16;
        for byte in &mut number {
            let here = rest * 256 + u16::from(*byte);
            *byte = u8::try_from(here / 58).unwrap_or(u8::MAX);
            rest = here % 58;
        }
        *digit = LETTERS[usize::from(rest)];
    }
    let digits: String = digits.into_iter().map(char::from).collect();
    format!("c4{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifiers_are_those_that_ascmhl_makes() {
        let mut c4 = C4::default();
        // `ascmhl-debug hash -h c4` of an empty file.
        let empty = "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT";
        assert_eq!(c4.clone().finish(), empty);
        c4.update(b"hello");
        let digits = c4.finish();
        assert_eq!(digits.len(), 90);
        assert_eq!(text([0; 64]), format!("c4{}", "1".repeat(88)));
    }
}
