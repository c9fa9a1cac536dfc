//! What is told aloud: a new stage, each quarter, a fault, the end. Nothing else, so that a screen reader is not drowned.

use shared::api::{DriveSnapshot, JobSnapshot, JobState};
use shared::job::{DriveState, Stage, Verdict};

use crate::words;

/// Returns what happened between two states of a job, when it is worth telling.
#[must_use]
pub fn milestone(before: &JobSnapshot, after: &JobSnapshot) -> Option<String> {
    if before.state != after.state && after.state == JobState::Ended {
        return Some(format!(
            "Session {} ended: {}.",
            after.session,
            verdict(after.verdict)
        ));
    }
    after
        .drives
        .iter()
        .zip(&before.drives)
        .find_map(|(now, then)| of_drive(then, now))
}

fn of_drive(before: &DriveSnapshot, after: &DriveSnapshot) -> Option<String> {
    let (_, last) = words::serial_parts(&after.serial);
    let failed = |drive: &DriveSnapshot| {
        drive
            .left_out
            .iter()
            .filter(|file| file.reason.makes_incomplete())
            .count()
    };
    if failed(before) == 0 && failed(after) > 0 {
        return Some(format!(
            "Drive {last}: a file could not be copied and is left out."
        ));
    }
    if std::mem::discriminant(&before.state) != std::mem::discriminant(&after.state)
        || stage_name(&before.state) != stage_name(&after.state)
    {
        return Some(format!("Drive {last}: {}.", stage_name(&after.state)));
    }
    let quarter = |part, whole| words::permyriad(part, whole) / 2500;
    let written =
        |drive: &DriveSnapshot| quarter(drive.progress.bytes_written, drive.progress.bytes_total);
    let verified =
        |drive: &DriveSnapshot| quarter(drive.progress.bytes_verified, drive.progress.verify_total);
    for (then, now, what) in [
        (written(before), written(after), "written"),
        (verified(before), verified(after), "read back"),
    ] {
        if now > then && (1..=3).contains(&now) {
            return Some(format!(
                "Drive {last}: {} % {what}.",
                now.saturating_mul(25)
            ));
        }
    }
    None
}

/// Returns where a drive stands, in two or three words.
#[must_use]
pub const fn stage_name(state: &DriveState) -> &'static str {
    match state {
        DriveState::At(Stage::Planned) => "waiting",
        DriveState::At(Stage::Erased | Stage::Writing { .. }) => "writing",
        DriveState::At(Stage::Mending) => "finishing records",
        DriveState::At(Stage::Sealing) => "sealing",
        DriveState::At(Stage::Written) => "written",
        DriveState::At(Stage::Verifying { .. }) => "reading back",
        DriveState::Verified => "verified",
        DriveState::Incomplete => "incomplete",
        DriveState::Failed { .. } => "failed",
        DriveState::Cancelled { .. } => "cancelled",
        _ => "at work",
    }
}

const fn verdict(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Verified) => "verified",
        Some(Verdict::Incomplete) => "incomplete, some files are not on the drives",
        Some(Verdict::Written) => "written, not read back",
        Some(Verdict::Failed) => "failed",
        None => "without a verdict",
    }
}
