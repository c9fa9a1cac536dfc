//! The real binary, killed at random moments while it adds a session: what is on the drive is then what was there before, or
//! after a resume all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use super::added::{SERIAL, add, adding, assert_all, first, second, verified};
use super::added_again::files;
use super::killed::whole_plan;
use super::support::{Place, argosy, noise, text};

/// An addition that is killed, and what it adds to.
struct Addition {
    place: Place,
    image: PathBuf,
    /// Sessions on the drive, and their files; the last one is being added.
    sessions: Vec<(&'static str, PathBuf)>,
}

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

impl Addition {
    fn last(&self) -> (&'static str, &Path) {
        let (name, source) = self.sessions.last().unwrap();
        (name, source)
    }

    fn arguments(&self) -> Vec<String> {
        let (session, source) = self.last();
        adding(&self.place, session, (source, "film/last/"), &self.image)
    }

    fn resume(&self) -> Vec<String> {
        let (journals, (session, _)) = (self.place.journals(), self.last());
        [
            "resume",
            "--session",
            session,
            "--journal-dir",
            text(&journals),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn assert_all(&self) {
        let sessions = self.sessions.iter();
        let sessions: Vec<(&str, &Path)> = sessions
            .map(|(name, source)| (*name, source.as_path()))
            .collect();
        assert_all(&self.place, &self.image, &sessions);
    }

    /// As long as the last phase has not begun, the drive is proven by the journal of the session before.
    fn is_as_before(&self) -> bool {
        let own = fs::read(self.place.journal(SERIAL)).unwrap_or_default();
        let replay = shared::journal::replay(&own);
        let is_last = |replay: &shared::journal::Replay| {
            replay.session.session.as_str() == self.last().0 && replay.redo.is_some()
        };
        if replay.is_ok_and(|replay| is_last(&replay)) {
            return false;
        }
        let (before, _) = self.sessions[self.sessions.len().saturating_sub(2)];
        let old = self.place.journals().join(format!("{SERIAL}.{before}.jrn"));
        let journal = if old.exists() {
            old
        } else {
            self.place.journal(SERIAL)
        };
        let (code, report) = verified(&self.image, &journal);
        assert_eq!(
            (code, &report["verdict"]),
            (0, &"verified".into()),
            "{report}"
        );
        true
    }

    /// Puts drive and journals back to what was before.
    fn restore(&self, (bytes, journals): (&[u8], &[(String, Vec<u8>)])) {
        fs::write(&self.image, bytes).unwrap();
        fs::remove_dir_all(self.place.journals()).unwrap();
        fs::create_dir(self.place.journals()).unwrap();
        for (name, content) in journals {
            fs::write(self.place.journals().join(name), content).unwrap();
        }
    }

    /// Adds the last session again and again, killing it `count` times in all, and more often until both outcomes were
    /// seen: as long as none was early enough, the next first kill comes earlier.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "counts of a few dozen kills"
    )]
    fn is_killed(&self, count: usize) {
        let bytes = fs::read(&self.image).unwrap();
        let journals: Vec<(String, Vec<u8>)> = fs::read_dir(self.place.journals())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().to_str().unwrap().to_owned();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect();
        let begun = Instant::now();
        assert!(start(&self.arguments()).wait().unwrap().success());
        let whole = begun.elapsed();
        self.assert_all();
        let plan = self
            .place
            .journals()
            .join(format!("{}.plan", self.last().0));
        let mut draw = noise(78, count * 64).into_iter();
        let (mut kills, mut before, mut resumed) = (0_usize, 0_usize, 0_usize);
        let mut first = whole;
        while kills < count || before == 0 || resumed == 0 {
            assert!(kills < count * 8, "{before} early, {resumed} resumed");
            self.restore((&bytes, &journals));
            let mut next = self.arguments();
            let mut within = first;
            loop {
                let mut child = start(&next);
                let moment = u16::from_le_bytes([draw.next().unwrap(), draw.next().unwrap()]);
                std::thread::sleep(within.mul_f64(f64::from(moment) / f64::from(u16::MAX)));
                if child.try_wait().unwrap().is_some() {
                    let output = child.wait_with_output().unwrap();
                    if begins_again(&output) {
                        next = self.arguments();
                        continue;
                    }
                    assert!(output.status.success(), "{next:?}: {output:?}");
                    break;
                }
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                before += usize::from(self.is_as_before());
                within = whole;
                if whole_plan(&plan) {
                    next = self.resume();
                    resumed += 1;
                }
                if kills % 5 == 0 || kills >= count {
                    let output = argosy(&next.iter().map(String::as_str).collect::<Vec<_>>());
                    if begins_again(&output) {
                        next = self.arguments();
                        continue;
                    }
                    assert!(output.status.success(), "{next:?}: {output:?}");
                    break;
                }
            }
            self.assert_all();
            if before == 0 {
                first /= 2;
            }
        }
        println!(
            "{kills} kills: {before} times the drive was as before, {resumed} times it was resumed"
        );
    }
}

#[test]
fn an_addition_that_is_killed_at_any_moment_leaves_the_first_session_or_becomes_both() {
    let place = Place::new();
    let image = first(&place, "80MB");
    let sessions = vec![("first-1", place.source()), ("second-2", second(&place))];
    Addition {
        place,
        image,
        sessions,
    }
    .is_killed(24);
}

#[test]
fn a_third_session_that_is_killed_at_any_moment_leaves_two_or_becomes_three() {
    let place = Place::new();
    let image = first(&place, "100MB");
    let (more, third) = (second(&place), files(&place, 3));
    let (code, report) = add(&place, "second-2", (&more, "film/more/"), &image);
    assert_eq!(code, 0, "{report}");
    let sessions = vec![
        ("first-1", place.source()),
        ("second-2", more),
        ("third-3", third),
    ];
    Addition {
        place,
        image,
        sessions,
    }
    .is_killed(16);
}
