//! What a check gives.

use std::fmt::Display;

use super::{Finding, FindingKind};

/// What [`check`](super::check) found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Violations. Empty: the volume is clean.
    pub findings: Vec<Finding>,
    /// What is legal, but not usual or not tidy (over-allocation, unused security descriptors, a hard link's old size).
    pub notes: Vec<Finding>,
    /// Violations beyond the number asked for.
    pub findings_omitted: u64,
    /// Notes beyond the number asked for.
    pub notes_omitted: u64,
    /// Files, without NTFS's own.
    pub files: u64,
    /// Folders, the root included, without NTFS's own.
    pub folders: u64,
    /// Clusters that files own, NTFS's own included.
    pub used_clusters: u64,
}

impl CheckReport {
    /// Returns whether there is no violation.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.findings_omitted == 0
    }
}

/// Collects findings, up to a number.
#[derive(Debug)]
pub(super) struct Reporter {
    pub(super) report: CheckReport,
    max: usize,
}

impl Reporter {
    pub(super) fn new(max: usize) -> Self {
        Self {
            report: CheckReport::default(),
            max,
        }
    }

    /// Adds a violation.
    pub(super) fn violation(
        &mut self,
        kind: FindingKind,
        place: impl Display,
        expected: impl Display,
        found: impl Display,
    ) {
        let CheckReport {
            findings,
            findings_omitted,
            ..
        } = &mut self.report;
        if findings.len() < self.max {
            findings.push(finding(kind, &place, &expected, &found));
        } else {
            *findings_omitted = findings_omitted.saturating_add(1);
        }
    }

    /// Adds what is legal but not tidy.
    pub(super) fn note(
        &mut self,
        kind: FindingKind,
        place: impl Display,
        expected: impl Display,
        found: impl Display,
    ) {
        let CheckReport {
            notes,
            notes_omitted,
            ..
        } = &mut self.report;
        if notes.len() < self.max {
            notes.push(finding(kind, &place, &expected, &found));
        } else {
            *notes_omitted = notes_omitted.saturating_add(1);
        }
    }

    /// Adds a violation, or a note where the rule is only a habit.
    pub(super) fn either(
        &mut self,
        is_violation: bool,
        kind: FindingKind,
        place: impl Display,
        expected: impl Display,
        found: impl Display,
    ) {
        if is_violation {
            self.violation(kind, place, expected, found);
        } else {
            self.note(kind, place, expected, found);
        }
    }
}

fn finding(
    kind: FindingKind,
    place: &impl Display,
    expected: &impl Display,
    found: &impl Display,
) -> Finding {
    Finding {
        kind,
        place: place.to_string(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_number_asked_for_are_counted() {
        let mut reporter = Reporter::new(2);
        for number in 0..5 {
            reporter.violation(FindingKind::RecordMagic, number, "FILE", "BAAD");
        }
        assert_eq!(reporter.report.findings.len(), 2);
        assert_eq!(reporter.report.findings_omitted, 3);
        assert!(!reporter.report.is_clean());
    }
}
