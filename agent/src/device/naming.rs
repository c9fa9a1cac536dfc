//! Which drive is meant when its own serial is not enough: none is told, several drives have the
//! same, or the person gave another.

use std::path::{Path, PathBuf};

use super::drive_info::{DriveInfo, DriveKind, SerialSource};

/// Gives the drive the serial that the person read from its label; `has_twins` when other drives
/// tell the same serial as it does.
///
/// A drive that tells a serial of its own, alone, is never renamed: the person means another drive.
pub(super) fn give(drive: &mut DriveInfo, given: String, has_twins: bool) {
    let is_known = drive.kind == DriveKind::BlockDevice
        && drive.serial_source == SerialSource::Hardware
        && !drive.serial.is_empty()
        && !has_twins;
    if !is_known {
        drive.serial = given;
        drive.serial_source = SerialSource::Given;
    } else if !drive.serial.eq_ignore_ascii_case(&given) {
        drive.reasons.push(format!(
            "the drive itself says that its serial is {}, not {given}: this is not the drive that \
             is meant",
            drive.serial
        ));
    }
}

/// Locks a real drive that tells no serial.
pub(super) fn lock_nameless(drive: &mut DriveInfo) {
    if drive.kind == DriveKind::BlockDevice && drive.serial.is_empty() {
        drive.reasons.push(format!(
            "its serial cannot be read: give the one on its label, --drive {}=SERIAL",
            drive.path.display()
        ));
    }
}

/// Locks a real drive whose serial others have too; each of `twins` is such a drive and what tells
/// it apart, from [`told_apart`].
pub(super) fn lock_twin(drive: &mut DriveInfo, twins: &[String]) {
    for twin in twins {
        drive.reasons.push(format!(
            "{twin} has the serial {} too: tell them apart with --drive PATH=SERIAL, as printed on \
             the label",
            drive.serial
        ));
    }
}

/// Returns a drive in words that tell it from another with the same serial.
pub(super) fn told_apart(path: &Path, wwn: &str, bytes: u64) -> String {
    let path = path.display();
    match wwn {
        "" => format!("{path} ({bytes} bytes)"),
        wwn => format!("{path} (WWN {wwn}, {bytes} bytes)"),
    }
}

/// Locks every two drives that have the same serial, with the reason. An image file and the loop
/// device over it are one drive.
pub fn mark_duplicates(drives: &mut [DriveInfo]) {
    let named: Vec<(String, String)> = drives
        .iter()
        .map(|drive| {
            let words = told_apart(&drive.path, &drive.wwn, drive.bytes);
            (words, drive.serial.clone())
        })
        .collect();
    let backings: Vec<Option<PathBuf>> = drives.iter().map(DriveInfo::backing).collect();
    for ((drive, own), backing) in drives.iter_mut().zip(0..).zip(&backings) {
        let mut twins = Vec::new();
        for (((words, serial), other), other_backing) in named.iter().zip(0..).zip(&backings) {
            let is_one = backing.is_some() && backing == other_backing;
            if own != other
                && !is_one
                && !serial.is_empty()
                && serial.eq_ignore_ascii_case(&drive.serial)
            {
                twins.push(words.clone());
            }
        }
        lock_twin(drive, &twins);
        drive.erasable = drive.reasons.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::super::warnings::tests::hard_disk;
    use super::*;

    #[test]
    fn a_drive_that_tells_its_serial_alone_is_never_renamed() {
        let mut drive = hard_disk();
        give(&mut drive, "wd-1234".to_owned(), false);
        assert_eq!(drive, hard_disk());
        give(&mut drive, "WD-9999".to_owned(), false);
        assert_eq!(drive.serial, "WD-1234");
        assert!(drive.reasons[0].contains("WD-9999"), "{:?}", drive.reasons);
    }

    #[test]
    fn a_label_names_what_a_dock_hides_what_others_have_too_and_what_has_none() {
        let docked = DriveInfo {
            serial_source: SerialSource::Bridge,
            ..hard_disk()
        };
        let silent = DriveInfo {
            serial: String::new(),
            serial_source: SerialSource::Unknown,
            ..hard_disk()
        };
        for (mut drive, has_twins) in [(docked, false), (silent, false), (hard_disk(), true)] {
            give(&mut drive, "WD-9999".to_owned(), has_twins);
            assert_eq!(
                (drive.serial.as_str(), drive.serial_source),
                ("WD-9999", SerialSource::Given)
            );
            assert_eq!(drive.reasons, [""; 0]);
        }
    }

    #[test]
    fn twins_are_locked_and_told_apart_by_world_wide_name_and_size() {
        let twin = |path: &str, wwn: &str| DriveInfo {
            path: PathBuf::from(path),
            wwn: wwn.to_owned(),
            ..hard_disk()
        };
        let mut drives = [twin("/dev/sdb", "naa.1"), twin("/dev/sdc", "naa.2")];
        mark_duplicates(&mut drives);
        for (drive, other) in drives.iter().zip(["naa.2", "naa.1"]) {
            assert!(!drive.erasable);
            assert!(drive.reasons[0].contains(other), "{:?}", drive.reasons);
        }
    }

    #[test]
    fn a_drive_without_a_serial_is_locked_until_its_label_is_read() {
        let mut drive = DriveInfo {
            serial: String::new(),
            ..hard_disk()
        };
        lock_nameless(&mut drive);
        assert!(drive.reasons[0].contains("--drive /dev/sdb=SERIAL"));
    }
}
