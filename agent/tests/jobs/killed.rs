//! The real binary on a real loop device, killed at random moments and resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::support::{Loop, Place, argosy, json, noise, text, tree};

/// How often a process is killed in all.
const KILLS: usize = 200;
const SERIAL: &str = "KILLED-1";

/// Sources of many small and some large files: file records, file data, several hash blocks.
fn fill(place: &Place) {
    let lengths = (0..60 * 173).step_by(173);
    for (number, length) in (1_u64..).zip(lengths) {
        place.file(&format!("small/{number}"), &noise(number, length));
    }
    for number in 100..102_u64 {
        place.file(&format!("large {number}"), &noise(number, (5 << 20) + 11));
    }
}

fn start(arguments: &[String]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argosy"));
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn arguments(place: &Place, node: &Path) -> Vec<String> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let drive = format!("{}={SERIAL}", node.display());
    let source = text(place.source());
    let journals = text(place.journals());
    [
        "prepare",
        "--session",
        "killed-1",
        "--journal-dir",
        &journals,
        "--source",
        &source,
        "--to",
        "film/reels/",
        "--drive",
        &drive,
        "--erase",
        SERIAL,
        "--keep-free-space",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn a_drive_whose_process_is_killed_at_any_moment_is_finished_as_if_nothing_had_been() {
    let place = Place::new();
    fill(&place);
    let image = place.path("loop.img");
    fs::write(&image, noise(1, 68 << 20)).unwrap();
    let Some(node) = Loop::over(&image) else {
        return;
    };
    let resume: Vec<String> = [
        "resume",
        "--session",
        "killed-1",
        "--journal-dir",
        text(&place.journals()),
    ]
    .map(str::to_owned)
    .to_vec();
    let begun = Instant::now();
    assert!(start(&arguments(&place, &node.0)).wait().unwrap().success());
    let whole = begun.elapsed();
    let (mut kills, mut drives, mut resumed) = (0_usize, 0_usize, 0_usize);
    let mut draw = noise(77, KILLS * 64).into_iter();
    while kills < KILLS {
        fs::remove_dir_all(place.journals()).unwrap();
        let mut next = arguments(&place, &node.0);
        // Some drives are killed once, some many times in a row.
        loop {
            let mut child = start(&next);
            let moment = u16::from_le_bytes([draw.next().unwrap(), draw.next().unwrap()]);
            std::thread::sleep(whole.mul_f64(f64::from(moment) / f64::from(u16::MAX)));
            let ended = child.try_wait().unwrap();
            if let Some(status) = ended {
                assert!(status.success(), "{next:?}: {status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            // Before its plan is durable a job touched nothing, and is begun again.
            let plan = place.journals().join("killed-1.plan");
            if whole_plan(&plan) {
                next.clone_from(&resume);
                resumed += 1;
            }
            if kills % 10 == 0 || kills >= KILLS {
                let output = argosy(&next.iter().map(String::as_str).collect::<Vec<_>>());
                assert!(output.status.success(), "{next:?}: {output:?}");
                break;
            }
        }
        drives += 1;
        let journal = place.journal(SERIAL);
        let (code, checked) = json(&["journal", "check", text(&journal)]);
        assert_eq!(
            (code, &checked["verdict"]),
            (0, &"valid".into()),
            "{checked}"
        );
        let drive = text(&node.0);
        let (code, verified) = json(&["verify", "--drive", drive, "--journal", text(&journal)]);
        assert_eq!(
            (code, &verified["verdict"]),
            (0, &"verified".into()),
            "{verified}"
        );
    }
    assert!(
        resumed * 2 > kills,
        "only {resumed} of {kills} kills came after the plan"
    );
    let home = place.path("home");
    let key = place.key(SERIAL);
    let (code, unpacked) = json(&[
        "unpack",
        "--drive",
        text(&node.0),
        "--key-file",
        text(&key),
        "--to",
        text(&home),
    ]);
    assert_eq!(code, 0, "{unpacked}");
    assert_eq!(tree(&home.join("killed-1")), tree(&place.source()));
    println!("{kills} kills on {drives} drives, {resumed} of them resumed");
}

/// Returns whether a plan file is there to its last line.
pub(crate) fn whole_plan(plan: &Path) -> bool {
    fs::read_to_string(plan).is_ok_and(|text| text.contains("{\"entries\":"))
}
