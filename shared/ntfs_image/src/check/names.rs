//! Names that Windows can use.

use std::fmt::Display;

use super::FindingKind as Kind;
use super::report::Reporter;
use crate::attribute::{NAMESPACE_BOTH, NAMESPACE_DOS, NAMESPACE_POSIX, NAMESPACE_WIN32};
use crate::name::{self, NameProblem};
use crate::read::entry::FileNameKey;
use crate::read::stored::{text, units};

/// Checks one name of a user's file.
pub(super) fn check(key: &FileNameKey<'_>, place: impl Display + Copy, reporter: &mut Reporter) {
    let (name, _) = text(key.name);
    let namespace = key.stored.namespace;
    if key.name.is_empty() || namespace > NAMESPACE_BOTH {
        let found = format!("{} units in namespace {namespace}", key.stored.name_length);
        let expected = "1 to 255 units in namespace 0 to 3";
        reporter.violation(Kind::NameLength, place, expected, found);
        return;
    }
    let is_short = matches!(namespace, NAMESPACE_DOS | NAMESPACE_BOTH);
    if is_short && !is_8_3(key) {
        reporter.violation(Kind::ShortName, place, "an 8.3 name", format!("{name:?}"));
    }
    let is_windows = namespace != NAMESPACE_POSIX;
    let found = format!("{name:?}");
    match name::check(&name) {
        Ok(()) | Err(NameProblem::Empty | NameProblem::TooLong { .. }) => {}
        Err(NameProblem::Character { found: character }) => {
            let is_violation = is_windows || matches!(character, '/' | '\0');
            let expected = format!("a name without {character:?}");
            reporter.either(is_violation, Kind::NameCharacter, place, expected, found);
        }
        Err(NameProblem::Ending { .. }) => {
            let expected = "a name that does not end in a blank or dot";
            reporter.either(is_windows, Kind::NameEnding, place, expected, found);
        }
        Err(NameProblem::Device { device }) => {
            let expected = format!("a name that is not the device {device}");
            reporter.either(is_windows, Kind::DeviceName, place, expected, found);
        }
    }
}

/// Checks that short names have their long ones.
pub(super) fn check_pairs(
    keys: &[FileNameKey<'_>],
    place: impl Display + Copy,
    reporter: &mut Reporter,
) {
    for key in keys {
        let partner = match key.stored.namespace {
            NAMESPACE_DOS => NAMESPACE_WIN32,
            NAMESPACE_WIN32 => NAMESPACE_DOS,
            _ => continue,
        };
        let has_partner = keys.iter().any(|other| {
            other.stored.namespace == partner && other.stored.parent == key.stored.parent
        });
        if !has_partner {
            let is_lone_short = key.stored.namespace == NAMESPACE_DOS;
            let expected = format!("a name in namespace {partner} beside it");
            let found = format!("{:?} alone", text(key.name).0);
            reporter.either(is_lone_short, Kind::NamePair, place, expected, found);
        }
    }
}

/// Returns whether DOS can use a name: up to 8 characters, a dot, up to 3, of those that its code pages share.
fn is_8_3(key: &FileNameKey<'_>) -> bool {
    let (name, lossless) = text(key.name);
    let mut parts = name.split('.');
    let (base, extension, more) = (parts.next(), parts.next(), parts.next());
    let fits = |part: &str, most: usize| (1..=most).contains(&part.encode_utf16().count());
    let allowed = units(key.name).all(|unit| {
        let character = char::from_u32(u32::from(unit));
        unit > 0x20 && !character.is_some_and(|c| "\"*+,/:;<=>?[\\]|".contains(c))
    });
    let is_own = matches!(name.as_str(), "." | "..");
    let whole = base.is_some_and(|base| fits(base, 8))
        && extension.is_none_or(|extension| fits(extension, 3))
        && more.is_none();
    is_own || lossless && allowed && whole
}
