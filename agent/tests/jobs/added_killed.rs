//! The real binary, killed at random moments while it adds a second session: what is on the drive is then the first
//! session, or after a resume both.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use super::added::{SERIAL, assert_both, first, old_journal, second, verified};
use super::killed::whole_plan;
use super::support::{Place, argosy, noise, text};

/// How often a process is killed in all.
const KILLS: usize = 24;

fn start(arguments: &[String]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argosy"));
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Returns whether a resume says that the addition is to begin again: it was killed between plan and journal.
fn begins_again(output: &Output) -> bool {
    !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("begin again")
}

fn arguments(place: &Place, source: &Path, image: &Path) -> Vec<String> {
    let journals = place.journals();
    [
        "prepare",
        "--add",
        "--session",
        "second-2",
        "--journal-dir",
        text(&journals),
        "--source",
        text(source),
        "--to",
        "film/more/",
        "--drive",
        text(image),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Puts drive and journals back to one session.
fn restore(place: &Place, image: &Path, (bytes, journals): (&[u8], &[(String, Vec<u8>)])) {
    fs::write(image, bytes).unwrap();
    fs::remove_dir_all(place.journals()).unwrap();
    fs::create_dir(place.journals()).unwrap();
    for (name, content) in journals {
        fs::write(place.journals().join(name), content).unwrap();
    }
}

#[test]
fn an_addition_that_is_killed_at_any_moment_leaves_the_first_session_or_becomes_both() {
    let place = Place::new();
    let image = first(&place, "80MB");
    let source = second(&place);
    let bytes = fs::read(&image).unwrap();
    let journals: Vec<(String, Vec<u8>)> = fs::read_dir(place.journals())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_str().unwrap().to_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    let begun = Instant::now();
    assert!(
        start(&arguments(&place, &source, &image))
            .wait()
            .unwrap()
            .success()
    );
    let whole = begun.elapsed();
    assert_both(&place, &image, &source);
    let resume: Vec<String> = [
        "resume",
        "--session",
        "second-2",
        "--journal-dir",
        text(&place.journals()),
    ]
    .map(str::to_owned)
    .to_vec();
    let mut draw = noise(78, KILLS * 64).into_iter();
    let (mut kills, mut firsts, mut resumed) = (0_usize, 0_usize, 0_usize);
    while kills < KILLS {
        restore(&place, &image, (&bytes, &journals));
        let mut next = arguments(&place, &source, &image);
        loop {
            let mut child = start(&next);
            let moment = u16::from_le_bytes([draw.next().unwrap(), draw.next().unwrap()]);
            std::thread::sleep(whole.mul_f64(f64::from(moment) / f64::from(u16::MAX)));
            if child.try_wait().unwrap().is_some() {
                let output = child.wait_with_output().unwrap();
                if begins_again(&output) {
                    next = arguments(&place, &source, &image);
                    continue;
                }
                assert!(output.status.success(), "{next:?}: {output:?}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            firsts += usize::from(is_first(&place, &image));
            if whole_plan(&place.journals().join("second-2.plan")) {
                next.clone_from(&resume);
                resumed += 1;
            }
            if kills % 5 == 0 || kills >= KILLS {
                let output = argosy(&next.iter().map(String::as_str).collect::<Vec<_>>());
                if begins_again(&output) {
                    next = arguments(&place, &source, &image);
                    continue;
                }
                assert!(output.status.success(), "{next:?}: {output:?}");
                break;
            }
        }
        assert_both(&place, &image, &source);
    }
    assert!(firsts > 0 && resumed > 0, "{firsts} {resumed}");
    println!(
        "{kills} kills: {firsts} times the first session stood, {resumed} times it was resumed"
    );
}

/// As long as the last phase has not begun, the drive is proven by the first session's journal.
fn is_first(place: &Place, image: &Path) -> bool {
    let own = fs::read(place.journal(SERIAL)).unwrap_or_default();
    let replay = shared::journal::replay(&own);
    if replay.is_ok_and(|replay| replay.redo.is_some()) {
        return false;
    }
    let old = old_journal(place);
    let journal = if old.exists() {
        old
    } else {
        place.journal(SERIAL)
    };
    let (code, report) = verified(image, &journal);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"verified".into()),
        "{report}"
    );
    true
}
