//! File names: which are allowed, and how they are ordered.

use std::cmp::Ordering;

use thiserror::Error;

use crate::upcase::upcase;

/// UTF-16 units of the longest name.
pub const UNITS_MAX: usize = 255;

/// Why Windows could not use a file of this name.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// No characters.
    #[error("the name is empty")]
    Empty,
    /// More than 255 UTF-16 units.
    #[error("the name has {units} UTF-16 units; NTFS holds 255")]
    TooLong {
        /// Units of the name.
        units: usize,
    },
    /// A character that Windows keeps for itself.
    #[error("the name holds {found:?}, which Windows does not allow in names")]
    Character {
        /// The first such character.
        found: char,
    },
    /// A blank or dot at the end, "." and ".." included.
    #[error("the name ends in {found:?}; Windows drops blanks and dots at the end")]
    Ending {
        /// The last character.
        found: char,
    },
    /// The name of a device, with or without an extension.
    #[error("the name is the device {device} to Windows")]
    Device {
        /// The device.
        device: String,
    },
}

/// Checks that Windows can use a file of this name. Names that the root folder has already are for
/// [`Tree`](crate::Tree).
///
/// Source: MS "Naming Files, Paths, and Namespaces"; reference/ntfs.md 5.
///
/// # Errors
/// [`NameProblem`]: the first rule broken.
pub fn check(name: &str) -> Result<(), NameProblem> {
    if is_plain(name) {
        return Ok(());
    }
    let Some(last) = name.chars().next_back() else {
        return Err(NameProblem::Empty);
    };
    let units = name.encode_utf16().count();
    if units > UNITS_MAX {
        return Err(NameProblem::TooLong { units });
    }
    let forbidden = |found: &char| *found < ' ' || "\"*/:<>?\\|".contains(*found);
    if let Some(found) = name.chars().find(forbidden) {
        return Err(NameProblem::Character { found });
    }
    if matches!(last, ' ' | '.') {
        return Err(NameProblem::Ending { found: last });
    }
    let base = name.split('.').next().unwrap_or(name);
    let device = base.trim_end_matches(' ').to_ascii_uppercase();
    if is_device(&device) {
        return Err(NameProblem::Device { device });
    }
    Ok(())
}

/// Returns the name's UTF-16 units in upper case: two names of one folder with equal results are one file to Windows.
#[must_use]
pub fn folded(name: &str) -> Vec<u16> {
    name.encode_utf16().map(upcase).collect()
}

/// Compares two names, as UTF-16 units, in the order of a folder's index: in upper case, the shorter first; then as
/// they are.
#[must_use]
pub fn compare(a: &[u16], b: &[u16]) -> Ordering {
    a.iter()
        .map(|unit| upcase(*unit))
        .cmp(b.iter().map(|unit| upcase(*unit)))
        .then_with(|| a.cmp(b))
}

/// Compares two names as [`compare`] does, as far as upper and lower case go: twins are equal.
#[must_use]
pub fn compare_folded(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let upper = |byte: u8| byte.to_ascii_uppercase();
        return a.bytes().map(upper).cmp(b.bytes().map(upper));
    }
    let (a, b) = (a.encode_utf16(), b.encode_utf16());
    a.map(upcase).cmp(b.map(upcase))
}

/// Compares two names as [`compare`] does their UTF-16 units.
#[must_use]
pub fn compare_text(a: &str, b: &str) -> Ordering {
    compare_folded(a, b).then_with(|| a.encode_utf16().cmp(b.encode_utf16()))
}

/// Returns whether every volume's root folder holds a file of this name.
#[must_use]
pub fn is_system(name: &str) -> bool {
    let upper = |name: &'static str| name.encode_utf16().map(upcase);
    SYSTEM_NAMES
        .iter()
        .any(|system| upper(system).eq(name.encode_utf16().map(upcase)))
}

/// Returns whether two names, as UTF-16 units, are one file to Windows.
#[must_use]
pub fn are_twins(a: &[u16], b: &[u16]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| upcase(*a) == upcase(*b))
}

const SYSTEM_NAMES: [&str; 13] = [
    "$MFT",
    "$MFTMirr",
    "$LogFile",
    "$Volume",
    "$AttrDef",
    ".",
    "$Bitmap",
    "$Boot",
    "$BadClus",
    "$Secure",
    "$UpCase",
    "$Extend",
    "System Volume Information",
];

/// Returns true for names that are seen at once to break no rule: what millions of files are called, in printable ASCII. Of
/// the others some are good too.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let name = name.as_bytes();
    let allowed = |byte: &u8| {
        matches!(byte, b' '..=b'~')
            && !matches!(
                byte,
                b'"' | b'*' | b'/' | b':' | b'<' | b'>' | b'?' | b'\\' | b'|'
            )
    };
    let may_be_device = name.first_chunk().is_some_and(|first: &[u8; 3]| {
        let first = first.to_ascii_uppercase();
        DEVICES.contains(&first.as_slice())
    });
    name.len() <= UNITS_MAX
        && !may_be_device
        && !matches!(name.last(), None | Some(b' ' | b'.'))
        && name.iter().all(allowed)
}

/// What the names of all devices begin with.
const DEVICES: [&[u8]; 6] = [b"CON", b"PRN", b"AUX", b"NUL", b"COM", b"LPT"];

fn is_device(base: &str) -> bool {
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&base) {
        return true;
    }
    let port = base
        .strip_prefix("COM")
        .or_else(|| base.strip_prefix("LPT"));
    let mut digits = port.unwrap_or_default().chars();
    let numbered = matches!(
        digits.next(),
        Some('1'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}')
    );
    numbered && digits.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass() {
        for name in [
            "a",
            ".hidden",
            "x.tar.gz",
            "e\u{301}",
            "\u{1f980}",
            "COM0",
            "COM10",
            "console",
            "nul2.txt",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        assert_eq!(check(&"\u{1f980}".repeat(127)), Ok(()));
    }

    #[test]
    fn each_rule_is_named() {
        assert_eq!(check(""), Err(NameProblem::Empty));
        assert_eq!(
            check(&"\u{1f980}".repeat(128)),
            Err(NameProblem::TooLong { units: 256 })
        );
        assert_eq!(check("a:b"), Err(NameProblem::Character { found: ':' }));
        assert_eq!(
            check("a\u{1f}"),
            Err(NameProblem::Character { found: '\u{1f}' })
        );
        assert_eq!(check("a. "), Err(NameProblem::Ending { found: ' ' }));
        assert_eq!(check(".."), Err(NameProblem::Ending { found: '.' }));
        for device in [
            "nul",
            "Con.txt",
            "aux .c",
            "LPT9.a.b",
            "com\u{b9}",
            "CONIN$",
        ] {
            assert!(
                matches!(check(device), Err(NameProblem::Device { .. })),
                "{device}"
            );
        }
    }

    #[test]
    fn order_is_that_of_upper_case_units() {
        let order = |a: &str, b: &str| {
            let units = |name: &str| name.encode_utf16().collect::<Vec<_>>();
            compare(&units(a), &units(b))
        };
        assert_eq!(order("abc", "ABD"), Ordering::Less);
        assert_eq!(order("ab", "ABC"), Ordering::Less);
        assert_eq!(order("a_", "ab"), Ordering::Greater, "'_' follows 'B'");
        assert_eq!(order("A", "a"), Ordering::Less);
        let names = [
            "", "a", "A", "a_", "ab", "AC", "ß", "ü", "Üb", "中", "😀", "\u{ffee}",
        ];
        for (a, b) in names.iter().flat_map(|a| names.map(|b| (*a, b))) {
            assert_eq!(compare_text(a, b), order(a, b), "{a} {b}");
            assert_eq!(
                compare_folded(a, b).is_eq(),
                folded(a) == folded(b),
                "{a} {b}"
            );
        }
        assert_eq!(folded("stra\u{df}e"), folded("STRA\u{df}E"));
    }
}
