//! The attributes of one record: their headers, order and ids.

use std::cmp::Ordering;

use super::FindingKind as Kind;
use super::place::RecordPlace;
use super::report::Reporter;
use crate::attribute::kind;
use crate::read::file_record::{Attribute, FileRecord, Form, RecordProblem};
use crate::read::stored::units;
use crate::read::up_case::UpCase;

/// Checks the attributes of a record; returns the offset of the end marker, or `None` if there is none.
pub(super) fn check(
    record: &FileRecord,
    up_case: &UpCase,
    reporter: &mut Reporter,
) -> Option<usize> {
    let mut ids: Vec<u16> = Vec::new();
    let mut previous: Option<Attribute<'_>> = None;
    let mut attributes = record.attributes();
    loop {
        match attributes.next() {
            Some(Ok(attribute)) => {
                check_header(record.number, &attribute, reporter);
                check_parts(record.number, &attribute, reporter);
                if let Some(previous) = &previous {
                    check_order(record.number, previous, &attribute, up_case, reporter);
                }
                ids.push(attribute.header.id.get());
                previous = Some(attribute);
            }
            Some(Err(problem)) => {
                let kind = match problem {
                    RecordProblem::AttributesOffset { .. } => Kind::AttributesOffset,
                    _ => Kind::AttributeLength,
                };
                let place = RecordPlace::record(record.number);
                reporter.violation(kind, place, "attributes up to an end marker", problem);
                return None;
            }
            None => break,
        }
    }
    check_ids(record, ids, reporter);
    Some(attributes.offset())
}

fn check_ids(record: &FileRecord, mut ids: Vec<u16>, reporter: &mut Reporter) {
    let place = || RecordPlace::record(record.number);
    ids.sort_unstable();
    for pair in ids.windows(2) {
        if let [one, two] = pair
            && one == two
        {
            reporter.violation(
                Kind::AttributeId,
                place(),
                "an id for each attribute",
                format!("{one} twice"),
            );
        }
    }
    let next = record.header.next_attribute_id.get();
    if let Some(last) = ids.last()
        && *last >= next
    {
        let expected = format!("a next id above {last}");
        reporter.violation(Kind::AttributeIdNext, place(), expected, next);
    }
}

fn check_header(record: u64, attribute: &Attribute<'_>, reporter: &mut Reporter) {
    let place = || RecordPlace::attribute(record, attribute);
    let found = attribute.kind();
    if !KINDS.contains(&found) {
        reporter.violation(
            Kind::AttributeType,
            place(),
            "a known type",
            format!("{found:#x}"),
        );
    }
    let is_resident = attribute.resident().is_some();
    if !is_resident && RESIDENT_ONLY.contains(&found) {
        reporter.violation(
            Kind::Resident,
            place(),
            "its value in the record",
            "in clusters",
        );
    }
    if is_resident && found == kind::INDEX_ALLOCATION {
        reporter.violation(
            Kind::Resident,
            place(),
            "its value in clusters",
            "in the record",
        );
    }
}

/// Checks the offsets of name, value and runs, and the mark of what is indexed.
fn check_parts(record: u64, attribute: &Attribute<'_>, reporter: &mut Reporter) {
    let place = || RecordPlace::attribute(record, attribute);
    let header_bytes: u16 = match attribute.form {
        Form::Resident { .. } => 24,
        Form::NonResident { on_disk: None, .. } => 64,
        Form::NonResident {
            on_disk: Some(_), ..
        } => 72,
    };
    let name_at = attribute.header.name_offset.get();
    let has_name = attribute.header.name_length > 0;
    if has_name && name_at < header_bytes {
        let expected = format!("a name from {header_bytes:#x} on");
        reporter.violation(
            Kind::AttributeOffset,
            place(),
            expected,
            format!("{name_at:#x}"),
        );
    }
    let name_bytes = u16::from(attribute.header.name_length).saturating_mul(2);
    let after_name = match has_name {
        true => name_at.saturating_add(name_bytes),
        false => header_bytes,
    };
    let (value_at, is_empty) = match attribute.form {
        Form::Resident { header, value } => (header.value_offset.get(), value.is_empty()),
        Form::NonResident { header, .. } => (header.runs_offset.get(), false),
    };
    if value_at < after_name || !value_at.is_multiple_of(8) && !is_empty {
        let expected = format!("a value from {after_name:#x} on, at a multiple of 8");
        reporter.violation(
            Kind::AttributeOffset,
            place(),
            expected,
            format!("{value_at:#x}"),
        );
    }
    if let Form::Resident { header, .. } = attribute.form {
        let expected = u8::from(attribute.kind() == kind::FILE_NAME);
        if header.indexed != expected {
            let expected = format!("indexed mark {expected}");
            reporter.violation(Kind::IndexedFlag, place(), expected, header.indexed);
        }
    }
}

fn check_order(
    record: u64,
    previous: &Attribute<'_>,
    attribute: &Attribute<'_>,
    up_case: &UpCase,
    reporter: &mut Reporter,
) {
    let by_name = || up_case.compare(units(previous.name), units(attribute.name));
    let order = previous.kind().cmp(&attribute.kind()).then_with(by_name);
    let place = || RecordPlace::attribute(record, attribute);
    let may_repeat = attribute.kind() == kind::FILE_NAME;
    let is_next_part = previous.lowest_vcn() < attribute.lowest_vcn();
    match order {
        Ordering::Less => {}
        Ordering::Equal if may_repeat || is_next_part => {}
        Ordering::Equal => {
            reporter.violation(
                Kind::AttributeTwice,
                place(),
                "one of this type and name",
                "two",
            );
        }
        Ordering::Greater => {
            let expected = "attributes sorted by type and name";
            let found = format!("it after type {:#x}", previous.kind());
            reporter.violation(Kind::AttributeOrder, place(), expected, found);
        }
    }
}

/// Types that NTFS has had, those of old versions too.
pub(super) const KINDS: [u32; 16] = [
    kind::STANDARD_INFORMATION,
    kind::ATTRIBUTE_LIST,
    kind::FILE_NAME,
    kind::OBJECT_ID,
    kind::SECURITY_DESCRIPTOR,
    kind::VOLUME_NAME,
    kind::VOLUME_INFORMATION,
    kind::DATA,
    kind::INDEX_ROOT,
    kind::INDEX_ALLOCATION,
    kind::BITMAP,
    kind::REPARSE_POINT,
    kind::EA_INFORMATION,
    kind::EA,
    0xf0,
    kind::LOGGED_UTILITY_STREAM,
];

/// Types whose value must lie in the record.
const RESIDENT_ONLY: [u32; 7] = [
    kind::STANDARD_INFORMATION,
    kind::FILE_NAME,
    kind::OBJECT_ID,
    kind::VOLUME_NAME,
    kind::VOLUME_INFORMATION,
    kind::INDEX_ROOT,
    kind::EA_INFORMATION,
];
