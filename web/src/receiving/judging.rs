//! What the comparison of a drive with its manifest came to, in words.

use shared::verify::{Finding, VerifyPhase, VerifyProgress, VerifyReport, VerifyVerdict};

use super::Told;
use crate::checking::{DriveCheck, Tone};
use crate::words::{self, sentence};

/// Findings that are told while it goes on; the rest is counted.
const TOLD_MAX: usize = 100;

/// Returns how far it is.
pub(super) fn telling(now: VerifyProgress, found: &[Finding]) -> Told {
    let done = words::part_of(now.bytes, now.bytes_total.max(now.bytes));
    let words = match now.phase {
        VerifyPhase::Unlock => "Opening the drive".to_owned(),
        VerifyPhase::Check => "Checking the file system".to_owned(),
        VerifyPhase::Manifest => format!(
            "Reading the manifest: {} so far",
            words::counted(now.files_total, "file", "files")
        ),
        VerifyPhase::Files => format!("Comparing: {done}"),
        VerifyPhase::Others => "Looking for what the manifest does not name".to_owned(),
    };
    Told {
        words,
        bytes: now.bytes,
        of: now.bytes_total,
        wrong: now.findings,
        found: found.iter().take(TOLD_MAX).map(line).collect(),
    }
}

/// Returns what was found in words, and its place.
fn line(finding: &Finding) -> (String, String) {
    let offset = finding.offset.map(|at| format!("byte {at:#x}"));
    let place: Vec<String> = finding.file.iter().cloned().chain(offset).collect();
    (sentence(&finding.message), place.join(", "))
}

/// Returns what a comparison that the person stopped had found by then; none when that is nothing.
#[must_use]
pub fn stopped(told: &Told, name: &str) -> Option<DriveCheck> {
    if told.wrong == 0 {
        return None;
    }
    let mut check = DriveCheck {
        files: vec![name.to_owned()],
        tone: Tone::Bad,
        verdict: "Not verified: this was wrong by then. The drive was only read.".to_owned(),
        ..DriveCheck::default()
    };
    for (text, place) in &told.found {
        check.add(Tone::Bad, text.clone(), place.clone());
    }
    let shown = u64::try_from(told.found.len()).unwrap_or(u64::MAX);
    let more = told.wrong.saturating_sub(shown);
    if more > 0 {
        let more = words::counted(more, "finding more", "findings more");
        check.add(Tone::Bad, format!("{more}."), "");
    }
    Some(check)
}

/// Returns the judgement over the drive in the image of this name.
pub(super) fn judged(report: &VerifyReport, name: &str) -> DriveCheck {
    let mut check = DriveCheck {
        files: vec![name.to_owned()],
        ..DriveCheck::default()
    };
    for finding in &report.findings {
        let (text, place) = line(finding);
        check.add(Tone::Bad, text, place);
    }
    if report.findings_left_out > 0 {
        let more = words::counted(report.findings_left_out, "finding more", "findings more");
        check.add(Tone::Bad, format!("{more}."), "");
    }
    let compared = format!(
        "{}, {}",
        words::counted(report.files, "file", "files"),
        words::size(report.bytes)
    );
    check.verdict = match report.verdict {
        VerifyVerdict::Verified => {
            check.add(
                Tone::Good,
                format!("Every byte of {compared} was read and matches the manifest on the drive."),
                "",
            );
            check.add(
                Tone::Good,
                "The file system has no fault, and nothing else is on the drive but what Windows keeps for itself.",
                "",
            );
            "Verified: everything on this drive is what its manifest says.".to_owned()
        }
        VerifyVerdict::Mismatch => {
            "Not verified: this drive is not what its manifest says. What is wrong is named below; the drive was only \
             read."
                .to_owned()
        }
        VerifyVerdict::Failed => {
            "Not verified: the drive could not be compared to its end. It was only read.".to_owned()
        }
    };
    if report.verdict != VerifyVerdict::Verified {
        check.tone = Tone::Bad;
    }
    check
}
