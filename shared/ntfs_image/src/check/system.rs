//! NTFS's own files: $Volume, $AttrDef, $UpCase, $BadClus, $Extend, $LogFile.

use super::FindingKind as Kind;
use super::attributes::KINDS;
use super::checker::Checker;
use super::log_file;
use super::place::RecordPlace;
use crate::attribute::kind;
use crate::read::entry::FileNameKey;
use crate::read::gather::Gathered;
use crate::read::stored::{text, u16_at, u32_at, u64_at, units};
use crate::record::{RECORD_EXTEND, RECORD_VIEW_INDEX, Reference, number};

pub(super) fn check(checker: &mut Checker<'_>) {
    check_volume(checker);
    check_definitions(checker);
    check_bad_clusters(checker);
    check_extend(checker);
    log_file::check(checker);
}

/// $Volume: version and marks.
fn check_volume(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::VOLUME) else {
        return;
    };
    let place = || RecordPlace::named(number::VOLUME, kind::VOLUME_INFORMATION, "");
    let information = file.first(kind::VOLUME_INFORMATION).ok().flatten();
    let value = information.and_then(|information| information.resident());
    let version = value.and_then(|value| value.get(8..10));
    if version != Some(&[3, 1]) {
        let found = version.map_or_else(|| "none".to_owned(), |version| format!("{version:?}"));
        checker
            .reporter
            .violation(Kind::VolumeVersion, place(), "version 3.1", found);
        return;
    }
    let flags = value.and_then(|value| u16_at(value, 10)).unwrap_or(0);
    if flags & FLAGS_PENDING != 0 {
        checker.reporter.violation(
            Kind::VolumeFlags,
            place(),
            "a clean volume",
            format!("marks {flags:#06x}"),
        );
    } else if flags & !FLAGS_HARMLESS != 0 {
        checker.reporter.note(
            Kind::VolumeFlags,
            place(),
            "known marks",
            format!("{flags:#06x}"),
        );
    }
}

/// $AttrDef: each known type with its name.
fn check_definitions(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::ATTRIBUTE_DEFINITIONS) else {
        return;
    };
    let Some(data) = checker.stream(&file, kind::DATA, "") else {
        return;
    };
    let record = number::ATTRIBUTE_DEFINITIONS;
    let Some(content) = checker.content(record, &data, DEFINITIONS_BYTES_MAX) else {
        return;
    };
    let place = RecordPlace::named(record, kind::DATA, "");
    let mut found = Vec::new();
    for definition in content.chunks_exact(DEFINITION_BYTES) {
        let (name, _) = text(definition.get(..128).unwrap_or_default());
        let name = name.trim_end_matches('\0').to_owned();
        match u32_at(definition, 128) {
            Some(0) | None => break,
            Some(kind) => found.push((kind, name)),
        }
    }
    if !found.is_sorted_by_key(|(kind, _)| *kind) {
        checker.reporter.violation(
            Kind::AttributeDefinitions,
            &place,
            "types in order",
            "others",
        );
    }
    for (kind, name) in KINDS
        .into_iter()
        .zip(KIND_NAMES)
        .filter(|(_, name)| !name.is_empty())
    {
        let defined = found.iter().find(|(defined, _)| *defined == kind);
        if defined.is_none_or(|(_, defined)| defined != name) {
            let expected = format!("{name} for type {kind:#x}");
            checker.reporter.violation(
                Kind::AttributeDefinitions,
                &place,
                expected,
                format!("{defined:?}"),
            );
        }
    }
}

/// $UpCase: letters, and the checksum beside the table.
pub(super) fn check_up_case(checker: &mut Checker<'_>, file: &Gathered, content: &[u8]) {
    let place = RecordPlace::named(number::UPCASE, kind::DATA, "");
    let table: Vec<u16> = units(content).collect();
    let upper = |unit: u16| table.get(usize::from(unit)).copied().unwrap_or(0);
    let letters = (u16::from(b'a')..=u16::from(b'z')).map(|unit| (unit, unit.saturating_sub(32)));
    let others = (0..0x61).map(|unit| (unit, unit));
    let wrong = letters
        .chain(others)
        .find(|(unit, expected)| upper(*unit) != *expected);
    if let Some((unit, expected)) = wrong {
        let (expected, found) = (
            format!("{unit:#x} to become {expected:#x}"),
            format!("{:#x}", upper(unit)),
        );
        checker
            .reporter
            .violation(Kind::UpCaseTable, &place, expected, found);
    }
    if let Some(unit) = (0..=u16::MAX).find(|unit| upper(upper(*unit)) != upper(*unit)) {
        let found = format!(
            "{unit:#x} to {:#x} to {:#x}",
            upper(unit),
            upper(upper(unit))
        );
        checker.reporter.violation(
            Kind::UpCaseTable,
            &place,
            "upper case that stays itself",
            found,
        );
    }
    if table != crate::upcase::TABLE {
        checker.reporter.note(
            Kind::UpCaseTable,
            &place,
            "the table of today's Windows",
            "another",
        );
    }
    let Ok(parts) = file.parts(kind::DATA, "$Info") else {
        return;
    };
    // Windows before 8 keeps no checksum.
    if let Some(value) = parts.first().and_then(|part| part.resident()) {
        let (expected, found) = (crc64(content), u64_at(value, 8));
        if found != Some(expected) {
            let place = RecordPlace::named(number::UPCASE, kind::DATA, "$Info");
            let found = format!("{found:x?}");
            checker.reporter.violation(
                Kind::UpCaseChecksum,
                place,
                format!("{expected:#x}"),
                found,
            );
        }
    }
}

/// $BadClus: its stream $Bad stands for the whole volume.
fn check_bad_clusters(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::BAD_CLUSTERS) else {
        return;
    };
    let Some(bad) = checker.stream(&file, kind::DATA, "$Bad") else {
        return;
    };
    let geometry = checker.geometry();
    let expected = geometry.clusters.saturating_mul(geometry.cluster_bytes);
    if bad.bytes != expected {
        let place = RecordPlace::named(number::BAD_CLUSTERS, kind::DATA, "$Bad");
        let expected = format!("{expected} bytes");
        checker
            .reporter
            .violation(Kind::BadClusters, place, expected, bad.bytes);
    }
}

/// Notes a child of $Extend, and checks its marks.
pub(super) fn check_extend_child(
    checker: &mut Checker<'_>,
    record: u64,
    flags: u16,
    names: &[FileNameKey<'_>],
) {
    for name in names {
        if Reference(name.stored.parent.get()).number() != number::EXTEND {
            continue;
        }
        let (name, _) = text(name.name);
        if !EXTEND_CHILDREN.contains(&name.as_str()) {
            continue;
        }
        let needed = RECORD_EXTEND | RECORD_VIEW_INDEX;
        if flags & needed != needed {
            let expected = format!("marks 0xd for {name}");
            let place = RecordPlace::record(record);
            checker
                .reporter
                .violation(Kind::Extend, place, expected, format!("{flags:#x}"));
        }
        checker.extend_children.insert(name);
    }
}

fn check_extend(checker: &mut Checker<'_>) {
    for name in EXTEND_CHILDREN {
        if !checker.extend_children.contains(name) {
            let place = RecordPlace::record(number::EXTEND);
            checker
                .reporter
                .violation(Kind::Extend, place, name, "no such file in $Extend");
        }
    }
}

/// Returns the checksum that Windows keeps of $UpCase: CRC-64, reflected, all ones before and after.
fn crc64(bytes: &[u8]) -> u64 {
    let step = |crc: u64| match crc & 1 {
        0 => crc >> 1,
        _ => (crc >> 1) ^ 0x9a6c_9329_ac4b_c9b5,
    };
    !bytes.iter().fold(u64::MAX, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| step(crc))
    })
}

/// Names of [`KINDS`] in $AttrDef; empty where versions differ.
const KIND_NAMES: [&str; 16] = [
    "$STANDARD_INFORMATION",
    "$ATTRIBUTE_LIST",
    "$FILE_NAME",
    "$OBJECT_ID",
    "$SECURITY_DESCRIPTOR",
    "$VOLUME_NAME",
    "$VOLUME_INFORMATION",
    "$DATA",
    "$INDEX_ROOT",
    "$INDEX_ALLOCATION",
    "$BITMAP",
    "$REPARSE_POINT",
    "$EA_INFORMATION",
    "$EA",
    "",
    "$LOGGED_UTILITY_STREAM",
];
const EXTEND_CHILDREN: [&str; 3] = ["$ObjId", "$Quota", "$Reparse"];
const DEFINITION_BYTES: usize = 160;
/// Windows NT 4 wrote 36,000.
const DEFINITIONS_BYTES_MAX: u64 = 1 << 16;
/// Dirty; change journal being deleted; chkdsk under way.
const FLAGS_PENDING: u16 = 0x4011;
/// Mounted by NT 4; fresh from Windows' format; changed by chkdsk.
const FLAGS_HARMLESS: u16 = 0x8088;
