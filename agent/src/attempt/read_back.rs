//! Reading a written drive back.

use std::ops::ControlFlow;

use bitlocker_image::Credential;
use disk::ReadAt;
use shared::api::{Finding, News};
use shared::job::Verdict;
use shared::journal::Record;
use shared::verify::{Expected, FindingCode, VerifyReport, VerifyVerdict, verify};

use super::bay::Bay;
use super::common::Grain;
use super::drive_meter::DriveMeter;
use super::ledger::Ledger;
use super::stop::Stop;
use crate::job_error::Kind;
use crate::pipeline::{self, Cancel, Overwritten, PipelineError, Structures, Work};

/// What a drive is proven with.
pub(super) struct ReadBack<'a> {
    /// Opens it.
    pub credential: &'a Credential,
    /// What it must hold.
    pub expected: Expected,
    /// What everything but the files' data must be.
    pub structures: &'a Structures<'a, 'a>,
    /// What the drive was filled by.
    pub work: &'a Work<'a>,
    /// The sealed information area.
    pub information_area: &'a [u8],
    /// When marks are due.
    pub grain: Grain,
    /// Stops it.
    pub cancel: &'a Cancel,
}

impl ReadBack<'_> {
    /// Reads the drive past every cache and proves it; returns what the end is called.
    pub(super) fn prove(
        &self,
        bay: &mut dyn Bay,
        ledger: &mut Ledger<'_>,
        meter: &DriveMeter,
    ) -> Result<Verdict, Stop> {
        let mut result = Err(PipelineError::Stage);
        bay.read_back(meter.read_back(), &mut |disk| {
            result = self.read(disk, ledger, meter);
        })?;
        judge(&result?, ledger)
    }

    fn read(
        &self,
        disk: &dyn ReadAt,
        ledger: &mut Ledger<'_>,
        meter: &DriveMeter,
    ) -> Result<VerifyReport, PipelineError> {
        let mut differs =
            self.structures
                .first_difference(disk, self.information_area, self.cancel)?;
        if differs.is_none() && ledger.replay().redo.is_some() {
            let (changes, mut later) = (ledger.redo_reader()?, Overwritten::default());
            differs = pipeline::redone(self.work, disk, changes, &mut later, self.cancel)?;
        }
        if let Some(at) = differs {
            return Ok(not_as_written(at));
        }
        let mut marks = self.grain.marks(disk.bytes(), self.expected.proven_bytes);
        let mut failure = None;
        let report = verify(disk, self.credential, &self.expected, &mut |progress| {
            let through = progress.bytes;
            meter.verifying(through, progress.bytes_total);
            // What a later attempt passes over must have been without a fault.
            if progress.findings == 0 && marks.is_due(through) {
                marks.set(through);
                failure = ledger.record(&Record::VerifiedThrough { through }).err();
            }
            if failure.is_some() || self.cancel.is_cancelled() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        failure.map_or(Ok(report), Err)
    }
}

/// Returns the report of a drive whose partition tables, BitLocker areas or file system are not what
/// was written.
fn not_as_written(at: u64) -> VerifyReport {
    let finding = shared::verify::Finding {
        code: FindingCode::FileSystem,
        message: format!("what the drive gives back at offset {at:#x} is not what was written"),
        file: None,
        offset: Some(at),
    };
    VerifyReport {
        verdict: VerifyVerdict::Mismatch,
        files: 0,
        bytes: 0,
        findings: vec![finding],
        findings_left_out: 0,
    }
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
    let first = report.findings.first();
    let said = first.map_or_else(String::new, |finding| match place(finding) {
        place if place.is_empty() => finding.message.clone(),
        place => format!("{place}: {}", finding.message),
    });
    // What it was compared with is what was written, not what the source holds now.
    let what = match first.map(|finding| finding.code) {
        Some(FindingCode::Content) => "the drive does not keep what is written to it: ",
        _ => "",
    };
    let count = u64::try_from(report.findings.len())
        .unwrap_or(u64::MAX)
        .saturating_add(report.findings_left_out);
    let kind = if report.verdict == VerifyVerdict::Failed {
        Kind::Io
    } else {
        Kind::Incomplete
    };
    Err(Stop::Failed {
        why: format!("{what}reading back found {count} faults; the first: {said}"),
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
