//! Every FILE record, in the order of $MFT.

use zerocopy::FromBytes;

use super::FindingKind as Kind;
use super::checker::Checker;
use super::expectation::FIRST_USER_RECORD;
use super::place::RecordPlace;
use super::reader::Sequential;
use super::record_table::{Balance, EXTENSION, Hash, IN_USE};
use super::{attributes, files, streams};
use crate::attribute::kind;
use crate::fixup::{FixupError, STRIDE};
use crate::read::file_record::{FileRecord, RecordProblem};
use crate::read::stored::{bytes_of, place};
use crate::read::stream::Stream;
use crate::record::{FILE_MAGIC, RECORD_IN_USE, RecordHeader, Reference, number};

/// Checks all records of $MFT.
pub(super) fn check_all(checker: &mut Checker<'_>) {
    let table = checker.volume.mft().data.clone();
    let bitmap = match checker.system_file(number::MFT) {
        Some(file) => checker.stream(&file, kind::BITMAP, ""),
        None => None,
    };
    let bitmap = bitmap.unwrap_or_default();
    let disk = checker.disk;
    let mut bits = Sequential::new(disk, &bitmap);
    let mut bytes = Sequential::new(disk, &table);
    let record_bytes = checker.geometry().record_bytes;
    for number in 0..checker.volume.mft().records() {
        let place = RecordPlace::record(number);
        let is_marked = bits.bit(number).unwrap_or_else(|error| {
            let place = RecordPlace::named(number::MFT, kind::BITMAP, "");
            checker
                .reporter
                .violation(Kind::Unreadable, place, "a bit", error);
            false
        });
        let at = number.saturating_mul(record_bytes);
        match bytes.get(at, crate::read::stored::place(record_bytes)) {
            Ok(bytes) => check_record(checker, number, bytes.to_vec(), is_marked),
            Err(error) => checker
                .reporter
                .violation(Kind::Unreadable, place, "a record", error),
        }
    }
    check_mirror(checker, &table);
}

fn check_record(checker: &mut Checker<'_>, number: u64, bytes: Vec<u8>, is_marked: bool) {
    let raw = RecordHeader::read_from_prefix(&bytes).map(|(header, _)| header);
    let is_blank = raw.as_ref().is_ok_and(|header| header.magic == [0; 4]);
    let says_used = raw
        .is_ok_and(|header| header.magic == FILE_MAGIC && header.flags.get() & RECORD_IN_USE != 0);
    let record = match FileRecord::parse(number, bytes) {
        Ok(record) => record,
        Err(problem) => {
            if is_marked || says_used || !is_blank {
                report_problem(checker, number, &problem, is_marked || says_used);
            }
            if is_marked {
                checker.table.of(number).state |= IN_USE;
            }
            return;
        }
    };
    let at = || RecordPlace::record(number);
    if says_used != is_marked {
        let words = |used| if used { "in use" } else { "free" };
        let expected = format!("{}, as in $MFT's bitmap", words(is_marked));
        checker
            .reporter
            .violation(Kind::RecordUse, at(), expected, words(says_used));
    }
    if !says_used {
        return;
    }
    check_header(checker, &record);
    let up_case = checker.up_case.clone();
    if let Some(end) = attributes::check(&record, &up_case, &mut checker.reporter) {
        let expected = bytes_of(end).saturating_add(8);
        let found = u64::from(record.header.bytes_used.get());
        if expected != found {
            checker
                .reporter
                .violation(Kind::RecordUsed, at(), expected, found);
        }
    }
    let geometry = *checker.geometry();
    streams::claim(
        &record,
        &geometry,
        &mut checker.clusters,
        &mut checker.reporter,
    );
    let facts = checker.table.of(number);
    facts.state |= IN_USE;
    facts.sequence = record.header.sequence.get();
    if record.base().0 == 0 {
        files::check(checker, record);
    } else {
        let said = extension_hash(record.base(), Reference::new(number, facts.sequence));
        facts.state |= EXTENSION;
        facts.balance.add(said);
    }
}

/// Hashes that `extension` belongs to `base`: the record says so, and the base's attribute list must.
pub(super) fn extension_hash(base: Reference, extension: Reference) -> Balance {
    Balance {
        strict: Hash::new(extension.0).word(base.0).finish(),
        loose: 0,
    }
}

fn report_problem(
    checker: &mut Checker<'_>,
    number: u64,
    problem: &RecordProblem,
    is_violation: bool,
) {
    let kind = match problem {
        RecordProblem::Fixup(FixupError::Torn { .. }) => Kind::RecordTorn,
        RecordProblem::Fixup(_) => Kind::UpdateSequence,
        _ => Kind::RecordMagic,
    };
    let place = RecordPlace::record(number);
    checker
        .reporter
        .either(is_violation, kind, place, "a sound record", problem);
}

fn check_header(checker: &mut Checker<'_>, record: &FileRecord) {
    let header = &record.header;
    let at = || RecordPlace::record(record.number);
    let bytes = bytes_of(record.bytes.len());
    let reporter = &mut checker.reporter;
    let found = u64::from(header.bytes_allocated.get());
    if found != bytes {
        reporter.violation(Kind::RecordAllocated, at(), format!("{bytes} bytes"), found);
    }
    if header.sequence.get() == 0 {
        reporter.violation(Kind::RecordSequence, at(), "a use from 1 on", 0);
    }
    let found = u64::from(header.number.get());
    // Volumes of NTFS 3.0 keep the update sequence array where the number is now.
    let has_number = usize::from(header.usa_offset.get()) >= size_of::<RecordHeader>();
    if has_number && found != record.number & u64::from(u32::MAX) {
        reporter.violation(Kind::RecordNumber, at(), record.number, found);
    }
    let array_bytes = header.usa_count.get().saturating_mul(2);
    let array_end = header.usa_offset.get().saturating_add(array_bytes);
    let found = header.attributes_offset.get();
    if found < array_end || !found.is_multiple_of(8) {
        let expected = format!("attributes from {array_end:#x} on, at a multiple of 8");
        reporter.violation(
            Kind::AttributesOffset,
            at(),
            expected,
            format!("{found:#x}"),
        );
    }
}

/// Compares $MFTMirr with the first records of $MFT. The two are written one after the other, each with an update
/// sequence of its own.
fn check_mirror(checker: &mut Checker<'_>, table: &Stream) {
    let Some(file) = checker.system_file(number::MFT_MIRROR) else {
        return;
    };
    let Some(mirror) = checker.stream(&file, kind::DATA, "") else {
        return;
    };
    let at = RecordPlace::named(number::MFT_MIRROR, kind::DATA, "");
    let geometry = *checker.geometry();
    let needed = geometry.record_bytes.saturating_mul(MIRRORED_RECORDS);
    if mirror.bytes < needed {
        let expected = format!("{needed} bytes at least");
        checker
            .reporter
            .violation(Kind::Mirror, at, expected, mirror.bytes);
        return;
    }
    let starts_at = geometry
        .mirror_cluster
        .saturating_mul(geometry.cluster_bytes);
    let first = mirror.extents.first().map(|extent| extent.place);
    if first != Some(crate::read::Place::At(starts_at)) {
        let expected = format!("it at {starts_at:#x}, as in the boot sector");
        checker
            .reporter
            .violation(Kind::Mirror, at, expected, format!("{first:x?}"));
    }
    let disk = checker.disk;
    let (mut ours, mut theirs) = (Sequential::new(disk, table), Sequential::new(disk, &mirror));
    for number in 0..MIRRORED_RECORDS {
        let from = number.saturating_mul(geometry.record_bytes);
        let length = place(geometry.record_bytes);
        let (ours, theirs) = match (ours.get(from, length), theirs.get(from, length)) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (Err(error), _) | (_, Err(error)) => {
                let place = RecordPlace::named(number::MFT_MIRROR, kind::DATA, "");
                checker
                    .reporter
                    .violation(Kind::Unreadable, place, "a mirror", error);
                return;
            }
        };
        if without_update_sequence(number, ours) != without_update_sequence(number, theirs) {
            let place = RecordPlace::named(number::MFT_MIRROR, kind::DATA, "");
            let expected = format!("a copy of record {number}");
            checker
                .reporter
                .violation(Kind::Mirror, place, expected, "something else");
        }
    }
}

/// Returns a record as it was before its update sequence was applied, the array zeroed; as it is if it was torn.
fn without_update_sequence(number: u64, bytes: &[u8]) -> Vec<u8> {
    let Ok(mut record) = FileRecord::parse(number, bytes.to_vec()) else {
        return bytes.to_vec();
    };
    let from = usize::from(record.header.usa_offset.get());
    let words = record.bytes.len() / STRIDE;
    let array = record.bytes.get_mut(from..);
    for byte in array
        .into_iter()
        .flatten()
        .take(words.saturating_mul(2).saturating_add(2))
    {
        *byte = 0;
    }
    record.bytes
}

/// $MFT, $MFTMirr, $LogFile, $Volume.
const MIRRORED_RECORDS: u64 = 4;
const _: () = assert!(MIRRORED_RECORDS < FIRST_USER_RECORD);
