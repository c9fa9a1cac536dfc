//! Journals, as they come back with a drive or are dropped onto the page.

use sha2::{Digest, Sha256};
use shared::journal::{JournalWriter, check, redact, replay};

const END: &str = "[EndUpdateRecord]\r\n";

/// Reads any bytes as a journal, and beside it as a manifest.
pub(crate) fn raw(input: &[u8]) {
    judge(input);
}

/// Reads text as a journal after every record got the number and the chain that it should have.
pub(crate) fn chained_again(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        judge(chained(text).as_bytes());
    }
}

fn judge(journal: &[u8]) {
    let Ok(replay) = replay(journal) else {
        // One that cannot be read costs no key stretch, and says why.
        let report = check(journal, None);
        assert!(!report.findings.is_empty());
        return;
    };
    let whole = usize::try_from(replay.bytes).expect("it is in memory");
    assert!(whole <= journal.len());
    let copy = redact(journal).expect("a journal that can be read can be copied without its key");
    let again = self::replay(&copy).expect("a copy without the key is a journal too");
    assert_eq!(
        (again.records, again.state.clone()),
        (replay.records, replay.state.clone())
    );
    assert!(again.recovery_password.is_none());
    let report = check(&copy, Some(&mut &b"<DriveManifest/>"[..]));
    assert!(report.facts.is_some());
    // Whatever was read can be written on, or is refused as what it is.
    _ = JournalWriter::reopen(&replay);
}

/// Returns a journal's text with the numbers and chains of its records made right.
#[must_use]
pub fn chained(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut chain: [u8; 32] = Sha256::digest(b"argosy journal 1").into();
    let mut number = 0_u64;
    let mut salt = None;
    let mut rest = text;
    while let Some((record, after)) = rest.split_once(END) {
        rest = after;
        number = number.saturating_add(1);
        let mut hashed: String = record
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("Chain: ") && !line.starts_with("Record: "))
            .collect();
        hashed.push_str(&format!("Record: {number}\r\n"));
        salt = salt_of(&hashed).or(salt);
        chain = Sha256::new()
            .chain_update(chain)
            .chain_update(without_key(&hashed, salt.as_deref()))
            .finalize()
            .into();
        found.push_str(&hashed);
        found.push_str("Chain: ");
        found.push_str(&hex(&chain));
        found.push_str("\r\n");
        found.push_str(END);
    }
    found.push_str(rest);
    found
}

/// Returns the bytes of a record's `KeySalt`.
fn salt_of(record: &str) -> Option<Vec<u8>> {
    let (_, rest) = record.split_once("\r\nKeySalt: ")?;
    let digits = rest.get(..32)?;
    (0..32_usize)
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at.saturating_add(2))?, 16).ok())
        .collect()
}

/// The chain is over the record with SHA-256 of salt and recovery password in the password's place.
fn without_key(record: &str, salt: Option<&[u8]>) -> String {
    for (start, end) in [
        ("\r\nRecoveryPassword: ", "\r\n"),
        ("<BitLockerKey>", "</BitLockerKey>"),
    ] {
        if let (Some((before, rest)), Some(salt)) = (record.split_once(start), salt)
            && let Some((key, after)) = rest.split_once(end)
            && !key.starts_with("sha256:")
        {
            let hash = Sha256::new()
                .chain_update(salt)
                .chain_update(key)
                .finalize();
            return format!("{before}{start}sha256:{}{end}{after}", hex(&hash));
        }
    }
    record.to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_chained_again_is_the_journal() {
        let golden = include_bytes!("../../../shared/tests/golden/drive-1.jrn");
        let copy = redact(golden).expect("golden");
        let with_key = String::from_utf8(golden.to_vec()).expect("text");
        assert_eq!(chained(&with_key), with_key);
        let text = String::from_utf8(copy).expect("text");
        assert_eq!(chained(&text), text);
        let moved = text.replace("Record: ", "Record: 9");
        assert!(replay(moved.as_bytes()).is_err());
        assert_eq!(chained(&moved), text);
    }
}
