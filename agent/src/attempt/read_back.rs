//! Reading a written drive back.

use std::ops::ControlFlow;

use bitlocker_image::Credential;
use disk::ReadAt;
use shared::api::{Finding, News};
use shared::job::Verdict;
use shared::journal::Record;
use shared::verify::{Expected, FindingCode, VerifyReport, VerifyVerdict, verify};

use super::common::Grain;
use super::drive_meter::DriveMeter;
use super::ledger::Ledger;
use super::stop::Stop;
use crate::job_error::Kind;
use crate::pipeline::{Cancel, reading_ahead};

/// Reads the drive past every cache and proves it; returns what the end is called.
pub(super) fn read_back(
    reader: &(dyn ReadAt + Send + Sync),
    credential: &Credential,
    expected: &Expected,
    ledger: &mut Ledger<'_>,
    meter: &DriveMeter,
    grain: Grain,
    cancel: &Cancel,
) -> Result<Verdict, Stop> {
    let mut marks = grain.marks(reader.bytes(), expected.proven_bytes);
    let mut failure = None;
    let report = reading_ahead(reader, |ahead| {
        verify(ahead, credential, expected, &mut |progress| {
            let through = progress.bytes;
            meter.verifying(through, progress.bytes_total);
            // What a later attempt passes over must have been without a fault.
            if progress.findings == 0 && marks.is_due(through) {
                marks.set(through);
                failure = ledger.record(&Record::VerifiedThrough { through }).err();
            }
            if failure.is_some() || cancel.is_cancelled() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    judge(&report, ledger)
}

fn judge(report: &VerifyReport, ledger: &mut Ledger<'_>) -> Result<Verdict, Stop> {
    if report
        .findings
        .iter()
        .any(|finding| finding.code == FindingCode::Cancelled)
    {
        return Err(Stop::Cancelled);
    }
    for finding in &report.findings {
        let finding = Finding {
            code: code(finding.code),
            message: finding.message.clone(),
            place: place(finding),
        };
        ledger.teller().tell(|job, serial| News::Found {
            job,
            serial,
            finding,
        });
    }
    if report.verdict == VerifyVerdict::Verified {
        ledger.record(&Record::Verified {
            files: report.files,
            bytes: report.bytes,
        })?;
        let missing = ledger.missing();
        return Ok(if missing == 0 {
            Verdict::Verified
        } else {
            Verdict::Incomplete
        });
    }
    let first = report
        .findings
        .first()
        .map_or("", |finding| finding.message.as_str());
    let count = u64::try_from(report.findings.len())
        .unwrap_or(u64::MAX)
        .saturating_add(report.findings_left_out);
    let kind = if report.verdict == VerifyVerdict::Failed {
        Kind::Io
    } else {
        Kind::Incomplete
    };
    Err(Stop::Failed {
        why: format!("reading back found {count} faults; the first: {first}"),
        kind,
    })
}

/// Returns the stable word of a finding.
fn code(code: FindingCode) -> String {
    // Its serialised form is a string in kebab case.
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Returns where a finding is, in words.
#[must_use]
pub fn place(finding: &shared::verify::Finding) -> String {
    match (&finding.file, finding.offset) {
        (Some(file), Some(offset)) => format!("{file}, byte {offset}"),
        (Some(file), None) => file.clone(),
        (None, Some(offset)) => format!("disk offset {offset:#x}"),
        (None, None) => String::new(),
    }
}
