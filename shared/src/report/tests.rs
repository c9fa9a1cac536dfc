use super::*;
use crate::job::Verdict;

const JOURNAL: &[u8] = include_bytes!("../../tests/golden/drive-1.jrn");

#[test]
fn a_verified_drive_is_reported_with_everything_but_its_key() {
    let drive = reported("drive-1.jrn", JOURNAL);
    assert_eq!(drive.verdict, Some(Verdict::Verified));
    assert!(
        drive
            .facts
            .iter()
            .any(|(name, value)| *name == "Serial" && value.contains(&drive.serial))
    );
    let document = page("Reel 1", &[drive]);
    let replay = crate::journal::replay(JOURNAL).unwrap();
    let key = replay.recovery_password.unwrap();
    assert!(!document.contains(key.reveal().to_string().as_str()));
    assert!(document.contains("was read back"), "{document}");
}

#[test]
fn a_damaged_or_unfinished_journal_is_in_the_report_and_proves_nothing() {
    let cut = JOURNAL.len() - 300;
    let unfinished = reported("cut.jrn", &JOURNAL[..cut]);
    assert_eq!(unfinished.verdict, None);
    let mut bytes = JOURNAL.to_vec();
    bytes[cut + 40] ^= 1;
    let damaged = reported("damaged.jrn", &bytes);
    assert_eq!(
        (damaged.verdict, damaged.serial.as_str()),
        (None, "damaged.jrn")
    );
    assert!(!damaged.remarks.is_empty());
    let whole = reported("drive-1.jrn", JOURNAL);
    let document = page("Three", &[whole, unfinished, damaged]);
    assert!(document.contains("Not so, or not all"), "{document}");
    assert!(!document.contains("all that was planned is on them"));
}

#[test]
fn whatever_a_drive_or_a_journal_is_called_it_is_only_text() {
    let name = "<script>alert(1)</script>\"&\u{202e}.jrn";
    let document = page(name, &[reported(name, b"no journal")]);
    assert!(!document.contains("<script"), "{document}");
    assert!(!document.contains('\u{202e}'));
    assert!(document.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;\\u{202e}.jrn"));
}
