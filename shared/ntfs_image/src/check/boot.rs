//! The boot sector and its copy. What the volume cannot be opened without was checked by opening it.

use super::FindingKind as Kind;
use super::checker::Checker;
use super::place::RecordPlace;
use crate::attribute::kind;
use crate::boot_sector::BOOT_SECTOR_BYTES;
use crate::read::Place;
use crate::record::number;

pub(super) fn check(checker: &mut Checker<'_>) {
    check_length_and_backup(checker);
    check_boot_file(checker);
}

fn check_length_and_backup(checker: &mut Checker<'_>) {
    let geometry = *checker.geometry();
    let backup_at = geometry.total_sectors.saturating_mul(geometry.sector_bytes);
    let disk_bytes = checker.disk.bytes();
    let expected = backup_at.saturating_add(geometry.sector_bytes);
    if expected > disk_bytes {
        let place = format!("volume offset {backup_at:#x}");
        let found = format!("the end of the disk at {disk_bytes:#x}");
        checker.reporter.violation(
            Kind::BackupBootSector,
            place,
            "a copy of the boot sector",
            found,
        );
        return;
    }
    if expected < disk_bytes {
        let expected =
            format!("a volume that ends one sector before the disk does, at {disk_bytes:#x}");
        checker.reporter.note(
            Kind::VolumeLength,
            "volume offset 0x28",
            expected,
            geometry.total_sectors,
        );
    }
    let (mut first, mut backup) = ([0; BOOT_SECTOR_BYTES], [0; BOOT_SECTOR_BYTES]);
    let read = checker
        .disk
        .read_at(0, &mut first)
        .and_then(|()| checker.disk.read_at(backup_at, &mut backup));
    let place = format!("volume offset {backup_at:#x}");
    match read {
        Err(error) => checker
            .reporter
            .violation(Kind::Unreadable, place, "a boot sector", error),
        Ok(()) if first != backup => {
            let differs = first
                .iter()
                .zip(&backup)
                .position(|(a, b)| a != b)
                .unwrap_or(0);
            let found = format!("other bytes from {differs:#x} of the sector on");
            checker.reporter.violation(
                Kind::BackupBootSector,
                place,
                "a copy of the boot sector",
                found,
            );
        }
        Ok(()) => {}
    }
}

fn check_boot_file(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::BOOT) else {
        return;
    };
    let Some(data) = checker.stream(&file, kind::DATA, "") else {
        return;
    };
    let starts_at = data
        .extents
        .first()
        .map(|extent| (extent.place, extent.bytes));
    if !matches!(starts_at, Some((Place::At(0), bytes)) if bytes >= BOOT_FILE_BYTES) {
        let place = RecordPlace::named(number::BOOT, kind::DATA, "");
        let expected = format!("the volume's first {BOOT_FILE_BYTES} bytes");
        checker
            .reporter
            .violation(Kind::BootFile, place, expected, format!("{starts_at:x?}"));
    }
}

/// Sixteen sectors of 512 bytes, whatever the sector size.
const BOOT_FILE_BYTES: u64 = 8192;
