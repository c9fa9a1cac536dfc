//! Whether a key and an image are what they seem. Real drives are opened by the browser tests.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::rc::Rc;

use super::*;
use crate::checking::Dropped;

fn dropped(bytes: Vec<u8>) -> Dropped {
    Dropped {
        name: "drive.img".to_owned(),
        content: Rc::new(bytes),
    }
}

#[test]
fn what_is_no_drive_is_refused_and_not_taken_for_a_locked_one() {
    for bytes in [
        Vec::new(),
        vec![0; 512],
        vec![0; 1 << 20],
        vec![0xff; 1 << 20],
    ] {
        let length = bytes.len();
        let looked = Opened::look(&dropped(bytes), None);
        assert!(
            matches!(looked, Err(NotOpened::Failed(_))),
            "{length} bytes: {looked:?}"
        );
    }
}

#[test]
fn a_mistyped_recovery_password_is_told_before_the_drive_is_asked() {
    let digits = "235818-357951-253978-013365-241120-245575-342914-591910";
    let tried = Opened::unlock(
        &dropped(vec![0; 1 << 20]),
        &Key::Typed(digits.to_owned()),
        None,
    );
    let Err(NotOpened::Locked(locked)) = tried else {
        panic!("{tried:?}")
    };
    assert!(locked.fault.contains("mistake"), "{}", locked.fault);
    assert!(!locked.fault.contains("file"), "{}", locked.fault);
    assert!(!format!("{:?}", Key::Typed(digits.to_owned())).contains("235818"));
}

#[test]
fn what_a_stopped_comparison_had_found_is_kept_and_what_it_only_counted_is_counted() {
    let mut told = Told::default();
    assert_eq!(stopped(&told, "drive.img"), None);
    told.wrong = 3;
    told.found = vec![("It is wrong.".to_owned(), "\\a, byte 0x7".to_owned())];
    let check = stopped(&told, "drive.img").expect("something was wrong");
    let lines: Vec<&str> = check.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["It is wrong.", "2 findings more."]);
    assert_eq!(check.lines[0].place, "\\a, byte 0x7");
}
