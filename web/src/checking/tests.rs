//! Real journals and drives, dropped.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A journal of a verified drive, made by the agent.
const JOURNAL: &[u8] = include_bytes!("../../../shared/tests/golden/drive-1.jrn");

fn judged(files: &[(&str, &[u8])]) -> Vec<DriveCheck> {
    let files: Vec<Dropped> = files
        .iter()
        .map(|(name, bytes)| Dropped {
            name: (*name).to_owned(),
            content: Rc::new(bytes.to_vec()),
        })
        .collect();
    check(&files, &mut |_| {})
}

#[test]
fn a_whole_journal_is_green_and_says_what_is_proven() {
    let checks = judged(&[("drive-1.jrn", JOURNAL)]);
    let [check] = checks.as_slice() else {
        panic!("{checks:?}")
    };
    assert_eq!(check.tone, Tone::Good, "{check:?}");
    assert!(!check.serial.is_empty());
    let says = |words: &str| check.lines.iter().any(|line| line.text.contains(words));
    assert!(says("unbroken") && says("opens the drive's sealed key block") && says("Verified"));
}

#[test]
fn one_changed_digit_is_red_with_its_place() {
    let mut journal = JOURNAL.to_vec();
    let middle = journal.len() / 2;
    let digit = journal[middle..]
        .iter_mut()
        .find(|byte| byte.is_ascii_digit())
        .expect("digits");
    *digit = if *digit == b'7' { b'8' } else { b'7' };
    let checks = judged(&[("drive-1.jrn", &journal)]);
    assert_eq!(checks[0].tone, Tone::Bad);
    assert!(
        checks[0].lines[0].place.contains("byte 0x"),
        "{:?}",
        checks[0].lines
    );
}

#[test]
fn a_journal_without_its_end_is_unfinished_and_never_green() {
    for cut in [JOURNAL.len() - 1, JOURNAL.len() / 2] {
        let checks = judged(&[("drive-1.jrn", &JOURNAL[..cut])]);
        assert_eq!(checks[0].tone, Tone::Warn, "{cut}: {:?}", checks[0]);
    }
}

#[test]
fn a_damaged_manifest_beside_a_good_journal_is_red() {
    let manifest =
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DriveManifest Version=\"2014-11-01\">\n";
    let checks = judged(&[("drive-1.jrn", JOURNAL), ("DriveManifest.xml", manifest)]);
    assert_eq!(checks.len(), 1, "they belong together: {checks:?}");
    assert_eq!(checks[0].tone, Tone::Bad);
    assert_eq!(checks[0].files.len(), 2);
}

#[test]
fn a_file_is_known_by_its_content_and_anything_else_is_refused() {
    let checks = judged(&[("renamed.txt", JOURNAL), ("holiday.jpg", b"\xff\xd8\xff")]);
    assert_eq!(checks[0].tone, Tone::Good);
    assert_eq!(checks[1].tone, Tone::Bad);
    assert!(checks[1].verdict.contains("neither"));
}

#[test]
fn an_image_that_no_journal_opens_is_not_green() {
    let image = vec![0; 1 << 20];
    let alone = judged(&[("drive.img", &image)]);
    assert_eq!(alone[0].tone, Tone::Bad);
    let beside = judged(&[("drive.img", &image), ("drive-1.jrn", JOURNAL)]);
    assert!(
        beside.iter().any(|check| check.tone == Tone::Bad),
        "{beside:?}"
    );
}
