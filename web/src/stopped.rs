//! What is said of a drive whose run stopped before its end: what happened, how far it is, is the data safe, what now.

use shared::api::{DriveSnapshot, JobSnapshot, JobState};
use shared::job::{DriveState, Stage};

use crate::checking::Tone;
use crate::words::{self, sentence};

/// What is said of one drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// How grave it is: a fault, or only a stop.
    pub tone: Tone,
    /// What happened, and how far the drive is.
    pub what: String,
    /// Whether the data is safe.
    pub safe: &'static str,
    /// What to do now.
    pub next: &'static str,
}

/// Returns what is said of a drive with which a resume has something left to do; `None` of any other, and of a state
/// that this page does not know.
#[must_use]
pub fn stopped(drive: &DriveSnapshot) -> Option<Stopped> {
    if !drive.can_resume() {
        return None;
    }
    let stands = stands(drive.state.stage()?);
    let (tone, what, next) = match &drive.state {
        DriveState::Failed { why, .. } => (
            Tone::Bad,
            format!("Failed: {} Its journal says: {stands}", sentence(why)),
            "Mend the cause, make sure that the drive is plugged in, and press Resume. A drive \
             that is dead, or must not be used, gets a spare in its place: choose it above.",
        ),
        DriveState::Cancelled { .. } => (
            Tone::Warn,
            format!("Cancelled: {stands}"),
            "Press Resume when you like: it goes on from there.",
        ),
        DriveState::At(Stage::Planned) => (
            Tone::Warn,
            format!("Not begun: {stands}"),
            "Plug the drive in and press Resume: it is filled then.",
        ),
        _ => (
            Tone::Warn,
            format!("Stopped: {stands}"),
            "Plug the drive in and press Resume: it goes on from there.",
        ),
    };
    Some(Stopped {
        tone,
        what,
        safe: "Your source was only read. Do not ship this drive as it is.",
        next,
    })
}

/// Returns how far a drive is, as its journal has it, in one sentence.
fn stands(stage: Stage) -> String {
    match stage {
        Stage::Planned => "nothing of this run is on it yet.".to_owned(),
        Stage::Erased => "it is erased, and nothing counts as written yet.".to_owned(),
        Stage::Writing { through } => format!(
            "its first {} are safely written; what comes behind is written again.",
            words::size(through)
        ),
        Stage::Mending => "the files are on it, their records are not finished.".to_owned(),
        Stage::Sealing => "the files are on it, but it cannot be opened yet.".to_owned(),
        Stage::Written => "all is written, and nothing of it was read back yet.".to_owned(),
        Stage::Verifying { through } => format!(
            "all is written, and {} of it was read back and matches.",
            words::size(through)
        ),
        _ => "its journal holds how far it is.".to_owned(),
    }
}

/// Returns what happened to a run that can be gone on with, to stand behind "This run".
#[must_use]
pub fn happened(job: &JobSnapshot) -> &'static str {
    let is = |wanted: fn(&DriveState) -> bool| {
        let mut left = job.drives.iter().filter(|drive| drive.can_resume());
        left.any(|drive| wanted(&drive.state))
    };
    if is(|state| matches!(state, DriveState::Failed { .. })) {
        "failed on a drive before its end"
    } else if job.state == JobState::Ended
        || is(|state| matches!(state, DriveState::Cancelled { .. }))
    {
        "was cancelled before its end"
    } else {
        "stopped before its end"
    }
}

/// Returns the command that gives a session up.
#[must_use]
pub fn abort_command(job: &JobSnapshot) -> String {
    command("abort", job)
}

fn command(name: &str, job: &JobSnapshot) -> String {
    let session = quoted(&job.session);
    let folder = quoted(&job.journal_dir);
    format!("argosy {name} --session {session} --journal-dir {folder}")
}

/// Returns a word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use shared::api::Progress;
    use shared::job::Verdict;

    use super::*;

    fn drive(state: DriveState, is_closed: bool) -> DriveSnapshot {
        DriveSnapshot {
            serial: "WD4411".to_owned(),
            model: String::new(),
            path: String::new(),
            state,
            files: 1,
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: is_closed.then_some(Verdict::Failed),
            findings: Vec::new(),
            journal: "WD4411.jrn".to_owned(),
            is_closed,
            checked: String::new(),
        }
    }

    #[test]
    fn every_stage_says_how_far_the_drive_is_and_none_says_that_it_can_be_shipped() {
        let stages = [
            (Stage::Planned, "nothing of this run"),
            (Stage::Erased, "nothing counts as written"),
            (
                Stage::Writing {
                    through: 120_000_000,
                },
                "first 120 MB",
            ),
            (Stage::Mending, "records are not finished"),
            (Stage::Sealing, "cannot be opened"),
            (Stage::Written, "nothing of it was read back"),
            (
                Stage::Verifying { through: 5_000_000 },
                "5 MB of it was read back",
            ),
        ];
        for (at, words) in stages {
            let why = "the drive does not answer".to_owned();
            for state in [
                DriveState::At(at),
                DriveState::Cancelled { at },
                DriveState::Failed { why, at },
            ] {
                let said = stopped(&drive(state, false)).expect("something is left to do");
                assert!(
                    said.what.to_lowercase().contains(&words.to_lowercase()),
                    "{}",
                    said.what
                );
                assert!(said.safe.contains("Do not ship"));
                assert!(said.next.contains("press Resume") || said.next.contains("Press Resume"));
            }
        }
    }

    #[test]
    fn nothing_is_offered_for_a_drive_that_is_done_or_given_up() {
        let at = Stage::Erased;
        for drive in [
            drive(DriveState::Verified, true),
            drive(DriveState::Incomplete, false),
            drive(DriveState::Cancelled { at }, true),
        ] {
            assert_eq!(stopped(&drive), None, "{drive:?}");
        }
    }

    #[test]
    fn a_command_is_one_that_a_shell_takes_as_it_stands() {
        assert_eq!(quoted("/srv/journals"), "/srv/journals");
        assert_eq!(quoted("reel#1"), "'reel#1'");
        assert_eq!(quoted("/srv/Ann's films"), r"'/srv/Ann'\''s films'");
        assert_eq!(quoted(""), "''");
    }
}
