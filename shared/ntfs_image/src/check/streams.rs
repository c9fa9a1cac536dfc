//! The clusters and sizes of attributes.

use super::FindingKind as Kind;
use super::clusters::{Clusters, text};
use super::place::RecordPlace;
use super::report::Reporter;
use crate::attribute::{ATTRIBUTE_COMPRESSED, ATTRIBUTE_SPARSE};
use crate::boot_sector::Geometry;
use crate::read::file_record::{Attribute, FileRecord, Form};
use crate::read::stream::{StreamBuilder, StreamProblem};
use crate::record::number;
use crate::runs;

/// Claims the clusters of all attributes of one record.
pub(super) fn claim(
    record: &FileRecord,
    geometry: &Geometry,
    clusters: &mut Clusters,
    reporter: &mut Reporter,
) {
    for attribute in record.attributes().flatten() {
        let Form::NonResident { pairs, .. } = attribute.form else {
            continue;
        };
        for run in runs::decode(pairs).map_while(Result::ok) {
            let Some(first) = run.cluster else {
                continue;
            };
            let end = first.saturating_add(run.count);
            if end > geometry.clusters {
                // Said when the attribute is put together.
                continue;
            }
            for twice in clusters.claim(first..end) {
                let place = RecordPlace::attribute(record.number, &attribute);
                let found = format!("{} that another has too", text(&twice));
                reporter.violation(Kind::DoubleAllocation, place, "clusters of its own", found);
            }
        }
    }
}

/// Checks one attribute, of which `parts` are all parts in order.
pub(super) fn check(
    record: u64,
    parts: &[Attribute<'_>],
    geometry: &Geometry,
    reporter: &mut Reporter,
) {
    let Some(first) = parts.first() else {
        return;
    };
    let place = || RecordPlace::attribute(record, first);
    let mut builder = StreamBuilder::new(geometry);
    for part in parts {
        if let Err(problem) = builder.push(part) {
            reporter.violation(problem_kind(&problem), place(), "sound runs", problem);
            return;
        }
    }
    let span = builder.allocated();
    let on_disk = builder.on_disk();
    if let Err(problem) = builder.finish() {
        reporter.violation(problem_kind(&problem), place(), "sound sizes", problem);
    }
    let Form::NonResident {
        header,
        on_disk: on_disk_stored,
        ..
    } = first.form
    else {
        return;
    };
    let allocated = header.allocated.get();
    if allocated != span {
        let expected = format!("{span} bytes allocated");
        reporter.violation(Kind::AllocatedSize, place(), expected, allocated);
    }
    if let Some(stored) = on_disk_stored
        && stored != on_disk
    {
        let expected = format!("{on_disk} bytes on disk");
        reporter.violation(Kind::AllocatedSize, place(), expected, stored);
    }
    let flags = first.header.flags.get();
    let is_thin = flags & (ATTRIBUTE_COMPRESSED | ATTRIBUTE_SPARSE) != 0;
    let is_bad_list = record == number::BAD_CLUSTERS && first.is_named("$Bad");
    if on_disk != span && !is_thin && !is_bad_list {
        let found = format!("{} bytes of holes", span.saturating_sub(on_disk));
        reporter.violation(Kind::Hole, place(), "a cluster for every byte", found);
    }
    let needed = header.data.get().div_ceil(geometry.cluster_bytes);
    let needed = needed.saturating_mul(geometry.cluster_bytes);
    // $MFT grows in steps.
    if allocated > needed && !is_thin && record != number::MFT {
        let expected = format!("{needed} bytes allocated");
        reporter.note(Kind::OverAllocation, place(), expected, allocated);
    }
}

pub(super) const fn problem_kind(problem: &StreamProblem) -> Kind {
    match problem {
        StreamProblem::Runs(_) | StreamProblem::Parts => Kind::RunList,
        StreamProblem::Outside { .. } => Kind::RunOutside,
        StreamProblem::Gap { .. } | StreamProblem::PartLength { .. } => Kind::RunLength,
        StreamProblem::Sizes { .. } => Kind::SizeOrder,
    }
}
