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

/// Returns a journal's text with the numbers and chains of its records made right. The recovery password must be taken
/// out already: the chain is over the redacted record.
#[must_use]
pub fn chained(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut chain: [u8; 32] = Sha256::digest(b"argosy journal 1").into();
    let mut number = 0_u64;
    let mut rest = text;
    while let Some((record, after)) = rest.split_once(END) {
        rest = after;
        number = number.saturating_add(1);
        let mut hashed: String = record
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("Chain: ") && !line.starts_with("Record: "))
            .collect();
        hashed.push_str(&format!("Record: {number}\r\n"));
        chain = Sha256::new()
            .chain_update(chain)
            .chain_update(&hashed)
            .finalize()
            .into();
        found.push_str(&hashed);
        found.push_str("Chain: ");
        found.extend(chain.iter().map(|byte| format!("{byte:02x}")));
        found.push_str("\r\n");
        found.push_str(END);
    }
    found.push_str(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_chained_again_is_the_journal() {
        let golden = include_bytes!("../../../shared/tests/golden/drive-1.jrn");
        let copy = redact(golden).expect("golden");
        let text = String::from_utf8(copy).expect("text");
        assert_eq!(chained(&text), text);
        let moved = text.replace("Record: ", "Record: 9");
        assert!(replay(moved.as_bytes()).is_err());
        assert_eq!(chained(&moved), text);
    }
}
