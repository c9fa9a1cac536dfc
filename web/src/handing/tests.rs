//! Over the golden journal of a finished drive. That the page's bytes are the command line's is tested in the browser.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::details::{ADDRESS, CARRIERS, JOB, blank, set};

const JOURNAL: &[u8] = include_bytes!("../../../shared/tests/golden/drive-1.jrn");

fn journal(bytes: &[u8]) -> (String, Zeroizing<Vec<u8>>) {
    ("drive-1.jrn".to_owned(), Zeroizing::new(bytes.to_vec()))
}

fn filled() -> Details {
    let mut details = blank();
    for field in JOB.iter().chain(&ADDRESS).chain(&CARRIERS) {
        set(&mut details, field.path, format!("of {}", field.path));
    }
    set(&mut details, "name", "reel-1".to_owned());
    details.storage_account_id = Details::template().storage_account_id;
    details
}

fn ordered(bytes: &[u8], whom: Whom, details: Details) -> Handed {
    hand_over(&[journal(bytes)], &Order { whom, details })
}

#[test]
fn a_field_that_is_missing_or_wrong_is_named() {
    for whom in [Whom::AzCli, Whom::ImportExport, Whom::DataBox] {
        let mut details = filled();
        set(&mut details, "returnAddress.city", " ".to_owned());
        let Handed::Field { field, .. } = ordered(JOURNAL, whom, details) else {
            panic!("{whom:?} takes an address without a city")
        };
        assert_eq!(field, "returnAddress.city");
        let mut details = filled();
        set(&mut details, "name", "Reel".to_owned());
        let Handed::Field { field, .. } = ordered(JOURNAL, whom, details) else {
            panic!("{whom:?} takes a name that the service refuses")
        };
        assert_eq!(field, "name");
    }
}

#[test]
fn journals_that_are_not_right_are_refused_with_the_reason_of_the_command_line() {
    let damaged = {
        let mut journal = JOURNAL.to_vec();
        let middle = journal.len() / 2;
        journal[middle] ^= 1;
        journal
    };
    let redacted = shared::journal::redact(JOURNAL).expect("whole");
    let cut = &JOURNAL[..JOURNAL.len() - 300];
    for bytes in [cut, &damaged, &redacted] {
        let why = handed(bytes).expect_err("not right").to_string();
        for whom in Whom::ALL {
            let Handed::Refused(refused) = ordered(bytes, whom, filled()) else {
                panic!("{whom:?} takes it: {why}")
            };
            assert_eq!(refused, [("drive-1.jrn".to_owned(), why.clone())]);
        }
    }
}

#[test]
fn no_key_is_read_off_a_document_before_somebody_asks() {
    let Handed::Made(made) = ordered(JOURNAL, Whom::DataBox, filled()) else {
        panic!("it is right")
    };
    let [drive] = made.drives.as_slice() else {
        panic!("{made:?}")
    };
    let paper = &made.documents[0];
    assert_eq!(paper.keys, 1);
    let covered = paper.covered(&made.drives, &BTreeSet::new());
    assert!(!covered.contains(&drive.key));
    let shown = BTreeSet::from([drive.serial.clone()]);
    assert_eq!(paper.covered(&made.drives, &shown), paper.text);
    assert!(!format!("{made:?}").contains(&drive.key));
}
