//! The hash chain, and the key's place in it.
//!
//! A record's chain is SHA-256 over the chain of the record before it (for the first: SHA-256 of
//! `argosy journal 1`) and the record's bytes up to its own `Chain` line. Where the recovery
//! password stands, `sha256:` and the hexadecimal SHA-256 of salt and password stand in for it.
//! That stand-in is also what a redacted copy shows, so that it validates like the original. The
//! password has 128 random bits: no one finds it from its hash.
//!
//! The chain finds damage, not forgery: whoever can write a journal can compute it.

use crate::hash::{lower_hex, sha256};
use std::borrow::Cow;

/// The chain before the first record.
pub(super) fn start() -> [u8; 32] {
    sha256(&[b"argosy journal 1"])
}

/// Returns the chain of a record from the chain before it and its redacted bytes.
pub(super) fn link(before: &[u8; 32], redacted: &[u8]) -> [u8; 32] {
    sha256(&[before, redacted])
}

/// Returns what stands in for `password`.
pub(super) fn stand_in(salt: &[u8; 16], password: &str) -> String {
    format!(
        "{STAND_IN}{}",
        lower_hex(&sha256(&[salt, password.as_bytes()]))
    )
}

/// Returns a record's bytes with every recovery password replaced by its stand-in; those that are
/// replaced already stay.
pub(super) fn redacted<'a>(record: &'a [u8], salt: Option<&[u8; 16]>) -> Cow<'a, [u8]> {
    let Some(salt) = salt else {
        return Cow::Borrowed(record);
    };
    let Some((before, password, after)) = split(record) else {
        return Cow::Borrowed(record);
    };
    let Some(password) = std::str::from_utf8(password)
        .ok()
        .filter(|text| !text.starts_with(STAND_IN))
    else {
        return Cow::Borrowed(record);
    };
    Cow::Owned([before, stand_in(salt, password).as_bytes(), after].concat())
}

/// Cuts a record around its recovery password; a record has at most one.
fn split(record: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    [(FIELD, "\r\n"), (ELEMENT, "</BitLockerKey>")]
        .into_iter()
        .find_map(|(start, end)| {
            let from = find(record, start.as_bytes())?.checked_add(start.len())?;
            let to = from.checked_add(find(record.get(from..)?, end.as_bytes())?)?;
            Some((
                record.get(..from)?,
                record.get(from..to)?,
                record.get(to..)?,
            ))
        })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// What a stand-in begins with.
pub(super) const STAND_IN: &str = "sha256:";
/// A line of our own record. A line cannot begin with it inside a value: values of ours are base64,
/// or reason and path.
const FIELD: &str = "\r\nRecoveryPassword: ";
const ELEMENT: &str = "<BitLockerKey>";

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "060456-014509-132033-080300-252615-584177-672089-411631";

    #[test]
    fn a_password_is_replaced_in_both_places_and_only_once() {
        let salt = [7; 16];
        for record in [
            format!("a\r\nRecoveryPassword: {PASSWORD}\r\nb\r\n"),
            format!("a\r\n  <BitLockerKey>{PASSWORD}</BitLockerKey>\r\n"),
        ] {
            let hidden = redacted(record.as_bytes(), Some(&salt)).into_owned();
            let expected = record.replace(PASSWORD, &stand_in(&salt, PASSWORD));
            assert_eq!(String::from_utf8_lossy(&hidden), expected);
            assert_eq!(redacted(&hidden, Some(&salt)), hidden.as_slice());
        }
    }

    #[test]
    fn the_stand_in_is_the_salted_sha_256() {
        // printf '\0%.0s' {1..16} | cat - <(printf 060456-...-411631) | sha256sum
        assert_eq!(
            stand_in(&[0; 16], PASSWORD).len(),
            STAND_IN.len().wrapping_add(64)
        );
        assert_ne!(stand_in(&[0; 16], PASSWORD), stand_in(&[1; 16], PASSWORD));
    }
}
