//! What opens a volume.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::recovery::is_separator;
use crate::{ExternalKeyFile, RecoveryPassword, RecoveryPasswordError};

/// What opens a volume. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Credential {
    /// The 48 digits.
    RecoveryPassword(RecoveryPassword),
    /// A passphrase, as typed.
    Passphrase(String),
    /// The 32 bytes of an external key.
    ExternalKey([u8; 32]),
    /// The bytes of a key file (.BEK).
    BekFile(Vec<u8>),
    /// The key that a suspended volume stores in the clear.
    Clear,
    /// A recovery password whose stretch was done before: [`crate::stretched`] makes it.
    Stretched(StretchedPassword),
}

/// What a recovery password gives for the salts of some volume's protectors: opening that volume
/// again costs no stretch. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct StretchedPassword {
    /// Salts and keys.
    pub(crate) keys: Vec<([u8; 16], [u8; 32])>,
}

impl fmt::Debug for StretchedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StretchedPassword(secret)")
    }
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
    /// Reads a key file: a 48-digit recovery password, a base64 external key, a .BEK, the word
    /// `clear`, or else a passphrase.
    ///
    /// # Errors
    /// [`CredentialError`] when it holds none of these.
    pub fn parse(key_file: &[u8]) -> Result<Self, CredentialError> {
        if ExternalKeyFile::parse(key_file).is_ok() {
            return Ok(Self::BekFile(key_file.to_vec()));
        }
        let text = key_text(key_file).ok_or(CredentialError::NotText)?;
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        match lines.as_slice() {
            [] => Err(CredentialError::Empty),
            [line] => Self::of_line(line),
            lines => {
                let passwords: Vec<RecoveryPassword> =
                    lines.iter().filter_map(|line| line.parse().ok()).collect();
                match <[RecoveryPassword; 1]>::try_from(passwords) {
                    Ok([password]) => Ok(Self::RecoveryPassword(password)),
                    Err(passwords) => Err(CredentialError::Lines {
                        lines: lines.len(),
                        passwords: passwords.len(),
                    }),
                }
            }
        }
    }

    fn of_line(line: &str) -> Result<Self, CredentialError> {
        let trimmed = line.trim();
        if trimmed == "clear" {
            return Ok(Self::Clear);
        }
        if looks_like_recovery_password(trimmed) {
            return Ok(Self::RecoveryPassword(trimmed.parse()?));
        }
        let key = STANDARD.decode(trimmed).map(Zeroizing::new);
        if let Some(key) = key.ok().and_then(|key| key.as_slice().try_into().ok()) {
            return Ok(Self::ExternalKey(key));
        }
        // A passphrase may begin or end with a blank: only the line's end is taken off.
        Ok(Self::Passphrase(line.to_owned()))
    }
}

/// Returns the text of UTF-8, or of UTF-16 with a byte order mark, in which Windows saves recovery
/// passwords and what a command prints; `None` for bytes that are neither.
#[must_use]
pub fn key_text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    if let Some(units) = bytes.strip_prefix(&[0xff, 0xfe]) {
        let (pairs, rest) = units.as_chunks();
        let units: Zeroizing<Vec<u16>> =
            Zeroizing::new(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
        let text = String::from_utf16(&units).ok().map(Zeroizing::new);
        return text.filter(|_| rest.is_empty());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| Zeroizing::new(text.to_owned()))
}

/// Returns whether a text is surely meant as a recovery password: nothing but digits and what
/// stands between them, and of digits nearly 48. Then a mistake in it is one, and no passphrase.
fn looks_like_recovery_password(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let only = text
        .chars()
        .all(|found| found.is_ascii_digit() || is_separator(found));
    only && (44..=52).contains(&digits)
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
            Self::Stretched(_) => "Stretched(secret)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Guid;
    use proptest::prelude::*;

    const DIGITS: &str = "235818-357951-253979-013365-241120-245575-342914-591910";

    fn parse(text: &str) -> Result<Credential, CredentialError> {
        Credential::parse(text.as_bytes())
    }

    fn recovery() -> Credential {
        Credential::RecoveryPassword(DIGITS.parse().expect("genuine"))
    }

    #[test]
    fn each_kind_of_key_file_is_told_apart() {
        assert_eq!(parse(DIGITS), Ok(recovery()));
        assert_eq!(
            parse(&format!("  {}\r\n", DIGITS.replace('-', " "))),
            Ok(recovery())
        );
        assert_eq!(parse("clear\n"), Ok(Credential::Clear));
        let key = "ERERERERERERERERERERERERERERERERERERERERERE=";
        assert_eq!(parse(key), Ok(Credential::ExternalKey([0x11; 32])));
        let passphrase = |text: &str| Ok(Credential::Passphrase(text.to_owned()));
        assert_eq!(parse("Clear the decks\n"), passphrase("Clear the decks"));
        assert_eq!(parse(" anaconda \r\n"), passphrase(" anaconda "));
        assert_eq!(
            parse("p\u{e4}ss \u{2603}"),
            passphrase("p\u{e4}ss \u{2603}")
        );
        assert_eq!(parse("12345678"), passphrase("12345678"));
    }

    #[test]
    fn a_bek_is_kept_whole() {
        let file = ExternalKeyFile {
            protector: Guid([7; 16]),
            created: 1,
            changed: 1,
            key: [9; 32],
        };
        let bytes = file.to_bytes().to_vec();
        assert_eq!(
            Credential::parse(&bytes),
            Ok(Credential::BekFile(bytes.clone()))
        );
        assert_eq!(
            Credential::parse(&bytes[..155]),
            Err(CredentialError::NotText)
        );
    }

    #[test]
    fn the_text_file_that_windows_saves_gives_its_recovery_password() {
        let text = format!(
            "BitLocker Drive Encryption recovery key \r\n\r\nIdentifier:\r\n\r\n\tEA1D3164-8747-4029-924A-BA299647998E\r\n\r\nRecovery Key:\r\n\r\n\t{DIGITS}\r\n"
        );
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(Credential::parse(&utf16), Ok(recovery()));
        assert_eq!(parse(&format!("\u{feff}{text}")), Ok(recovery()));
    }

    #[test]
    fn what_windows_saves_is_text_too_and_a_key_file_is_none() {
        let text = "WD-1 key\n";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe], wide.as_slice()].concat();
        let utf_8 = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for file in [text.as_bytes(), &marked, &utf_8] {
            assert_eq!(key_text(file).as_deref().map(String::as_str), Some(text));
        }
        for file in [&b"a\0b"[..], b"\xff\xfea", b"\xc3("] {
            assert_eq!(key_text(file), None, "{file:?}");
        }
    }

    #[test]
    fn a_mistyped_recovery_password_is_no_passphrase() {
        let mistyped = DIGITS.replace("253979", "253978");
        assert!(matches!(
            parse(&mistyped),
            Err(CredentialError::RecoveryPassword(_))
        ));
        assert!(matches!(
            parse(&DIGITS[..54]),
            Err(CredentialError::RecoveryPassword(_))
        ));
    }

    #[test]
    fn nothing_and_several_lines_are_refused() {
        assert_eq!(parse(" \r\n"), Err(CredentialError::Empty));
        assert_eq!(parse(""), Err(CredentialError::Empty));
        assert!(matches!(
            parse("one line\nanother"),
            Err(CredentialError::Lines {
                lines: 2,
                passwords: 0
            })
        ));
    }

    #[test]
    fn debug_says_only_the_kind() {
        for credential in [
            recovery(),
            Credential::Passphrase("hush".to_owned()),
            Credential::ExternalKey([9; 32]),
        ] {
            assert!(format!("{credential:?}").ends_with("(secret)"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            drop(Credential::parse(&bytes));
        }
    }
}
