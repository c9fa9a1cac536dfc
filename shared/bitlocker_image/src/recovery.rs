//! The 48-digit recovery password.

use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Groups of a recovery password, digits of a group.
const GROUPS: usize = 8;
const DIGITS: usize = 6;
/// A group is a 16-bit number times 11, so that one mistyped digit is noticed.
const FACTOR: u32 = 11;

/// The 16 random bytes that a recovery password spells.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryKey(pub [u8; 16]);

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(secret)")
    }
}

/// A 48-digit recovery password whose eight groups passed their checks.
///
/// [`Display`](fmt::Display) shows the secret (`235818-357951-...`); [`Debug`] does not.
/// Source: bitlocker.md part 5.1.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryPassword(RecoveryKey);

impl RecoveryPassword {
    /// Returns the password that spells `key`; every key has one.
    #[must_use]
    pub const fn new(key: RecoveryKey) -> Self {
        Self(key)
    }

    /// Returns the 16 bytes that the password spells.
    #[must_use]
    pub const fn key(&self) -> &RecoveryKey {
        &self.0
    }

    /// Returns the 55 characters of the password, wiped when dropped.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(55);
        for (group, pair) in self.0.0.chunks_exact(2).enumerate() {
            if group > 0 {
                text.push('-');
            }
            let value = u32::from(u16::from_le_bytes([pair[0], pair[1]])).wrapping_mul(FACTOR);
            write!(text, "{value:06}").expect("a String takes every text");
        }
        Zeroizing::new(text)
    }
}

impl fmt::Debug for RecoveryPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryPassword(secret)")
    }
}

/// Why a text is no recovery password. The digits themselves are not repeated: they may be most of
/// a secret.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryPasswordError {
    /// Something other than the digits 0-9, spaces and dashes.
    #[error(
        "a recovery password has only digits, spaces and dashes; character {position} is {found:?}"
    )]
    Character {
        /// Counted from 1.
        position: usize,
        /// The character.
        found: char,
    },
    /// Not 48 digits.
    #[error("a recovery password has 48 digits; this has {found}")]
    Length {
        /// Digits counted.
        found: usize,
    },
    /// A group fails its check, so a digit of it is wrong.
    #[error("group {group} of 8 is mistyped: {rule}")]
    Group {
        /// Counted from 1.
        group: usize,
        /// What it should be.
        rule: &'static str,
    },
}

impl FromStr for RecoveryPassword {
    type Err = RecoveryPasswordError;

    /// Reads 48 digits, however spaced or dashed.
    fn from_str(text: &str) -> Result<Self, RecoveryPasswordError> {
        let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
        for (position, found) in (1_usize..).zip(text.chars()) {
            match found.to_digit(10) {
                Some(digit) => digits.push(digit),
                None if is_separator(found) => {}
                None => return Err(RecoveryPasswordError::Character { position, found }),
            }
        }
        if digits.len() != GROUPS.wrapping_mul(DIGITS) {
            let found = digits.len();
            return Err(RecoveryPasswordError::Length { found });
        }
        let mut key = RecoveryKey([0; 16]);
        let groups = digits.chunks_exact(DIGITS).zip(key.0.chunks_exact_mut(2));
        for (group, (digits, place)) in (1_usize..).zip(groups) {
            place.copy_from_slice(&group_value(group, digits)?.to_le_bytes());
        }
        Ok(Self(key))
    }
}

/// Returns whether people put this character between digits: blanks and every dash that word
/// processors make of `-`.
pub(crate) fn is_separator(found: char) -> bool {
    found.is_whitespace()
        || matches!(
            found,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
}

fn group_value(group: usize, digits: &[u32]) -> Result<u16, RecoveryPasswordError> {
    let value = digits.iter().fold(0_u32, |value, digit| {
        value.wrapping_mul(10).wrapping_add(*digit)
    });
    if !value.is_multiple_of(FACTOR) {
        let rule = "its six digits are no multiple of 11";
        return Err(RecoveryPasswordError::Group { group, rule });
    }
    u16::try_from(value / FACTOR).map_err(|_| {
        let rule = "its six digits are more than 720885";
        RecoveryPasswordError::Group { group, rule }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GENUINE: &str = "235818-357951-253979-013365-241120-245575-342914-591910";

    fn key_of(text: &str) -> Result<[u8; 16], RecoveryPasswordError> {
        text.parse::<RecoveryPassword>()
            .map(|password| password.key().0)
    }

    #[test]
    fn a_genuine_password_gives_its_key_however_it_is_spaced() {
        let key = [
            0xbe, 0x53, 0x1d, 0x7f, 0x31, 0x5a, 0xbf, 0x04, 0xa0, 0x55, 0x35, 0x57, 0xc6, 0x79,
            0x32, 0xd2,
        ];
        assert_eq!(key_of(GENUINE), Ok(key));
        assert_eq!(key_of(&GENUINE.replace('-', "")), Ok(key));
        assert_eq!(key_of(&GENUINE.replace('-', "  \u{2013} ")), Ok(key));
        assert_eq!(key_of(&format!("\t{GENUINE}\r\n")), Ok(key));
    }

    #[test]
    fn a_mistyped_group_is_named() {
        let error = key_of(&GENUINE.replace("253979", "253978")).expect_err("mistyped");
        assert!(matches!(
            error,
            RecoveryPasswordError::Group { group: 3, .. }
        ));
        for high in ["720896", "999999"] {
            let error = key_of(&GENUINE.replace("591910", high)).expect_err("too large");
            assert!(matches!(
                error,
                RecoveryPasswordError::Group { group: 8, .. }
            ));
        }
        assert!(key_of(&GENUINE.replace("591910", "720885")).is_ok());
    }

    #[test]
    fn a_wrong_number_of_digits_and_foreign_characters_are_refused() {
        for count in [47, 49] {
            let error = key_of(&"0".repeat(count)).expect_err("wrong length");
            assert_eq!(error, RecoveryPasswordError::Length { found: count });
        }
        for found in ['x', '\u{0664}', '\u{ff10}', '.'] {
            let error = key_of(&GENUINE.replacen('2', &found.to_string(), 1)).expect_err("foreign");
            assert_eq!(
                error,
                RecoveryPasswordError::Character { position: 1, found }
            );
        }
        assert_eq!(key_of(""), Err(RecoveryPasswordError::Length { found: 0 }));
    }

    #[test]
    fn debug_never_prints_digits() {
        let password: RecoveryPassword = GENUINE.parse().expect("genuine");
        assert_eq!(
            format!("{password:?} {:?}", password.key()),
            "RecoveryPassword(secret) RecoveryKey(secret)"
        );
    }

    proptest! {
        #[test]
        fn every_key_has_a_password_that_gives_it_back(key: [u8; 16]) {
            let text = RecoveryPassword::new(RecoveryKey(key)).reveal().to_string();
            prop_assert_eq!(text.len(), 55);
            prop_assert_eq!(key_of(&text), Ok(key));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            drop(text.parse::<RecoveryPassword>());
        }
    }
}
